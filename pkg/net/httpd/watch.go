package httpd

import (
	"context"
	"sync"
)

// Watcher is told that the client of an exchange has gone.
type Watcher interface{ Gone() }

// watch is the part of an exchange that others than its handler touch.
type watch struct {
	mu   sync.Mutex
	who  Watcher // nil while nobody wants to know
	seen bool    // by a sweep: the handler takes its time
	stop func() bool
}

// Watch asks to be told, once and on another goroutine, when the client goes away
// before the answer. Clients are looked at when a handler takes longer than a
// sweep, so that short ones cost nothing. Unwatch must be called before the
// handler returns; after it the watcher is not called, and it must not call
// Unwatch itself.
func (x *Exchange) Watch(who Watcher) {
	x.watch.mu.Lock()
	defer x.watch.mu.Unlock()
	x.watch.who, x.watch.seen = who, false
	if s, ok := x.in.(*stream); ok {
		x.watch.stop = context.AfterFunc(s.r.Context(), x.watch.tell)
	}
}

// Unwatch ends what Watch began.
func (x *Exchange) Unwatch() {
	x.watch.mu.Lock()
	defer x.watch.mu.Unlock()
	x.watch.who = nil
	if x.watch.stop != nil {
		x.watch.stop()
	}
}

func (w *watch) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.who != nil {
		w.who.Gone()
		w.who = nil
	}
}

// look is called by each sweep.
func (w *watch) look(c *conn) {
	w.mu.Lock()
	waited := w.who != nil && w.seen
	w.seen = true
	w.mu.Unlock()
	if waited && c.gone() {
		w.tell()
	}
}
