package storetest

import (
	"testing"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

func order(t *testing.T, r store.Repository) {
	fill(r, 5)
	want(t, "oldest first", numbers(r.Rows()), "1 2 3 4 5")
	r.Store(row("id", "p2", "n", 22))
	want(t, "a replaced row keeps its place", numbers(r.Rows()), "1 22 3 4 5")
	if r.Count() != 5 {
		t.Error(r.Count())
	}
}

func upsert(t *testing.T, r store.Repository) {
	stored, _ := r.Store(row("id", "a", "x", 1, "y", 1))
	want(t, "stored", show(stored), "{id:a,x:1,y:1}")
	stored, c := r.Store(row("id", "a", "x", 2))
	want(t, "replaced, not merged", show(stored)+" | "+kinds(c), "{id:a,x:2} | updated a old {id:a,x:1,y:1} new {id:a,x:2}")
	want(t, "rows", show(r.Rows()), "{id:a,x:2}")
}

func typedIDs(t *testing.T, r store.Repository) {
	r.Store(row("id", "1", "n", 1), row("id", 1, "n", 2))
	want(t, "text and integer differ", show(r.Select(where("id", value.OfString("1"))))+show(r.Select(where("id", value.OfInt(1)))), "{id:1,n:1}{id:1,n:2}")
	want(t, "a float finds neither", show(r.Select(where("id", value.OfFloat(1)))), "")
	r.Store(row("id", 1, "n", 3))
	want(t, "integers upsert", numbers(r.Rows()), "1 3")
	r.Delete(where("id", value.OfInt(1)))
	want(t, "deleted by its own kind", numbers(r.Rows()), "1")
	_, c := r.Store(row("id", value.OfList([]value.Value{value.OfInt(1)}), "n", 4), row("id", value.True, "n", 5))
	if len(c) != 2 || r.Count() != 3 {
		t.Error("ids of other kinds:", kinds(c))
	}
	want(t, "found by them", numbers(r.Select(where("id", value.True))), "5")
}

func generatedIDs(t *testing.T, r store.Repository) {
	seen := map[string]bool{}
	for range 100 {
		stored, c := r.Store(row("n", 1))
		id, _ := stored[0].Property("id")
		if !isGenerated(id) || seen[id.Str()] {
			t.Fatal("id", id.Text())
		}
		seen[id.Str()] = true
		if !value.TypedEqual(c[0].ID, id) {
			t.Error("the change has another id", c[0].ID.Text())
		}
		want(t, "found", numbers(r.Select(where("id", id))), "1")
	}
	stored, _ := r.Store(row("id", nil, "n", 2))
	if id, _ := stored[0].Property("id"); !isGenerated(id) {
		t.Error("null is no id:", id.Text())
	}
}

func namesakes(t *testing.T, r store.Repository) {
	first, _ := r.Store(row("name", "a", "n", 1))
	again, c := r.Store(row("name", "a", "n", 2))
	id1, _ := first[0].Property("id")
	id2, _ := again[0].Property("id")
	if !value.TypedEqual(id1, id2) || c[0].Kind != store.Updated {
		t.Error("a namesake is replaced under its id:", kinds(c))
	}
	_, c = r.Store(row("key", "k", "n", 3))
	want(t, "key", kinds(c), "created new {key:k,n:3}")
	_, c = r.Store(row("key", "k", "n", 4))
	want(t, "same key", kinds(c), "updated old {key:k,n:3} new {key:k,n:4}")
	_, c = r.Store(row("name", "b", "key", "k", "n", 5))
	want(t, "with a name the key does not count", kinds(c), "created new {key:k,n:5,name:b}")
	_, c = r.Store(row("id", "own", "name", "a", "n", 6))
	want(t, "an id of its own wins", kinds(c), "created own new {id:own,n:6,name:a}")
	want(t, "rows", numbers(r.Rows()), "2 4 5 6")
}

func scalars(t *testing.T, r store.Repository) {
	_, c := r.Store(value.OfInt(5), value.OfString("5"), value.OfInt(5), value.OfFloat(5))
	want(t, "duplicates by kind", kinds(c), "created new 5; created new 5; created new 5")
	want(t, "rows", show(r.Rows()), "5 5 5")
	want(t, "_value", show(r.Select(where("_value", value.OfString("5")))), "5")
	want(t, "deleted", kinds(r.Delete(where("_value", value.OfInt(5)))), "deleted old 5")
	if r.Count() != 2 {
		t.Error(r.Count())
	}
}

func lists(t *testing.T, r store.Repository) {
	stored, c := r.Store(row("id", 1), value.OfInt(7), row("id", 1, "n", 1))
	if len(stored) != 3 || len(c) != 3 {
		t.Fatal(show(stored), kinds(c))
	}
	want(t, "later ones see earlier ones", kinds(c[2:]), "updated 1 old {id:1} new {id:1,n:1}")
	if stored, c := r.Store(); len(stored) != 0 || len(c) != 0 {
		t.Error("nothing stored:", show(stored), kinds(c))
	}
}

func selects(t *testing.T, r store.Repository) {
	r.Store(row("id", "a", "g", 1), row("id", "b", "g", 1, "z", nil), row("id", "c", "g", 2))
	all := store.Query{Match: func(value.Value) bool { return true }}
	want(t, "everything", show(r.Select(store.Query{})), show(r.Select(all)))
	want(t, "by field", show(r.Select(where("g", value.OfInt(1)))), "{g:1,id:a} {g:1,id:b,z:null}")
	want(t, "field and match", show(r.Select(store.Query{Field: "g", Equal: value.OfInt(1), Match: func(v value.Value) bool {
		id, _ := v.Property("id")
		return id.Text() > "a"
	}})), "{g:1,id:b,z:null}")
	want(t, "id and match", show(r.Select(store.Query{Field: "id", Equal: value.OfString("a"), Match: func(value.Value) bool { return false }})), "")
	want(t, "a missing field is not null", show(r.Select(where("z", value.Nil))), "{g:1,id:b,z:null}")
	want(t, "nothing", show(r.Select(where("id", value.OfString("x")))), "")
}

func deletes(t *testing.T, r store.Repository) {
	fill(r, 6)
	odd := store.Query{Match: func(v value.Value) bool { n, _ := v.Property("n"); return n.Int()%2 == 1 }}
	want(t, "oldest first", kinds(r.Delete(odd)), "deleted p1 old {id:p1,n:1}; deleted p3 old {id:p3,n:3}; deleted p5 old {id:p5,n:5}")
	want(t, "left", numbers(r.Rows()), "2 4 6")
	want(t, "none", kinds(r.Delete(odd)), "")
	want(t, "id and match", kinds(r.Delete(store.Query{Field: "id", Equal: value.OfString("p2"), Match: odd.Match})), "")
	want(t, "everything", kinds(r.Delete(store.Query{})), "deleted p2 old {id:p2,n:2}; deleted p4 old {id:p4,n:4}; deleted p6 old {id:p6,n:6}")
	if r.Count() != 0 || len(r.Rows()) != 0 {
		t.Error(r.Count())
	}
	_, c := r.Store(row("id", "p2", "n", 7))
	want(t, "a deleted id is free", kinds(c), "created p2 new {id:p2,n:7}")
}

func clears(t *testing.T, r store.Repository) {
	fill(r, 3)
	c := r.Clear()
	want(t, "one change without a row", kinds(c), "deleted")
	if r.Count() != 0 || len(r.Rows()) != 0 || len(r.Select(where("id", value.OfString("p1")))) != 0 {
		t.Error("rows are left")
	}
	if c[0].Kind != store.Cleared || c[0].Time.IsZero() {
		t.Errorf("%+v", c[0])
	}
}

func snapshots(t *testing.T, r store.Repository) {
	fill(r, 4)
	check := func(what string, write func()) {
		t.Helper()
		rows := r.Rows()
		before := show(rows)
		write()
		want(t, "a snapshot after "+what, show(rows), before)
	}
	check("an update", func() { r.Store(row("id", "p2", "n", 20)) })
	check("an insert", func() { r.Store(row("id", "p5", "n", 5)) })
	check("a second insert", func() { r.Store(row("id", "p6", "n", 6)) })
	check("a delete", func() { r.Delete(where("id", value.OfString("p3"))) })
	check("a return", func() { r.Store(row("id", "p3", "n", 3)) })
	check("a filtered delete", func() { r.Delete(where("n", value.OfInt(5))) })
	check("a clear", func() { r.Clear() })
	check("a refill", func() { fill(r, 9) })
	// Appending to a snapshot must not reach the repository either.
	rows := r.Rows()
	_ = append(rows, value.OfInt(99))
	r.Store(value.OfInt(1))
	want(t, "the newest row", show(r.Rows()[9:]), "1")
}
