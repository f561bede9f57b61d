package format

import (
	"fmt"
	"strings"

	"aro/pkg/vm/value"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxPage is the largest HTML and Markdown that is taken apart (05 P05).
const maxPage = 10 << 20

// Page is a parsed HTML document.
type Page struct{ root *html.Node }

// ParsePage reads HTML as a browser does; hardly anything is an error but a size
// and a nesting beyond the limits.
func ParsePage(text string) (*Page, error) {
	if len(text) > maxPage {
		return nil, sizeError("html", len(text), maxPage)
	}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("invalid HTML: %w", err)
	}
	return &Page{root}, nil
}

// Links lists the addresses of all links as they are written, in order.
func (p *Page) Links() value.Value {
	list := []value.Value{}
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && n.DataAtom == atom.A {
			if href, ok := attribute(n, "href"); ok {
				list = append(list, value.OfString(href))
			}
		}
	}
	return value.OfList(list)
}

// Title is the text of the title element.
func (p *Page) Title() string {
	if n := p.first(atom.Title); n != nil {
		return textOf(n)
	}
	return ""
}

// Content is the text of the main content: of main, article or body, the first
// that there is.
func (p *Page) Content() string { return textOf(p.main()) }

// Markdown is the main content as Markdown.
func (p *Page) Markdown() string { return pageMarkdown(p.main()) }

// maxTexts bounds the texts together: of elements within one another each has the text of
// all below it.
const maxTexts = 64 << 20

// Texts lists the texts of the elements that a CSS selector finds.
func (p *Page) Texts(selector string) (value.Value, error) {
	list, size := []value.Value{}, 0
	err := p.selected(selector, func(n *html.Node) {
		if size <= maxTexts {
			text := textOf(n)
			size += len(text)
			list = append(list, value.OfString(text))
		}
	})
	if err == nil && size > maxTexts {
		err = fmt.Errorf("the texts that the selector finds are longer than %d MiB: it finds elements within one another", maxTexts>>20)
	}
	if err != nil {
		return value.Value{}, err
	}
	return value.OfList(list), nil
}

func (p *Page) first(tag atom.Atom) *html.Node {
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && n.DataAtom == tag && n.Namespace == "" {
			return n
		}
	}
	return nil
}

func (p *Page) main() *html.Node {
	for _, tag := range []atom.Atom{atom.Main, atom.Article, atom.Body} {
		if n := p.first(tag); n != nil {
			return n
		}
	}
	return p.root
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val, true
		}
	}
	return "", false
}

// skipped are elements whose content nobody reads.
func skipped(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Iframe, atom.Svg, atom.Canvas, atom.Noscript, atom.Template:
		return n.Type == html.ElementNode
	}
	return false
}

// textOf returns the text below n with white space collapsed. Blocks are apart
// even where no white space is between them.
func textOf(n *html.Node) string {
	var b strings.Builder
	appendText(&b, n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func appendText(b *strings.Builder, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		b.WriteString(n.Data)
	case skipped(n):
	default:
		block := n.Type == html.ElementNode && (isBlockElement(n) || n.DataAtom == atom.Br || n.DataAtom == atom.Td || n.DataAtom == atom.Th)
		if block {
			b.WriteByte(' ')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			appendText(b, c)
		}
		if block {
			b.WriteByte(' ')
		}
	}
}

// isBlockElement reports whether an element stands on lines of its own.
func isBlockElement(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Center, atom.Dd, atom.Details, atom.Dialog, atom.Div,
		atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.Form, atom.H1, atom.H2, atom.H3, atom.H4,
		atom.H5, atom.H6, atom.Header, atom.Hgroup, atom.Hr, atom.Li, atom.Main, atom.Menu, atom.Nav, atom.Ol, atom.P, atom.Pre,
		atom.Section, atom.Summary, atom.Table, atom.Tbody, atom.Tfoot, atom.Thead, atom.Tr, atom.Ul, atom.Html:
		return true
	}
	return false
}
