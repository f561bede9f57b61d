package value

import (
	"math"
	"strconv"
	"strings"
)

// Truthy is the one rule that decides guards, filters and conditions: false are
// false, 0, "", [], null, unbound and a Tester that failed (01 §6.7).
func (v Value) Truthy() bool {
	switch v.Kind() {
	case Unbound, Null:
		return false
	case Bool, Int:
		return v.num != 0
	case String, List:
		return v.num != 0
	case Opaque:
		if t, ok := v.Object().(Tester); ok {
			if success, known := t.Success(); known {
				return success
			}
		}
	}
	return true
}

// IsEmpty is the test `is empty`: unbound, null, "", [] and {}.
func (v Value) IsEmpty() bool {
	switch v.Kind() {
	case Unbound, Null:
		return true
	case String, List:
		return v.num == 0
	case Map:
		return v.Record().Len() == 0
	case Bytes:
		return v.num == 0
	}
	return false
}

// Equal is the language's equality (01 §6.6).
func Equal(a, b Value) bool { return equal(a, b, 0) }

func equal(a, b Value, depth int) bool {
	if depth > maxNesting {
		return true
	}
	if a.same(b) && a.Kind() != Float {
		return true
	}
	if a.Kind() <= Null || b.Kind() <= Null {
		return a.Kind() <= Null && b.Kind() <= Null
	}
	if a.Kind() == String && b.Kind() == String {
		s, t := a.Str(), b.Str()
		if s == t {
			return true
		}
		return looksLikeDate(s) && looksLikeDate(t) && sameInstant(a, b)
	}
	if a.Kind() == Date || b.Kind() == Date {
		if _, ok := a.AsDate(); ok {
			if _, ok := b.AsDate(); ok {
				return sameInstant(a, b)
			}
		}
		return a.Text() == b.Text()
	}
	if a.IsNumber() && b.IsNumber() {
		return equalNumbers(a, b)
	}
	if a.Kind() == b.Kind() {
		switch a.Kind() {
		case Bool:
			return a.num == b.num
		case List:
			return equalLists(a.List(), b.List(), equal, depth)
		case Map:
			return equalMaps(a.Record(), b.Record(), equal, depth)
		case Bytes:
			return string(a.Bytes()) == string(b.Bytes())
		}
	}
	return a.Text() == b.Text()
}

func sameInstant(a, b Value) bool {
	da, ok := a.AsDate()
	db, ok2 := b.AsDate()
	return ok && ok2 && da.num == db.num && da.head.aux() == db.head.aux()
}

func equalNumbers(a, b Value) bool {
	if a.Kind() == Int && b.Kind() == Int {
		return a.num == b.num
	}
	x, _ := a.Number()
	y, _ := b.Number()
	return x == y
}

func equalLists(a, b []Value, eq func(a, b Value, depth int) bool, depth int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !eq(a[i], b[i], depth+1) {
			return false
		}
	}
	return true
}

func equalMaps(a, b *Record, eq func(a, b Value, depth int) bool, depth int) bool {
	if a.Len() != b.Len() {
		return false
	}
	if a.shape == b.shape {
		return equalLists(a.slots(), b.slots(), eq, depth)
	}
	for i, k := range a.shape.keys {
		w, ok := b.Get(k)
		if !ok || !eq(a.slots()[i], w, depth+1) {
			return false
		}
	}
	return true
}

// TypedEqual is the equality of repository rows: kind and content (02 §7.3), so
// "1", 1 and 1.0 are three different ids.
func TypedEqual(a, b Value) bool { return typedEqual(a, b, 0) }

func typedEqual(a, b Value, depth int) bool {
	if depth > maxNesting {
		return true
	}
	if a.Kind() == Opaque {
		a = a.Object().Simple()
	}
	if b.Kind() == Opaque {
		b = b.Object().Simple()
	}
	if a.Kind() != b.Kind() {
		return a.Kind() <= Null && b.Kind() <= Null
	}
	switch a.Kind() {
	case Unbound, Null:
		return true
	case Bool, Int:
		return a.num == b.num
	case Float:
		return a.Float() == b.Float()
	case String:
		return a.Str() == b.Str()
	case Date:
		return a.num == b.num && a.head.aux() == b.head.aux()
	case Bytes:
		return string(a.Bytes()) == string(b.Bytes())
	case List:
		return equalLists(a.List(), b.List(), typedEqual, depth)
	case Map:
		return equalMaps(a.Record(), b.Record(), typedEqual, depth)
	}
	return false
}

// Compare orders two values: dates chronologically, numbers and numeric text
// numerically, two strings by code point. ok is false when they have no order.
// A NaN compares as neither; less and greater are then both false.
func Compare(a, b Value) (c int, ok bool) {
	if a.Kind() == Int && b.Kind() == Int {
		x, y := int64(a.num), int64(b.num)
		switch {
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, true
	}
	if da, ok := a.AsDate(); ok {
		if db, ok := b.AsDate(); ok {
			return da.Time().Compare(db.Time()), true
		}
	}
	x, okx := a.AsNumber()
	y, oky := b.AsNumber()
	if okx && oky {
		switch {
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		case x == y:
			return 0, true
		}
		return Unordered, true
	}
	if a.Kind() == String && b.Kind() == String {
		return strings.Compare(a.Str(), b.Str()), true
	}
	return 0, false
}

// Unordered is what Compare returns for a NaN on either side.
const Unordered = 2

// AsNumber returns v as a float when it is a number or text that reads as one.
func (v Value) AsNumber() (float64, bool) {
	switch v.Kind() {
	case Int:
		return float64(int64(v.num)), true
	case Float:
		return v.Float(), true
	case String:
		s := v.Str()
		if s == "" || len(s) > 64 || !(s[0] == '-' || s[0] == '+' || s[0] == '.' || s[0] >= '0' && s[0] <= '9') {
			return 0, false
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsInf(f, 0) || strings.ContainsAny(s, "xXpP_") {
			return 0, false
		}
		return f, true
	}
	return 0, false
}

// Contains is `a contains b`: list ∋ element, text ⊃ text, map has key. A range
// object answers through its own Contains method.
func Contains(a, b Value) bool {
	switch a.Kind() {
	case List:
		for _, e := range a.List() {
			if Equal(e, b) {
				return true
			}
		}
	case String:
		return b.Kind() == String && strings.Contains(a.Str(), b.Str())
	case Map:
		if b.Kind() == String {
			_, ok := a.Record().Get(b.Str())
			return ok
		}
	case Opaque:
		if c, ok := a.Object().(interface{ Contains(Value) bool }); ok {
			return c.Contains(b)
		}
	}
	return false
}
