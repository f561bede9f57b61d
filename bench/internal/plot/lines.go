package plot

import (
	"fmt"
	"math"

	"aro/bench/internal/report"
)

// Lines draws the cost of an item over the size of the world, both logarithmic, a
// panel for each series. Flat is good; the band is what it may grow by.
func Lines(series []*report.Series) string {
	const (
		columns             = 2
		width, height       = 480.0, 220.0
		left, right         = 64.0, 24.0
		above, below, decad = 40.0, 34.0, 0.6 // the axis shows so many decades around the first point
	)
	c := &canvas{width: columns * width}
	n := 0
	for _, s := range series {
		if len(s.Points) < 2 {
			continue
		}
		x0, y0 := float64(n%columns)*width, float64(n/columns)*height
		n++
		first, last := s.Points[0], s.Points[len(s.Points)-1]
		lowest := first.Value
		for _, p := range s.Points {
			lowest = min(lowest, p.Value)
		}
		low, high := math.Log10(lowest)-decad/2, math.Log10(lowest)+decad*1.5
		for _, p := range s.Points {
			high = max(high, math.Log10(p.Value)+0.1)
		}
		x := func(size float64) float64 {
			return x0 + left + (math.Log10(size)-math.Log10(first.Size))/(math.Log10(last.Size)-math.Log10(first.Size))*(width-left-right)
		}
		y := func(v float64) float64 {
			return y0 + above + (high-math.Log10(v))/(high-low)*(height-above-below)
		}
		colour := accent
		if s.Grows() {
			colour = bad
		}
		c.bold(x0+10, y0+22, ink, fmt.Sprintf("%s: grows by %s ×", s.Name, report.Number(s.Growth)))
		c.rect(x0+left, y(lowest*s.Allowed), width-left-right, y(lowest)-y(lowest*s.Allowed), "#ddf4ff")
		c.line(x0+left, y0+height-below, x0+width-right, y0+height-below, ink)
		c.line(x0+left, y0+above, x0+left, y0+height-below, ink)
		for e := math.Floor(low * 3); e <= high*3; e++ {
			// 1, 2 and 5 of each decade, about.
			v := math.Pow(10, math.Floor(e/3)) * []float64{1, 2, 5}[(int(e)%3+3)%3]
			if at := y(v); at >= y0+above && at <= y0+height-below {
				c.line(x0+left-4, at, x0+left, at, ink)
				c.text(x0+left-7, at+4, "end", ink, report.Number(v)+" "+s.Unit)
			}
		}
		var points []float64
		for _, p := range s.Points {
			points = append(points, x(p.Size), y(p.Value))
			c.text(x(p.Size), y0+height-below+16, "middle", ink, power(p.Size))
		}
		c.polyline(points, colour)
		for i := 0; i < len(points); i += 2 {
			c.dot(points[i], points[i+1], colour)
		}
		c.text(x0+width-right, y0+height-4, "end", ink, s.X)
	}
	c.height = max(float64((n+columns-1)/columns)*height, 40)
	return c.String()
}

// power writes a power of ten as one, other numbers as they are.
func power(n float64) string {
	e := math.Round(math.Log10(n))
	if n < 1000 || math.Pow(10, e) != n {
		return report.Number(n)
	}
	return "10" + string([]rune("⁰¹²³⁴⁵⁶⁷⁸⁹")[int(e)])
}
