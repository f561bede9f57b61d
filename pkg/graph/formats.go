package graph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// JSON writes the graph as data.
func (g *Graph) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(g)
	return b.Bytes(), err
}

// pageStyle keeps the drawing at the size at which it can be read. On a narrow screen
// it is the drawing that scrolls, and not the page.
const pageStyle = `html,body{height:100%;margin:0}body{background:#fff}main{height:100%;overflow:auto}svg.aro{display:block;margin:0 auto}
@media (prefers-color-scheme:dark){body{background:#0d1117}}
@media print{html,body,main{height:auto;overflow:visible}svg.aro{width:100%;height:auto}}`

// HTML is a page of its own with the drawing in it.
func (g *Graph) HTML() []byte {
	return fmt.Appendf(nil, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"+
		"<meta name=\"color-scheme\" content=\"light dark\">\n<title>%s</title>\n<style>%s</style>\n<main tabindex=\"0\" aria-label=\"%s\">\n%s</main>\n</html>\n",
		content(g.Name), pageStyle, attribute(g.Name), g.SVG())
}

// mermaidForms are the brackets of the kinds of node.
var mermaidForms = map[Kind][2]string{FeatureSet: {"[", "]"}, Repository: {"[(", ")]"}, Event: {"{{", "}}"}, Audience: {"[/", "/]"}, Outside: {"[/", "/]"}}

// Mermaid writes the graph as a flowchart, which code hosts draw.
func (g *Graph) Mermaid() []byte {
	var b bytes.Buffer
	b.WriteString("flowchart LR\n")
	names := make(map[string]string, len(g.Nodes))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		names[n.ID] = fmt.Sprintf("n%d", i)
		form, ok := mermaidForms[n.Kind]
		if !ok {
			form = [2]string{"([", "])"}
		}
		fmt.Fprintf(&b, "    n%d%s\"%s<br/><small>%s</small>\"%s\n", i, form[0], mermaidText(n.Name), mermaidText(n.under()), form[1])
	}
	for _, e := range g.Edges {
		arrow := "-->"
		if e.Flow == Reads {
			arrow = "-.->"
		}
		fmt.Fprintf(&b, "    %s %s|%s| %s\n", names[e.From], arrow, e.Flow, names[e.To])
	}
	return b.Bytes()
}

// mermaidText is text for a label in quotes: entities are the only escape.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < ' ' || strings.ContainsRune("\"#&<>`\\", r):
			fmt.Fprintf(&b, "#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
