package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Width is the number of columns that text takes on a terminal. Escape sequences
// take none.
func Width(s string) (n int) {
	for s != "" {
		if k := escape(s); k > 0 {
			s = s[k:]
			continue
		}
		r, k := utf8.DecodeRuneInString(s)
		n += runeWidth(r)
		s = s[k:]
	}
	return n
}

// Clip cuts text to a number of columns. Escape sequences stay, so that a colour
// ends where it did.
func Clip(s string, columns int) string {
	if len(s) <= columns {
		return s
	}
	var b strings.Builder
	n := 0
	for s != "" {
		if k := escape(s); k > 0 {
			b.WriteString(s[:k])
			s = s[k:]
			continue
		}
		r, k := utf8.DecodeRuneInString(s)
		if n += runeWidth(r); n <= columns {
			b.WriteString(s[:k])
		}
		s = s[k:]
	}
	return b.String()
}

// escape is the length of the escape sequence that s starts with, 0 for none.
func escape(s string) int {
	if s[0] != 0x1b || len(s) < 2 {
		return 0
	}
	if s[1] != '[' {
		return 2
	}
	for i := 2; i < len(s); i++ {
		if s[i] >= 0x40 && s[i] <= 0x7e {
			return i + 1
		}
	}
	return len(s)
}

// wide are the characters of two columns, roughly: East Asian ones and pictures.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1}, {Lo: 0x3041, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1}, {Lo: 0xf900, Hi: 0xfaff, Stride: 1}, {Lo: 0xfe30, Hi: 0xfe6f, Stride: 1},
		{Lo: 0xff00, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1}},
	R32: []unicode.Range32{{Lo: 0x1f300, Hi: 0x1faff, Stride: 1}, {Lo: 0x20000, Hi: 0x3fffd, Stride: 1}},
}

func runeWidth(r rune) int {
	switch {
	case r < ' ' || r == 0x7f:
		return 0
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}
