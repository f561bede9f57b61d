package format

import (
	"errors"
	"math"
	"strings"

	"aro/pkg/vm/value"
)

// encodeJSON writes indented JSON: two blanks, sorted keys, a blank before the
// colon.
func encodeJSON(b []byte, v value.Value, _ *Options) []byte { return appendJSON(b, v, 0) }

func appendJSON(b []byte, v value.Value, depth int) []byte {
	line := func(depth int) {
		b = append(b, '\n')
		for range depth {
			b = append(b, "  "...)
		}
	}
	switch v = simple(v); {
	case v.Kind() == value.List && v.Len() > 0:
		b = append(b, '[')
		for i, e := range v.List() {
			if i > 0 {
				b = append(b, ',')
			}
			line(depth + 1)
			b = appendJSON(b, e, depth+1)
		}
		line(depth)
		return append(b, ']')
	case v.Kind() == value.Map && v.Record().Len() > 0:
		b = append(b, '{')
		for i, e := range sorted(v.Record()) {
			if i > 0 {
				b = append(b, ',')
			}
			line(depth + 1)
			b = value.OfString(e.key).AppendJSON(b)
			b = append(b, " : "...)
			b = appendJSON(b, e.val, depth+1)
		}
		line(depth)
		return append(b, '}')
	}
	return v.AppendJSON(b)
}

func decodeJSON(text string, _ *Options) (value.Value, error) {
	v, err := value.ParseJSON(text)
	if err != nil {
		return value.Value{}, err
	}
	return plain(v), nil
}

// encodeJSONL writes one compact line per element.
func encodeJSONL(b []byte, v value.Value, _ *Options) []byte {
	if v.Kind() != value.List {
		return v.AppendJSON(b)
	}
	for i, e := range v.List() {
		if i > 0 {
			b = append(b, '\n')
		}
		b = e.AppendJSON(b)
	}
	return b
}

// decodeJSONL skips lines that are no JSON; text without any line of JSON is
// damaged.
func decodeJSONL(text string, _ *Options) (value.Value, error) {
	list := []value.Value{}
	bad := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		v, err := value.ParseJSON(line)
		if err != nil {
			bad = true
			continue
		}
		list = append(list, plain(v))
	}
	if bad && len(list) == 0 {
		return value.Value{}, errors.New("no line is JSON")
	}
	return value.OfList(list), nil
}

// plain makes of parsed JSON what files give: null is empty text, and whole
// numbers are integers however they are written. Values without either are
// returned as they are.
func plain(v value.Value) value.Value {
	switch v.Kind() {
	case value.Null:
		return value.OfString("")
	case value.Float:
		if f := v.Float(); f == math.Trunc(f) && math.Abs(f) <= 1<<53 {
			return value.OfInt(int64(f))
		}
	case value.List:
		list := v.List()
		for i := range list { // a parser's own list, which nobody else has yet
			list[i] = plain(list[i])
		}
	case value.Map:
		r := v.Record()
		var vals []value.Value
		for i := range r.Len() {
			old := r.Slot(i)
			if e := plain(old); vals != nil {
				vals = append(vals, e)
			} else if e.Kind() != old.Kind() || e.Kind() == value.Map && e.Record() != old.Record() {
				vals = make([]value.Value, i, r.Len())
				for j := range i {
					vals[j] = r.Slot(j)
				}
				vals = append(vals, e)
			}
		}
		if vals != nil {
			return value.OfRecord(value.NewRecord(r.Shape(), vals))
		}
	}
	return v
}
