package contract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// SameName reports whether two names are equal apart from case, blanks, - and _,
// so that the feature set `Kick Client` serves operationId kickClient (03 §3.3).
// Callers try exact equality first. It allocates nothing.
func SameName(a, b string) bool {
	for {
		r, n := nameRune(a)
		s, m := nameRune(b)
		if r != s {
			return false
		}
		if r == nameEnd {
			return true
		}
		a, b = a[n:], b[m:]
	}
}

const nameEnd rune = -1

// nameRune returns the next rune that counts, in lower case, and how many bytes
// of s it took including those skipped before it.
func nameRune(s string) (rune, int) {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '-' || c == '_':
			i++
		case 'A' <= c && c <= 'Z':
			return rune(c) + 'a' - 'A', i + 1
		case c < utf8.RuneSelf:
			return rune(c), i + 1
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if n == 1 { // invalid: a byte equals itself only
				return unicode.MaxRune + rune(c), i + 1
			}
			return unicode.ToLower(r), i + n
		}
	}
	return nameEnd, len(s)
}

// MissingHandlers compares the contract with a program: has reports whether a
// feature set serves the operationId. It returns the text that ends the start
// (03 §3.3), "" when nothing is missing. WebSocket endpoints need no handler.
func (c *Contract) MissingHandlers(has func(operationID string) bool) string {
	var b strings.Builder
	for _, op := range c.Operations {
		if op.WebSocket || has(op.ID) {
			continue
		}
		if b.Len() == 0 {
			b.WriteString("Error: Missing ARO feature set handlers for the following operations:")
		}
		b.WriteString("\n  - " + op.Method + " " + op.Path + " requires feature set named '" + op.ID + "'")
	}
	return b.String()
}
