package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// maxSize: a row beyond the limit evicts the oldest one, and says so.
func maxSize(t *testing.T, r store.Repository) {
	if got := r.Limits(); got != (store.Limits{}) {
		t.Error("limits at the start", got)
	}
	want(t, "set while empty", kinds(r.SetLimits(store.Limits{MaxSize: 3})), "")
	if got := r.Limits(); got.MaxSize != 3 {
		t.Error("limits", got)
	}
	fill(r, 3)
	before := r.Rows()
	_, c := r.Store(row("id", "p4", "n", 4))
	want(t, "the fourth", kinds(c), "created p4 new {id:p4,n:4}; evicted p1 old {id:p1,n:1}")
	if c[1].Time.IsZero() {
		t.Error("an eviction without a time")
	}
	want(t, "what is left", numbers(r.Rows()), "2 3 4")
	want(t, "the snapshot from before", numbers(before), "1 2 3")
	if r.Count() != 3 || len(r.Select(where("id", value.OfString("p1")))) != 0 {
		t.Error("p1 is still there")
	}
	_, c = r.Store(row("id", "p2", "n", 20))
	want(t, "an update", kinds(c), "updated p2 old {id:p2,n:2} new {id:p2,n:20}")
	_, c = r.Store(row("id", "p1", "n", 1))
	want(t, "an evicted row is new when it comes back", kinds(c), "created p1 new {id:p1,n:1}; evicted p2 old {id:p2,n:20}")
	want(t, "and the newest", numbers(r.Rows()), "3 4 1")
	_, c = r.Store(value.OfString("s"), value.OfString("s"), row("id", "p5", "n", 5))
	want(t, "scalars count too", kinds(c), "created new s; evicted p3 old {id:p3,n:3}; created p5 new {id:p5,n:5}; evicted p4 old {id:p4,n:4}")
	_, c = r.Store(row("id", "a"), row("id", "b"), row("id", "c"), row("id", "d"))
	if len(c) != 8 || r.Count() != 3 {
		t.Errorf("a batch larger than the limit: %s; %d rows", kinds(c), r.Count())
	}
	want(t, "after the batch", show(r.Rows()), "{id:b} {id:c} {id:d}")
	want(t, "a smaller limit", kinds(r.SetLimits(store.Limits{MaxSize: 1})), "evicted b old {id:b}; evicted c old {id:c}")
	want(t, "then", show(r.Rows()), "{id:d}")
	if r.Count() != 1 {
		t.Error(r.Count())
	}
	want(t, "no limit", kinds(r.SetLimits(store.Limits{})), "")
	fill(r, 10)
	want(t, "without a limit", fmt.Sprint(r.Count()), "11")
	want(t, "deletes work on", kinds(r.Delete(where("n", value.OfInt(4)))), "deleted p4 old {id:p4,n:4}")
}

// ttl: rows stored longer ago are hidden, and count; storing brings them back.
func ttl(t *testing.T, open func() store.Engine) {
	synctest.Test(t, func(t *testing.T) {
		e := open()
		defer e.Close()
		r := e.Repository("thing-repository")
		fill(r, 2)
		r.Store(value.OfString("s"))
		time.Sleep(10 * time.Second)
		r.SetLimits(store.Limits{TTL: 10 * time.Second})
		fill2 := func(n int) { r.Store(row("id", fmt.Sprint("p", n), "n", n)) }
		fill2(3)
		want(t, "at ten seconds", show(r.Rows()), "{id:p1,n:1} {id:p2,n:2} s {id:p3,n:3}")
		snapshot := r.Rows()
		time.Sleep(time.Nanosecond)
		want(t, "beyond", show(r.Rows()), "{id:p3,n:3}")
		want(t, "by id", show(r.Select(where("id", value.OfString("p1")))), "")
		want(t, "by field", show(r.Select(where("n", value.OfInt(2)))), "")
		want(t, "the snapshot", show(snapshot), "{id:p1,n:1} {id:p2,n:2} s {id:p3,n:3}")
		if r.Count() != 4 {
			t.Error("hidden rows count", r.Count())
		}
		time.Sleep(5 * time.Second)
		_, c := r.Store(row("id", "p1", "n", 1), value.OfString("s"))
		want(t, "stored again as it was", kinds(c), "")
		want(t, "is back", show(r.Rows()), "{id:p1,n:1} s {id:p3,n:3}")
		_, c = r.Store(row("id", "p2", "n", 20))
		want(t, "stored again, changed", kinds(c), "updated p2 old {id:p2,n:2} new {id:p2,n:20}")
		want(t, "by id", show(r.Select(where("id", value.OfString("p2")))), "{id:p2,n:20}")
		time.Sleep(5 * time.Second)
		want(t, "p3 is gone by now", show(r.Rows()), "{id:p1,n:1} {id:p2,n:20} s")
		r.SetLimits(store.Limits{TTL: time.Hour})
		want(t, "a longer life", show(r.Rows()), "{id:p1,n:1} {id:p2,n:20} s {id:p3,n:3}")
		r.SetLimits(store.Limits{TTL: 10 * time.Second, MaxSize: 4})
		_, c = r.Store(row("id", "p9", "n", 9))
		want(t, "both limits", kinds(c), "created p9 new {id:p9,n:9}; evicted p1 old {id:p1,n:1}")
		want(t, "delete finds hidden rows", kinds(r.Delete(where("n", value.OfInt(3)))), "deleted p3 old {id:p3,n:3}")
		time.Sleep(time.Hour)
		want(t, "an hour later", show(r.Rows()), "")
		want(t, "again", show(r.Rows()), "")
		fill2(5)
		want(t, "a new one", show(r.Rows()), "{id:p5,n:5}")
		r.Clear()
		fill2(6)
		want(t, "after a clear", show(r.Rows()), "{id:p6,n:6}")
		time.Sleep(11 * time.Second)
		want(t, "and later", show(r.Rows()), "")
		r.SetLimits(store.Limits{})
		want(t, "no limits", show(r.Rows()), "{id:p6,n:6}")
	})
}

// hammerLimits stores from many goroutines into a bounded repository: nobody ever
// sees more rows than the limit, and every row that is gone was reported.
func hammerLimits(t *testing.T, r store.Repository) {
	const writers, each, limit = 16, 300, 20
	r.SetLimits(store.Limits{MaxSize: limit})
	var created, evicted atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				_, c := r.Store(row("id", fmt.Sprint(w, "-", i)))
				for _, x := range c {
					switch x.Kind {
					case store.Created:
						created.Add(1)
					case store.Evicted:
						evicted.Add(1)
					}
				}
				if n := len(r.Rows()); n > limit {
					t.Errorf("%d rows", n)
				}
			}
		})
	}
	wg.Wait()
	if created.Load() != writers*each || evicted.Load() != writers*each-limit || r.Count() != limit {
		t.Errorf("%d created, %d evicted, %d left", created.Load(), evicted.Load(), r.Count())
	}
}
