package bytecode

import (
	"math"
	"strconv"
	"strings"
)

// The text forms that listings consist of. Each is a function from data to text;
// asm_*.go has the way back, and a test sends random chunks both ways.
//
// An atom is a plain word or a quoted string; a segment is the same, but a plain
// one has no dots, so that segments can be joined with them.

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' || b == '_' }
func isDigit(b byte) bool  { return b >= '0' && b <= '9' }

// inWord reports whether b may be inside a plain word; dots only in atoms.
func inWord(b byte, dots bool) bool {
	return isLetter(b) || isDigit(b) || b == '-' || dots && b == '.'
}

func plain(s string, dots bool) bool {
	if s == "" || !(isLetter(s[0]) || !dots && isDigit(s[0])) {
		return false
	}
	for i := range len(s) {
		if !inWord(s[i], dots) {
			return false
		}
	}
	return true
}

func atomText(s string) string {
	if plain(s, true) {
		return s
	}
	return strconv.Quote(s)
}

func segmentText(s string) string {
	if plain(s, false) {
		return s
	}
	return strconv.Quote(s)
}

// pathText is a.b.c, or - for an empty path.
func pathText(path []string) string {
	if len(path) == 0 {
		return "-"
	}
	return joined(path, ".", segmentText)
}

// joined is strings.Join over text forms.
func joined[T any](list []T, sep string, text func(T) string) string {
	var b strings.Builder
	for i, x := range list {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(text(x))
	}
	return b.String()
}

// fieldText is name.a.b, where the name may be missing; a lone dot without both.
func fieldText(f Field) string {
	var b strings.Builder
	if f.Name != "" || len(f.Path) == 0 {
		b.WriteString(segmentText(f.Name))
	}
	for _, step := range f.Path {
		b.WriteByte('.')
		b.WriteString(segmentText(step))
	}
	return b.String()
}

func shapeText(keys []string) string {
	return "{" + joined(keys, ", ", atomText) + "}"
}

func regText(r uint16) string {
	if r == NoReg {
		return "_"
	}
	return "r" + strconv.Itoa(int(r))
}

func localText(l Local) string { return atomText(l.Name) + " " + regText(l.Reg) }

func localsText(list []Local) string { return joined(list, ", ", localText) }

// constText is a literal. It tells all constants apart except NaNs.
func constText(x Const) string { return string(appendConst(nil, &x)) }

func appendConst(b []byte, x *Const) []byte {
	switch x.Kind {
	case NullConst:
		return append(b, "null"...)
	case BoolConst:
		return strconv.AppendBool(b, x.Bool)
	case IntConst:
		return strconv.AppendInt(b, x.Int, 10)
	case FloatConst:
		return append(b, floatText(x.Float)...)
	case StringConst:
		return strconv.AppendQuote(b, x.Str)
	case RegexConst:
		b = strconv.AppendQuote(append(b, "regex "...), x.Str)
		return strconv.AppendQuote(append(b, ' '), x.Aux)
	case ListConst:
		b = append(b, '[')
		for i := range x.List {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendConst(b, &x.List[i])
		}
		return append(b, ']')
	case MapConst:
		b = append(b, '{')
		for i, key := range x.Keys {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(strconv.AppendQuote(b, key), ": "...)
			if i < len(x.List) { // not so in a chunk that Verify refuses
				b = appendConst(b, &x.List[i])
			}
		}
		return append(b, '}')
	}
	return append(b, '?')
}

func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}
