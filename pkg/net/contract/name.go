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

// Unserved returns the operations that a program does not serve: has reports
// whether a feature set serves an operationId. WebSocket endpoints need none.
func (c *Contract) Unserved(has func(operationID string) bool) []*Operation {
	var list []*Operation
	for _, op := range c.Operations {
		if !op.WebSocket && !has(op.ID) {
			list = append(list, op)
		}
	}
	return list
}

// MissingHandlers is the text that ends the start when operations are not served
// (03 §3.3), "" when nothing is missing.
func (c *Contract) MissingHandlers(has func(operationID string) bool) string {
	missing := c.Unserved(has)
	if len(missing) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("Error: Missing ARO feature set handlers for the following operations:")
	for _, op := range missing {
		b.WriteString("\n  - " + op.Method + " " + op.Path + " requires feature set named '" + op.ID + "'")
	}
	return b.String()
}
