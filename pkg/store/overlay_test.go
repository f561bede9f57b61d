package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// TestOverlayModel: whatever a transaction does, it sees what it would see if it wrote
// to the repository itself, nobody else sees anything, and after the commit, of itself
// or of the transaction around it, the repository is what it has seen.
func TestOverlayModel(t *testing.T) {
	show := func(rows []value.Value) string {
		var b strings.Builder
		for _, r := range rows {
			if id, ok := r.Property("id"); ok && strings.Contains(id.Text(), "-") { // one that was made up
				r = value.OfRecord(r.Record().Without("id"))
			}
			b.WriteString(r.JSON() + "\n")
		}
		return b.String()
	}
	rapid.Check(t, func(t *rapid.T) {
		engine := store.NewMemory()
		base, model := engine.Repository("r"), store.NewMemory().Repository("r")
		row := func(t *rapid.T) value.Value {
			n := value.OfInt(int64(rapid.IntRange(0, 2).Draw(t, "n")))
			id := value.OfInt(int64(rapid.IntRange(0, 6).Draw(t, "id")))
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0:
				return value.OfString("scalar " + n.Text())
			case 1:
				return value.MapOf("name", id, "n", n)
			case 2:
				return value.MapOf("id", value.OfList([]value.Value{id}), "n", n) // an id that is no key
			}
			return value.MapOf("id", id, "name", id, "n", n)
		}
		for range rapid.IntRange(0, 8).Draw(t, "before") {
			r := row(t)
			stored, _ := base.Store(r)
			model.Store(stored...)
		}
		before := show(base.Rows())
		outer := store.NewOverlay(base)
		inner := outer
		if rapid.Bool().Draw(t, "nested") {
			inner = store.NewOverlay(outer)
		}
		compare := func(t *rapid.T, what string, got, want []store.Change) {
			kinds := func(list []store.Change) (s string) {
				for _, c := range list {
					s += c.Kind.String() + show([]value.Value{c.Old}) + show([]value.Value{c.New})
				}
				return s
			}
			if kinds(got) != kinds(want) {
				t.Fatalf("%s: %s, want %s", what, kinds(got), kinds(want))
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"store": func(t *rapid.T) {
				r := row(t)
				a, c := inner.Store(r)
				b, d := model.Store(r)
				if x, y := show(a), show(b); x != y {
					t.Fatalf("stored %s, want %s", x, y)
				}
				compare(t, "store", c, d)
			},
			"delete": func(t *rapid.T) {
				n := value.OfInt(int64(rapid.IntRange(0, 2).Draw(t, "n")))
				q := rapid.SampledFrom([]store.Query{{Field: "n", Equal: n}, {Field: "id", Equal: n}, {Match: func(r value.Value) bool { return r.Text() == "scalar "+n.Text() }}}).Draw(t, "q")
				compare(t, "delete", inner.Delete(q), model.Delete(q))
			},
			"clear": func(t *rapid.T) {
				if rapid.IntRange(0, 4).Draw(t, "clear") == 0 {
					compare(t, "clear", inner.Clear(), model.Clear())
				}
			},
			"": func(t *rapid.T) {
				if x, y := show(inner.Rows()), show(model.Rows()); x != y || inner.Count() != model.Count() {
					t.Fatalf("rows\n%swant\n%s", x, y)
				}
				for n := range 7 {
					for _, field := range []string{"id", "name", "n"} {
						q := store.Query{Field: field, Equal: value.OfInt(int64(n))}
						if x, y := show(inner.Select(q)), show(model.Select(q)); x != y {
							t.Fatalf("%s %d\n%swant\n%s", field, n, x, y)
						}
					}
				}
				if show(base.Rows()) != before {
					t.Fatal("the repository has changed before the commit")
				}
			},
		})
		if inner != outer {
			if err := store.Merge([]*store.Overlay{inner}); err != nil {
				t.Fatal(err)
			}
		}
		if x, y := show(outer.Rows()), show(model.Rows()); x != y {
			t.Fatalf("merged\n%swant\n%s", x, y)
		}
		if err := engine.Commit([]*store.Overlay{outer}); err != nil {
			t.Fatal(err)
		}
		if x, y := show(base.Rows()), show(model.Rows()); x != y {
			t.Fatalf("committed\n%swant\n%s", x, y)
		}
	})
}

// TestOverlayConflicts: what a transaction has read or changes must be at its end what
// it has seen.
func TestOverlayConflicts(t *testing.T) {
	id := func(n int) store.Query { return store.Query{Field: "id", Equal: value.OfInt(int64(n))} }
	row := func(n int, text string) value.Value {
		return value.MapOf("id", value.OfInt(int64(n)), "text", value.OfString(text))
	}
	for _, c := range []struct {
		name     string
		mine     func(o *store.Overlay)
		theirs   func(r store.Repository)
		conflict bool
	}{
		{"another row", func(o *store.Overlay) { o.Store(row(1, "mine")) }, func(r store.Repository) { r.Store(row(2, "theirs")) }, false},
		{"the same row", func(o *store.Overlay) { o.Store(row(1, "mine")) }, func(r store.Repository) { r.Store(row(1, "theirs")) }, true},
		{"the same row as it was", func(o *store.Overlay) { o.Store(row(1, "mine")) }, func(r store.Repository) { r.Store(row(1, "before")) }, false},
		{"a new row", func(o *store.Overlay) { o.Store(row(9, "mine")) }, func(r store.Repository) { r.Store(row(9, "theirs")) }, true},
		{"read in a list", func(o *store.Overlay) { o.Rows(); o.Store(row(1, "mine")) }, nil, false},
		{"a row that is read only", func(o *store.Overlay) { o.Select(id(1)); o.Store(row(2, "mine")) }, func(r store.Repository) { r.Store(row(1, "theirs")) }, true},
		{"none where one was read", func(o *store.Overlay) { o.Select(id(9)); o.Store(row(2, "mine")) }, func(r store.Repository) { r.Store(row(9, "theirs")) }, true},
		{"a list that is read only", func(o *store.Overlay) { o.Rows(); o.Store(row(9, "mine")) }, func(r store.Repository) { r.Store(row(1, "theirs")) }, false},
		{"deleted by both", func(o *store.Overlay) { o.Delete(id(1)) }, func(r store.Repository) { r.Delete(id(1)) }, true},
		{"changed and deleted", func(o *store.Overlay) { o.Store(row(1, "mine")) }, func(r store.Repository) { r.Delete(id(1)) }, true},
		{"cleared", func(o *store.Overlay) { o.Clear() }, func(r store.Repository) { r.Store(row(9, "theirs")) }, true},
		{"cleared by both", func(o *store.Overlay) { o.Store(row(1, "mine")) }, func(r store.Repository) { r.Clear() }, true},
		{"one name", func(o *store.Overlay) { o.Store(value.MapOf("name", value.OfString("n"))) },
			func(r store.Repository) { r.Store(value.MapOf("name", value.OfString("n"))) }, true},
		{"one name, mine moves", func(o *store.Overlay) {
			o.Delete(id(3))
			o.Store(value.MapOf("name", value.OfString("three")))
		}, nil, false},
		{"nothing written", func(o *store.Overlay) { o.Rows() }, func(r store.Repository) { r.Clear() }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := store.NewMemory()
			r := m.Repository("r")
			r.Store(row(1, "before"), row(2, "before"), value.MapOf("id", value.OfInt(3), "name", value.OfString("three")))
			o := store.NewOverlay(r)
			c.mine(o)
			if c.theirs != nil {
				c.theirs(r)
			}
			before, wants := fmt.Sprint(r.Rows()), fmt.Sprint(o.Rows())
			err := m.Commit([]*store.Overlay{o})
			if errors.Is(err, store.ErrConflict) != c.conflict {
				t.Fatal(err)
			}
			if after := fmt.Sprint(r.Rows()); c.conflict && after != before || c.theirs == nil && after != wants {
				t.Errorf("%s\nbefore %s", after, before)
			}
		})
	}
	// A row that was read in a list, changed by others, and is written later: the list
	// counts, not what is there now.
	m := store.NewMemory()
	r := m.Repository("r")
	r.Store(row(1, "before"))
	o := store.NewOverlay(r)
	o.Rows()
	r.Store(row(1, "theirs"))
	o.Store(row(1, "mine"))
	if err := m.Commit([]*store.Overlay{o}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("an update was lost: %v", err)
	}
}

// TestCommitHammer: money moves between the rows of three repositories. Whoever looks at
// all of them in one transaction that changes them finds the same sum, and so it is in
// the end.
func TestCommitHammer(t *testing.T) {
	const accounts, workers, moves = 4, 8, 300
	m := store.NewMemory()
	names := []string{"a", "b", "c"}
	balance := func(v value.Value) int64 { n, _ := v.Property("n"); return n.Int() }
	id := func(n int) value.Value { return value.OfInt(int64(n)) }
	for _, n := range names {
		for i := range accounts {
			m.Repository(n).Store(value.MapOf("id", id(i), "n", value.OfInt(100)))
		}
	}
	var wg sync.WaitGroup
	var done, conflicts atomic.Int64
	for w := range workers {
		wg.Go(func() {
			for i := 0; i < moves; {
				from, to := store.NewOverlay(m.Repository(names[(w+i)%3])), store.NewOverlay(m.Repository(names[(w+i+1)%3]))
				f, _ := from.Find(id(i % accounts))
				g, _ := to.Find(id((i + w) % accounts))
				from.Store(value.MapOf("id", id(i%accounts), "n", value.OfInt(balance(f)-1)))
				to.Store(value.MapOf("id", id((i+w)%accounts), "n", value.OfInt(balance(g)+1)))
				if m.Commit([]*store.Overlay{from, to}) != nil {
					conflicts.Add(1)
					continue
				}
				done.Add(1)
				i++
			}
		})
	}
	wg.Wait()
	sum := int64(0)
	for _, n := range names {
		for _, r := range m.Repository(n).Rows() {
			sum += balance(r)
		}
	}
	if sum != 3*accounts*100 || done.Load() != workers*moves {
		t.Errorf("%d in the end, %d moves", sum, done.Load())
	}
	t.Logf("%d conflicts", conflicts.Load())
}

// TestCommitIsSeenAtOnce: who has read the new row of one repository finds that of the
// other.
func TestCommitIsSeenAtOnce(t *testing.T) {
	m := store.NewMemory()
	names := []string{"a", "b", "c"}
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		defer stop.Store(true)
		for i := range 20_000 {
			var all []*store.Overlay
			for _, n := range names {
				o := store.NewOverlay(m.Repository(n))
				o.Store(value.MapOf("id", value.OfInt(1), "n", value.OfInt(int64(i))))
				all = append(all, o)
			}
			if err := m.Commit(all); err != nil {
				t.Error(err)
			}
		}
	})
	for !stop.Load() {
		last := int64(-1)
		for _, n := range slices.Concat(names, names) {
			for _, r := range m.Repository(n).Rows() {
				v, _ := r.Property("n")
				if v.Int() < last {
					t.Fatalf("%s is at %d, another one was at %d", n, v.Int(), last)
				}
				last = v.Int()
			}
		}
	}
	wg.Wait()
}
