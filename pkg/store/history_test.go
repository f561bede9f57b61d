package store

import (
	"fmt"
	"testing"
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
	if !r.past.forget(0) {
		t.Error("it was forgotten while somebody reads it")
	}
	r.Unlock()
	for more := true; more; {
		_, more = f.Piece()
	}
	if n := len(f.Past()); n != 100 {
		t.Errorf("%d places, want 100", n)
	}
	f.Close()
	if r.past.forget(0) || len(r.past.list()) > 0 {
		t.Error("it is not forgotten")
	}
}
