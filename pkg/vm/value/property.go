package value

import (
	"strconv"
	"strings"
)

// Property returns the property name of v: a map key, a property of a date or of
// a host object, a position in a list. Lists count from the end (01 §5.3).
func (v Value) Property(name string) (Value, bool) {
	switch v.Kind() {
	case Map:
		return v.Record().Get(name)
	case Opaque:
		return v.Object().Property(name)
	case List:
		return Element(v.List(), name)
	case Date:
		return dateProperty(v, name)
	}
	return Value{}, false
}

// Element returns what a list qualifier names: first, last, a position from the
// end, a range "0-19" or a pick "0,3". false for other words and for positions
// outside the list.
func Element(items []Value, spec string) (Value, bool) {
	switch spec {
	case "first":
		if len(items) == 0 {
			return OfString(""), true
		}
		return items[0], true
	case "last":
		if len(items) == 0 {
			return OfString(""), true
		}
		return items[len(items)-1], true
	}
	if spec == "" || spec[0] < '0' || spec[0] > '9' {
		return Value{}, false
	}
	if i, err := strconv.Atoi(spec); err == nil {
		return FromEnd(items, i)
	}
	if lo, hi, ok := strings.Cut(spec, "-"); ok {
		a, err1 := strconv.Atoi(lo)
		b, err2 := strconv.Atoi(hi)
		if err1 != nil || err2 != nil {
			return Value{}, false
		}
		return Newest(items, a, b), true
	}
	var picked []Value
	for part := range strings.SplitSeq(spec, ",") {
		i, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return Value{}, false
		}
		if e, ok := FromEnd(items, i); ok {
			picked = append(picked, e)
		}
	}
	return OfList(picked), true
}

// FromEnd returns the element at position i counted from the end, 0 being the
// last one.
func FromEnd(items []Value, i int) (Value, bool) {
	if i < 0 || i >= len(items) {
		return Value{}, false
	}
	return items[len(items)-1-i], true
}

// Newest returns the elements at positions a…b from the end, both included, the
// last element first; 2-0 is 0-2. It allocates only what it returns.
func Newest(items []Value, a, b int) Value {
	if a > b {
		a, b = b, a
	}
	b = min(b, len(items)-1)
	if a > b {
		return OfList(nil)
	}
	out := make([]Value, 0, b-a+1)
	for i := a; i <= b; i++ {
		out = append(out, items[len(items)-1-i])
	}
	return OfList(out)
}
