package store_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aro/pkg/store"
	"aro/pkg/store/storetest"
	"aro/pkg/vm/value"
)

// TestMemory runs the conformance suite with and without indexes on every field
// that is asked for.
func TestMemory(t *testing.T) {
	for _, from := range []int{32, 0} {
		t.Run(fmt.Sprint("indexed from ", from), func(t *testing.T) {
			defer store.SetIndexFrom(store.SetIndexFrom(from))
			storetest.RunConformance(t, func() store.Engine { return store.NewMemory() })
		})
	}
}

// TestIndexFinds: whatever is stored, replaced and deleted, a query on a field
// finds what looking at all rows finds, in the same order.
func TestIndexFinds(t *testing.T) {
	defer store.SetIndexFrom(store.SetIndexFrom(3))
	values := []value.Value{value.OfInt(1), value.OfInt(2), value.OfFloat(1), value.OfFloat(0), value.OfFloat(math.Copysign(0, -1)),
		value.OfFloat(math.NaN()), value.OfString("1"), value.OfString(""), value.True, value.False, value.Nil,
		value.OfList([]value.Value{value.OfInt(1)}), value.MapOf("k", value.OfInt(1)), value.OfTime(time.Unix(1, 0))}
	pick := rapid.SampledFrom(values)
	rapid.Check(t, func(t *rapid.T) {
		r := store.NewMemory().Repository("r")
		row := func() value.Value {
			b := value.NewBuilder(3)
			if rapid.Bool().Draw(t, "named") {
				b.Set("name", pick.Draw(t, "name"))
			} else {
				b.Set("id", value.OfInt(int64(rapid.IntRange(0, 30).Draw(t, "id"))))
			}
			if rapid.Bool().Draw(t, "has") {
				b.Set("a", pick.Draw(t, "a"))
			}
			return b.Value()
		}
		t.Repeat(map[string]func(*rapid.T){
			"store":  func(t *rapid.T) { r.Store(row()) },
			"more":   func(t *rapid.T) { r.Store(row(), row(), row(), row()) },
			"scalar": func(t *rapid.T) { r.Store(pick.Draw(t, "scalar")) },
			"delete": func(t *rapid.T) { r.Delete(store.Query{Field: "a", Equal: pick.Draw(t, "a")}) },
			"limit":  func(t *rapid.T) { r.SetLimits(store.Limits{MaxSize: rapid.IntRange(0, 20).Draw(t, "limit")}) },
			"": func(t *rapid.T) {
				for _, field := range []string{"a", "name", "_value"} {
					want := pick.Draw(t, "wanted")
					got := r.Select(store.Query{Field: field, Equal: want})
					var naive []value.Value
					for _, x := range r.Rows() {
						if v, ok := store.FieldOf(x, field); ok && value.TypedEqual(v, want) {
							naive = append(naive, x)
						}
					}
					same := func(a, b value.Value) bool { return a.JSON() == b.JSON() }
					if !slices.EqualFunc(got, naive, same) {
						t.Fatalf("%s = %s finds %s, want %s", field, want.JSON(), value.OfList(got).JSON(), value.OfList(naive).JSON())
					}
				}
			},
		})
	})
}

// BenchmarkSelect finds a row by a field that is not its id: with an index the
// size of the repository does not matter.
func BenchmarkSelect(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		r := store.NewMemory().Repository("r")
		rows := make([]value.Value, n)
		for i := range rows {
			rows[i] = value.MapOf("id", value.OfInt(int64(i)), "email", value.OfString(fmt.Sprint("user", i, "@example.org")))
		}
		r.Index("email")
		r.Store(rows...)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			// As many different rows are asked for in either.
			wanted := make([]value.Value, 1000)
			for i := range wanted {
				wanted[i], _ = rows[i*(n/len(wanted))].Property("email")
			}
			for i := 0; b.Loop(); i++ {
				v := wanted[i*7919%len(wanted)]
				if got := r.Select(store.Query{Field: "email", Equal: v}); len(got) != 1 {
					b.Fatal(len(got))
				}
			}
		})
	}
}

// BenchmarkStoreNamed stores rows without an id, which are looked up by name.
func BenchmarkStoreNamed(b *testing.B) {
	r := store.NewMemory().Repository("r")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Store(value.MapOf("name", value.OfString(fmt.Sprint(i))))
	}
}

// TestLinearizable: what clients see at the same time is explained by one order.
func TestLinearizable(t *testing.T) { storetest.RunLinearizable(t, store.NewMemory()) }
