// Package storetest holds the tests that every engine must pass.
package storetest

import (
	"fmt"
	"sync"
	"testing"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

func row(id any, n int) value.Value {
	b := value.NewBuilder(2)
	switch id := id.(type) {
	case string:
		b.Set("id", value.OfString(id))
	case int:
		b.Set("id", value.OfInt(int64(id)))
	}
	b.Set("n", value.OfInt(int64(n)))
	return b.Value()
}

func numbers(rows []value.Value) string {
	var out []int64
	for _, r := range rows {
		v, _ := r.Property("n")
		out = append(out, v.Int())
	}
	return fmt.Sprint(out)
}

func want(t *testing.T, rows []value.Value, list string) {
	t.Helper()
	if got := numbers(rows); got != list {
		t.Errorf("rows %s, want %s", got, list)
	}
}

// Run runs the conformance tests; open returns a new, empty engine.
func Run(t *testing.T, open func() store.Engine) {
	repository := func(t *testing.T) store.Repository {
		e := open()
		t.Cleanup(func() { e.Close() })
		return e.Repository("test-repository")
	}
	t.Run("names", func(t *testing.T) {
		e := open()
		defer e.Close()
		if e.Repository("b") != e.Repository("b") {
			t.Error("two repositories of one name")
		}
		e.Repository("a")
		if got := fmt.Sprint(e.Names()); got != "[a b]" {
			t.Error(got)
		}
	})
	t.Run("ids are typed and upsert in place", func(t *testing.T) {
		r := repository(t)
		r.Store(row("1", 1), row(1, 2), row("2", 3))
		stored, changes := r.Store(row("1", 10))
		if len(changes) != 1 || changes[0].Kind != store.Updated || changes[0].ID.Str() != "1" {
			t.Errorf("changes %+v", changes)
		}
		want(t, []value.Value{changes[0].Old, changes[0].New, stored[0]}, "[1 10 10]")
		want(t, r.Rows(), "[10 2 3]")
		want(t, r.Select(store.Query{Field: "id", Equal: value.OfInt(1)}), "[2]")
		want(t, r.Select(store.Query{Field: "id", Equal: value.OfString("1")}), "[10]")
		want(t, r.Select(store.Query{Field: "id", Equal: value.OfFloat(1)}), "[]")
		if _, changes := r.Store(row("1", 10)); len(changes) != 0 {
			t.Errorf("storing an equal row changed %+v", changes)
		}
	})
	t.Run("rows without id get one, or replace their namesake", func(t *testing.T) {
		r := repository(t)
		stored, _ := r.Store(row(nil, 1), row(nil, 2))
		a, _ := stored[0].Property("id")
		b, _ := stored[1].Property("id")
		if len(a.Str()) != 36 || a.Str() == b.Str() {
			t.Errorf("ids %q and %q", a.Str(), b.Str())
		}
		first, _ := r.Store(value.MapOf("name", value.OfString("x"), "n", value.OfInt(3)))
		second, changes := r.Store(value.MapOf("name", value.OfString("x"), "n", value.OfInt(4)))
		id1, _ := first[0].Property("id")
		id2, _ := second[0].Property("id")
		if id1.Str() != id2.Str() || changes[0].Kind != store.Updated {
			t.Errorf("the namesake was not replaced: %v", changes)
		}
		want(t, r.Rows(), "[1 2 4]")
	})
	t.Run("values that are no maps are stored once", func(t *testing.T) {
		r := repository(t)
		_, changes := r.Store(value.OfString("a"), value.OfInt(1), value.OfString("a"))
		if len(changes) != 2 || r.Count() != 2 {
			t.Errorf("%d changes, %d rows", len(changes), r.Count())
		}
		if found := r.Select(store.Query{Field: "_value", Equal: value.OfInt(1)}); len(found) != 1 {
			t.Errorf("_value found %v", found)
		}
	})
	t.Run("snapshots do not change", func(t *testing.T) {
		r := repository(t)
		r.Store(row("a", 1), row("b", 2), row("c", 3))
		before := r.Rows()
		r.Store(row("b", 20), row("d", 4))
		r.Delete(store.Query{Field: "id", Equal: value.OfString("a")})
		want(t, before, "[1 2 3]")
		want(t, r.Rows(), "[20 3 4]")
		after := r.Rows()
		r.Clear()
		want(t, after, "[20 3 4]")
		want(t, r.Rows(), "[]")
	})
	t.Run("delete", func(t *testing.T) {
		r := repository(t)
		for i := range 6 {
			r.Store(row(i, i))
		}
		odd := store.Query{Match: func(v value.Value) bool { n, _ := v.Property("n"); return n.Int()%2 == 1 }}
		changes := r.Delete(odd)
		if len(changes) != 3 || changes[0].Kind != store.Deleted {
			t.Errorf("changes %+v", changes)
		}
		want(t, r.Rows(), "[0 2 4]")
		if r.Count() != 3 {
			t.Error(r.Count())
		}
		if again := r.Delete(odd); again != nil {
			t.Error(again)
		}
		if c := r.Clear(); len(c) != 1 || c[0].Kind != store.Cleared || c[0].ID.IsBound() {
			t.Errorf("clear: %+v", c)
		}
		if c := r.Clear(); len(c) != 0 {
			t.Errorf("clearing nothing: %+v", c)
		}
	})
	t.Run("rows that come back keep their place in time", func(t *testing.T) {
		// The tutorial's clean-up, twice: posts 1…41, the newest 20 are read newest
		// first, everything is cleared, and they are stored back in that order.
		r := repository(t)
		post := func(n int) { r.Store(row(fmt.Sprint("m", n), n)) }
		for n := 1; n <= 41; n++ {
			post(n)
		}
		cleanUp := func() {
			keep := value.Newest(r.Rows(), 0, 19).List()
			r.Clear()
			r.Store(keep...)
		}
		cleanUp()
		if got := r.Rows(); numbers(got[:2]) != "[22 23]" || numbers(got[18:]) != "[40 41]" {
			t.Errorf("after the clean-up: %s", numbers(got))
		}
		for n := 42; n <= 62; n++ {
			post(n)
		}
		cleanUp()
		if got := r.Rows(); len(got) != 20 || numbers(got[:1]) != "[43]" || numbers(got[19:]) != "[62]" {
			t.Errorf("after the second: %s", numbers(got))
		}
	})
	t.Run("hammer", func(t *testing.T) {
		r := repository(t)
		var wg sync.WaitGroup
		const writers, each = 8, 300
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					r.Store(row(fmt.Sprint(w, "-", i), i))
					if i%3 == 0 {
						r.Store(row(fmt.Sprint(w, "-", i), -i))
					}
					if i%10 == 9 {
						r.Delete(store.Query{Field: "id", Equal: value.OfString(fmt.Sprint(w, "-", i-5))})
					}
				}
			})
		}
		for range 2 {
			wg.Go(func() {
				for range 400 {
					rows := r.Rows()
					for i := range rows {
						if rows[i].Record() == nil {
							t.Error("a torn row")
							return
						}
					}
					r.Select(store.Query{Field: "n", Equal: value.OfInt(7)})
				}
			})
		}
		wg.Wait()
		if want := writers * (each - each/10); r.Count() != want || len(r.Rows()) != want {
			t.Errorf("%d rows, count %d, want %d", len(r.Rows()), r.Count(), want)
		}
	})
}
