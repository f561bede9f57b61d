// Package report holds what a run of the suite has measured, and shows it.
package report

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"time"
)

// Report is one run of the suite.
type Report struct {
	At      time.Time         `json:"at"`
	Took    float64           `json:"took_seconds"`
	Machine Machine           `json:"machine"`
	Quick   bool              `json:"quick,omitempty"`
	Options map[string]string `json:"options,omitempty"`
	Rows    []*Row            `json:"rows"`
	Growth  []*Series         `json:"growth,omitempty"`
	Skipped []string          `json:"skipped,omitempty"`
}

// Row is a line of the table: one thing, done by everyone.
type Row struct {
	ID      string  `json:"id"`
	What    string  `json:"what"`
	Unit    string  `json:"unit"`
	Figure  string  `json:"to_reach"`          // as text
	Reached string  `json:"reached,omitempty"` // what is compared with the figure, as text
	Verdict string  `json:"verdict"`
	Slow    float64 `json:"machine_factor,omitempty"` // how much slower this machine was than the one whose figures are quoted
	Cells   []*Cell `json:"cells"`
}

// Cell is what one of them needs.
type Cell struct {
	Who    string    `json:"who"`
	Values []float64 `json:"values"`
	Other  []float64 `json:"other,omitempty"` // share of a core that others took, for each value
	Allocs *float64  `json:"allocs,omitempty"`
	Quoted float64   `json:"quoted,omitempty"` // the figure quoted for a quiet machine
}

// Series is the cost of an item over the size of the world.
type Series struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	X       string  `json:"x"` // what the size counts
	Unit    string  `json:"unit"`
	Points  []Point `json:"points"`
	Growth  float64 `json:"growth"` // the dearest over the cheapest size
	Allowed float64 `json:"allowed"`
	Peer    bool    `json:"peer,omitempty"` // not ours: it may grow as it likes
	Like    string  `json:"-"`              // the series by as much as which it may grow
	Why     string  `json:"why,omitempty"`  // why it may grow by more than that of others
}

// Point is one size.
type Point struct {
	Size  float64 `json:"size"`
	Value float64 `json:"value"`
}

// Verdicts.
const (
	Reached  = "reached"
	Missed   = "MISSED"
	Unjudged = "not judged" // a peer that the figure refers to is missing
)

// Median of the values; NaN without any.
func (c *Cell) Median() float64 { return median(c.Values) }

// Spread is half the range in per cent of the median.
func (c *Cell) Spread() float64 {
	if len(c.Values) < 2 || c.Median() == 0 {
		return 0
	}
	return (slices.Max(c.Values) - slices.Min(c.Values)) / 2 / c.Median() * 100
}

// Disturbed is the median of what other processes took meanwhile, in per cent of a core.
func (c *Cell) Disturbed() float64 {
	if len(c.Other) == 0 {
		return 0
	}
	return median(c.Other) * 100
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// Cell returns the cell of who, a new one if there was none.
func (r *Row) Cell(who string) *Cell {
	for _, c := range r.Cells {
		if c.Who == who {
			return c
		}
	}
	c := &Cell{Who: who}
	r.Cells = append(r.Cells, c)
	return c
}

// Find returns the cell of who, nil if it was not measured.
func (r *Row) Find(who string) *Cell {
	for _, c := range r.Cells {
		if c.Who == who && len(c.Values) > 0 {
			return c
		}
	}
	return nil
}

// Row returns the row with an id, nil without one.
func (r *Report) Row(id string) *Row {
	for _, row := range r.Rows {
		if row.ID == id {
			return row
		}
	}
	return nil
}

// Write stores the report as JSON.
func (r *Report) Write(path string) error {
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

// Read reads what Write stored.
func Read(path string) (*Report, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Report)
	return r, json.Unmarshal(b, r)
}
