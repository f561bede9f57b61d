package format

import (
	"strings"

	"aro/pkg/vm/value"
)

// The formats for people: they are written only, reading them gives text.

// encodeMarkdown writes a table for rows and maps, and lines with a dash for
// other lists.
func encodeMarkdown(b []byte, v value.Value, o *Options) []byte {
	escape := func(s string) string { return markdownCells.Replace(s) }
	table := func(line string) { b = append(b, line...) }
	if rows, ok := rowsOf(v); ok {
		names := columns(rows)
		table("|")
		for _, name := range names {
			table(" " + escape(name) + " |")
		}
		table("\n|" + strings.Repeat("---|", len(names)))
		for _, row := range rows {
			table("\n|")
			for _, name := range names {
				table(" " + escape(cell(field(row, name))) + " |")
			}
		}
		return b
	}
	switch v.Kind() {
	case value.Map:
		table("| Key | Value |\n|-----|-------|")
		for _, e := range sorted(v.Record()) {
			table("\n| " + escape(e.key) + " | " + escape(cell(e.val)) + " |")
		}
		return b
	case value.List:
		for i, e := range v.List() {
			if i > 0 {
				b = append(b, '\n')
			}
			b = append(append(b, "- "...), blanks.Replace(cell(e))...)
		}
		return b
	}
	return appendRaw(b, v, o)
}

var (
	blanks        = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ")
	markdownCells = strings.NewReplacer("|", `\|`, "\r\n", " ", "\n", " ", "\r", " ")
	htmlEscapes   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
)

// encodeHTML writes a table for rows and maps, and an unordered list for other
// lists. Text is taken for markup and written as it is.
func encodeHTML(b []byte, v value.Value, o *Options) []byte {
	rows, isRows := rowsOf(v)
	var names []string
	var lines [][]string
	switch {
	case isRows:
		names = columns(rows)
		for _, row := range rows {
			cells := make([]string, len(names))
			for i, name := range names {
				cells[i] = cell(field(row, name))
			}
			lines = append(lines, cells)
		}
	case v.Kind() == value.Map:
		names = []string{"Key", "Value"}
		for _, e := range sorted(v.Record()) {
			lines = append(lines, []string{e.key, cell(e.val)})
		}
	case v.Kind() == value.List:
		b = append(b, "<ul>\n"...)
		for _, e := range v.List() {
			b = append(append(append(b, "  <li>"...), htmlEscapes.Replace(cell(e))...), "</li>\n"...)
		}
		return append(b, "</ul>"...)
	default:
		return appendRaw(b, v, o)
	}
	row := func(tag string, cells []string) {
		b = append(b, "    <tr>"...)
		for _, c := range cells {
			b = append(append(b, "<"+tag+">"...), htmlEscapes.Replace(c)...)
			b = append(b, "</"+tag+">"...)
		}
		b = append(b, "</tr>\n"...)
	}
	b = append(b, "<table>\n  <thead>\n"...)
	row("th", names)
	b = append(b, "  </thead>\n  <tbody>\n"...)
	for _, cells := range lines {
		row("td", cells)
	}
	return append(b, "  </tbody>\n</table>"...)
}
