package storetest

import (
	"fmt"
	"slices"
	"testing"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// placeInTime: a row whose id was stored before comes back to its place, however
// it left and whatever came in between (03 §12).
func placeInTime(t *testing.T, r store.Repository) {
	fill(r, 5)
	rows := r.Rows()
	r.Delete(where("id", value.OfString("p2")))
	r.Store(row("id", "new", "n", 6))
	r.Store(rows[1])
	want(t, "after a delete", numbers(r.Rows()), "1 2 3 4 5 6")
	r.Delete(where("n", value.OfInt(4)))
	r.Store(row("id", "p4", "n", 40))
	want(t, "changed meanwhile", numbers(r.Rows()), "1 2 3 40 5 6")
	all := r.Rows()
	r.Clear()
	r.Store(row("id", "newer", "n", 7))
	for _, v := range slices.Backward(all) {
		r.Store(v)
	}
	want(t, "after a clear, in reverse", numbers(r.Rows()), "1 2 3 40 5 6 7")
	r.Store(row("id", "p1", "n", 10))
	want(t, "an update stays", numbers(r.Rows()), "10 2 3 40 5 6 7")
}

// placeInTimeForLong: what an engine remembers of removed rows may be bounded, but
// rows that left just now must find back also after very many clean-ups.
func placeInTimeForLong(t *testing.T, r store.Repository) {
	fill(r, 10)
	for i := range 10_000 {
		rows := r.Rows()
		r.Clear()
		for _, v := range slices.Backward(rows) {
			r.Store(v)
		}
		if got := numbers(r.Rows()); got != sequence(1, 10) {
			t.Fatalf("after %d clean-ups: %s", i+1, got)
		}
	}
}

// cleanUp is the tutorial: beyond 40 posts the 20 newest are kept.
func cleanUp(t *testing.T, r store.Repository) {
	for i := 1; i <= 200; i++ {
		r.Store(row("id", fmt.Sprint("m", i), "n", i))
		if r.Count() <= 40 {
			continue
		}
		keep := value.Newest(r.Rows(), 0, 19)
		r.Clear()
		r.Store(keep.List()...)
		if r.Count() != 20 {
			t.Fatal(r.Count())
		}
		want(t, fmt.Sprint("after post ", i), numbers(r.Rows()), sequence(i-19, i))
	}
	want(t, "at the end", numbers(r.Rows()), sequence(200-len(r.Rows())+1, 200))
}
