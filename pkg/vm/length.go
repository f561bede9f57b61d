package vm

import (
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

// graphemes counts user-perceived characters: a base with its combining marks,
// joiner sequences, emoji modifiers, flags and Hangul syllables count once, and
// \r\n is one. ASCII takes a fast path.
func graphemes(s string) int {
	n := 0
	var prev rune = -1
	joined, flags := false, 0
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		i += size
		switch {
		case r < utf8.RuneSelf:
			if !(r == '\n' && prev == '\r') {
				n++
			}
			joined, flags = false, 0
		case r == 0x200D: // zero width joiner
			if prev < 0 {
				n++
			}
			joined = true
		case extends(r):
			if prev < 0 {
				n++
			}
		case r >= 0x1F1E6 && r <= 0x1F1FF: // regional indicators pair up into flags
			if flags++; flags%2 == 1 {
				n++
			}
			joined = false
		case joined && unicode.Is(unicode.So, r), hangul(prev, r):
			joined, flags = false, 0
		default:
			n++
			joined, flags = false, 0
		}
		prev = r
	}
	return n
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
