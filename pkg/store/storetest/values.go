package storetest

import (
	"math"
	"time"

	"pgregory.net/rapid"

	"aro/pkg/vm/value"
	"aro/pkg/vm/value/calendar"
)

func drawDate(t *rapid.T) value.Value {
	zones := []*time.Location{time.UTC, time.FixedZone("", 3600), time.FixedZone("+05:30", 19800)}
	if loc, err := time.LoadLocation("Europe/Berlin"); err == nil {
		zones = append(zones, loc)
	}
	at := time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
	return value.OfTime(at.In(rapid.SampledFrom(zones).Draw(t, "zone")))
}

// DrawValue draws a value of any kind that rows may hold.
func DrawValue(t *rapid.T) value.Value { return drawValue(t, 0) }

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
