package report

import (
	"fmt"
	"strings"
)

// Markdown writes the report as a page of tables, readable in a terminal too.
func (r *Report) Markdown() string {
	var b strings.Builder
	b.WriteString(r.Table())
	if len(r.Growth) > 0 {
		b.WriteString("\n" + r.GrowthTable())
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "\nSkipped: %s\n", s)
	}
	return b.String()
}

// Table is everyone's need, row by row.
func (r *Report) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s. Peers took %s × the quoted times. The run took %.0f minutes.\n", r.At.Format("2006-01-02"), r.Machine, Number(r.Slowness()), r.Took/60)
	b.WriteString("\n| what | to reach | aro | verdict | beside it, in the same run | others' load |\n|---|---|---:|---|---|---:|\n")
	for _, row := range r.Rows {
		us, beside, disturbed := "–", []string(nil), 0.0
		for _, c := range row.Cells {
			if len(c.Values) == 0 {
				continue
			}
			disturbed = max(disturbed, c.Disturbed())
			if c.Who == Us {
				us = c.text(row.Unit)
				continue
			}
			s := c.Who + " " + c.text("")
			if own := row.Find(Us); own != nil && c.Median() > 0 {
				s += fmt.Sprintf(" (%s×)", Number(own.Median()/c.Median()))
			}
			beside = append(beside, s)
		}
		verdict := row.Verdict
		if row.Verdict == Missed {
			verdict = "**" + verdict + "**"
		}
		if row.Reached != "" {
			verdict += ": " + row.Reached
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %.0f %% |\n", row.What, row.Figure, us, verdict, strings.Join(beside, " · "), disturbed)
	}
	return b.String()
}

// GrowthTable is the cost of an item in the smallest and in the largest world.
func (r *Report) GrowthTable() string {
	var b strings.Builder
	b.WriteString("| cost of an item | sizes | smallest | largest | grows by | allowed |\n|---|---|---:|---:|---:|---|\n")
	for _, s := range r.Growth {
		if len(s.Points) == 0 {
			continue
		}
		first, last := s.Points[0], s.Points[len(s.Points)-1]
		verdict := Number(s.Growth) + " ×"
		if s.Grows() {
			verdict = "**" + verdict + "**"
		}
		allowed := s.Why
		if !s.Peer {
			allowed = strings.TrimSpace(Number(s.Allowed) + " × " + s.Why)
		}
		fmt.Fprintf(&b, "| %s | %s to %s %s | %s %s | %s %s | %s | %s |\n", s.Name, size(first.Size), size(last.Size), s.X,
			Number(first.Value), s.Unit, Number(last.Value), s.Unit, verdict, allowed)
	}
	return b.String()
}

// text is the median, its spread where that matters, and allocations.
func (c *Cell) text(unit string) string {
	s := Number(c.Median())
	if unit != "" {
		s += " " + unit
	}
	if spread := c.Spread(); spread >= 2.5 {
		s += fmt.Sprintf(" ±%.0f%%", spread)
	}
	if c.Allocs != nil {
		s += fmt.Sprintf(", %s allocs", Number(*c.Allocs))
	}
	return s
}

func size(n float64) string {
	s := fmt.Sprintf("%.0f", n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Failures lists what misses its figure or grows by more than it may.
func (r *Report) Failures() (list []string) {
	for _, row := range r.Rows {
		if row.Verdict == Missed {
			list = append(list, fmt.Sprintf("%s: %s, to reach %s", row.What, row.Reached, row.Figure))
		}
	}
	for _, s := range r.Growth {
		if s.Grows() {
			list = append(list, fmt.Sprintf("%s grows by %s × over %s", s.Name, Number(s.Growth), s.X))
		}
	}
	return list
}
