package contract

import (
	"strings"

	"aro/pkg/vm/value"
)

// ParseCookies reads a Cookie header into a map. Values lose surrounding quotes
// and are otherwise taken as sent, since servers disagree on escapes; the first
// of repeated names wins, which is the most specific path. Pairs beyond the
// first 1000 are ignored.
func ParseCookies(header string) value.Value {
	if header == "" {
		return value.EmptyMap
	}
	header = strings.ToValidUTF8(header, "\uFFFD")
	b := value.NewBuilder(4)
	for range maxFields {
		piece, rest, more := strings.Cut(header, ";")
		name, val, ok := strings.Cut(piece, "=")
		name = strings.Trim(name, " \t")
		if ok && name != "" {
			val = strings.Trim(val, " \t")
			if len(val) > 1 && val[0] == '"' && val[len(val)-1] == '"' {
				val = val[1 : len(val)-1]
			}
			if _, dup := b.Get(name); !dup {
				b.Set(name, value.OfString(val))
			}
		}
		if !more {
			break
		}
		header = rest
	}
	return b.Value()
}
