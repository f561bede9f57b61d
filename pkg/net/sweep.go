package aronet

import (
	"sync"
	"sync/atomic"
	"time"
)

// sweep looks for connections whose end came together with their last bytes. Their read
// loops, which wait after a read that did not fill its buffer, are not told of it.
//
// A connection is looked at once, when it has been silent for sweepEvery: idle ones cost
// nothing, and those that talk all the time one comparison each time. The zero value is
// ready.
type sweep struct {
	mu   sync.Mutex
	list []*watched
}

const sweepEvery = 10 * time.Millisecond

// watched is what a sweep knows of one connection.
type watched struct {
	reads  atomic.Uint32 // that did not fill the buffer
	listed atomic.Bool
	last   uint32      // reads at the last look; under mu
	ended  func() bool // whether a read would not have to wait
	wake   func()      // makes the read loop read
}

// short notes a read that did not fill its buffer. The read loop calls it when it has
// read, and before it waits.
func (s *sweep) short(w *watched) {
	w.reads.Add(1)
	if w.listed.Load() {
		return // whoever takes it off the list looks at the socket after that
	}
	w.listed.Store(true)
	s.mu.Lock()
	s.list = append(s.list, w)
	w.last = w.reads.Load() - 1 // a whole turn from now on
	first := len(s.list) == 1
	s.mu.Unlock()
	if first {
		time.AfterFunc(sweepEvery, s.turn)
	}
}

// turn looks at those that have read nothing since the last turn.
func (s *sweep) turn() {
	var silent []*watched
	s.mu.Lock()
	rest := s.list[:0]
	for _, w := range s.list {
		if now := w.reads.Load(); now != w.last {
			w.last = now
			rest = append(rest, w)
			continue
		}
		silent = append(silent, w)
	}
	clear(s.list[len(rest):])
	if s.list = rest; len(rest) == 0 {
		s.list = nil
	} else {
		time.AfterFunc(sweepEvery, s.turn)
	}
	for _, w := range silent {
		w.listed.Store(false)
	}
	s.mu.Unlock()
	for _, w := range silent {
		if w.ended() {
			w.wake()
		}
	}
}
