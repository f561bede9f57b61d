package contract

import (
	"strings"
	"time"
)

// matches reports whether s has the format.
func (f Format) matches(s string) bool {
	switch f {
	case FormatEmail:
		return isEmail(s)
	case FormatDate:
		return isDate(s)
	case FormatDateTime:
		return isDateTime(s)
	case FormatUUID:
		return isUUID(s)
	case FormatURI:
		return isURI(s)
	case FormatIPv4:
		return isIPv4(s)
	}
	return true
}

// digits reports whether s consists of digits only, at least one.
func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// isEmail accepts local@domain as web forms do: a dot-atom or quoted local part
// and a domain of labels or an address in brackets.
func isEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || len(s) > 254 {
		return false
	}
	local, domain := s[:at], s[at+1:]
	if local[0] == '"' {
		if len(local) < 2 || local[len(local)-1] != '"' || strings.ContainsAny(local[1:len(local)-1], "\"\\\r\n") {
			return false
		}
	} else {
		if local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
			return false
		}
		for i := range len(local) {
			if c := local[i]; c <= ' ' || c == 0x7f || strings.IndexByte(`"(),:;<>@[\]`, c) >= 0 {
				return false
			}
		}
	}
	if len(domain) > 2 && domain[0] == '[' && domain[len(domain)-1] == ']' {
		return isIPv4(domain[1:len(domain)-1]) || strings.HasPrefix(domain, "[IPv6:")
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; c < 0x80 && !letterOrDigit(c) && c != '-' {
				return false
			}
		}
	}
	return true
}

func letterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// isDate accepts RFC 3339 full-date: 2026-02-28.
func isDate(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' || !digits(s[:4]) || !digits(s[5:7]) || !digits(s[8:]) {
		return false
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// isDateTime accepts RFC 3339 date-time, with a leap second at 23:59:60 UTC.
func isDateTime(s string) bool {
	if len(s) < 20 || !isDate(s[:10]) || s[10]|0x20 != 't' || s[13] != ':' || s[16] != ':' ||
		!digits(s[11:13]) || !digits(s[14:16]) || !digits(s[17:19]) {
		return false
	}
	hour, minute, second := two(s[11:]), two(s[14:]), two(s[17:])
	if hour > 23 || minute > 59 || second > 60 {
		return false
	}
	rest := s[19:]
	if rest[0] == '.' {
		n := 1
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n == 1 {
			return false
		}
		rest = rest[n:]
	}
	offset := 0
	switch {
	case rest == "Z" || rest == "z":
	case len(rest) == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':' && digits(rest[1:3]) && digits(rest[4:]):
		if two(rest[1:]) > 23 || two(rest[4:]) > 59 {
			return false
		}
		offset = two(rest[1:])*60 + two(rest[4:])
		if rest[0] == '-' {
			offset = -offset
		}
	default:
		return false
	}
	return second < 60 || ((hour*60+minute-offset)%1440+1440)%1440 == 1439
}

func two(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range 36 {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f':
		default:
			return false
		}
	}
	return true
}

// isURI accepts a scheme, a colon and characters that RFC 3986 allows.
func isURI(s string) bool {
	colon := strings.IndexByte(s, ':')
	if colon < 1 || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for i := range colon {
		if c := s[i]; !letterOrDigit(c) && (i == 0 || strings.IndexByte("+-.", c) < 0) {
			return false
		}
	}
	for i := colon + 1; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
				return false
			}
			continue
		}
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return false
		}
	}
	return true
}

func isIPv4(s string) bool {
	parts := 0
	for part := range strings.SplitSeq(s, ".") {
		parts++
		if len(part) > 3 || !digits(part) || len(part) > 1 && part[0] == '0' || len(part) == 3 && part > "255" {
			return false
		}
	}
	return parts == 4
}
