package syntax

import (
	"fmt"
	"strings"
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
// terminal.
func (d *Diagnostic) Snippet() string {
	if d.File == nil {
		return ""
	}
	line, col := d.File.Position(d.Span.Start)
	text := d.File.LineText(line)
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
