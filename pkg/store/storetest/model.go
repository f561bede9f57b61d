package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// model compares an engine with the plainest implementation of the rules, over
// random histories.
func model(t *testing.T, r store.Repository) {
	histories := 0
	rapid.Check(t, func(t *rapid.T) {
		r.Clear()
		r.SetLimits(store.Limits{})
		limit := 0
		histories++             // what earlier histories stored is remembered: this one has ids of its own
		var rows []value.Value  // oldest first
		age := map[string]int{} // of every id ever stored in this history
		next := 0
		id := func(v value.Value) string { x, _ := v.Property("id"); return x.JSON() }
		evict := func() {
			for limit > 0 && len(rows) > limit {
				delete(age, id(rows[0])) // should it come back, it is new
				rows = rows[1:]
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"store": func(t *rapid.T) {
				key := fmt.Sprint(histories, "-", rapid.IntRange(0, 12).Draw(t, "id"))
				v := row("id", key, "n", rapid.IntRange(0, 3).Draw(t, "n"))
				r.Store(v)
				if _, known := age[id(v)]; !known {
					age[id(v)] = next
					next++
				}
				if i := slices.IndexFunc(rows, func(o value.Value) bool { return id(o) == id(v) }); i >= 0 {
					rows = slices.Clone(rows)
					rows[i] = v
					return
				}
				rows = append(slices.Clone(rows), v)
				slices.SortStableFunc(rows, func(a, b value.Value) int { return age[id(a)] - age[id(b)] })
				evict()
			},
			"limit": func(t *rapid.T) {
				limit = rapid.IntRange(0, 8).Draw(t, "limit")
				r.SetLimits(store.Limits{MaxSize: limit})
				evict()
			},
			"delete": func(t *rapid.T) {
				n := value.OfInt(int64(rapid.IntRange(0, 3).Draw(t, "n")))
				match := func(v value.Value) bool { x, _ := v.Property("n"); return value.TypedEqual(x, n) }
				gone := r.Delete(where("n", n))
				left := slices.DeleteFunc(slices.Clone(rows), match)
				if len(gone) != len(rows)-len(left) {
					t.Fatalf("%d rows deleted, want %d", len(gone), len(rows)-len(left))
				}
				rows = left
			},
			"clear": func(t *rapid.T) { r.Clear(); rows = nil },
			"": func(t *rapid.T) {
				if got, want := show(r.Rows()), show(rows); got != want || r.Count() != len(rows) {
					t.Fatalf("rows\ngot  %s\nwant %s", got, want)
				}
				for _, v := range rows {
					x, _ := v.Property("id")
					if got := r.Select(where("id", x)); len(got) != 1 || !value.TypedEqual(got[0], v) {
						t.Fatalf("%s finds %s", x.Text(), show(got))
					}
				}
			},
		})
	})
}

// hammerWriters stores, replaces and deletes from many goroutines: nothing that
// nobody deleted is lost, and every change is reported once.
func hammerWriters(t *testing.T, r store.Repository) {
	const writers, each = 16, 200
	created, deleted := make([]int, writers), make([]int, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				_, c := r.Store(row("id", fmt.Sprint(w, "-", i), "w", w, "n", i), row("id", fmt.Sprint("shared", i%7), "w", w))
				for _, x := range c {
					if x.Kind == store.Created {
						created[w]++
					}
				}
				if i%3 == 0 {
					deleted[w] += len(r.Delete(where("id", value.OfString(fmt.Sprint(w, "-", i)))))
				}
			}
		})
	}
	wg.Wait()
	total := 0
	for w := range writers {
		total += created[w] - deleted[w]
		if deleted[w] != (each+2)/3 {
			t.Errorf("writer %d deleted %d", w, deleted[w])
		}
	}
	if r.Count() != total || len(r.Rows()) != total || total != 7+writers*(each-(each+2)/3) {
		t.Errorf("%d rows, %d counted, %d by changes", len(r.Rows()), r.Count(), total)
	}
	last := map[string]int64{} // rows of one writer stand in the order it stored them
	for _, v := range r.Rows() {
		w, _ := v.Property("w")
		if n, ok := v.Property("n"); ok {
			if prev, seen := last[w.Text()]; seen && n.Int() <= prev {
				t.Fatalf("rows of writer %s out of order", w.Text())
			}
			last[w.Text()] = n.Int()
		}
	}
}

// hammerReaders reads while others clear and refill: each list stored at once is
// seen as a whole or not at all.
func hammerReaders(t *testing.T, r store.Repository) {
	batch := func(g int) []value.Value {
		rows := make([]value.Value, 10)
		for i := range rows {
			rows[i] = row("id", i, "g", g)
		}
		return rows
	}
	stop := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				rows := r.Rows()
				if n := len(rows); n != 0 && n != 10 {
					t.Errorf("%d rows at once", n)
					return
				}
				for _, v := range rows {
					if a, _ := v.Property("g"); !value.TypedEqual(a, first(rows, "g")) {
						t.Errorf("half a batch: %s", show(rows))
						return
					}
				}
				r.Select(where("id", value.OfInt(3)))
				r.Count()
			}
		})
	}
	for w := range 4 {
		writers.Go(func() {
			for i := range 300 {
				r.Store(batch(w*1000 + i)...)
				if i%5 == 0 {
					r.Clear()
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
}

func first(rows []value.Value, field string) value.Value {
	v, _ := rows[0].Property(field)
	return v
}
