package screen

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

// ErrInterrupted is returned for a line that Ctrl-C gave up.
var ErrInterrupted = errors.New("interrupted")

// Lines reads lines that somebody types: with a cursor that moves, a history, and
// completion. The terminal is in its usual state except while a line is read. What
// is written to Lines meanwhile appears above the line. Read is for one goroutine,
// Write for any.
type Lines struct {
	// Complete returns where the word before the cursor begins and what it may
	// become. It is called for Tab.
	Complete func(line string, at int) (start int, words []string)
	// Entered is called for each line that goes into the history.
	Entered func(line string)

	in, out *os.File
	term    *term.Terminal
	keys    *keys
	past    past

	mu      sync.Mutex
	reading bool
}

// NewLines reads from a terminal; in and out are usually the same device. history
// are earlier lines, the oldest first.
func NewLines(in, out *os.File, history []string) *Lines {
	l := &Lines{in: in, out: out, keys: &keys{r: in}}
	l.past.lines = history
	l.term = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{l.keys, out}, "")
	l.term.History = &l.past
	l.term.AutoCompleteCallback = l.tab
	return l
}

// Read reads a line. It returns io.EOF for Ctrl-D on an empty line, and
// ErrInterrupted for Ctrl-C.
func (l *Lines) Read(prompt string) (string, error) {
	fd := int(l.in.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	if columns, rows, err := term.GetSize(int(l.out.Fd())); err == nil && columns > 0 {
		l.term.SetSize(columns, rows)
	}
	l.term.SetPrompt(prompt)
	l.mark(true)
	l.past.entered = l.Entered
	l.term.SetBracketedPasteMode(true) // tabs of a pasted text complete nothing
	line, err := l.term.ReadLine()
	if errors.Is(err, term.ErrPasteIndicator) {
		err = nil
	}
	l.term.SetBracketedPasteMode(false)
	l.mark(false)
	term.Restore(fd, before)
	if l.keys.interrupted && err == nil {
		l.keys.interrupted = false
		return "", ErrInterrupted
	}
	return line, err
}

func (l *Lines) mark(reading bool) {
	l.mu.Lock()
	l.reading = reading
	l.mu.Unlock()
}

// Write writes as it is, above the line that is being read, if any.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reading {
		return l.term.Write(p)
	}
	return l.out.Write(p)
}

// tab completes the word before the cursor as far as all words agree. When that is
// no further than it is, it shows them.
func (l *Lines) tab(line string, at int, key rune) (string, int, bool) {
	if key != '\t' || l.Complete == nil {
		return "", 0, false
	}
	start, words := l.Complete(line, at)
	if len(words) == 0 {
		return line, at, true
	}
	common := words[0]
	for _, w := range words[1:] {
		for !strings.HasPrefix(w, common) {
			common = common[:len(common)-1]
		}
	}
	if len(words) > 1 && len(common) <= at-start {
		l.term.Write([]byte(strings.Join(words, "  ") + "\n"))
		return line, at, true
	}
	common = strings.ToValidUTF8(common, "")
	return line[:start] + common + line[at:], start + len(common), true
}

// keys turns Ctrl-C, which the editor takes for the end of the input, into an empty
// line: End, delete to the front, Enter.
type keys struct {
	r           io.Reader
	interrupted bool
}

var giveUp = []byte{5, 21, '\r'}

// Read implements io.Reader.
func (k *keys) Read(p []byte) (int, error) {
	n, err := k.r.Read(p[:max(1, len(p)/len(giveUp))])
	if bytes.IndexByte(p[:n], 3) >= 0 && len(p) >= n*len(giveUp) {
		k.interrupted = true
		return copy(p, bytes.ReplaceAll(p[:n], []byte{3}, giveUp)), err
	}
	return n, err
}

// past is the history: blank lines and repetitions are not worth a place in it.
type past struct {
	lines   []string
	entered func(string)
}

// Add implements term.History.
func (p *past) Add(line string) {
	if strings.TrimSpace(line) == "" || len(p.lines) > 0 && p.lines[len(p.lines)-1] == line {
		return
	}
	p.lines = append(p.lines, line)
	if p.entered != nil {
		p.entered(line)
	}
}

// Len implements term.History.
func (p *past) Len() int { return len(p.lines) }

// At implements term.History.
func (p *past) At(i int) string { return p.lines[len(p.lines)-1-i] }
