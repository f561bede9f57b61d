//go:build ignore

// Command site makes a static site of docs/: plain HTML in one folder, nothing of it
// from the network. It fails for a link to a page or a heading that is not there.
//
//	go run -modfile=tools.mod docs/site/main.go docs out
package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"log"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"

	"aro/pkg/syntax"
)

//go:embed style.css
var style string

// inks are the classes of the style sheet, by ink.
var inks = [...]string{"", "comment", "header", "verb", "keyword", "name", "text", "number"}

// painter renders fenced blocks: those of our language in colours.
type painter struct{}

func (painter) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		block := n.(*ast.FencedCodeBlock)
		kind := string(block.Language(source))
		var text strings.Builder
		for _, line := range block.Lines().Sliced(0, block.Lines().Len()) {
			text.Write(line.Value(source))
		}
		fmt.Fprintf(w, "<pre class=\"%s\"><code>", html.EscapeString(kind))
		if kind == "aro" {
			for _, s := range syntax.Paint(text.String()) {
				if s.Ink == syntax.InkPlain {
					w.WriteString(html.EscapeString(s.Text))
					continue
				}
				fmt.Fprintf(w, `<span class="%s">%s</span>`, inks[s.Ink], html.EscapeString(s.Text))
			}
		} else {
			w.WriteString(html.EscapeString(text.String()))
		}
		w.WriteString("</code></pre>\n")
		return ast.WalkSkipChildren, nil
	})
}

type page struct{ name, title, body string }

// address is the file of a page.
func address(md string) string {
	if md == "README.md" {
		return "index.html"
	}
	return strings.TrimSuffix(md, ".md") + ".html"
}

var link = regexp.MustCompile(`<a href="([^"]*)">(.*?)</a>`)

// links turns links to pages into links to their HTML. What lies outside of docs/ is
// not part of the site: its text stays. A link that shows the name of a file shows the
// title of the page.
func links(body string, pages map[string]page) string {
	return link.ReplaceAllStringFunc(body, func(a string) string {
		m := link.FindStringSubmatch(a)
		file, anchor, _ := strings.Cut(m[1], "#")
		switch {
		case strings.Contains(m[1], "://"):
			return a
		case strings.HasPrefix(file, "../"):
			return m[2]
		case file != "":
			if m[2] == file {
				m[2] = html.EscapeString(pages[address(file)].title)
			}
			file = address(file)
		}
		if anchor != "" {
			file += "#" + anchor
		}
		return fmt.Sprintf(`<a href="%s">%s</a>`, file, m[2])
	})
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: site docs out")
	}
	from, to := os.Args[1], os.Args[2]
	md := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(painter{}, 100))))
	files, err := filepath.Glob(filepath.Join(from, "*.md"))
	if err != nil || len(files) == 0 {
		log.Fatalf("no pages in %s (%v)", from, err)
	}
	pages := map[string]page{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		var out bytes.Buffer
		if err := md.Convert(text, &out); err != nil {
			log.Fatalf("%s: %v", file, err)
		}
		title, _, _ := strings.Cut(string(text), "\n")
		p := page{address(filepath.Base(file)), strings.TrimPrefix(title, "# "), out.String()}
		pages[p.name] = p
	}
	for name, p := range pages {
		p.body = links(p.body, pages)
		pages[name] = p
	}
	check(pages)
	if err := os.MkdirAll(to, 0o755); err != nil {
		log.Fatal(err)
	}
	for _, p := range pages {
		if err := os.WriteFile(filepath.Join(to, p.name), []byte(frame(p, pages)), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(to, "style.css"), []byte(style), 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d pages: %s\n", len(pages), filepath.Join(to, "index.html"))
}

// check ends the program for links that lead nowhere.
func check(pages map[string]page) {
	bad := 0
	for _, p := range pages {
		for _, m := range link.FindAllStringSubmatch(p.body, -1) {
			file, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(m[1], "://") {
				continue
			}
			if file == "" {
				file = p.name
			}
			target, ok := pages[file]
			if !ok || anchor != "" && !strings.Contains(target.body, `id="`+anchor+`"`) {
				log.Printf("%s: the link to %s leads nowhere", p.name, m[1])
				bad++
			}
		}
	}
	if bad > 0 {
		os.Exit(1)
	}
}

// frame puts the navigation beside a page: the order of the index first, the rest by
// name.
func frame(p page, pages map[string]page) string {
	var order []string
	for _, m := range link.FindAllStringSubmatch(pages["index.html"].body, -1) {
		if _, ok := pages[m[1]]; ok && !slices.Contains(order, m[1]) {
			order = append(order, m[1])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		if name != "index.html" && !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	var nav strings.Builder
	for _, name := range append([]string{"index.html"}, order...) {
		here := ""
		if name == p.name {
			here = ` aria-current="page"`
		}
		fmt.Fprintf(&nav, "<a href=\"%s\"%s>%s</a>\n", name, here, html.EscapeString(pages[name].title))
	}
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>` + html.EscapeString(p.title) + ` – ARO</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
</head>
<body>
<nav>
` + nav.String() + `</nav>
<main>
` + p.body + `</main>
</body>
</html>
`
}
