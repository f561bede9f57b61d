package durable

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aro/pkg/vm/value"
	"aro/pkg/vm/value/calendar"
)

func decode(b []byte) (value.Value, bool) {
	d := decoder{b: b}
	v := d.value(0)
	return v, !d.bad && len(d.b) == 0
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

func drawDate(t *rapid.T) value.Value {
	zones := []*time.Location{time.UTC, time.FixedZone("", 3600), time.FixedZone("+05:30", 19800)}
	if loc, err := time.LoadLocation("Europe/Berlin"); err == nil {
		zones = append(zones, loc)
	}
	at := time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
	return value.OfTime(at.In(rapid.SampledFrom(zones).Draw(t, "zone")))
}

func drawValue(t *rapid.T, depth int) value.Value {
	kind := rapid.IntRange(0, 15).Draw(t, "kind")
	if depth > 4 && kind > 8 {
		kind %= 9
	}
	switch kind {
	case 0:
		return value.Nil
	case 1:
		return value.OfBool(rapid.Bool().Draw(t, "bool"))
	case 2, 3:
		return value.OfInt(rapid.Int64().Draw(t, "int"))
	case 4:
		return value.OfFloat(math.Float64frombits(rapid.Uint64().Draw(t, "float")))
	case 5, 6:
		return value.OfString(rapid.String().Draw(t, "text"))
	case 7:
		return value.OfBytes(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	case 8:
		return drawDate(t)
	case 9:
		return value.OfString("<b>").Markup(value.ContentFor(rapid.SampledFrom([]string{"a.html", "a.svg", "a.unheard", "a.css"}).Draw(t, "content")))
	case 10:
		return value.OfObject(&calendar.Range{Start: drawDate(t), End: drawDate(t)})
	case 11:
		return value.OfObject(&calendar.Distance{From: drawDate(t), To: drawDate(t)})
	case 12:
		r, err := calendar.ParseRecurrence("every last friday", drawDate(t), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		return value.OfObject(r)
	case 13:
		items := make([]value.Value, rapid.IntRange(0, 4).Draw(t, "length"))
		for i := range items {
			items[i] = drawValue(t, depth+1)
		}
		return value.OfList(items)
	}
	n := rapid.IntRange(0, 4).Draw(t, "keys")
	b := value.NewBuilder(n)
	for range n {
		b.Set(rapid.String().Draw(t, "key"), drawValue(t, depth+1))
	}
	if kind == 15 {
		return value.LenientOf(b.Record())
	}
	return b.Value()
}

// TestValues: what is read back is what was written, in kind and content.
func TestValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t, 0)
		got, ok := decode(appendValue(nil, v, 0))
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
	got, ok := decode(appendValue(nil, v, 0))
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
		f.Add(appendValue(nil, v, 0))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, ok := decode(b)
		if !ok {
			return
		}
		again, ok := decode(appendValue(nil, v, 0))
		if !ok || !same(v, again) {
			t.Fatalf("%s becomes %s", v.Developer(), again.Developer())
		}
	})
}
