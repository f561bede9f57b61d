// Package screen writes to a terminal: how large it is, what it can show, and
// sections of lines that are redrawn where they stand.
package screen

import (
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// Screen is where a program's output goes. If that is no terminal, sections are
// plain text and everything else does nothing. Methods are safe for concurrent use.
type Screen struct {
	mu       sync.Mutex
	w        io.Writer
	size     func() (columns, rows int)
	terminal bool

	line     int // of the cursor, counted from the first line that was written
	column   int
	sections map[string]*section
}

// section is a block of lines that was rendered under a name.
type section struct {
	first int // line of its first one, counted as Screen.line is
	lines []string
	shown map[string]string // what stands in it for a name, as far as Render was told
}

// The size without a terminal.
const (
	defaultColumns = 80
	defaultRows    = 24
)

// New returns the screen behind a writer.
func New(w io.Writer) *Screen {
	s := &Screen{w: w, sections: map[string]*section{}}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.terminal = true
		s.size = func() (int, int) {
			columns, rows, err := term.GetSize(int(f.Fd()))
			if err != nil || columns <= 0 || rows <= 0 {
				return defaultColumns, defaultRows
			}
			return columns, rows
		}
	}
	return s
}

// OnTerminal returns a screen that takes w for a terminal of a fixed size.
func OnTerminal(w io.Writer, columns, rows int) *Screen {
	return &Screen{w: w, sections: map[string]*section{}, terminal: true, size: func() (int, int) { return columns, rows }}
}

// IsTerminal reports whether there is a terminal.
func (s *Screen) IsTerminal() bool { return s.terminal }

// Size returns the number of columns and rows, 80 and 24 without a terminal.
func (s *Screen) Size() (columns, rows int) {
	if !s.terminal {
		return defaultColumns, defaultRows
	}
	return s.size()
}

// Colours reports whether text may be coloured, and whether with 24 bits.
func (s *Screen) Colours() (some, all bool) {
	some = s.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	depth := os.Getenv("COLORTERM")
	return some, some && (depth == "truecolor" || depth == "24bit")
}

// Write writes as it is and follows the cursor.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal {
		s.follow(string(p))
	}
	return s.w.Write(p)
}

// follow counts lines: those that end, and those that the terminal breaks.
func (s *Screen) follow(text string) {
	columns, _ := s.size()
	for rest := text; rest != ""; {
		line, after, ended := strings.Cut(rest, "\n")
		s.column += Width(line)
		if s.column > columns {
			s.line += (s.column - 1) / columns
			s.column = (s.column-1)%columns + 1
		}
		if ended {
			s.line++
			s.column = 0
		}
		rest = after
	}
}

// Clear clears the screen and forgets its sections, or the line of the cursor, or
// hides the cursor. It reports false for other targets.
func (s *Screen) Clear(target string) bool {
	switch target {
	case "screen":
		s.control("\x1b[2J\x1b[3J\x1b[H")
	case "line":
		s.control("\r\x1b[2K")
	case "cursor":
		s.control("\x1b[?25l")
	default:
		return false
	}
	return true
}

// ShowCursor shows the cursor again.
func (s *Screen) ShowCursor() { s.control("\x1b[?25h") }

func (s *Screen) control(sequence string) {
	if !s.terminal {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch sequence[0] {
	case '\r':
		s.column = 0
	default:
		if strings.HasSuffix(sequence, "H") {
			clear(s.sections)
			s.line, s.column = 0, 0
		}
	}
	io.WriteString(s.w, sequence)
}

// Render shows text as a named section. The first time it takes the lines at the
// cursor; later only those lines are written again that have changed, as long as
// the section is still on the screen and has room for them. Without a terminal
// the text is written with a line end. shown tells what the text has for which
// name, for Repaint.
func (s *Screen) Render(name, text string, shown map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.render(name, text)
	if sec := s.sections[name]; sec != nil {
		sec.shown = shown
	}
}

func (s *Screen) render(name, text string) {
	if !s.terminal {
		io.WriteString(s.w, text+"\n")
		return
	}
	columns, rows := s.size()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := range lines {
		lines[i] = Clip(strings.TrimSuffix(lines[i], "\r"), columns)
	}
	old := s.sections[name]
	if old == nil || len(lines) > len(old.lines) || s.line-old.first >= rows {
		s.append(name, lines)
		return
	}
	for len(lines) < len(old.lines) {
		lines = append(lines, "")
	}
	var b strings.Builder
	at, end := s.line, s.line
	for i, line := range lines {
		if line == old.lines[i] {
			continue
		}
		move(&b, old.first+i-at)
		at = old.first + i
		b.WriteString("\r" + line + "\x1b[0m\x1b[K")
	}
	if b.Len() == 0 {
		return
	}
	move(&b, end-at)
	b.WriteString("\r")
	old.lines = lines
	if s.column > 0 { // something stands in front of the cursor
		b.WriteString("\x1b[" + strconv.Itoa(s.column) + "C")
	}
	io.WriteString(s.w, b.String())
}

// append writes a section at the cursor and reserves its lines.
func (s *Screen) append(name string, lines []string) {
	var b strings.Builder
	if s.column > 0 {
		b.WriteString("\n")
		s.line++
		s.column = 0
	}
	for _, line := range lines {
		b.WriteString(line + "\x1b[0m\x1b[K\n")
	}
	s.sections[name] = &section{first: s.line, lines: lines}
	s.line += len(lines)
	io.WriteString(s.w, b.String())
}

// Repaint writes another text where a section shows that of a name. It does
// nothing if the section does not show the name's text as a word of its own at
// exactly one place: a number that stands somewhere else too is not to be found.
func (s *Screen) Repaint(name, section, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sec := s.sections[section]
	if !s.terminal || sec == nil || sec.shown[name] == "" {
		return
	}
	all := strings.Join(sec.lines, "\n")
	at, ok := onlyWord(all, sec.shown[name])
	if !ok {
		return
	}
	s.render(section, all[:at]+text+all[at+len(sec.shown[name]):])
	sec.shown[name] = text
	s.sections[section].shown = sec.shown
}

// onlyWord finds the only place where word stands with neither letters nor digits
// beside it.
func onlyWord(text, word string) (at int, ok bool) {
	at = -1
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return at, at >= 0
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(word):])
		if !isWord(before) && !isWord(after) {
			if at >= 0 {
				return 0, false
			}
			at = i
		}
		from = i + 1
	}
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// move moves the cursor n lines down, or up if n is negative.
func move(b *strings.Builder, n int) {
	switch {
	case n < 0:
		b.WriteString("\x1b[" + strconv.Itoa(-n) + "A")
	case n > 0:
		b.WriteString("\x1b[" + strconv.Itoa(n) + "B")
	}
}

// Beside returns a writer for the same terminal, such as that of standard error:
// what is written to it moves the cursor too. It returns w itself if the screen or
// w is no terminal.
func (s *Screen) Beside(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); !ok || !s.terminal || !term.IsTerminal(int(f.Fd())) {
		return w
	}
	return beside{s, w}
}

type beside struct {
	s *Screen
	w io.Writer
}

func (b beside) Write(p []byte) (int, error) {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	b.s.follow(string(p))
	return b.w.Write(p)
}

// Typed notes that the terminal showed a line that was typed, and its end.
func (s *Screen) Typed(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal {
		s.follow(line + "\n")
	}
}
