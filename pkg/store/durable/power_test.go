package durable

import (
	"fmt"
	"sync"
	"syscall"
	"testing"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// attempt makes a write and waits for its fate.
func attempt(e *Engine, f func()) error {
	before := e.Position()
	f()
	done := make(chan error, 1)
	if already, err := e.Sync(before, e.Position(), func(err error) { done <- err }); already {
		return err
	}
	return <-done
}

// workload is writes of all kinds on two repositories; step
// does the i-th, and calls between where a crash may cut it in two.
func workload(e *Engine) (n int, step func(i int, between func())) {
	a, b := e.Repository("a"), e.Repository("b")
	return 40, func(i int, between func()) {
		switch i % 8 {
		case 0, 1, 2:
			a.Store(post(fmt.Sprint("p", i), i))
		case 3:
			b.Store(post(fmt.Sprint("q", i), i), value.OfString(fmt.Sprint("s", i)), post("q", i))
		case 4:
			a.Store(post(fmt.Sprint("p", i-3), -i))
		case 5:
			a.Delete(store.Query{Field: "id", Equal: value.OfString(fmt.Sprint("p", i-4))})
		case 6:
			b.SetLimits(store.Limits{MaxSize: 3 + i%5})
		case 7:
			rows := a.Rows()
			a.Clear()
			between()
			if len(rows) > 0 {
				a.Store(rows[len(rows)/2:]...)
			}
		}
	}
}

// TestD02_PowerLoss takes the power away at every operation on the file system, and
// throws away, tears and reorders what was not synced: what was acknowledged is there,
// and nothing that was not asked for.
func TestD02_PowerLoss(t *testing.T) {
	for _, snapshotAfter := range []int64{0, 1, 600} {
		crashes := 0
		for at := 1; ; at++ {
			disk := newFaulty(uint64(at))
			// While somebody looks at what was attempted, nothing fails: what has failed
			// is taken back at once, and yet it may be on the disk.
			var looking sync.RWMutex
			disk.fault = func(op int, what, name string) (int, error) {
				looking.RLock()
				defer looking.RUnlock()
				if op >= at {
					return disk.random.IntN(400), errPower
				}
				return 0, nil
			}
			o := Options{SnapshotAfter: snapshotAfter}
			e, err := open(disk, "", o)
			if err != nil { // the first thing it does is to make a file
				if at > 5 {
					t.Fatal(at, err)
				}
				continue
			}
			n, step := workload(e)
			states := []string{contents(e)} // from the acknowledged one to what is there now
			failed := false
			for i := 0; i < n && !failed; i++ {
				var now []string
				failed = attempt(e, func() {
					looking.Lock()
					defer looking.Unlock()
					step(i, func() { now = append(now, contents(e)) })
					now = append(now, contents(e))
				}) != nil
				if failed {
					states = append(states, now...)
				} else {
					states = now[len(now)-1:]
				}
			}
			e.Close()
			left := disk.crash()
			again, err := open(left, "", o)
			if err != nil {
				t.Fatalf("the power went at operation %d: %v", at, err)
			}
			got, ok := contents(again), false
			for _, s := range states {
				ok = ok || got == s
			}
			if !ok {
				t.Fatalf("the power went at operation %d\ngot\n%s\nacknowledged\n%s\nattempted\n%s", at, got, states[0], states[len(states)-1])
			}
			again.Close()
			if !failed {
				break
			}
			crashes++
		}
		t.Logf("%d losses of power", crashes)
		if crashes < 60 {
			t.Error("too few to say anything")
		}
	}
}

// TestD04_DiskFails makes each operation on the file system fail once: the write that
// needed it fails, memory is as it was before it, and with the next write everything
// goes on. What is on the disk at the end is what memory says.
func TestD04_DiskFails(t *testing.T) {
	for _, fail := range []error{syscall.ENOSPC, syscall.EIO} {
		for _, snapshotAfter := range []int64{0, 700} {
			failures := 0
			for at := 5; ; at++ { // the first four open it
				disk := newFaulty(uint64(at))
				hit := false
				disk.fault = func(op int, what, name string) (int, error) {
					if op == at || hit && op < at+at%4 { // sometimes also what follows at once
						hit = true
						return disk.random.IntN(200), fail
					}
					return 0, nil
				}
				o := Options{SnapshotAfter: snapshotAfter}
				e, err := open(disk, "", o)
				if err != nil {
					t.Fatal(err)
				}
				n, step := workload(e)
				failed := 0
				for i := range n {
					before := contentsOfRows(e)
					half := before
					if err := attempt(e, func() { step(i, func() { half = contentsOfRows(e) }) }); err != nil {
						failed++
						if got := contentsOfRows(e); got != before && got != half {
							t.Fatalf("operation %d fails in step %d\ngot\n%s\nwant\n%s", at, i, got, before)
						}
					}
				}
				if failed > 4 {
					t.Errorf("operation %d failed, and %d writes", at, failed)
				}
				failures += failed
				want := contentsOfRows(e)
				e.Close()
				again, err := open(disk.crash(), "", o)
				if err != nil {
					t.Fatalf("operation %d failed, and after a restart: %v", at, err)
				}
				if got := contentsOfRows(again); got != want {
					t.Fatalf("operation %d failed, and after a restart\ngot\n%s\nwant\n%s", at, got, want)
				}
				again.Close()
				if !hit {
					break
				}
			}
			t.Logf("%d writes failed", failures)
			if failures < 40 {
				t.Error("too few to say anything")
			}
		}
	}
}

// contentsOfRows is rows and limits alone: which age the next row will have is no
// part of what a write that was taken back must not change.
func contentsOfRows(e *Engine) string {
	out := ""
	for _, name := range e.Names() {
		out += fmt.Sprintln(name, e.Repository(name).Limits(), value.OfList(e.Repository(name).Rows()).JSON())
	}
	return out
}
