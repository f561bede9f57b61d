package graph

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// large is a graph of 60 feature sets with circles, hubs and parts of its own.
func large() *Graph {
	r := rand.New(rand.NewPCG(1, 2))
	g := &Graph{Name: "Large"}
	add := func(kind Kind, name string) string {
		g.Nodes = append(g.Nodes, Node{ID: id(kind, name), Kind: kind, Name: name})
		return id(kind, name)
	}
	var events, repos, sets []string
	for i := range 12 {
		events = append(events, add(Event, fmt.Sprint("Event", i)))
	}
	for i := range 5 {
		repos = append(repos, add(Repository, fmt.Sprint("r", i, "-repository")))
	}
	for i := range 60 {
		sets = append(sets, add(FeatureSet, fmt.Sprint("Feature Set Number ", i)))
	}
	edge := func(from, to string, f Flow) { g.Edges = append(g.Edges, Edge{From: from, To: to, Flow: f}) }
	for i, s := range sets {
		edge(events[i%len(events)], s, Triggers)
		edge(s, events[r.IntN(len(events))], Emits)
		edge(s, repos[r.IntN(len(repos))], []Flow{Reads, Writes}[i%2])
		if i%7 == 0 {
			edge(repos[r.IntN(len(repos))], s, Triggers)
		}
	}
	edge(sets[3], sets[3], Calls)
	add(FeatureSet, "Alone")
	return g
}

// TestLayout: boxes do not overlap, edges lead from column to column, and the
// order of the columns is no worse than that of the source.
func TestLayout(t *testing.T) {
	g := large()
	drawn := 0
	for _, l := range layOut(g) {
		for i, c := range l.columns {
			for k, b := range c {
				if b.node >= 0 {
					drawn++
				}
				if k > 0 && c[k-1].y+c[k-1].h/2 > b.y-b.h/2+0.01 {
					t.Errorf("column %d: box %d overlaps the one above", i, k)
				}
				if b.y-b.h/2 < -0.01 || b.y+b.h/2 > l.height+0.01 || b.x < 0 || b.x+b.w > l.width+0.01 {
					t.Errorf("column %d: box %d is outside: %+v", i, k, b)
				}
			}
		}
		for _, w := range l.ways {
			for _, k := range w.links {
				if k.to.rank != k.from.rank+1 {
					t.Fatalf("an edge leads from column %d to %d", k.from.rank, k.to.rank)
				}
			}
		}
	}
	if drawn != len(g.Nodes) {
		t.Errorf("%d of %d nodes have a place", drawn, len(g.Nodes))
	}
}

// TestOrder: two rows that are crossed in source order are not in the drawing.
func TestOrder(t *testing.T) {
	g := &Graph{}
	for _, n := range []string{"a", "b", "c", "x", "y", "z"} {
		g.Nodes = append(g.Nodes, Node{ID: n, Kind: FeatureSet, Name: n})
	}
	for _, e := range []string{"az", "by", "cx", "ay", "bx"} {
		g.Edges = append(g.Edges, Edge{From: e[:1], To: e[1:], Flow: Calls})
	}
	parts := layOut(g)
	if len(parts) != 1 || parts[0].crossings() != 0 {
		t.Errorf("%d parts, %d crossings", len(parts), parts[0].crossings())
	}
}

// TestSVG: the drawing is well-formed whatever names hold, names every node, and
// is the same each time.
func TestSVG(t *testing.T) {
	g := large()
	g.Name = `</svg><script>alert("1")</script>` + "\x00\xff"
	g.Nodes[0].Name = `"><img src=x onerror='x'>&`
	g.Nodes[1].Detail = "]]>\x1b[2J"
	svg := g.SVG()
	if !bytes.Equal(svg, g.SVG()) {
		t.Error("not the same twice")
	}
	d := xml.NewDecoder(bytes.NewReader(svg))
	nodes, names := 0, map[string]bool{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		names[start.Name.Local] = true
		for _, a := range start.Attr {
			if a.Name.Local == "data-node" {
				nodes++
				if g.Node(a.Value) == nil {
					t.Errorf("unknown node %q", a.Value)
				}
			}
		}
	}
	if nodes != len(g.Nodes) || names["script"] || names["img"] {
		t.Errorf("%d of %d nodes, elements %v", nodes, len(g.Nodes), names)
	}
}

// TestMermaidText: labels cannot end themselves.
func TestMermaidText(t *testing.T) {
	if got := mermaidText(`a"b#c<d>` + "\n`"); strings.ContainsAny(got, "\"<>\n`") || got != "a#34;b#35;c#60;d#62;#10;#96;" {
		t.Errorf("%q", got)
	}
}
