package contract

import (
	"strings"
	"unicode/utf8"
)

// unhex returns the value of a hexadecimal digit, -1 for other bytes.
func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// unescape decodes %XX, and + as a blank when plus is set. A % without two
// digits stays as it is; bytes that are not UTF-8 become U+FFFD. The result
// aliases s when there is nothing to do.
func unescape(s string, plus bool) string {
	i := 0
	high := false
	for ; i < len(s); i++ {
		c := s[i]
		if c == '%' || c == '+' && plus {
			break
		}
		high = high || c >= utf8.RuneSelf
	}
	if i == len(s) {
		if high {
			return strings.ToValidUTF8(s, "\uFFFD")
		}
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			c = byte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			i += 2
		case c == '+' && plus:
			c = ' '
		}
		high = high || c >= utf8.RuneSelf
		b.WriteByte(c)
	}
	if high {
		return strings.ToValidUTF8(b.String(), "\uFFFD")
	}
	return b.String()
}
