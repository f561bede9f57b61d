package cluster

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aro/pkg/store"
	"aro/pkg/store/storetest"
	"aro/pkg/vm/value"
)

func row(id string, n int) value.Value {
	return value.MapOf("id", value.OfString(id), "n", value.OfInt(int64(n)))
}

func number(v value.Value) int {
	n, _ := v.Property("n")
	return int(n.Int())
}

// wait writes and waits.
func wait(e *Engine, apply func(store.Repository)) error {
	done := make(chan error, 1)
	e.Write("r", apply, func(err error) { done <- err })
	return <-done
}

// begin begins a turn and waits until it has it.
func begin(e *Engine, apply func(store.Repository)) (store.Turn, error) {
	type begun struct {
		t   store.Turn
		err error
	}
	done := make(chan begun, 1)
	e.Turn("r", apply, func(t store.Turn, err error) { done <- begun{t, err} })
	b := <-done
	return b.t, b.err
}

func end(t store.Turn) error {
	done := make(chan error, 1)
	t.End(func(err error) { done <- err })
	return <-done
}

// contents is everything of a repository as text.
func contents(e *Engine) string {
	r := e.open("r")
	r.Lock()
	defer r.Unlock()
	s := r.State()
	var b strings.Builder
	for i, row := range s.Rows {
		fmt.Fprintf(&b, "%d %s\n", s.Ages[i], row.JSON())
	}
	return b.String()
}

// agree waits until all engines have the same rows.
func agree(t *testing.T, engines ...*Engine) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		same := true
		for _, e := range engines[1:] {
			same = same && contents(e) == contents(engines[0])
		}
		if same {
			return
		}
		if time.Now().After(deadline) {
			for _, e := range engines {
				t.Logf("%s", contents(e))
			}
			t.Fatal("the rows differ")
		}
	}
}

// TestHammerCounters: increments of many writers on many nodes are never lost, not even
// while messages are, and each node sees the same rows in the end.
func TestHammerCounters(t *testing.T) {
	for _, lose := range []float64{0, 0.05} {
		l := newMemlog()
		var engines []*Engine
		for range 3 {
			c := l.client()
			c.lose = lose
			engines = append(engines, mustOpen(t, c, Options{Patience: time.Minute, Retry: time.Millisecond, StateSize: 100_000}))
		}
		const writers, each = 4, 300
		var wg sync.WaitGroup
		for i, e := range engines {
			for range writers {
				wg.Go(func() {
					for range each {
						err := wait(e, func(w store.Repository) {
							n := 0
							if rows := w.Select(store.Query{Field: "id", Equal: value.OfString("counter")}); len(rows) == 1 {
								n = number(rows[0])
							}
							w.Store(row("counter", n+1), row(fmt.Sprint("own", i), n))
						})
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		agree(t, engines...)
		late := mustOpen(t, l.client(), Options{})
		agree(t, engines[0], late)
		rows := late.Repository("r").Select(store.Query{Field: "id", Equal: value.OfString("counter")})
		if len(rows) != 1 || number(rows[0]) != 3*writers*each {
			t.Errorf("with %v of the messages lost the counter is %s", lose, rows[0].JSON())
		}
		for _, e := range append(engines, late) {
			e.Close()
		}
	}
}

// TestHammerTurns: between the beginning and the end of a turn nobody else writes, and
// others see what was written within it at once.
func TestHammerTurns(t *testing.T) {
	l := newMemlog()
	var engines []*Engine
	for range 3 {
		engines = append(engines, mustOpen(t, l.client(), Options{Patience: time.Minute}))
	}
	var inside atomic.Int32
	var wg sync.WaitGroup
	for i, e := range engines {
		for w := range 3 {
			wg.Go(func() {
				for n := range 50 {
					turn, err := begin(e, func(r store.Repository) { r.Store(row(fmt.Sprint(i, w, n), n)) })
					if err != nil {
						t.Error(err)
						return
					}
					if inside.Add(1) != 1 {
						t.Error("two turns at once")
					}
					if r := turn.Repository(); r.Count() > 40 {
						rows := r.Rows()
						r.Clear()
						r.Store(rows[len(rows)-20:]...)
					}
					if n := e.Repository("r").Count(); n > 40 {
						t.Errorf("%d rows within the turn", n)
					}
					inside.Add(-1)
					if err := end(turn); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	agree(t, engines...)
	if n := engines[0].Repository("r").Count(); n < 20 || n > 40 {
		t.Errorf("%d rows", n)
	}
	for _, e := range engines {
		e.Close()
	}
}

// TestAdoption: the turn of a node that is cut off is adopted by another one, with the
// changes that began it; what the first one wrote within it is taken back.
func TestAdoption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemlog()
		ca, cb := l.client(), l.client()
		a, b := mustOpen(t, ca, Options{}), mustOpen(t, cb, Options{})
		defer a.Close()
		defer b.Close()
		type adopted struct {
			changes []store.Change
			t       store.Turn
		}
		got := make(chan adopted, 1)
		b.Adopt(func(_ string, changes []store.Change, t store.Turn) { got <- adopted{changes, t} })
		if err := wait(a, func(r store.Repository) { r.Store(row("x", 1)) }); err != nil {
			t.Fatal(err)
		}
		turn, err := begin(a, func(r store.Repository) { r.Store(row("x", 2), row("y", 3)) })
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		ca.sever(true)
		turn.Repository().Clear()
		if n := a.Repository("r").Count(); n != 0 {
			t.Errorf("%d rows within the turn", n)
		}
		began := time.Now()
		next := make(chan error, 1)
		b.Write("r", func(r store.Repository) { r.Store(row("z", 4)) }, func(err error) { next <- err })
		ad := <-got
		if d := time.Since(began); d < 4*time.Second || d > 7*time.Second {
			t.Errorf("adopted after %v", d)
		}
		if len(ad.changes) != 2 || ad.changes[0].Kind != store.Updated || number(ad.changes[0].Old) != 1 || ad.changes[1].Kind != store.Created {
			t.Errorf("changes %v", ad.changes)
		}
		ad.t.Repository().Store(row("observer", 5))
		if err := end(ad.t); err != nil {
			t.Error(err)
		}
		if err := <-next; err != nil {
			t.Error(err)
		}
		if err := end(turn); err == nil {
			t.Error("a turn that another node has adopted ends well")
		}
		ca.sever(false)
		synctest.Wait()
		time.Sleep(time.Second)
		agree(t, a, b)
		if got := contents(a); strings.Count(got, "\n") != 4 {
			t.Errorf("rows\n%s", got)
		}
	})
}

// TestCutOff: a node without a connection reads, refuses writes in time, and has
// everything once it is connected again; nothing is there twice.
func TestCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemlog()
		c := l.client()
		a, b := mustOpen(t, c, Options{}), mustOpen(t, l.client(), Options{})
		defer a.Close()
		defer b.Close()
		if err := wait(a, func(r store.Repository) { r.Store(row("x", 1)) }); err != nil {
			t.Fatal(err)
		}
		c.sever(true)
		began := time.Now()
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				err := wait(a, func(r store.Repository) { r.Store(row(fmt.Sprint("lost", i), 1)) })
				if err == nil || !strings.Contains(err.Error(), "was not confirmed") {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("refused after %v", d)
		}
		if a.Repository("r").Count() != 1 {
			t.Error("what was refused can be read")
		}
		for i := range 5 {
			if err := wait(b, func(r store.Repository) { r.Store(row(fmt.Sprint("b", i), i)) }); err != nil {
				t.Fatal(err)
			}
		}
		c.sever(false)
		synctest.Wait()
		agree(t, a, b)
		if err := wait(a, func(r store.Repository) { r.Store(row("y", 1)) }); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		agree(t, a, b)
		if n := b.Repository("r").Count(); n != 7 {
			t.Errorf("%d rows", n)
		}
	})
}

// TestLinearizable: writes of all nodes have one order, which what each of them saw agrees
// with, while messages are lost.
func TestLinearizable(t *testing.T) {
	for _, nodes := range []int{1, 3} {
		l := newMemlog()
		var engines []store.Engine
		for range nodes {
			c := l.client()
			c.lose = 0.01
			engines = append(engines, mustOpen(t, c, Options{Patience: time.Minute, Retry: time.Millisecond}))
		}
		storetest.RunLinearizable(t, engines...)
		for _, e := range engines {
			e.Close()
		}
	}
}

// TestLongTurn: who waits for a turn of another node that lives and does not end is told so
// in the end, and gets on when the turn has ended after all.
func TestLongTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemlog()
		a, b := mustOpen(t, l.client(), Options{}), mustOpen(t, l.client(), Options{})
		defer a.Close()
		defer b.Close()
		turn, err := begin(a, func(r store.Repository) { r.Store(row("x", 1)) })
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		began := time.Now()
		err = wait(b, func(r store.Repository) { r.Store(row("y", 1)) })
		if err == nil || !strings.Contains(err.Error(), "have been running on another machine") {
			t.Error(err)
		}
		if d := time.Since(began); d < 29*time.Second || d > 33*time.Second {
			t.Errorf("told after %v", d)
		}
		if err := end(turn); err != nil {
			t.Error(err)
		}
		if err := wait(b, func(r store.Repository) { r.Store(row("z", 1)) }); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		agree(t, a, b)
	})
}

// TestBackAgain: a node that was cut off has not heard the others for long, and does not
// take their turns for those of the dead when it is connected again.
func TestBackAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemlog()
		c := l.client()
		a, b := mustOpen(t, l.client(), Options{}), mustOpen(t, c, Options{})
		defer a.Close()
		defer b.Close()
		b.Adopt(func(string, []store.Change, store.Turn) { t.Error("the turn of a node that lives is adopted") })
		time.Sleep(10 * time.Second)
		turn, err := begin(a, func(r store.Repository) { r.Store(row("x", 1)) })
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		c.sever(true)
		time.Sleep(20*time.Second + 700*time.Millisecond)
		c.sever(false)
		next := make(chan error, 1)
		b.Write("r", func(r store.Repository) { r.Store(row("y", 2)) }, func(err error) { next <- err })
		time.Sleep(8 * time.Second)
		if err := end(turn); err != nil {
			t.Error(err)
		}
		if err := <-next; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		agree(t, a, b)
	})
}

// TestGone: a node that is cut off is gone for the others after five seconds, and a name
// that nobody has heard is; nobody is for the one that was away, until it has heard the
// others for as long.
func TestGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemlog()
		c := l.client()
		a, b := mustOpen(t, l.client(), Options{}), mustOpen(t, c, Options{})
		defer a.Close()
		defer b.Close()
		if a.Process() == b.Process() {
			t.Error("two processes have one name")
		}
		time.Sleep(10 * time.Second)
		if a.Gone(a.Process()) || a.Gone(b.Process()) || !a.Gone("0123456789abcdef") {
			t.Error("gone is who was never there, and nobody else")
		}
		c.sever(true)
		time.Sleep(3 * time.Second)
		if a.Gone(b.Process()) {
			t.Error("gone after 3 s")
		}
		time.Sleep(4 * time.Second)
		if !a.Gone(b.Process()) {
			t.Error("not gone after 7 s")
		}
		if b.Gone(a.Process()) || b.Gone("0123456789abcdef") {
			t.Error("who was away takes others for gone")
		}
		if da, db := a.Behind(), b.Behind(); da != 0 || db < 6*time.Second || db > 9*time.Second {
			t.Errorf("one that was not cut off is behind by %v, one that was for 7 s by %v", da, db)
		}
		c.sever(false)
		time.Sleep(10 * time.Second)
		if d := b.Behind(); d != 0 {
			t.Errorf("behind by %v after coming back", d)
		}
		if a.Gone(b.Process()) || b.Gone(a.Process()) {
			t.Error("gone after coming back")
		}
	})
}

// TestForget: what one node has forgotten of removed rows is no reason for nodes to differ.
// A row that comes back has the place that the one gives it which stores it.
func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemlog()
		a, b := mustOpen(t, l.client(), Options{}), mustOpen(t, l.client(), Options{})
		defer a.Close()
		defer b.Close()
		back := func(e *Engine) (order string) {
			t.Helper()
			for _, apply := range []func(store.Repository){
				func(r store.Repository) { r.Delete(store.Query{Field: "id", Equal: value.OfString("x")}) },
				func(r store.Repository) { r.Store(row("x", 1)) },
			} {
				if err := wait(e, apply); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if b.Forget(0) {
					t.Error("something is left to forget")
				}
			}
			agree(t, a, b)
			for _, row := range e.Repository("r").Rows() {
				id, _ := row.Property("id")
				order += id.Text() + " "
			}
			return order
		}
		if err := wait(a, func(r store.Repository) { r.Store(row("x", 1), row("y", 1)) }); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := back(a); got != "x y " {
			t.Errorf("stored again by who remembers: %s", got)
		}
		if got := back(b); got != "y x " {
			t.Errorf("stored again by who has forgotten: %s", got)
		}
	})
}

// TestFollow: who follows a repository hears each change of the others once, in order, and
// none of its own.
func TestFollow(t *testing.T) {
	l := newMemlog()
	a, b, c := mustOpen(t, l.client(), Options{}), mustOpen(t, l.client(), Options{}), mustOpen(t, l.client(), Options{})
	var mu sync.Mutex
	var heard []store.Change
	a.Follow("r", func(changes []store.Change) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, changes...)
	})
	const each = 200
	var wg sync.WaitGroup
	for i, e := range []*Engine{a, b, c} {
		wg.Go(func() {
			for n := range each {
				e.Repository("r").Store(row(fmt.Sprint("of ", i), n))
			}
		})
	}
	wg.Wait()
	agree(t, a, b, c)
	mu.Lock()
	defer mu.Unlock()
	next := map[string]int{}
	for _, c := range heard {
		id := c.ID.Text()
		if n := number(c.New); id == "of 0" || n != next[id] || (c.Kind == store.Created) != (n == 0) || n > 0 && number(c.Old) != n-1 {
			t.Fatalf("%s: %s %d, want %d", id, c.Kind, n, next[id])
		}
		next[id]++
	}
	if len(heard) != 2*each {
		t.Errorf("%d changes were told", len(heard))
	}
	for _, e := range []*Engine{a, b, c} {
		e.Close()
	}
}
