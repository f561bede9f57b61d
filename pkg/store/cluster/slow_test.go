package cluster

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// TestSlowLog: a log that takes half a second for a message makes statements take as
// long; with one that takes five they fail after the two that they may wait, and a little
// more when the one before is still on its way, while
// reading takes no time, and their changes may be made later. When it is quick again,
// everything is.
func TestSlowLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemlog()
		c := l.client()
		a, b := mustOpen(t, c, Options{}), mustOpen(t, l.client(), Options{})
		defer a.Close()
		defer b.Close()
		count := func(e *Engine) int {
			if rows := e.Repository("r").Select(store.Query{Field: "id", Equal: value.OfString("counter")}); len(rows) == 1 {
				return number(rows[0])
			}
			return 0
		}
		increment := func() (time.Duration, error) {
			begun := time.Now()
			err := wait(a, func(w store.Repository) {
				n := 0
				if rows := w.Select(store.Query{Field: "id", Equal: value.OfString("counter")}); len(rows) == 1 {
					n = number(rows[0])
				}
				w.Store(row("counter", n+1))
			})
			return time.Since(begun), err
		}
		c.delay.Store(int64(500 * time.Millisecond))
		for range 3 {
			if took, err := increment(); err != nil || took < 500*time.Millisecond || took > time.Second {
				t.Errorf("with half a second: %v after %v", err, took)
			}
		}
		c.delay.Store(int64(5 * time.Second))
		const failing = 3
		for range failing {
			took, err := increment()
			if u := (*store.UnavailableError)(nil); !errors.As(err, &u) || took > 5*time.Second {
				t.Errorf("with five seconds: %v after %v", err, took)
			}
			begun := time.Now()
			if n := count(a); n < 3 || time.Since(begun) != 0 {
				t.Errorf("%d is read after %v", n, time.Since(begun))
			}
		}
		c.delay.Store(0)
		time.Sleep(10 * time.Second)
		if took, err := increment(); err != nil || took > time.Second {
			t.Errorf("quick again: %v after %v", err, took)
		}
		agree(t, a, b)
		if n := count(b); n < 4 || n > 4+failing {
			t.Errorf("counted to %d", n)
		}
	})
}
