package syntax

import (
	"bytes"
	"errors"
	"slices"
	"strings"
)

// Format returns the text of f in the one layout that ARO code has. f must not
// have been parsed; a file with errors is not formatted, its diagnostics are
// returned and err is nil. Formatting what Format returned changes nothing.
//
// The text keeps every token and every comment of f in its order: strings,
// numbers and regular expressions as they were written, names and articles too.
// What changes is white space, the old `<Log> the <x> …` that becomes
// `Log the <x> …`, doubled periods, and the comma behind the last element of a
// list on one line. Of the author's layout these stay:
//
//   - blank lines between statements, cases, entries and comments, one at a time
//   - a block of one statement on one line
//   - a map or list over several lines, a break before a clause or beside an
//     operator
//
// An error means that the result would not have been the same program, which is
// a fault of this package; nothing is returned then.
func Format(f *File) (text []byte, diags []*Diagnostic, err error) {
	text, diags, err = formatOnce(f)
	// Comments in odd places may leave room that the next round closes.
	for round := 0; err == nil && text != nil; round++ {
		again, _, e := formatOnce(NewFile(f.Name, text))
		if e != nil {
			return nil, diags, e
		}
		if bytes.Equal(again, text) {
			break
		}
		if round == maxRounds {
			return nil, diags, errors.New("the layout of this file does not settle")
		}
		text = again
	}
	return text, diags, err
}

const maxRounds = 4

func formatOnce(f *File) (text []byte, diags []*Diagnostic, err error) {
	p := newParser(f)
	p.record = true
	p.program(f)
	diags = p.findings()
	if slices.ContainsFunc(diags, func(d *Diagnostic) bool { return d.Severity == Error }) {
		return nil, diags, nil
	}
	l := newLayout(p)
	l.file(f)
	text = l.out.bytes()
	if err := sameProgram(f, l, text); err != nil {
		return nil, diags, err
	}
	return text, diags, nil
}

// sameProgram checks that text holds the tree and the comments of f.
func sameProgram(f *File, l *layout, text []byte) error {
	again := NewFile(f.Name, text)
	p := newParser(again)
	p.record = true
	p.program(again)
	for _, d := range p.findings() {
		if d.Severity == Error {
			line, _ := again.Position(d.Span.Start)
			return errors.New("the formatted text would have an error: " + d.Message + " in: " + again.LineText(line))
		}
	}
	var a, b strings.Builder
	Print(&a, f)
	Print(&b, again)
	if a.String() != b.String() {
		return errors.New("the formatted text would be another program")
	}
	if !slices.Equal(l.remarks(), newLayout(p).remarks()) {
		return errors.New("the formatted text would not have all comments")
	}
	return nil
}

// remarks returns the comments in order, their white space collapsed.
func (l *layout) remarks() []string {
	var all []string
	at := l.start()
	for _, t := range append(l.toks, token{start: Pos(len(l.src)), end: Pos(len(l.src))}) {
		found, _ := l.comments(at, t.start)
		for _, c := range found {
			all = append(all, strings.Join(strings.Fields(l.src[c.start:c.end]), " "))
		}
		at = t.end
	}
	return all
}

// A comment stands between two tokens.
type comment struct {
	start, end Pos
	line       bool // `// …`, which ends its line
	breaks     int  // line breaks between what stands before it and itself
}

// comments returns what stands between two tokens, and the number of line
// breaks behind the last comment.
func (l *layout) comments(from, to Pos) (found []comment, tail int) {
	s := scanner{src: l.src, end: int(to), mute: 1}
	for i := int(from); i < int(to); {
		c := l.src[i]
		switch {
		case c == '\r' && i+1 < int(to) && l.src[i+1] == '\n':
			i++
			fallthrough
		case c == '\n' || c == '\r':
			tail++
			i++
		case class[c]&cBlank != 0:
			i++
		default:
			d := comment{start: Pos(i), breaks: tail, line: c == '/'}
			if d.line {
				for i < int(to) && l.src[i] != '\n' && l.src[i] != '\r' {
					i++
				}
			} else {
				i = s.comment(i)
			}
			d.end, tail = Pos(i), 0
			found = append(found, d)
		}
	}
	return found, tail
}

// start is where the text begins, behind a byte order mark.
func (l *layout) start() Pos {
	if strings.HasPrefix(l.src, bom) {
		return Pos(len(bom))
	}
	return 0
}

// column is the display column of the byte at i, from 0; tabs go to the next
// multiple of four.
func column(src string, i int) int {
	start := strings.LastIndexAny(src[:i], "\r\n") + 1
	n := 0
	for _, r := range strings.TrimPrefix(src[start:i], bom) {
		n++
		if r == '\t' {
			n = (n + 3) / 4 * 4
		}
	}
	return n
}

// moved returns the text of a comment that opened at one column and now opens
// at another: its further lines move along.
func moved(text string, from, to int) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	if !strings.Contains(text, "\n") {
		return strings.TrimRight(text, " \t\f\v")
	}
	lines := strings.Split(text, "\n")
	for i, s := range lines {
		s = strings.TrimRight(s, " \t\f\v")
		if i > 0 && s != "" {
			body := strings.TrimLeft(s, " \t")
			s = strings.Repeat(" ", max(0, column(s, len(s)-len(body))-from+to)) + body
		}
		lines[i] = s
	}
	return strings.Join(lines, "\n")
}

// sheet collects the formatted lines.
type sheet struct{ lines []line }

type line struct {
	indent int
	text   []byte
	blank  bool   // an empty line stands before it
	trail  string // the comment at its end
	column int    // where that stood in the source
}

// open starts a line.
func (s *sheet) open(indent int, blank bool) {
	s.lines = append(s.lines, line{indent: indent, blank: blank && len(s.lines) > 0})
}

func (s *sheet) put(text string) {
	if len(s.lines) == 0 {
		s.open(0, false)
	}
	d := &s.lines[len(s.lines)-1]
	d.text = append(d.text, text...)
}

// width is the column that the next text of the last line gets.
func (s *sheet) width() int {
	if len(s.lines) == 0 {
		return 0
	}
	return s.lines[len(s.lines)-1].width()
}

func (d *line) width() int {
	n := column(string(d.text), len(d.text))
	if bytes.IndexByte(d.text, '\n') < 0 {
		n += d.indent
	}
	return n
}

// bytes returns all lines. Comments at the ends of neighbouring lines stand
// below each other.
func (s *sheet) bytes() []byte {
	var b bytes.Buffer
	for i := 0; i < len(s.lines); {
		end, width := i, 0
		for end < len(s.lines) {
			d := &s.lines[end]
			if end > i && (d.trail == "" || d.blank || d.indent != s.lines[i].indent || bytes.IndexByte(d.text, '\n') >= 0) {
				break
			}
			width = max(width, d.width())
			end++
			if d.trail == "" || bytes.IndexByte(d.text, '\n') >= 0 || strings.Contains(d.trail, "\n") {
				break
			}
		}
		for ; i < end; i++ {
			s.lines[i].write(&b, width+2)
		}
	}
	return b.Bytes()
}

func (d *line) write(b *bytes.Buffer, column int) {
	if d.blank {
		b.WriteByte('\n')
	}
	if len(d.text) > 0 {
		b.WriteString(strings.Repeat(" ", d.indent))
	}
	b.Write(d.text)
	if d.trail != "" {
		b.WriteString(strings.Repeat(" ", column-d.width()))
		b.WriteString(moved(d.trail, d.column, column))
	}
	b.WriteByte('\n')
}
