package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Severity of a Diagnostic.
type Severity uint8

// The severities.
const (
	Error Severity = iota
	Warning
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Diagnostic is one finding about source text. Code is the stable id of 01 §10
// ("ARO-P1"); Hint, when not empty, says how to mend it.
type Diagnostic struct {
	File     *File // nil for findings about the whole program
	Span     Span
	Severity Severity
	Code     string
	Message  string
	Hint     string
}

// Error renders the finding as `file:line:col: error: message`.
func (d *Diagnostic) Error() string {
	if d.File == nil {
		return d.Severity.String() + ": " + d.Message
	}
	line, col := d.File.Position(d.Span.Start)
	return fmt.Sprintf("%s:%d:%d: %s: %s", d.File.Name, line, col, d.Severity, d.Message)
}

// Snippet returns the source line and a caret line below it, "" without a file.
// Tabs before the caret are kept as tabs so that the caret lines up in any
// terminal. What would turn the direction of writing is shown as U+FFFD.
func (d *Diagnostic) Snippet() string {
	if d.File == nil {
		return ""
	}
	line, col := d.File.Position(d.Span.Start)
	text := strings.Map(visible, d.File.LineText(line))
	var pad strings.Builder
	n := 1
	for _, r := range text {
		if n >= col {
			break
		}
		if r == '\t' {
			pad.WriteByte('\t')
		} else {
			pad.WriteByte(' ')
		}
		n++
	}
	width := 1
	if endLine, endCol := d.File.Position(d.Span.End); endLine == line && endCol > col+1 {
		width = endCol - col
	}
	return text + "\n" + pad.String() + strings.Repeat("^", width)
}

// visible replaces what would show a line as another one.
func visible(r rune) rune {
	if isOverride(r) {
		return utf8.RuneError
	}
	return r
}

// isOverride reports the embeddings, overrides and isolates of bidirectional text.
func isOverride(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// Override returns the character that src begins with if it turns the direction of
// writing, which ARO-L5 warns of, else 0.
func Override(src []byte) rune {
	if r, _ := utf8.DecodeRune(src); isOverride(r) {
		return r
	}
	return 0
}
