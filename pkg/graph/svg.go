package graph

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// margin is the room around the drawing, header that of its title.
const (
	margin = 20.0
	header = 44.0
	footer = 34.0
	wanted = 1180.0 // width that parts are packed to, unless one is wider
)

// Style is the style sheet of an SVG, as it stands in its element: pages that
// forbid other styles allow this one by its hash.
const Style = style

// style draws on light and dark. Each class of nodes and edges has its colour, and
// a form that tells it apart without.
const style = `
svg.aro{--ink:#1f2328;--dim:#656d76;--line:#8c959f;--paper:#ffffff;--box:#f6f8fa;--set:#0969da;--source:#8250df;--rows:#9a6700;--out:#1a7f37;--bad:#cf222e;
font:12px ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
@media (prefers-color-scheme:dark){svg.aro{--ink:#e6edf3;--dim:#9198a1;--line:#6e7681;--paper:#0d1117;--box:#161b22;--set:#58a6ff;--source:#bc8cff;--rows:#d29922;--out:#3fb950;--bad:#f85149}}
svg.aro .paper{fill:var(--paper)}
svg.aro text{fill:var(--ink)}
svg.aro .title{font-size:16px;font-weight:600}
svg.aro .under,svg.aro .legend{fill:var(--dim);font-size:10.5px}
svg.aro .name{font-weight:600}
svg.aro .box{fill:var(--box);stroke:var(--k);stroke-width:1.2}
svg.aro .mark{fill:var(--k)}
svg.aro .set{--k:var(--set)}svg.aro .source{--k:var(--source)}svg.aro .rows{--k:var(--rows)}svg.aro .out{--k:var(--out)}
svg.aro .edge{fill:none;stroke:var(--line);stroke-width:1.3}
svg.aro .edge.writes{stroke:var(--rows)}svg.aro .edge.reads{stroke:var(--rows);stroke-dasharray:5 3}
svg.aro .edge.sends,svg.aro .edge.asks,svg.aro .edge.starts{stroke:var(--out)}
svg.aro .edge.emits,svg.aro .edge.schedules,svg.aro .edge.accepts{stroke:var(--source)}svg.aro .edge.calls{stroke:var(--set)}
svg.aro .tip{stroke:none;fill:var(--line)}
svg.aro .tip.rows{fill:var(--rows)}svg.aro .tip.out{fill:var(--out)}svg.aro .tip.source{fill:var(--source)}svg.aro .tip.set{fill:var(--set)}
`

// class is the colour of a kind of node.
func (k Kind) class() string {
	switch k {
	case FeatureSet:
		return "set"
	case Repository:
		return "rows"
	case Audience, Service, Outside:
		return "out"
	}
	return "source"
}

// tip is the class of an edge's arrow.
func (f Flow) tip() string {
	switch f {
	case Writes, Reads:
		return "rows"
	case Sends, Asks, Starts:
		return "out"
	case Emits, Schedules, Accepts:
		return "source"
	case Calls:
		return "set"
	}
	return "plain"
}

// SVG draws the graph, for light and for dark backgrounds. Every node is a group
// with the attribute data-node, its ID.
func (g *Graph) SVG() []byte {
	parts := layOut(g)
	places, width, height := pack(parts)
	width = max(width, 560)
	d := &drawing{g: g}
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" class="aro" viewBox="0 0 %s %s" width="%[1]s" height="%[2]s" role="img" aria-label="%s">`+"\n",
		number(width+2*margin), number(height+2*margin+header+footer), attribute(g.Name))
	d.printf("<style>%s</style>\n<rect class=\"paper\" width=\"100%%\" height=\"100%%\"/>\n", style)
	d.printf(`<text class="title" x="%s" y="%s">%s</text>`+"\n", number(margin), number(margin+16), content(g.Name))
	for i, l := range parts {
		d.printf(`<g transform="translate(%s %s)">`+"\n", number(margin+places[i].x), number(margin+header+places[i].y))
		for _, w := range l.ways {
			d.way(w)
		}
		for _, c := range l.columns {
			for _, b := range c {
				if b.node >= 0 {
					d.box(b)
				}
			}
		}
		d.printf("</g>\n")
	}
	d.legend(margin, margin+header+height+footer)
	d.printf("</svg>\n")
	return d.Bytes()
}

type point struct{ x, y float64 }

// pack places the parts: large ones first, each on the first shelf that has room.
func pack(parts []*layout) (places []point, width, height float64) {
	places = make([]point, len(parts))
	order := make([]int, len(parts))
	limit := wanted
	for i, l := range parts {
		order[i] = i
		limit = max(limit, l.width)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(parts[b].height, parts[a].height) })
	type shelf struct{ x, y, h float64 }
	var shelves []shelf
	for _, i := range order {
		l := parts[i]
		at := slices.IndexFunc(shelves, func(s shelf) bool { return s.x+l.width <= limit && l.height <= s.h })
		if at < 0 {
			y := 0.0
			if n := len(shelves); n > 0 {
				y = shelves[n-1].y + shelves[n-1].h + partGap
			}
			at = len(shelves)
			shelves = append(shelves, shelf{0, y, l.height})
		}
		s := &shelves[at]
		places[i] = point{s.x, s.y}
		s.x += l.width + columnGap
		width, height = max(width, s.x-columnGap), max(height, s.y+l.height)
	}
	return places, width, height
}

type drawing struct {
	g *Graph
	bytes.Buffer
}

func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(d, format, args...) }

func (d *drawing) box(b *box) {
	n := &d.g.Nodes[b.node]
	top := b.y - b.h/2
	d.printf(`<g class="node %s" data-node="%s"><title>%s</title>`, n.Kind.class(), attribute(n.ID), content(n.tooltip()))
	round := 6.0
	if n.Kind.class() != "set" {
		round = b.h / 2
	}
	if n.Kind == Repository {
		round = 2
	}
	d.printf(`<rect class="box" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`, number(b.x), number(top), number(b.w), number(b.h), number(round))
	if n.Kind == Repository { // a drawer
		d.printf(`<rect class="mark" x="%s" y="%s" width="%s" height="3"/>`, number(b.x), number(top), number(b.w))
	} else if n.Kind == FeatureSet {
		d.printf(`<rect class="mark" x="%s" y="%s" width="4" height="%s" rx="2"/>`, number(b.x), number(top), number(b.h))
	}
	name := n.Name
	if slices.ContainsFunc(d.g.Edges, func(e Edge) bool { return e.From == n.ID && e.To == n.ID }) {
		name += " ↺" // causes itself again
	}
	d.printf(`<text class="name" x="%s" y="%s">%s</text>`, number(b.x+16), number(b.y-2), content(shorten(name, (b.w-28)/charWidth)))
	d.printf(`<text class="under" x="%s" y="%s">%s</text></g>`+"\n", number(b.x+16), number(b.y+12), content(shorten(n.under(), (b.w-28)/5.6)))
}

// tooltip is what the pointer finds out about a node.
func (n *Node) tooltip() string {
	text := string(n.Kind) + " " + n.Name
	if n.Detail != "" {
		text += ": " + n.Detail
	}
	if n.File != "" {
		text += "\n" + n.File + ":" + strconv.Itoa(int(n.Line))
	}
	return text
}

// way draws an edge as one curve through its stand-ins, and its arrow.
func (d *drawing) way(w way) {
	e := &d.g.Edges[w.edge]
	var path strings.Builder
	first, last := w.links[0], w.links[len(w.links)-1]
	x1, x2 := first.from.x+first.from.w, last.to.x
	// The tip of the arrow is 7 wide; the line ends in it.
	atEnd := w.turned == (e.Flow == Reads)
	if atEnd {
		x2 -= 6
	} else {
		x1 += 6
	}
	fmt.Fprintf(&path, "M%s %s", number(x1), number(first.y1))
	for i, k := range w.links {
		fx, tx := k.from.x+k.from.w, k.to.x
		if i == 0 {
			fx = x1
		} else {
			fmt.Fprintf(&path, "H%s", number(fx))
		}
		if i == len(w.links)-1 {
			tx = x2
		}
		mid := (fx + tx) / 2
		fmt.Fprintf(&path, "C%s %s %s %s %s %s", number(mid), number(k.y1), number(mid), number(k.y2), number(tx), number(k.y2))
	}
	d.printf(`<g><title>%s</title><path class="edge %s" d="%s"/>`, content(d.g.sentence(e)), e.Flow, path.String())
	x, y, dir := last.to.x, last.y2, -7.0
	if !atEnd {
		x, y, dir = first.from.x+first.from.w, first.y1, 7.0
	}
	d.printf(`<path class="tip %s" d="M%s %sl%s -3.5v7z"/></g>`+"\n", e.Flow.tip(), number(x), number(y), number(dir))
}

// sentence says an edge in words.
func (g *Graph) sentence(e *Edge) string {
	from, to := g.Node(e.From), g.Node(e.To)
	text := from.Name + " " + string(e.Flow) + " " + to.Name
	if len(e.Verbs) > 0 {
		text += " (" + strings.Join(e.Verbs, ", ") + ")"
	}
	for i, line := range e.Lines {
		if i == 0 {
			text += "\n" + from.File + ":"
		} else {
			text += ", "
		}
		text += strconv.Itoa(int(line))
	}
	return text
}

// legend says what the lines mean.
func (d *drawing) legend(x, y float64) {
	for _, l := range []struct {
		flow Flow
		text string
		w    float64
	}{{Triggers, "makes run", 58}, {Emits, "raises", 40}, {Writes, "writes", 38}, {Reads, "reads", 36}, {Sends, "sends, asks, starts", 104}, {Calls, "calls", 30}} {
		d.printf(`<path class="edge %s" d="M%s %sh22"/><path class="tip %s" d="M%s %sl-7 -3.5v7z"/>`, l.flow, number(x), number(y), l.flow.tip(), number(x+28), number(y))
		d.printf(`<text class="legend" x="%s" y="%s">%s</text>`+"\n", number(x+34), number(y+3.5), l.text)
		x += 34 + l.w + 18
	}
}

// number writes a coordinate with one decimal at most.
func number(f float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
}

func shorten(s string, runes float64) string {
	n := max(int(runes), 4)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

// content escapes text for an element, without what XML forbids.
func content(s string) string {
	return escaper.Replace(strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

func attribute(s string) string { return content(s) }
