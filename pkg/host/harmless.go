package host

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// What a program logs is one line an event, whoever typed the values in it (05 X04).
// Control characters of values are shown and not sent. Line ends are more difficult:
// a command that prints a file prints its lines, and a form that a stranger fills in
// must not be able to write a line of the log. So it depends on where the chain of
// events began. In what began outside, the line ends of values are shown as \n; those
// that the text of a Log itself has, and those between the entries of a map, stay. So do
// those of a template, unless a value that it printed had some.

// lineVerbs tell, in the text of a Log that has line ends itself, the values from the
// rest. The compiler puts them there and nowhere else: other texts need no telling.
var lineVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "(line)", Doc: "a value within the text of a Log", Pure: true}, Do: func(c *vm.Call) (value.Value, error) {
		if v := c.Arg(bytecode.SlotObject); executionOf(c).fromOutside() {
			return oneLine(v, 0), nil
		} else {
			return v, nil
		}
	}},
	{Verb: bytecode.Verb{Name: "(lines)", Doc: "the text of a Log that has line ends itself", Pure: true}, Do: func(c *vm.Call) (value.Value, error) {
		return c.Arg(bytecode.SlotObject).Written(), nil
	}},
}

// appendLine appends what Log writes for a value, without the line end.
func appendLine(b []byte, v value.Value, e *Execution) []byte {
	from := len(b)
	b = v.AppendDisplay(b)
	if v.Content() != 0 { // a template is the program's own text, colours and lines
		if v.HasGivenLines() && e.fromOutside() { // of which nobody knows any more whose they are
			b = append(b[:from], lineEnds.Replace(v.Str())...)
		}
		if isMarkup(v.Content()) {
			return append(b[:from], harmless(b[from:])...)
		}
		return append(b[:from], coloured(b[from:])...)
	}
	if bytes.IndexByte(b[from:], '\n') >= 0 && !v.IsWritten() && e.fromOutside() {
		b = oneLine(v, 0).AppendDisplay(b[:from])
	}
	return append(b[:from], harmless(b[from:])...)
}

// oneLine returns v with the line ends of its texts and keys shown as \n.
func oneLine(v value.Value, depth int) value.Value {
	switch v.Kind() {
	case value.String:
		if strings.IndexByte(v.Str(), '\n') >= 0 {
			return value.OfString(lineEnds.Replace(v.Str()))
		}
	case value.List:
		if depth < maxShown {
			items := slices.Clone(v.List())
			for i := range items {
				items[i] = oneLine(items[i], depth+1)
			}
			return value.OfList(items)
		}
	case value.Map:
		if depth < maxShown {
			r := v.Record()
			b := value.NewBuilder(r.Len())
			for i := range r.Len() {
				k, x := r.At(i)
				b.Set(lineEnds.Replace(k), oneLine(x, depth+1))
			}
			return value.OfRecord(b.Record())
		}
	case value.Opaque:
		return oneLine(v.Object().Simple(), depth+1)
	default:
		return v
	}
	if depth >= maxShown {
		return value.OfString("…")
	}
	return v
}

// maxShown is how deep a value is looked into for line ends.
const maxShown = 512

var lineEnds = strings.NewReplacer("\r\n", `\r\n`, "\n", `\n`)

// isMarkup reports whether rendered text is for browsers, and has no colours.
func isMarkup(c value.Content) bool {
	switch c.Ext() {
	case "html", "htm", "xhtml", "xml", "svg":
		return true
	}
	return false
}

// harmless shows the control characters of a line that somebody else may have typed:
// sequences that drive a terminal, and carriage returns that overwrite what was there.
// Line ends and tabs stay. It returns the line itself if there are none.
func harmless(line []byte) []byte { return shown(line, false) }

// coloured is harmless, but lets codes for colours and styles through, and no others. A
// template has them from its own text and from its filters: those of values do not
// come through a template (see vm.AppendPlain).
func coloured(line []byte) []byte { return shown(line, true) }

func shown(line []byte, colours bool) []byte {
	at := slices.IndexFunc(line, func(b byte) bool { return b < ' ' && b != '\n' && b != '\t' || b == 0x7f || b == 0xc2 })
	if at < 0 {
		return line
	}
	out := append(make([]byte, 0, len(line)+16), line[:at]...)
	for text := string(line[at:]); text != ""; {
		r, size := utf8.DecodeRuneInString(text)
		if n := colour(text); colours && n > 0 {
			size = n
		} else if r != '\n' && r != '\t' && unicode.IsControl(r) && !strings.HasPrefix(text, "\r\n") {
			q := strconv.QuoteRune(r)
			out, text = append(out, q[1:len(q)-1]...), text[size:]
			continue
		}
		out, text = append(out, text[:size]...), text[size:]
	}
	return out
}

// colour returns the length of the code for colours and styles that text begins with,
// ESC [ numbers m; 0 if it does not.
func colour(text string) int {
	rest, ok := strings.CutPrefix(text, "\x1b[")
	if !ok {
		return 0
	}
	n := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != ';' })
	if n < 0 || rest[n] != 'm' {
		return 0
	}
	return len("\x1b[") + n + len("m")
}

func printed(s string) string { return string(harmless([]byte(s))) }
