package report

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
)

func row(us float64, peers map[string][2]float64) *Row {
	r := &Row{ID: "x", What: "a thing", Unit: "ns"}
	r.Cell(Us).Values = []float64{us}
	for who, v := range peers {
		c := r.Cell(who)
		c.Values, c.Quoted = []float64{v[0]}, v[1]
	}
	return r
}

func TestJudge(t *testing.T) {
	two, three := 2.0, 3.0
	for _, c := range []struct {
		name    string
		row     *Row
		goal    Goal
		general float64
		want    string
	}{
		{"below", row(200, nil), Goal{Limit: 250}, 1, Reached},
		{"above", row(300, nil), Goal{Limit: 250}, 1, Missed},
		{"above on a machine that is slow", row(300, map[string][2]float64{"Go": {722, 361}}), Goal{Limit: 250}, 1, Reached},
		{"a fast machine makes no one reach it", row(200, map[string][2]float64{"Go": {180, 361}}), Goal{Limit: 250}, 1, Missed},
		{"no quoted peer in the row", row(300, map[string][2]float64{"Go": {700, 0}}), Goal{Limit: 250}, 1.5, Reached},
		{"memory does not depend on speed", row(300, map[string][2]float64{"Go": {722, 361}}), Goal{Limit: 250, Fixed: true}, 3, Missed},
		{"ratio", row(59, map[string][2]float64{"Go": {100, 0}}), Goal{Limit: 0.6, Of: "Go"}, 1, Reached},
		{"ratio above", row(61, map[string][2]float64{"Go": {100, 0}}), Goal{Limit: 0.6, Of: "Go"}, 1, Missed},
		{"more is better", row(96, map[string][2]float64{"Go": {100, 0}}), Goal{Limit: 0.95, Of: "Go", More: true}, 1, Reached},
		{"more, but less", row(94, map[string][2]float64{"Go": {100, 0}}), Goal{Limit: 0.95, Of: "Go", More: true}, 1, Missed},
		{"the peer is missing", row(94, nil), Goal{Limit: 0.95, Of: "Go"}, 1, Unjudged},
		{"nobody counted allocations", row(94, nil), Goal{Limit: 100, Allocs: &two}, 1, Missed},
	} {
		c.row.Judge(c.goal, c.general)
		if c.row.Verdict != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, c.row.Verdict, c.row.Reached, c.want)
		}
	}
	r := row(94, nil)
	r.Find(Us).Allocs = &three
	if r.Judge(Goal{Limit: 100, Allocs: &two}, 1); r.Verdict != Missed {
		t.Error("an allocation too many is", r.Verdict)
	}
}

func TestSeries(t *testing.T) {
	for _, c := range []struct {
		values []float64
		growth float64
	}{
		{[]float64{100, 100, 140}, 1.4},
		{[]float64{300, 100, 120}, 1.2}, // dear small worlds are no growth
		{[]float64{100, 80, 160}, 2},
	} {
		s := Series{Allowed: 1.5}
		for i, v := range c.values {
			s.Points = append(s.Points, Point{float64(i), v})
		}
		s.Judge()
		if math.Abs(s.Growth-c.growth) > 1e-9 || s.Grows() != (c.growth > 1.5) {
			t.Errorf("%v grows by %v, want %v", c.values, s.Growth, c.growth)
		}
	}
}

func TestMarkdownMarksWhatIsMissed(t *testing.T) {
	r := &Report{Rows: []*Row{row(300, map[string][2]float64{"Go": {361, 361}})}, Growth: []*Series{{Name: "a row", X: "rows", Unit: "ns",
		Points: []Point{{10, 100}, {1e6, 200}}, Allowed: 1.5}}}
	r.Rows[0].Judge(Goal{Limit: 250}, 1)
	r.Growth[0].Judge()
	text := r.Markdown()
	for _, want := range []string{"**MISSED**: 300 ns", "Go 361 (0.83×)", "| 10 to 1,000,000 rows | 100 ns | 200 ns | **2 ×** |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if f := r.Failures(); len(f) != 2 {
		t.Error(f)
	}
	path := filepath.Join(t.TempDir(), "r.json")
	if err := r.Write(path); err != nil {
		t.Fatal(err)
	}
	if again, err := Read(path); err != nil || again.Markdown() != text {
		t.Errorf("read back it is %v\n%s", err, again.Markdown())
	}
}

func TestMedianAndSpread(t *testing.T) {
	c := &Cell{Values: []float64{30, 10, 20}}
	if c.Median() != 20 || c.Spread() != 50 {
		t.Error(c.Median(), c.Spread())
	}
	if c = (&Cell{Values: []float64{1, 2, 3, 10}}); c.Median() != 2.5 {
		t.Error(c.Median())
	}
}
