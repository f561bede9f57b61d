package format

import (
	"strings"
	"time"

	"aro/pkg/vm/value"
)

// encodeLog writes one entry per element, each with the time.
func encodeLog(b []byte, v value.Value, o *Options) []byte {
	stamp := o.Now.UTC().Format(time.RFC3339) + ": "
	list := []value.Value{v}
	if v.Kind() == value.List {
		list = v.List()
	}
	for i, e := range list {
		if i > 0 {
			b = append(b, '\n')
		}
		b = append(b, stamp...)
		if e = simple(e); e.Kind() == value.Map || e.Kind() == value.List {
			b = appendSpaced(b, e)
		} else {
			b = append(b, oneLine(cell(e))...)
		}
	}
	return b
}

// appendSpaced is JSON on one line with blanks behind commas and colons.
func appendSpaced(b []byte, v value.Value) []byte {
	switch v = simple(v); v.Kind() {
	case value.List:
		b = append(b, '[')
		for i, e := range v.List() {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendSpaced(b, e)
		}
		return append(b, ']')
	case value.Map:
		b = append(b, '{')
		for i, e := range sorted(v.Record()) {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendPlainJSON(b, value.OfString(e.key))
			b = appendSpaced(append(b, ": "...), e.val)
		}
		return append(b, '}')
	}
	return appendPlainJSON(b, v)
}

// ParseLinkHeader reads the value of an HTTP Link header (RFC 8288) into a map
// from relation to address. A relation of several words gives several entries;
// the first address of a relation counts, links without any are left out.
func ParseLinkHeader(text string) value.Value {
	b := value.NewBuilder(4)
	for text != "" {
		open := strings.IndexByte(text, '<')
		if open < 0 {
			break
		}
		end := strings.IndexByte(text[open:], '>')
		if end < 0 {
			break
		}
		target := text[open+1 : open+end]
		var params string
		params, text = cutLink(text[open+end+1:])
		for param := range strings.SplitSeq(params, ";") {
			name, rel, _ := strings.Cut(param, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "rel") {
				continue
			}
			for word := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(rel), `"`)) {
				if _, known := b.Get(word); !known {
					b.Set(word, value.OfString(target))
				}
			}
		}
	}
	return b.Value()
}

// cutLink splits at the comma that ends the parameters of a link: one outside of
// quotes.
func cutLink(s string) (params, rest string) {
	quoted := false
	for i := range len(s) {
		switch s[i] {
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				return s[:i], s[i+1:]
			}
		}
	}
	return s, ""
}
