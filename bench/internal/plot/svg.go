// Package plot draws reports as SVG: bars of what everyone needs, and lines of
// cost over size.
package plot

import (
	"fmt"
	"strings"
)

// canvas is an SVG that is being drawn.
type canvas struct {
	b             strings.Builder
	width, height float64
}

// The colours are told apart in grey as well, and legible on white and on dark.
const (
	ink    = "#57606a"
	accent = "#0969da"
	bad    = "#cf222e"
	dim    = "#afb8c1"
)

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func (c *canvas) rect(x, y, w, h float64, fill string) {
	fmt.Fprintf(&c.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, y, w, h, fill)
}

func (c *canvas) line(x1, y1, x2, y2 float64, stroke string) {
	fmt.Fprintf(&c.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>`+"\n", x1, y1, x2, y2, stroke)
}

func (c *canvas) text(x, y float64, anchor, fill, s string) {
	fmt.Fprintf(&c.b, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, anchor, fill, escape.Replace(s))
}

func (c *canvas) bold(x, y float64, fill, s string) {
	fmt.Fprintf(&c.b, `<text x="%.1f" y="%.1f" fill="%s" font-weight="bold">%s</text>`+"\n", x, y, fill, escape.Replace(s))
}

func (c *canvas) polyline(points []float64, stroke string) {
	var b strings.Builder
	for i := 0; i+1 < len(points); i += 2 {
		fmt.Fprintf(&b, "%.1f,%.1f ", points[i], points[i+1])
	}
	fmt.Fprintf(&c.b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.TrimSpace(b.String()), stroke)
}

func (c *canvas) dot(x, y float64, fill string) {
	fmt.Fprintf(&c.b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x, y, fill)
}

func (c *canvas) String() string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]g %[2]g" width="%[1]g" height="%[2]g" font-family="system-ui, sans-serif" font-size="12">`+
		"\n%[3]s</svg>\n", c.width, c.height, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"+c.b.String())
}
