package screen

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// emulator is a terminal as far as sections use it: lines that are never lost,
// and a cursor.
type emulator struct {
	t       *testing.T
	columns int
	lines   [][]rune
	row     int
	column  int
	drawn   int // characters
}

func (e *emulator) Write(p []byte) (int, error) {
	for s := string(p); s != ""; {
		if k := escape(s); k > 0 {
			e.sequence(s[:k])
			s = s[k:]
			continue
		}
		r, k := utf8.DecodeRuneInString(s)
		s = s[k:]
		e.draw(r)
	}
	return len(p), nil
}

func (e *emulator) line() *[]rune {
	for len(e.lines) <= e.row {
		e.lines = append(e.lines, nil)
	}
	return &e.lines[e.row]
}

func (e *emulator) draw(r rune) {
	switch r {
	case '\n':
		e.row, e.column = e.row+1, 0
	case '\r':
		e.column = 0
	default:
		if e.column == e.columns {
			e.row, e.column = e.row+1, 0
		}
		line := e.line()
		for len(*line) <= e.column {
			*line = append(*line, ' ')
		}
		(*line)[e.column] = r
		e.column++
		e.drawn++
	}
}

func (e *emulator) sequence(s string) {
	n := 0
	fmt.Sscanf(s[2:], "%d", &n)
	switch s[len(s)-1] {
	case 'A':
		if e.row -= n; e.row < 0 {
			e.t.Fatal("the cursor leaves the screen")
		}
	case 'B':
		e.row += n
	case 'C':
		e.column += n
	case 'K':
		line := e.line()
		if n == 2 {
			*line = nil
		} else {
			*line = (*line)[:min(e.column, len(*line))]
		}
	case 'J':
		e.lines, e.row, e.column = nil, 0, 0
	case 'H', 'm':
	default:
		e.t.Fatalf("unexpected %q", s)
	}
}

func (e *emulator) text() string {
	var out []string
	for _, l := range e.lines {
		out = append(out, strings.TrimRight(string(l), " "))
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n")
}

func (e *emulator) want(text string) {
	e.t.Helper()
	if got := e.text(); got != text {
		e.t.Errorf("the screen shows\n%s\nwant\n%s", got, text)
	}
}

func TestSections(t *testing.T) {
	e := &emulator{t: t, columns: 20}
	s := OnTerminal(e, 20, 10)
	fmt.Fprintln(s, "head")
	s.Render("a", "one\ntwo\nthree\n", nil)
	s.Render("b", "four", nil)
	fmt.Fprintln(s, "a line that is broken by the terminal")
	e.want("head\none\ntwo\nthree\nfour\na line that is broke\nn by the terminal")
	before := e.drawn
	s.Render("a", "one\n2\n", nil)
	e.want("head\none\n2\n\nfour\na line that is broke\nn by the terminal")
	if n := e.drawn - before; n != 1 {
		t.Errorf("%d characters drawn for one that changed", n)
	}
	// The cursor is where it was, also behind a text without a line end.
	fmt.Fprint(s, "name: ")
	s.Render("b", "4444", nil)
	fmt.Fprintln(s, "Ada")
	s.Typed("typed")
	e.row++ // what the terminal did for the typed line
	s.Render("b", "4", nil)
	e.want("head\none\n2\n\n4\na line that is broke\nn by the terminal\nname: Ada")
	// A section that grows takes new lines; so does one that has left the screen.
	s.Render("b", "x\ny", nil)
	s.Render("a", strings.Repeat("long", 10), nil)
	if !strings.HasSuffix(e.text(), "x\ny\n"+strings.Repeat("long", 5)) {
		t.Errorf("the screen shows\n%s", e.text())
	}
	s.Clear("screen")
	s.Render("a", "new", nil)
	e.want("new")
}

func TestRepaint(t *testing.T) {
	e := &emulator{t: t, columns: 40}
	s := OnTerminal(e, 40, 10)
	s.Render("stats", "cpu 5% of 15\nmem 7 7\n", map[string]string{"cpu": "5", "mem": "7", "none": ""})
	for _, r := range [][2]string{{"cpu", "100"}, {"cpu", "6"}, {"mem", "9"}, {"none", "x"}, {"other", "x"}} {
		s.Repaint(r[0], "stats", r[1])
	}
	s.Repaint("cpu", "nosuch", "9")
	e.want("cpu 6% of 15\nmem 7 7")
}

// Whatever is rendered and written, every section that is on the screen shows its
// text, and the cursor is where the next line belongs.
func TestScreenModel(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		e := &emulator{t: t, columns: 12}
		s := OnTerminal(e, 12, 1000)
		var model []string
		sections := map[string][2]int{}
		for range 30 {
			if r.IntN(2) == 0 {
				text := strings.Repeat("w", r.IntN(10))
				fmt.Fprintln(s, text)
				model = append(model, text)
				continue
			}
			name := string(rune('a' + r.IntN(3)))
			lines := make([]string, 1+r.IntN(4))
			for i := range lines {
				lines[i] = fmt.Sprint(name, r.IntN(3))
			}
			s.Render(name, strings.Join(lines, "\n"), nil)
			at, known := sections[name]
			if !known || at[1] < len(lines) {
				at = [2]int{len(model), len(lines)}
				sections[name] = at
				model = append(model, make([]string, len(lines))...)
			}
			for i := range at[1] {
				model[at[0]+i] = ""
				if i < len(lines) {
					model[at[0]+i] = lines[i]
				}
			}
		}
		e.want(strings.TrimRight(strings.Join(model, "\n"), "\n"))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "\x1b[1;31mred\x1b[0m": 3, "日本": 4, "e\u0301": 1, "😀!": 3, "\x1b": 0, "\x1b[": 0} {
		if got := Width(text); got != want {
			t.Errorf("Width(%q) = %d, want %d", text, got, want)
		}
	}
	if got := Clip("\x1b[1mabc日\x1b[0m", 4); got != "\x1b[1mabc\x1b[0m" {
		t.Errorf("Clip: %q", got)
	}
}

// A file is no terminal: text goes through, nothing else is written.
func TestNoTerminal(t *testing.T) {
	var b strings.Builder
	s := New(&b)
	s.Clear("screen")
	s.ShowCursor()
	fmt.Fprintln(s, "line")
	s.Render("a", "x\ny", nil)
	s.Render("a", "x", nil)
	s.Repaint("v", "a", "z")
	if b.String() != "line\nx\ny\nx\n" {
		t.Errorf("wrote %q", b.String())
	}
	if c, r := s.Size(); c != 80 || r != 24 || s.IsTerminal() || s.Clear("everything") {
		t.Errorf("size %d %d", c, r)
	}
}
