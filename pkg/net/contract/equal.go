package contract

import (
	"math"

	"aro/pkg/vm/value"
)

// sameJSON is JSON Schema's equality: numbers by value, everything else by type
// and content. The language's own equality also equates text with numbers.
func sameJSON(a, b value.Value) bool {
	if a.IsNumber() && b.IsNumber() {
		return compareNumbers(a, b) == 0
	}
	switch a.Kind() {
	case value.Unbound, value.Null:
		return b.Kind() <= value.Null
	case value.List:
		if b.Kind() != value.List {
			return false
		}
		x, y := a.List(), b.List()
		if len(x) != len(y) {
			return false
		}
		for i := range x {
			if !sameJSON(x[i], y[i]) {
				return false
			}
		}
		return true
	case value.Map:
		if b.Kind() != value.Map || a.Record().Len() != b.Record().Len() {
			return false
		}
		r := a.Record()
		for i := range r.Len() {
			k, v := r.At(i)
			if w, ok := b.Record().Get(k); !ok || !sameJSON(v, w) {
				return false
			}
		}
		return true
	case value.Bool:
		return b.Kind() == value.Bool && a.Bool() == b.Bool()
	case value.String:
		return b.Kind() == value.String && a.Str() == b.Str()
	}
	return a.Kind() == b.Kind() && a.Text() == b.Text()
}

// compareNumbers compares exactly, also an integer beyond 2⁵³ with a float. NaN
// is larger than everything, so that it violates a maximum.
func compareNumbers(a, b value.Value) int {
	ai, bi := a.Kind() == value.Int, b.Kind() == value.Int
	switch {
	case ai && bi:
		return sign(a.Int() < b.Int(), a.Int() > b.Int())
	case ai:
		return compareIntFloat(a.Int(), b.Float())
	case bi:
		return -compareIntFloat(b.Int(), a.Float())
	}
	return sign(a.Float() < b.Float(), a.Float() > b.Float() || math.IsNaN(a.Float()))
}

func compareIntFloat(i int64, f float64) int {
	switch {
	case math.IsNaN(f) || f >= 1<<63:
		return -1
	case f < -1<<63:
		return 1
	}
	whole := math.Trunc(f)
	if w := int64(whole); i != w {
		return sign(i < w, i > w)
	}
	return sign(f > whole, f < whole)
}

func sign(less, more bool) int {
	if less {
		return -1
	}
	if more {
		return 1
	}
	return 0
}

// pairwise is the list length up to which comparing pairs is cheaper than
// writing every element as JSON.
const pairwise = 16

// allDifferent reports whether no two elements are equal. Time is linear in the
// size of the list: clients choose that size.
func allDifferent(items []value.Value) bool {
	if len(items) <= pairwise {
		for i := range items {
			for j := range i {
				if sameJSON(items[i], items[j]) {
					return false
				}
			}
		}
		return true
	}
	seen := make(map[string]struct{}, len(items))
	var b []byte
	for _, v := range items {
		b = v.AppendJSON(b[:0])
		if _, dup := seen[string(b)]; dup {
			return false
		}
		seen[string(b)] = struct{}{}
	}
	return true
}
