package format

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// pageMarkdown writes the content of an element as Markdown.
func pageMarkdown(n *html.Node) string { return strings.Join(blocksOf(n), "\n\n") }

// blocksOf returns the blocks below n. Text and inline elements between blocks
// are paragraphs. The parser bounds the depth.
func blocksOf(n *html.Node) (blocks []string) {
	var run strings.Builder
	flush := func() {
		if text := tidy(run.String()); text != "" {
			blocks = append(blocks, text)
		}
		run.Reset()
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case skipped(c):
		case c.Type == html.ElementNode && (isBlockElement(c) || holdsBlock(c)):
			flush()
			blocks = append(blocks, blockOf(c)...)
		default:
			run.WriteString(inlineOf(c))
		}
	}
	flush()
	return blocks
}

// holdsBlock reports whether an inline element, such as a link, directly wraps a
// block.
func holdsBlock(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && isBlockElement(c) {
			return true
		}
	}
	return false
}

func blockOf(n *html.Node) []string {
	one := func(text string) []string {
		if text == "" {
			return nil
		}
		return []string{text}
	}
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		text := strings.ReplaceAll(tidy(inlinesOf(n)), "\n", " ")
		if text == "" {
			return nil
		}
		return one(strings.Repeat("#", int(n.Data[1]-'0')) + " " + text)
	case atom.Hr:
		return one("---")
	case atom.Pre:
		return one(fenced(n))
	case atom.Blockquote:
		inner := pageMarkdown(n)
		if inner == "" {
			return nil
		}
		lines := strings.Split(inner, "\n")
		for i, line := range lines {
			lines[i] = strings.TrimRight("> "+line, " ")
		}
		return one(strings.Join(lines, "\n"))
	case atom.Ul, atom.Ol, atom.Menu:
		return one(listOf(n))
	case atom.Table:
		return one(tableOf(n))
	}
	return blocksOf(n)
}

// inlinesOf returns what stands below n as one run of text.
func inlinesOf(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(inlineOf(c))
	}
	return b.String()
}

func inlineOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return collapse(n.Data)
	}
	if n.Type != html.ElementNode || skipped(n) {
		return ""
	}
	switch n.DataAtom {
	case atom.Br:
		return "  \n"
	case atom.Strong, atom.B:
		return marked(inlinesOf(n), "**")
	case atom.Em, atom.I:
		return marked(inlinesOf(n), "*")
	case atom.Del, atom.S, atom.Strike:
		return marked(inlinesOf(n), "~~")
	case atom.Code, atom.Kbd, atom.Samp:
		return inlineCode(textOf(n))
	case atom.A:
		text := inlinesOf(n)
		href, ok := attribute(n, "href")
		if !ok || strings.TrimSpace(text) == "" {
			return text
		}
		return around(text, "[", "]("+linkURL(href)+")")
	case atom.Img:
		src, ok := attribute(n, "src")
		if !ok {
			return ""
		}
		alt, _ := attribute(n, "alt")
		return "![" + strings.TrimSpace(collapse(alt)) + "](" + linkURL(src) + ")"
	}
	if isBlockElement(n) {
		return " " + inlinesOf(n) + " "
	}
	return inlinesOf(n)
}

// collapse makes each run of white space one blank.
func collapse(s string) string {
	var b strings.Builder
	space := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = true
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	if space {
		b.WriteByte(' ')
	}
	return b.String()
}

// tidy collapses the blanks where runs meet, and keeps line breaks.
func tidy(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		text := strings.Join(strings.FieldsFunc(line, func(r rune) bool { return r == ' ' }), " ")
		if i < len(lines)-1 && text != "" {
			text += "  " // a hard line break
		}
		lines[i] = text
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// marked puts marks around text, leaving blanks outside: inside they would undo
// the mark.
func marked(text, mark string) string { return around(text, mark, mark) }

func around(text, before, after string) string {
	inner := strings.TrimSpace(text)
	if inner == "" {
		return text
	}
	start := strings.Index(text, inner)
	return text[:start] + before + inner + after + text[start+len(inner):]
}

func inlineCode(text string) string {
	if text == "" {
		return ""
	}
	if !strings.Contains(text, "`") {
		return "`" + text + "`"
	}
	fence := fenceFor(text, 2)
	return fence + " " + text + " " + fence
}

// fenceFor returns more backticks than text has side by side.
func fenceFor(text string, least int) string {
	most, run := 0, 0
	for _, r := range text {
		if r == '`' {
			run++
			most = max(most, run)
		} else {
			run = 0
		}
	}
	return strings.Repeat("`", max(least, most+1))
}

var urlEscapes = strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "\n", "", "\r", "", "\t", "", "<", "%3C", ">", "%3E")

func linkURL(href string) string { return urlEscapes.Replace(strings.TrimSpace(href)) }

// fenced is a pre element; the language comes from a class of it or of the code
// element in it.
func fenced(n *html.Node) string {
	var b strings.Builder
	lang := language(n)
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode:
			b.WriteString(d.Data)
		case d.DataAtom == atom.Br:
			b.WriteByte('\n')
		case lang == "" && d.DataAtom == atom.Code:
			lang = language(d)
		}
	}
	text := strings.Trim(strings.ReplaceAll(b.String(), "\r\n", "\n"), "\n")
	fence := fenceFor(text, 3)
	return fence + lang + "\n" + text + "\n" + fence
}

func language(n *html.Node) string {
	class, _ := attribute(n, "class")
	for word := range strings.FieldsSeq(class) {
		for _, prefix := range []string{"language-", "lang-"} {
			if name, ok := strings.CutPrefix(word, prefix); ok && !strings.Contains(name, "`") {
				return name
			}
		}
	}
	return ""
}

// listOf writes the items of a list, those of lists in it two blanks further in.
func listOf(n *html.Node) string {
	var lines []string
	number := 1
	if s, ok := attribute(n, "start"); ok {
		if i, err := strconv.Atoi(s); err == nil && i >= 0 {
			number = i
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode || skipped(c) {
			continue
		}
		if c.DataAtom == atom.Ul || c.DataAtom == atom.Ol { // a list in a list without an item
			lines = append(lines, indented(listOf(c), "  "))
			continue
		}
		mark := "- "
		if n.DataAtom == atom.Ol {
			mark = strconv.Itoa(number) + ". "
			number++
		}
		blocks := blocksOf(c)
		if c.DataAtom != atom.Li {
			blocks = blockOf(c)
		}
		item := strings.TrimRight(mark, " ")
		if len(blocks) > 0 {
			item = mark + strings.TrimLeft(indented(strings.Join(blocks, "\n"), "  "), " ")
		}
		lines = append(lines, item)
	}
	return strings.Join(lines, "\n")
}

func indented(text, by string) string {
	if text == "" {
		return ""
	}
	return by + strings.ReplaceAll(text, "\n", "\n"+by)
}

// tableOf writes a pipe table; the first row is its header.
func tableOf(n *html.Node) string {
	var rows [][]string
	width := 0
	var collect func(n *html.Node)
	collect = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch c.DataAtom {
			case atom.Thead, atom.Tbody, atom.Tfoot:
				collect(c)
			case atom.Tr:
				var cells []string
				for d := c.FirstChild; d != nil; d = d.NextSibling {
					if d.DataAtom == atom.Td || d.DataAtom == atom.Th {
						cells = append(cells, strings.ReplaceAll(strings.Join(strings.Fields(inlinesOf(d)), " "), "|", `\|`))
					}
				}
				if len(cells) > 0 {
					rows = append(rows, cells)
					width = max(width, len(cells))
				}
			}
		}
	}
	collect(n)
	if len(rows) == 0 {
		return ""
	}
	var b strings.Builder
	for i, cells := range rows {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteByte('|')
		for j := range width {
			text := ""
			if j < len(cells) {
				text = cells[j]
			}
			b.WriteString(" " + text + " |")
		}
		if i == 0 {
			b.WriteString("\n|" + strings.Repeat("---|", width))
		}
	}
	return b.String()
}
