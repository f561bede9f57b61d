package plot

import (
	"cmp"
	"slices"
	"strings"

	"aro/bench/internal/report"
)

// Bars draws each row's medians side by side, sorted. Every row has a scale of its
// own; a bar much longer than ours is cut, its number says how long it is.
func Bars(r *report.Report) string {
	const (
		columns          = 2
		width, bar, head = 480.0, 17.0, 34.0
		name, room       = 150.0, 90.0
	)
	c := &canvas{width: columns * width}
	var bottom [columns]float64
	for _, row := range r.Rows {
		cells := slices.DeleteFunc(slices.Clone(row.Cells), func(c *report.Cell) bool { return len(c.Values) == 0 })
		if len(cells) < 2 {
			continue
		}
		slices.SortStableFunc(cells, func(a, b *report.Cell) int { return cmp.Compare(a.Median(), b.Median()) })
		longest := cells[len(cells)-1].Median()
		if us := row.Find(report.Us); us != nil {
			longest = min(longest, 6*us.Median())
		}
		at := 0
		if bottom[1] < bottom[0] {
			at = 1
		}
		x, y := float64(at)*width, bottom[at]
		title := ink
		if row.Verdict == report.Missed {
			title = bad
		}
		c.bold(x+10, y+22, title, strings.ReplaceAll(row.What, "`", "")+", "+row.Unit)
		y += head
		for _, cell := range cells {
			fill := dim
			if cell.Who == report.Us {
				fill = accent
				if row.Verdict == report.Missed {
					fill = bad
				}
			}
			w := min(cell.Median()/longest, 1) * (width - name - room)
			c.text(x+name-6, y+12, "end", ink, cell.Who)
			c.rect(x+name, y+2, max(w, 1), bar-4, fill)
			label := report.Number(cell.Median())
			if cell.Median() > longest {
				label = "… " + label
			}
			c.text(x+name+w+5, y+12, "start", ink, label)
			y += bar
		}
		bottom[at] = y + 8
	}
	c.height = max(bottom[0], bottom[1], 40) + 8
	return c.String()
}
