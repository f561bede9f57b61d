package report

import (
	"fmt"
	"math"
	"strings"
)

// Us is who the figures are for.
const Us = "aro"

// Goal is a figure to reach. Either the value itself has a limit, or its ratio to
// that of a peer in the same run.
type Goal struct {
	Limit  float64
	Of     string   // the peer whose ratio is meant; empty: the value itself
	More   bool     // at least and not at most
	Allocs *float64 // at most so many allocations
	Fixed  bool     // the value does not depend on how fast the machine is: memory, a ratio
}

func (g Goal) text(unit string) string {
	sign := "≤"
	if g.More {
		sign = "≥"
	}
	s := fmt.Sprintf("%s %s %s", sign, Number(g.Limit), unit)
	if g.Of != "" {
		s = fmt.Sprintf("%s %s × %s", sign, Number(g.Limit), g.Of)
	}
	if g.Allocs != nil {
		s += fmt.Sprintf(", %s allocs", Number(*g.Allocs))
	}
	return s
}

// Judge compares the row with its goal. An absolute time is divided by how much
// slower than quoted the peers of the same row were, or else by general: a figure
// for a quiet machine says nothing about a busy one.
func (r *Row) Judge(g Goal, general float64) {
	r.Figure = g.text(r.Unit)
	us := r.Find(Us)
	if us == nil {
		r.Verdict = Unjudged
		return
	}
	got := us.Median()
	switch {
	case g.Of != "":
		peer := r.Find(g.Of)
		if peer == nil {
			r.Verdict = Unjudged
			return
		}
		got /= peer.Median()
		r.Reached = Number(got) + " ×"
	case g.Fixed:
		r.Reached = Number(got) + " " + r.Unit
	default:
		if r.Slow = r.slowness(); r.Slow == 0 {
			r.Slow = general
		}
		got /= r.Slow
		r.Reached = fmt.Sprintf("%s %s on a machine as quoted", Number(got), r.Unit)
	}
	ok := got <= g.Limit
	if g.More {
		ok = got >= g.Limit
	}
	if g.Allocs != nil {
		if us.Allocs == nil {
			ok = false
		} else {
			r.Reached += fmt.Sprintf(", %s allocs", Number(*us.Allocs))
			ok = ok && *us.Allocs <= *g.Allocs
		}
	}
	r.Verdict = Missed
	if ok {
		r.Verdict = Reached
	}
}

// slowness is the median of measured over quoted of the row's peers, 0 if none of
// them is quoted.
func (r *Row) slowness() float64 {
	var s []float64
	for _, c := range r.Cells {
		if c.Who != Us && c.Quoted > 0 && len(c.Values) > 0 {
			s = append(s, c.Median()/c.Quoted)
		}
	}
	if len(s) == 0 {
		return 0
	}
	return median(s)
}

// Slowness is the median over all rows with quoted peers, 1 without any.
func (r *Report) Slowness() float64 {
	var all []float64
	for _, row := range r.Rows {
		if s := row.slowness(); s > 0 {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return 1
	}
	return median(all)
}

// Judge says whether a series grows by more than it may.
func (s *Series) Judge() {
	low, high := math.Inf(1), 0.0
	for i, p := range s.Points {
		low = min(low, p.Value)
		if i > 0 {
			// Cheaper where the world is larger is no growth.
			high = max(high, p.Value/low)
		}
	}
	s.Growth = high
}

// Grows reports whether it grows by more than is allowed.
func (s *Series) Grows() bool { return !s.Peer && s.Growth > s.Allowed }

// Number is short: three digits that count, and no more.
func Number(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case a >= 1e6:
		return fmt.Sprintf("%.2fM", v/1e6)
	case a >= 1e4:
		return fmt.Sprintf("%.1fk", v/1e3)
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return trim(fmt.Sprintf("%.1f", v))
	}
	return trim(fmt.Sprintf("%.2f", v))
}

func trim(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
