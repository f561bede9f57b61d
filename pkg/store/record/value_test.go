package record

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aro/pkg/store/storetest"
	"aro/pkg/vm/value"
)

func decode(b []byte) (value.Value, bool) {
	d := Decoder{Rest: b}
	v := d.Value()
	return v, !d.Bad && len(d.Rest) == 0
}

// same demands more than TypedEqual: order of keys, zones, marks and the sign of zero.
func same(a, b value.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case value.Float:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	case value.String:
		return a.Str() == b.Str() && a.Content() == b.Content()
	case value.List:
		if a.Len() != b.Len() {
			return false
		}
		for i, e := range a.List() {
			if !same(e, b.List()[i]) {
				return false
			}
		}
		return true
	case value.Map:
		if a.Lenient() != b.Lenient() || a.Record().Len() != b.Record().Len() {
			return false
		}
		for i := range a.Record().Len() {
			k, v := a.Record().At(i)
			l, w := b.Record().At(i)
			if k != l || !same(v, w) {
				return false
			}
		}
		return true
	case value.Date:
		return a.Time().Equal(b.Time()) && a.Time().Format(time.RFC3339Nano) == b.Time().Format(time.RFC3339Nano)
	case value.Bytes:
		return string(a.Bytes()) == string(b.Bytes())
	case value.Opaque:
		return a.TypeName() == b.TypeName() && same(a.Object().Simple(), b.Object().Simple())
	}
	return value.TypedEqual(a, b) || !a.IsBound()
}

// TestValues: what is read back is what was written, in kind and content.
func TestValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := storetest.DrawValue(t)
		got, ok := decode(AppendValue(nil, v))
		if !ok || !same(v, got) {
			t.Fatalf("%s becomes %s (%v)", v.Developer(), got.Developer(), ok)
		}
	})
}

// TestDeepValues: what is nested without end is neither written nor read without end.
func TestDeepValues(t *testing.T) {
	v := value.OfInt(1)
	for range maxNesting + 500 {
		v = value.OfList([]value.Value{v})
	}
	got, ok := decode(AppendValue(nil, v))
	depth := 0
	for ; got.Kind() == value.List; depth++ {
		got = got.List()[0]
	}
	if !ok || depth != maxNesting+1 || got.Kind() != value.Null {
		t.Error(ok, depth, got.Kind())
	}
	deep := make([]byte, 0, 1<<20)
	for len(deep) < 1<<20 {
		deep = append(deep, tagList, 1)
	}
	if _, ok := decode(deep); ok {
		t.Error("read")
	}
}

// FuzzValue: bytes that nobody has written are refused or are a value that can be
// written again; they never cost more memory than a multiple of their size.
func FuzzValue(f *testing.F) {
	for _, v := range []value.Value{value.Nil, value.OfInt(-7), value.OfString("text"), value.OfTime(time.Unix(1, 2).In(time.FixedZone("x", 60))),
		value.MapOf("id", value.OfInt(1), "list", value.OfList([]value.Value{value.OfFloat(1.5), value.OfBytes([]byte{1})}))} {
		f.Add(AppendValue(nil, v))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, ok := decode(b)
		if !ok {
			return
		}
		again, ok := decode(AppendValue(nil, v))
		if !ok || !same(v, again) {
			t.Fatalf("%s becomes %s", v.Developer(), again.Developer())
		}
	})
}
