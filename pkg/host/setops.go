package host

import (
	"fmt"
	"math"
	"strings"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// The set operations (02 §5.1). Lists and texts are multisets: an element counts
// as often as it is there, and the order of the left side is kept. Maps are
// compared key by key.

// setKind tells what an operation of two lists keeps.
type setKind uint8

const (
	setIntersect setKind = iota
	setDifference
	setUnion
)

var setNames = [...]string{"intersect", "difference", "union"}

func setOperation(kind setKind) func(value.Value, operands) (value.Value, error) {
	return func(a value.Value, with operands) (value.Value, error) {
		b := with.with
		switch {
		case !b.IsBound():
			return value.Value{}, fmt.Errorf("'%[1]s' needs a second value: Compute the <x: %[1]s> from <a> with <b>.", setNames[kind])
		case a.Kind() == value.List && b.Kind() == value.List:
			return value.OfList(kind.lists(a.List(), b.List())), nil
		case a.Kind() == value.String && b.Kind() == value.String:
			return value.OfString(kind.texts(a.Str(), b.Str())), nil
		case a.Kind() == value.Map && b.Kind() == value.Map:
			return value.OfRecord(kind.maps(a.Record(), b.Record(), 0)), nil
		}
		return value.Value{}, fmt.Errorf("Type mismatch: '%s' needs two lists, two texts or two maps, got '%s' and '%s'", setNames[kind], a.TypeName(), b.TypeName())
	}
}

func (kind setKind) lists(a, b []value.Value) []value.Value {
	var room []byte
	key := func(v value.Value) []byte {
		room = appendKey(room[:0], v)
		return room
	}
	out := make([]value.Value, 0, len(a))
	if kind == setUnion {
		seen := make(map[string]struct{}, len(a))
		for _, v := range a {
			seen[string(key(v))] = struct{}{}
		}
		out = append(out, a...)
		for _, v := range b {
			if _, ok := seen[string(key(v))]; !ok {
				seen[string(room)] = struct{}{}
				out = append(out, v)
			}
		}
		return out
	}
	index := make(map[string]int, len(b)) // into unused: reading a map by bytes copies none
	unused := make([]int, 0, len(b))
	for _, v := range b {
		i, ok := index[string(key(v))]
		if !ok {
			i = len(unused)
			index[string(room)], unused = i, append(unused, 0)
		}
		unused[i]++
	}
	for _, v := range a {
		i, there := index[string(key(v))]
		if there = there && unused[i] > 0; there {
			unused[i]--
		}
		if there == (kind == setIntersect) {
			out = append(out, v)
		}
	}
	return out
}

func (kind setKind) texts(a, b string) string {
	split := func(s string) (list []value.Value) {
		for c := range vm.Characters(s) {
			list = append(list, value.OfString(c))
		}
		return list
	}
	var out strings.Builder
	for _, c := range kind.lists(split(a), split(b)) {
		out.WriteString(c.Str())
	}
	return out.String()
}

// maxSetDepth bounds how deep maps are taken apart; deeper ones are compared as a
// whole.
const maxSetDepth = 1000

func (kind setKind) maps(a, b *value.Record, depth int) *value.Record {
	if kind == setUnion {
		return b.Merge(a)
	}
	out := value.NewBuilder(a.Len())
	for i := range a.Len() {
		k, v := a.At(i)
		w, ok := b.Get(k)
		if !ok {
			if kind == setDifference {
				out.Set(k, v)
			}
			continue
		}
		switch {
		case v.Kind() == value.Map && w.Kind() == value.Map && depth < maxSetDepth:
			if part := kind.maps(v.Record(), w.Record(), depth+1); part.Len() > 0 {
				out.Set(k, value.OfRecord(part))
			}
		case v.Kind() == value.List && w.Kind() == value.List:
			if part := kind.lists(v.List(), w.List()); len(part) > 0 {
				out.Set(k, value.OfList(part))
			}
		case (string(appendKey(nil, v)) == string(appendKey(nil, w))) == (kind == setIntersect):
			out.Set(k, v)
		}
	}
	return out.Record()
}

// appendKey appends bytes that are the same for equal elements and no others: the
// type, all numbers being one, and the content, which for lists and maps is their
// JSON. So 1 and "1" are two elements: the language's own equality is no
// equivalence ("1" equals 1 and 1 equals 1.0, but "1" does not equal 1.0).
func appendKey(b []byte, v value.Value) []byte {
	if o := v.Object(); o != nil {
		v = o.Simple()
	}
	switch v.Kind() {
	case value.String:
		return append(append(b, 's'), v.Str()...)
	case value.Int, value.Float:
		if f, _ := v.Number(); math.IsNaN(f) || math.IsInf(f, 0) {
			return v.AppendText(append(b, 'f'))
		}
		return v.AppendJSON(append(b, 'n'))
	case value.Date:
		return v.Time().UTC().AppendFormat(append(b, 'd'), "2006-01-02T15:04:05.999999999")
	case value.List, value.Map:
		return v.AppendJSON(append(b, 'c'))
	case value.Bytes:
		return append(append(b, 'y'), v.Bytes()...)
	}
	return v.AppendText(append(b, 'o'))
}
