package durable

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aro/pkg/store"
	"aro/pkg/store/storetest"
	"aro/pkg/vm/value"
)

func mustOpen(t testing.TB, dir string, o Options) *Engine {
	t.Helper()
	e, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// settle waits until everything that was stored is durable, or was taken back.
func settle(e *Engine) error {
	done := make(chan error, 1)
	if already, err := e.Sync(0, e.Position(), func(err error) { done <- err }); already {
		return err
	}
	return <-done
}

// contents is everything in an engine as text: rows, ages, times, limits, and the
// places of removed rows.
func contents(e *Engine) string {
	var b strings.Builder
	for _, name := range e.Names() {
		r := e.Repository(name).(*repository)
		r.Lock()
		s, kept := r.State(), r.kept
		r.Unlock()
		if !kept || s.Next == 0 && s.Limits == (store.Limits{}) {
			continue
		}
		fmt.Fprintf(&b, "%s next %d limits %v\n", name, s.Next, s.Limits)
		for i, row := range s.Rows {
			fmt.Fprintf(&b, "  %d %d %s\n", s.Ages[i], s.Times[i], row.Developer())
		}
		for _, p := range s.Past {
			fmt.Fprintf(&b, "  gone %d %s\n", p.Age, p.ID.Developer())
		}
	}
	return b.String()
}

// TestEngine runs the conformance suite.
func TestEngine(t *testing.T) {
	storetest.RunConformance(t, func() store.Engine { return mustOpen(t, t.TempDir(), Options{}) })
}

// TestEngineWithSnapshots runs it while snapshots are written all the time.
func TestEngineWithSnapshots(t *testing.T) {
	storetest.RunConformance(t, func() store.Engine {
		return mustOpen(t, t.TempDir(), Options{SnapshotAfter: 1, Warn: func(err error) { t.Error(err) }})
	})
}

func post(id string, n int) value.Value {
	return value.MapOf("id", value.OfString(id), "n", value.OfInt(int64(n)), "text", value.OfString("some text of a row"))
}

// TestLock: the second process is refused at once, and told whom to end.
func TestLock(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, dir, Options{})
	_, err := Open(dir, Options{})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint("process ", os.Getpid())) {
		t.Error(err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	mustOpen(t, dir, Options{}).Close()
}

// TestManyWriters: what is durable is there after a restart, in the same order.
func TestManyWriters(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, dir, Options{SnapshotAfter: 100_000, Warn: func(err error) { t.Error(err) }})
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 200 {
				before := e.Position()
				e.Repository(fmt.Sprint("r", i%3)).Store(post(fmt.Sprint(w, "-", i), i))
				done := make(chan error, 1)
				if already, err := e.Sync(before, e.Position(), func(err error) { done <- err }); !already {
					err = <-done
					if err != nil {
						t.Error(err)
					}
				} else if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	want := contents(e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if snapshots, _ := filepath.Glob(filepath.Join(dir, "snapshot-*")); len(snapshots) != 1 {
		t.Errorf("snapshots %v, want one", snapshots)
	}
	e = mustOpen(t, dir, Options{})
	defer e.Close()
	if got := contents(e); got != want {
		t.Errorf("after a restart\n%s\nwant\n%s", got, want)
	}
	if n := len(e.Repository("r0").Rows()) + len(e.Repository("r1").Rows()) + len(e.Repository("r2").Rows()); n != 3200 {
		t.Error(n)
	}
}

// TestSetDurable: a repository that is taken out is not there after a restart, one
// that is put in again is, with the rows it had.
func TestSetDurable(t *testing.T) {
	for _, after := range []int64{0, 1} {
		dir := t.TempDir()
		o := Options{SnapshotAfter: after}
		e := mustOpen(t, dir, o)
		e.Repository("a").Store(post("x", 1))
		e.Repository("b").Store(post("y", 1))
		settle(e)
		e.SetDurable("a", false)
		e.Repository("a").Store(post("x2", 2))
		settle(e)
		e.Repository("b").Store(post("y2", 2))
		e.Close()
		e = mustOpen(t, dir, o)
		if n := e.Repository("a").Count(); n != 0 || !e.Fresh("a") || !e.IsDurable("a") {
			t.Error("taken out, and after a restart there are", n)
		}
		if n := e.Repository("b").Count(); n != 2 || e.Fresh("b") {
			t.Error("the other has", n)
		}
		e.SetDurable("a", false)
		e.Repository("a").Store(post("x3", 3), post("x4", 4))
		e.SetDurable("a", true)
		e.Repository("a").Store(post("x5", 5))
		want := contents(e)
		e.Close()
		e = mustOpen(t, dir, o)
		if got := contents(e); got != want {
			t.Errorf("put in again\ngot  %s\nwant %s", got, want)
		}
		e.Close()
	}
}

// TestLinearizable: what clients see at the same time is explained by one order.
func TestLinearizable(t *testing.T) {
	e := mustOpen(t, t.TempDir(), Options{})
	defer e.Close()
	storetest.RunLinearizable(t, e)
}

// TestHoldIsBounded: writes that are kept together are written when they become too
// many, and so is one of somebody else that came behind them.
func TestHoldIsBounded(t *testing.T) {
	e := mustOpen(t, t.TempDir(), Options{})
	defer e.Close()
	release := e.Hold()
	defer release()
	e.log.mu.Lock()
	for h := range e.log.held {
		h.until = time.Now().Add(time.Hour) // only the bound can end it
	}
	e.log.mu.Unlock()
	r := e.Repository("r")
	text := value.OfString(strings.Repeat("x", 1<<20))
	e.Repository("other").Store(post("a", 1))
	for i := range 7 {
		r.Store(value.MapOf("id", value.OfInt(int64(i)), "text", text))
		if e.Crowded() {
			t.Fatalf("crowded with %d MiB", i+1)
		}
	}
	if got := e.log.durableUpTo(); got != 0 {
		t.Fatalf("%d writes are durable while they are held", got)
	}
	r.Store(value.MapOf("id", value.OfInt(8), "text", text))
	if err := settle(e); err != nil {
		t.Fatal(err)
	}
	if e.Crowded() {
		t.Error("still crowded when all is written")
	}
}

func (l *log) durableUpTo() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.durable
}
