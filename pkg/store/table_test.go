package store

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// named is a repository that only knows whether it has something to forget later.
type named struct{ busy bool }

func (p *named) Forget(time.Duration) bool { return p.busy }

// TestTableTogether: many ask for the same names at once; each name is made once, and
// everybody gets the same one.
func TestTableTogether(t *testing.T) {
	var table Table[*named]
	var made atomic.Int64
	got := make([][]*named, 8)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() {
			for n := range 200 {
				got[i] = append(got[i], table.Open(fmt.Sprint(n), func() *named { made.Add(1); return &named{} }))
				if n%50 == 0 {
					table.Names()
					table.Forget(0)
				}
			}
		})
	}
	all.Wait()
	if made.Load() != 200 {
		t.Errorf("200 names were made %d times", made.Load())
	}
	for i := range got {
		if !slices.Equal(got[i], got[0]) {
			t.Errorf("goroutine %d got other repositories than the first", i)
		}
	}
}

// TestTable: what is there, in order, and whether one of them has something to forget.
func TestTable(t *testing.T) {
	var table Table[*named]
	if _, ok := table.Get("a"); ok || len(table.Names()) != 0 || table.Forget(0) {
		t.Error("an empty table has something")
	}
	table.Open("b", func() *named { return &named{} })
	table.Open("a", func() *named { return &named{} })
	if names := table.Names(); !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("names are %q", names)
	}
	if table.Forget(0) {
		t.Error("nobody has something to forget later")
	}
	busy := &named{busy: true}
	table.Replace("b", busy)
	if p, _ := table.Get("b"); p != busy || len(table.All()) != 2 || !table.Forget(0) {
		t.Error("b was not replaced")
	}
}

// TestTableHeld: while all are held, none can be added.
func TestTableHeld(t *testing.T) {
	var table Table[*named]
	table.Open("a", func() *named { return &named{} })
	all, release := table.Hold()
	if len(all) != 1 || table.mu.TryLock() {
		t.Fatalf("%d are held, or others can be added", len(all))
	}
	release()
	if !table.mu.TryLock() {
		t.Error("none can be added after it")
	}
}
