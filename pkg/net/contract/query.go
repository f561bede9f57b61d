package contract

import (
	"strings"

	"aro/pkg/vm/value"
)

// maxFields bounds the fields of a query string or form (05 H04).
const maxFields = 1000

// nextField cuts the first key=value off raw. Empty pieces are skipped; ok is
// false at the end.
func nextField(raw string) (key, val, rest string, ok bool) {
	for raw != "" {
		piece := raw
		if i := strings.IndexByte(raw, '&'); i >= 0 {
			piece, raw = raw[:i], raw[i+1:]
		} else {
			raw = ""
		}
		if piece == "" {
			continue
		}
		key, val, _ = strings.Cut(piece, "=")
		return unescape(key, true), unescape(val, true), raw, true
	}
	return "", "", "", false
}

// ParseQuery reads a query string into a map of texts: + is a blank, a key
// without = has the value "", the last of repeated keys wins (03 §4.2). Fields
// beyond the first 1000 are ignored. Texts without escapes alias raw.
func ParseQuery(raw string) value.Value {
	if raw == "" {
		return value.EmptyMap
	}
	b := value.NewBuilder(fieldCount(raw))
	for range maxFields {
		k, v, rest, ok := nextField(raw)
		if !ok {
			break
		}
		b.Set(k, value.OfString(v))
		raw = rest
	}
	return b.Value()
}

// fieldCount estimates the room a map for raw needs; hostile input does not get
// more than it pays for.
func fieldCount(raw string) int {
	return min(strings.Count(raw, "&")+1, 64)
}

// QueryParameters reads a query string as the operation declares it: arrays by
// style, scalars by type, defaults filled in, every undeclared key as text. The
// failure is that of a missing required parameter.
func (op *Operation) QueryParameters(raw string) (value.Value, *Failure) {
	declared := op.table.query
	if len(declared) == 0 {
		return ParseQuery(raw), nil
	}
	b := value.NewBuilder(fieldCount(raw) + len(declared))
	var lists map[*Param][]value.Value
	var objects map[*Param]*value.Builder
	for range maxFields {
		k, v, rest, ok := nextField(raw)
		if !ok {
			break
		}
		raw = rest
		p, property := findQuery(declared, k)
		switch {
		case p == nil:
			b.Set(k, value.OfString(v))
		case property != "":
			if objects == nil {
				objects = make(map[*Param]*value.Builder)
			}
			o := objects[p]
			if o == nil {
				o = value.NewBuilder(4)
				objects[p] = o
			}
			o.Set(property, p.propertyValue(property, v))
		case v == "" && !p.AllowEmpty:
			// present but empty counts as absent
		case p.collects():
			if lists == nil {
				lists = make(map[*Param][]value.Value)
			}
			lists[p] = append(lists[p], p.item(v))
		default:
			b.Set(p.Name, p.read(v))
		}
	}
	for _, p := range declared {
		if items := lists[p]; items != nil {
			b.Set(p.Name, value.OfList(items))
		}
		if o := objects[p]; o != nil {
			b.Set(p.Name, o.Value())
		}
		if f := p.complete(b); f != nil {
			return b.Value(), f
		}
	}
	return b.Value(), nil
}

// findQuery returns the parameter that a key belongs to, and the property when
// the parameter is an object whose properties are keys of their own:
// name[property] for deepObject, the bare property for an exploded form.
func findQuery(declared []*Param, key string) (*Param, string) {
	for _, p := range declared {
		if p.Name == key {
			return p, ""
		}
	}
	for _, p := range declared {
		if p.Style == StyleDeepObject {
			if n := len(p.Name); len(key) > n+2 && key[:n] == p.Name && key[n] == '[' && key[len(key)-1] == ']' {
				return p, key[n+1 : len(key)-1]
			}
		} else if p.Style == StyleForm && p.Explode && !p.JSON {
			if s := p.Schema.shape(4); s != nil && s.Types&TypeObject != 0 && s.property(key) >= 0 {
				return p, key
			}
		}
	}
	return nil, ""
}
