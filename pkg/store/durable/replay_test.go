package durable

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aro/pkg/store"
	"aro/pkg/store/storetest"
	"aro/pkg/vm/value"
)

// TestD10_ReplayIsLive: whatever was done, after a restart everything is as it was:
// rows and their order, their times, the limits, and the places of removed rows.
func TestD10_ReplayIsLive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk := newFaulty(1)
		o := Options{SnapshotAfter: rapid.SampledFrom([]int64{0, 1, 300, 3000}).Draw(t, "snapshots")}
		e, err := open(disk, "", o)
		if err != nil {
			t.Fatal(err)
		}
		names := []string{"a-repository", "b-repository"}
		repo := func() store.Repository { return e.Repository(rapid.SampledFrom(names).Draw(t, "repository")) }
		row := func() value.Value {
			b := value.NewBuilder(3)
			switch rapid.IntRange(0, 3).Draw(t, "form") {
			case 0:
				b.Set("name", value.OfString(fmt.Sprint("n", rapid.IntRange(0, 5).Draw(t, "name"))))
			case 1:
				b.Set("id", value.OfFloat(1.5)) // no key: every one is new
			default:
				b.Set("id", value.OfInt(int64(rapid.IntRange(0, 12).Draw(t, "id"))))
			}
			b.Set("v", storetest.DrawValue(t))
			return b.Value()
		}
		t.Repeat(map[string]func(*rapid.T){
			"store":  func(t *rapid.T) { repo().Store(row()) },
			"more":   func(t *rapid.T) { repo().Store(row(), row(), row()) },
			"scalar": func(t *rapid.T) { repo().Store(value.OfInt(int64(rapid.IntRange(0, 3).Draw(t, "scalar")))) },
			"delete": func(t *rapid.T) {
				n := int64(rapid.IntRange(0, 12).Draw(t, "id"))
				repo().Delete(store.Query{Field: "id", Equal: value.OfInt(n)})
			},
			"delete some": func(t *rapid.T) {
				even := rapid.Bool().Draw(t, "even")
				repo().Delete(store.Query{Match: func(v value.Value) bool {
					id, _ := v.Property("id")
					return id.Kind() == value.Int && (id.Int()%2 == 0) == even
				}})
			},
			"clear": func(t *rapid.T) { repo().Clear() },
			"limit": func(t *rapid.T) {
				repo().SetLimits(store.Limits{MaxSize: rapid.IntRange(0, 6).Draw(t, "maxSize"), TTL: time.Duration(rapid.IntRange(0, 3).Draw(t, "ttl")) * time.Hour})
			},
			"settle": func(t *rapid.T) {
				if err := settle(e); err != nil {
					t.Fatal(err)
				}
			},
			"restart": func(t *rapid.T) {
				want := contents(e)
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				if e, err = open(disk, "", o); err != nil {
					t.Fatal(err)
				}
				if got := contents(e); got != want {
					t.Fatalf("after a restart\n%s\nwant\n%s", got, want)
				}
			},
		})
		e.Close()
	})
}

// TestTimeToLiveAcrossRestarts: a row is as old after a restart as it was before; one
// that was stored in what is now the future counts as stored now.
func TestTimeToLiveAcrossRestarts(t *testing.T) {
	disk := newFaulty(1)
	e, err := open(disk, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := e.Repository("r").(*repository)
	r.Lock()
	for i, age := range []time.Duration{3 * time.Hour, time.Minute, -24 * time.Hour} {
		effect := store.Effect{Kind: store.Put, Age: uint64(i), Row: post(fmt.Sprint(i), i), Time: time.Now().Add(-age).UnixNano()}
		r.append([]store.Effect{effect})
	}
	r.Unlock()
	e.Close()
	if e, err = open(disk, "", Options{}); err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	e.Repository("r").SetLimits(store.Limits{TTL: time.Hour})
	if got := len(e.Repository("r").Rows()); got != 2 || e.Repository("r").Count() != 3 {
		t.Error(got, "rows are young enough, want 2 of 3")
	}
}

// TestForgetAcrossRestarts: a row that came back when its former place was forgotten is
// where it was after a restart, too.
func TestForgetAcrossRestarts(t *testing.T) {
	disk := newFaulty(1)
	e, err := open(disk, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	order := func() (s string) {
		for _, row := range e.Repository("r").Rows() {
			id, _ := row.Property("id")
			s += id.Text() + " "
		}
		return s
	}
	r := e.Repository("r")
	for _, forget := range []bool{false, true} {
		r.Clear()
		r.Store(post("first", 1), post("second", 2), post("third", 3))
		r.Delete(store.Query{Field: "id", Equal: value.OfString("first")})
		if forget && e.Forget(0) {
			t.Error("something is left to forget")
		}
		r.Store(post("first", 1))
		want := "first second third "
		if forget {
			want = "second third first "
		}
		if got := order(); got != want {
			t.Errorf("forgotten %v: %s, want %s", forget, got, want)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if e, err = open(disk, "", Options{}); err != nil {
			t.Fatal(err)
		}
		if got := order(); got != want {
			t.Errorf("forgotten %v, after a restart: %s, want %s", forget, got, want)
		}
		r = e.Repository("r")
	}
	e.Close()
}
