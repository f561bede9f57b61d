package vm

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm/value"
)

// maxOut bounds the text that one template may render.
const maxOut = 64 << 20

// ErrTooMuchText is the failure of a template that renders more than maxOut.
var ErrTooMuchText = errors.New("the rendered text is longer than 64 MiB")

// Include appends the output of another run. It fails with ErrTooMuchText.
func (co *Coroutine) Include(child *Coroutine) error {
	if len(co.Out)+len(child.Out) > maxOut {
		return ErrTooMuchText
	}
	co.Out = append(co.Out, child.Out...)
	co.GivenLines = co.GivenLines || child.GivenLines
	return nil
}

// print appends v to the output for the context.
//
//go:noinline
func (co *Coroutine) print(v value.Value, context uint8) error {
	if len(co.Out) > maxOut {
		return ErrTooMuchText
	}
	if context == bytecode.EscapeScript {
		co.Out = appendScriptJSON(co.Out, v)
		return nil
	}
	if v.Kind() == value.String {
		safe := v.Content() != 0
		if safe {
			co.GivenLines = co.GivenLines || v.HasGivenLines()
		} else if !co.GivenLines {
			co.GivenLines = strings.IndexByte(v.Str(), '\n') >= 0
		}
		switch {
		case context == bytecode.EscapeNone && !safe:
			co.Out = AppendPlain(co.Out, v)
		case context == bytecode.EscapeNone || safe && context == bytecode.EscapeText:
			co.Out = append(co.Out, v.Str()...)
		default:
			co.Out = escape(co.Out, v.Str(), context)
		}
		return nil
	}
	if context == bytecode.EscapeText || context == bytecode.EscapeAttr {
		switch v.Kind() {
		case value.Bool, value.Int, value.Float, value.Date: // have nothing to escape
			co.Out = AppendOutput(co.Out, v)
			return nil
		}
	}
	var room [64]byte
	text := AppendOutput(room[:0], v)
	if context == bytecode.EscapeNone {
		co.Out = append(co.Out, text...)
	} else {
		co.Out = escape(co.Out, string(text), context)
	}
	return nil
}

// AppendPlain appends the form that templates of plain text print. Codes that drive a
// terminal are shown there and not sent, unless a filter made them: the log may print
// what was rendered, and no text needs them (05 X04).
func AppendPlain(b []byte, v value.Value) []byte {
	if v.Kind() != value.String {
		return AppendOutput(b, v)
	}
	s := v.Str()
	if v.IsStyled() || strings.IndexByte(s, 0x1b) < 0 && !strings.Contains(s, "\u009b") {
		return append(b, s...)
	}
	return append(b, terminalCodes.Replace(s)...)
}

var terminalCodes = strings.NewReplacer("\x1b", `\x1b`, "\u009b", `\u009b`)

// AppendOutput appends the form that templates print: floats without superfluous
// zeros, nothing for null, JSON for lists and maps (03 §11.4).
func AppendOutput(b []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.Unbound, value.Null:
		return b
	case value.Float:
		if f := v.Float(); f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return strconv.AppendInt(b, int64(f), 10)
		}
	case value.List, value.Map:
		return v.AppendJSON(b)
	case value.Opaque:
		return AppendOutput(b, v.Object().Simple())
	}
	return v.AppendText(b)
}

func escape(b []byte, s string, context uint8) []byte {
	switch context {
	case bytecode.EscapeText, bytecode.EscapeAttr:
		return escapeText(b, s)
	case bytecode.EscapeUnquoted:
		return escapeUnquoted(b, s)
	case bytecode.EscapeURL:
		return escapeURL(b, s, true)
	case bytecode.EscapeURLPart:
		return escapeURL(b, s, false)
	case bytecode.EscapeScriptStr:
		return escapeScriptString(b, s)
	case bytecode.EscapeStyle:
		return escapeStyle(b, s)
	}
	return b
}

// EscapeHTML appends s escaped for element content and quoted attributes.
func EscapeHTML(b []byte, s string) []byte { return escapeText(b, s) }

// marked are the bytes that escapeText replaces.
var marked = [256]bool{'&': true, '<': true, '>': true, '"': true, '\'': true, 0: true}

// escapeText writes the five characters that matter as entities.
func escapeText(b []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		if !marked[s[i]] {
			continue
		}
		var esc string
		switch s[i] {
		case '&':
			esc = "&amp;"
		case '<':
			esc = "&lt;"
		case '>':
			esc = "&gt;"
		case '"':
			esc = "&#34;"
		case '\'':
			esc = "&#39;"
		case 0:
			esc = "\uFFFD"
		}
		b = append(append(b, s[start:i]...), esc...)
		start = i + 1
	}
	return append(b, s[start:]...)
}

// escapeUnquoted writes everything but letters, digits and a few harmless signs
// as numeric entities, so that the value cannot end the attribute.
func escapeUnquoted(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-_.:/#%", c) >= 0 {
			b = append(b, c)
			continue
		}
		b = append(b, "&#"...)
		b = append(strconv.AppendInt(b, int64(c), 10), ';')
	}
	return b
}

const hexUpper = "0123456789ABCDEF"

// escapeURL percent-encodes what may not stand in a URL. At its start, schemes
// other than http, https, mailto, tel and relative ones are replaced by #.
func escapeURL(b []byte, s string, start bool) []byte {
	if start {
		if scheme, _, ok := strings.Cut(s, ":"); ok && !strings.ContainsAny(scheme, "/?#") {
			switch strings.ToLower(strings.TrimSpace(scheme)) {
			case "http", "https", "mailto", "tel":
			default:
				return append(b, "#blocked-url"...)
			}
		}
	}
	allowed := "-._~:/?#[]@!$*+,;=%"
	if !start {
		allowed = "-._~"
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(allowed, c) >= 0:
			b = append(b, c)
		case c == '&' && start:
			b = append(b, "&amp;"...)
		default:
			b = append(b, '%', hexUpper[c>>4], hexUpper[c&15])
		}
	}
	return b
}

// appendScriptJSON writes v as JSON that cannot leave the script element, nor a
// template literal around it.
func appendScriptJSON(b []byte, v value.Value) []byte {
	for _, r := range string(v.AppendJSON(nil)) {
		switch r {
		case '<', '>', '&', '\'', '`', '$', '\u2028', '\u2029':
			b = append(b, '\\', 'u', hexUpper[r>>12&15], hexUpper[r>>8&15], hexUpper[r>>4&15], hexUpper[r&15])
		default:
			b = append(b, string(r)...)
		}
	}
	return b
}

func escapeScriptString(b []byte, s string) []byte {
	for _, r := range s {
		if r >= 0x80 && r != '\u2028' && r != '\u2029' || r == ' ' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-_.,:", r) {
			b = append(b, string(r)...)
			continue
		}
		b = append(b, '\\', 'u', hexUpper[r>>12&15], hexUpper[r>>8&15], hexUpper[r>>4&15], hexUpper[r&15])
	}
	return b
}

// escapeStyle keeps words, numbers, units and colours; other text would need a
// parser to be safe and is replaced.
func escapeStyle(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-_.#% ", c) >= 0) {
			return append(b, "blocked-style"...)
		}
	}
	return append(b, s...)
}
