package syntax

import (
	"bytes"
	"sort"
	"strings"
	"unicode/utf8"
)

// NewFile wraps source text. The bytes are kept, not copied.
func NewFile(name string, src []byte) *File { return &File{Name: name, Src: src} }

// Position returns the 1-based line and column of p. Columns count Unicode
// scalars, a tab is one; \n, \r\n and \r each end one line (01 §1.1). Asking in
// ascending order costs one pass over the file in all. Not for concurrent use.
func (f *File) Position(p Pos) (line, col int) {
	f.buildLines()
	i := f.line(int32(p))
	if i < 0 {
		return 1, 1
	}
	end := min(int(p), len(f.Src))
	// A very long line would be counted from its start again and again: go on from
	// the last answer when it lies before this one on the same line.
	start, col := int(f.lines[i]), 1
	if f.last.line == i+1 && f.last.pos <= end {
		start, col = f.last.pos, f.last.col
	}
	col += utf8.RuneCount(f.Src[start:end])
	f.last.pos, f.last.line, f.last.col = end, i+1, col
	return i + 1, col
}

// line finds the line of a position, -1 when there is none: on the line of the last
// answer or the one behind it, which it mostly is, else by search.
func (f *File) line(p int32) int {
	for i := f.last.line - 1; i >= 0 && i <= f.last.line && i < len(f.lines); i++ {
		if f.lines[i] > p {
			break
		}
		if i+1 == len(f.lines) || f.lines[i+1] > p {
			return i
		}
	}
	return sort.Search(len(f.lines), func(i int) bool { return f.lines[i] > p }) - 1
}

// LineText returns line n (1-based) without its line break, "" when there is none.
func (f *File) LineText(n int) string {
	f.buildLines()
	if n < 1 || n > len(f.lines) {
		return ""
	}
	end := len(f.Src)
	if n < len(f.lines) {
		end = int(f.lines[n])
	}
	return strings.TrimRight(string(f.Src[f.lines[n-1]:end]), "\r\n")
}

// Text returns the source between two positions.
func (f *File) Text(s Span) string {
	start, end := max(0, int(s.Start)), min(int(s.End), len(f.Src))
	if start >= end {
		return ""
	}
	if f.text == "" {
		f.text = string(f.Src) // once: what is asked for is a part of it
	}
	return f.text[start:end]
}

var lineEnd = []byte{0x0a}

func (f *File) buildLines() {
	if f.lines != nil {
		return
	}
	start := int32(0)
	if len(f.Src) >= 3 && f.Src[0] == 0xEF && f.Src[1] == 0xBB && f.Src[2] == 0xBF {
		start = 3 // the optional byte order mark is no column
	}
	lines := append(make([]int32, 0, bytes.Count(f.Src, lineEnd)+1), start)
	if bytes.IndexByte(f.Src, '\r') < 0 {
		// The usual case, a quarter of the time.
		for i := 0; ; {
			n := bytes.IndexByte(f.Src[i:], '\n')
			if n < 0 {
				f.lines = lines
				return
			}
			i += n + 1
			lines = append(lines, int32(i))
		}
	}
	for i := 0; i < len(f.Src); i++ {
		switch f.Src[i] {
		case '\r':
			if i+1 < len(f.Src) && f.Src[i+1] == '\n' {
				i++
			}
			lines = append(lines, int32(i+1))
		case '\n':
			lines = append(lines, int32(i+1))
		}
	}
	f.lines = lines
}

// Offset is the inverse of Position; places behind the end of the text are its
// end.
func (f *File) Offset(line, col int) Pos {
	f.buildLines()
	if line < 1 || line > len(f.lines) {
		return Pos(len(f.Src))
	}
	p := int(f.lines[line-1])
	for ; col > 1 && p < len(f.Src); col-- {
		_, n := utf8.DecodeRune(f.Src[p:])
		p += n
	}
	return Pos(p)
}
