package store

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"aro/pkg/vm/value"
)

// TestForget: a row that comes back goes to its former place, unless the engine was told
// to forget what was removed long ago.
func TestForget(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		later bool
		order string
	}{{time.Hour, true, "first second"}, {0, false, "second first"}} {
		m := NewMemory()
		r := m.Repository("row-repository")
		if m.Forget(0) {
			t.Error("there is nothing to forget")
		}
		first, second := value.MapOf("id", value.OfString("first")), value.MapOf("id", value.OfString("second"))
		r.Store(first, second)
		r.Delete(Query{Field: "id", Equal: value.OfString("first")})
		if later := m.Forget(test.after); later != test.later {
			t.Errorf("after %v there is something left: %v", test.after, later)
		}
		r.Store(first)
		order := ""
		for _, row := range r.Rows() {
			id, _ := row.Property("id")
			order += " " + id.Text()
		}
		if order != " "+test.order {
			t.Errorf("after %v: %s, want %s", test.after, order, test.order)
		}
	}
}

// TestForgetWhileRowsAreRead: who reads piece by piece goes on, and memory is free behind
// that.
func TestForgetWhileRowsAreRead(t *testing.T) {
	r := NewLogged("row-repository")
	r.SetJournal(nothing{})
	for i := range 100 {
		id := value.OfString(fmt.Sprint(i))
		r.Store(value.MapOf("id", id))
		r.Delete(Query{Field: "id", Equal: id})
	}
	r.Lock()
	f := r.Freeze()
	if r.past.forget(0) || len(r.past.list()) > 0 {
		t.Error("it is not forgotten")
	}
	r.Unlock()
	for more := true; more; {
		_, more = f.Piece()
	}
	if n := len(f.Past()); n != 100 {
		t.Errorf("%d places, want 100", n)
	}
	f.Close()
}

// TestHistoryIsShort: a repository that removes rows all day remembers those of a minute
// at least and of two at most; those of a burst all, up to the limit.
func TestHistoryIsShort(t *testing.T) {
	number := func(n int) key { return key{kind: value.Int, num: int64(n)} }
	synctest.Test(t, func(t *testing.T) {
		var h history
		const each = keepPast / 600
		for n := range 10_000 {
			h.put(number(n), uint64(n))
			if places := len(h.list()); places > 1201 || places < min(n, 600) {
				t.Fatalf("%d places after %d removals", places, n)
			}
			time.Sleep(each)
		}
		if age, ok := h.take(number(9_401)); !ok || age != 9_401 {
			t.Errorf("who left %v ago comes back to place %d, %v", 599*each, age, ok)
		}
		if _, ok := h.take(number(8_000)); ok {
			t.Errorf("who left %v ago is remembered", 2000*each)
		}
	})
	var h history
	for n := range maxPast {
		h.put(number(n), uint64(n))
	}
	if n := len(h.list()); n != maxPast {
		t.Errorf("%d places after a burst of %d", n, maxPast)
	}
	h.put(number(maxPast), 0)
	if n := len(h.list()); n != maxPast/2+1 {
		t.Errorf("%d places behind the limit", n)
	}
}

// TestRemovedTwice: who left twice is remembered once, where he was last.
func TestRemovedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, between := range []time.Duration{0, keepPast} {
			var h history
			k := key{kind: value.Int, num: 7}
			h.put(k, 1)
			time.Sleep(between)
			h.put(key{kind: value.Int, num: 8}, 5)
			h.put(k, 2)
			if places := h.list(); len(places) != 2 || places[1].Age != 2 {
				t.Errorf("after %v: %v", between, places)
			}
			if age, ok := h.take(k); !ok || age != 2 {
				t.Errorf("after %v: %d, %v", between, age, ok)
			}
			if _, ok := h.take(k); ok {
				t.Errorf("after %v: it comes back twice", between)
			}
		}
	})
}
