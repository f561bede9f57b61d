// Package storetest is the conformance suite of store engines: whatever an
// engine keeps its rows in, programs must not be able to tell.
package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// RunConformance runs the suite. open returns an empty engine; the suite closes
// it.
func RunConformance(t *testing.T, open func() store.Engine) {
	RunConformanceWith(t, Engines{open, open})
}

// Engines says how empty engines are opened.
type Engines struct {
	Open func() store.Engine
	// InBubble opens one that lives by the clock of a synctest bubble.
	InBubble func() store.Engine
}

// RunConformanceWith is RunConformance for engines that talk to something that lives by
// the real clock.
func RunConformanceWith(t *testing.T, engines Engines) {
	open := engines.Open
	for _, test := range []struct {
		name string
		run  func(*testing.T, store.Repository)
	}{
		{"Order", order},
		{"Upsert", upsert},
		{"TypedIDs", typedIDs},
		{"GeneratedIDs", generatedIDs},
		{"Namesakes", namesakes},
		{"Scalars", scalars},
		{"Lists", lists},
		{"Select", selects},
		{"Delete", deletes},
		{"Clear", clears},
		{"Snapshots", snapshots},
		{"PlaceInTime", placeInTime},
		{"PlaceInTimeForLong", placeInTimeForLong},
		{"CleanUp", cleanUp},
		{"Changes", changes},
		{"Model", model},
		{"MaxSize", maxSize},
		{"HammerWriters", hammerWriters},
		{"HammerReaders", hammerReaders},
		{"HammerLimits", hammerLimits},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := open()
			defer e.Close()
			test.run(t, e.Repository("thing-repository"))
		})
	}
	t.Run("TTL", func(t *testing.T) { ttl(t, engines.InBubble) })
	t.Run("Engine", func(t *testing.T) { engine(t, open()) })
}

func engine(t *testing.T, e store.Engine) {
	defer e.Close()
	a := e.Repository("b-repository")
	a.Store(value.OfInt(1))
	if e.Repository("b-repository").Count() != 1 {
		t.Error("the same name gives another repository")
	}
	if e.Repository("a-repository").Count() != 0 {
		t.Error("another name gives the same repository")
	}
	if got := e.Names(); !slices.Equal(got, []string{"a-repository", "b-repository"}) {
		t.Error(got)
	}
	if a.Name() != "b-repository" {
		t.Error(a.Name())
	}
}

// row is a map from alternating keys and Go values.
func row(pairs ...any) value.Value {
	for i := 1; i < len(pairs); i += 2 {
		switch x := pairs[i].(type) {
		case int:
			pairs[i] = value.OfInt(int64(x))
		case string:
			pairs[i] = value.OfString(x)
		case float64:
			pairs[i] = value.OfFloat(x)
		case nil:
			pairs[i] = value.Nil
		}
	}
	return value.MapOf(pairs...)
}

func where(field string, equal value.Value) store.Query {
	return store.Query{Field: field, Equal: equal}
}

// show writes rows in one line, for comparisons; generated ids are left out.
func show(rows []value.Value) string {
	var parts []string
	for _, r := range rows {
		if rec := r.Record(); rec != nil {
			if id, ok := rec.Get("id"); ok && isGenerated(id) {
				r = value.OfRecord(rec.Without("id"))
			}
		}
		parts = append(parts, strings.ReplaceAll(r.JSON(), `"`, ""))
	}
	return strings.Join(parts, " ")
}

func isGenerated(id value.Value) bool {
	s := id.Str()
	return len(s) == 36 && s[8] == '-' && s[14] == '4' && s == strings.ToUpper(s)
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\ngot  %s\nwant %s", what, got, want)
	}
}

// kinds writes the changes in one line.
func kinds(list []store.Change) string {
	var parts []string
	for _, c := range list {
		s := c.Kind.String()
		if c.ID.IsBound() && !isGenerated(c.ID) {
			s += " " + c.ID.Text()
		}
		if c.Old.IsBound() {
			s += " old " + show([]value.Value{c.Old})
		}
		if c.New.IsBound() {
			s += " new " + show([]value.Value{c.New})
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "; ")
}

func changes(t *testing.T, r store.Repository) {
	before := time.Now()
	_, c := r.Store(row("id", 1, "n", 1), value.OfString("s"))
	want(t, "created", kinds(c), "created 1 new {id:1,n:1}; created new s")
	if c[0].Time.Before(before) || c[0].Time.After(time.Now()) {
		t.Error("time", c[0].Time)
	}
	_, c = r.Store(row("id", 1, "n", 1))
	want(t, "an equal row", kinds(c), "")
	_, c = r.Store(row("n", 1, "id", 1))
	want(t, "an equal row with other key order", kinds(c), "")
	_, c = r.Store(row("id", 1, "n", 1.0))
	want(t, "another kind of number", kinds(c), "updated 1 old {id:1,n:1} new {id:1,n:1}")
	want(t, "deleted", kinds(r.Delete(where("id", value.OfInt(1)))), "deleted 1 old {id:1,n:1}")
	want(t, "deleted again", kinds(r.Delete(where("id", value.OfInt(1)))), "")
	want(t, "cleared", kinds(r.Clear()), "deleted")
	want(t, "cleared again", kinds(r.Clear()), "")
}

func fill(r store.Repository, n int) {
	for i := range n {
		r.Store(row("id", fmt.Sprint("p", i+1), "n", i+1))
	}
}

func numbers(rows []value.Value) string {
	var parts []string
	for _, r := range rows {
		n, _ := r.Property("n")
		parts = append(parts, n.Text())
	}
	return strings.Join(parts, " ")
}

func sequence(from, to int) string {
	var parts []string
	for i := from; i <= to; i++ {
		parts = append(parts, fmt.Sprint(i))
	}
	return strings.Join(parts, " ")
}
