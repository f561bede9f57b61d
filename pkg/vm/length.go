package vm

import (
	"iter"
	"unicode"
	"unicode/utf8"

	"aro/pkg/vm/value"
)

// Length counts the user-perceived characters of text, the elements of a list,
// the entries of a map and the bytes of Bytes; 0 otherwise.
func Length(v value.Value) int {
	switch v.Kind() {
	case value.String:
		return graphemes(v.Str())
	case value.List:
		return len(v.List())
	case value.Map:
		return v.Record().Len()
	case value.Bytes:
		return v.Len()
	}
	return 0
}

// graphemes counts the user-perceived characters of s. ASCII takes a fast path.
func graphemes(s string) int {
	n := 0
	var b breaker
	b.reset()
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if !(c == '\n' && b.prev == '\r') {
				n++
			}
			b = breaker{prev: rune(c)}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if b.begins(r) {
			n++
		}
	}
	return n
}

// Characters yields the user-perceived characters of s, each as the part of s
// that it is.
func Characters(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := 0
		var b breaker
		b.reset()
		for i := 0; i < len(s); {
			r, size := utf8.DecodeRuneInString(s[i:])
			if b.begins(r) && i > 0 {
				if !yield(s[start:i]) {
					return
				}
				start = i
			}
			i += size
		}
		if start < len(s) {
			yield(s[start:])
		}
	}
}

// Clip returns the first n user-perceived characters of s.
func Clip(s string, n int) string {
	if n <= 0 {
		return ""
	}
	end := 0
	for c := range Characters(s) {
		if n == 0 {
			return s[:end]
		}
		end += len(c)
		n--
	}
	return s
}

// breaker finds where a user-perceived character begins: a base with its
// combining marks, joiner sequences, emoji modifiers, flags and Hangul syllables
// are one, and \r\n is one. reset makes it ready for a text.
type breaker struct {
	prev   rune
	joined bool // behind a zero width joiner
	flags  int  // regional indicators in a row
}

func (b *breaker) reset() { *b = breaker{prev: -1} }

func (b *breaker) begins(r rune) bool {
	prev := b.prev
	b.prev = r
	switch {
	case r < utf8.RuneSelf:
		b.joined, b.flags = false, 0
		return !(r == '\n' && prev == '\r')
	case r == 0x200D: // zero width joiner
		b.joined = true
		return prev < 0
	case extends(r):
		return prev < 0
	case r >= 0x1F1E6 && r <= 0x1F1FF: // regional indicators pair up into flags
		b.joined = false
		b.flags++
		return b.flags%2 == 1
	case b.joined && unicode.Is(unicode.So, r), hangul(prev, r):
		b.joined, b.flags = false, 0
		return false
	}
	b.joined, b.flags = false, 0
	return true
}

func extends(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) || r >= 0x1F3FB && r <= 0x1F3FF || r == 0x200C ||
		r >= 0xFE00 && r <= 0xFE0F || r >= 0xE0020 && r <= 0xE007F
}

// hangul reports whether r continues the syllable that prev began.
func hangul(prev, r rune) bool {
	lead := prev >= 0x1100 && prev <= 0x115F
	vowel := prev >= 0x1160 && prev <= 0x11A7
	trail := prev >= 0x11A8 && prev <= 0x11FF
	return lead && r >= 0x1100 && r <= 0x11A7 || vowel && r >= 0x1160 && r <= 0x11FF || trail && r >= 0x11A8 && r <= 0x11FF
}
