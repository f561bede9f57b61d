package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"aro/pkg/store"
	"aro/pkg/store/record"
)

// write is a change that somebody waits for.
type write struct {
	apply  func(store.Repository)
	done   func(error)
	turn   bool     // it begins a turn,
	got    *ownTurn // which is this one
	queued time.Time
}

// entry is what the goroutine of a repository is appending.
type entry struct {
	kind    entryKind
	number  uint64
	writes  []*write
	effects []store.Effect
	body    []byte
	after   uint64

	// Under the repository's mu:
	fate    fate
	acked   bool   // the log says that it is stored
	reached uint64 // parts that have come back through the log
	last    uint64 // sequence of the last of them
}

type fate uint8

const (
	open   fate = iota
	stored      // it has come back through the log
	lost        // another entry has its place
	missed      // nobody can tell any more: what came was forgotten before it came here
)

// batchSize is the size of an entry from which no more writes join it.
const batchSize = 256 << 10

var errClosed = errors.New("the application is ending")

func unavailable(format string, args ...any) error {
	return &store.UnavailableError{Err: fmt.Errorf(format, args...)}
}

var numbers atomic.Uint64

func (r *repository) enqueue(w *write) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		w.done(errClosed)
		return
	}
	w.queued = time.Now()
	r.queue = append(r.queue, w)
	r.startLocked()
	r.mu.Unlock()
}

func (r *repository) startLocked() {
	r.news.Broadcast()
	if !r.running {
		r.running = true
		r.e.writing.Go(r.run)
	}
}

// look is called now and then: waits that depend on the clock look at it, and the turn
// of a dead process gets somebody who adopts it.
func (r *repository) look() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.orphaned() && r.e.adopter() != nil && !r.closed {
		r.startLocked()
	}
	r.news.Broadcast()
}

// orphaned reports whether a turn is on that nobody will end: its process is dead, or
// it is one of ours whose beginning or end had no answer.
func (r *repository) orphaned() bool {
	t := r.turn
	ending := r.partly.next > 0 && time.Since(r.partly.last) < r.e.o.Patience
	return t != nil && t.own == nil && r.gap == nil && !ending && (t.node == r.e.node || r.e.dead(t.node))
}

func (r *repository) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.news.Broadcast()
}

// run appends what there is to append, one entry after the other.
func (r *repository) run() {
	conflicts := 0
	for {
		en, failed, err := r.next()
		for _, w := range failed {
			w.done(err)
		}
		if en == nil {
			if len(failed) > 0 {
				continue
			}
			return
		}
		err = r.append(en)
		switch {
		case err == nil:
			conflicts = 0
			r.settled(en)
			r.maybeState()
		case errors.Is(err, ErrConflict):
			r.again(en)
			conflicts = min(conflicts+1, 20)
			time.Sleep(time.Duration(rand.IntN(conflicts * int(100*time.Microsecond))))
		default:
			r.mu.Lock()
			r.doubt = err
			if en.kind == entryEnd && r.turn != nil && r.turn.own != nil {
				// Was the end stored, the effects come as those of another process; if
				// not, somebody adopts the turn, we ourselves among them.
				r.turn.own.lose()
			}
			r.mu.Unlock()
			for _, w := range en.writes {
				w.done(err)
			}
		}
	}
}

// next waits for what is to be appended next; nil when there is nothing, or when
// writes have waited in vain. Without writes it ends the goroutine.
func (r *repository) next() (en *entry, failed []*write, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() {
		if en != nil {
			r.ours = en
		}
	}()
	for {
		if r.doubt != nil {
			if failed = r.expired(r.e.o.Patience); len(failed) > 0 {
				return nil, failed, r.doubt
			}
		}
		t := r.turn
		switch {
		case r.ending != nil:
			w := r.ending
			r.ending = nil
			if t == nil || t.own != w.got {
				return nil, []*write{w}, errAdopted
			}
			return r.end(w), nil, nil
		case r.orphaned() && !r.closed:
			return &entry{kind: entryAdopt, number: numbers.Add(1), after: r.seq}, nil, nil
		case len(r.queue) == 0:
			r.running = false
			return nil, nil, nil
		case r.closed && (t == nil || t.own == nil):
			failed, r.queue = r.queue, nil
			return nil, failed, errClosed
		case r.gap != nil:
			if failed = r.expired(r.e.o.Patience); len(failed) > 0 {
				return nil, failed, unavailable("the %s cannot be changed here now: %w", r.Name(), r.gap)
			}
		case t != nil:
			// Who has it decides how long that takes. On one machine that is known to end;
			// observers on two machines may wait for each other.
			if t.own == nil && time.Since(t.began) > r.e.o.Turn {
				if failed = r.expired(r.e.o.Turn); len(failed) > 0 {
					return nil, failed, unavailable("observers of the %s have been running on another machine for %v", r.Name(), time.Since(t.began).Round(time.Second))
				}
			}
		case r.partly.next > 0 && time.Since(r.partly.last) < r.e.o.Patience:
			// Somebody is in the middle of a large entry; it would have to begin again.
		default:
			return r.gather(), nil, nil
		}
		r.news.Wait()
	}
}

// expired takes writes out of the queue that have waited for longer than so long.
func (r *repository) expired(long time.Duration) (old []*write) {
	for len(r.queue) > 0 && time.Since(r.queue[0].queued) > long {
		old = append(old, r.queue[0])
		r.queue = r.queue[1:]
	}
	return old
}

// gathering is the journal of writes that are tried.
type gathering struct{ effects []store.Effect }

// Append implements store.Journal.
func (g *gathering) Append(effects []store.Effect) { g.effects = append(g.effects, effects...) }

// gather tries the writes of the queue on the rows and takes them back at once. It
// stops in front of a turn, which has an entry of its own, and when there is enough.
func (r *repository) gather() *entry {
	en := &entry{kind: entryWrite, number: numbers.Add(1), after: r.seq}
	var g gathering
	r.Lock()
	r.SetJournal(&g)
	draft, size, counted := r.Draft(), 0, 0
	for len(r.queue) > 0 {
		w := r.queue[0]
		if w.turn && len(en.writes) > 0 {
			break
		}
		r.queue = r.queue[1:]
		en.writes = append(en.writes, w)
		w.apply(draft)
		if w.turn {
			en.kind = entryTurn
			break
		}
		for ; counted < len(g.effects); counted++ {
			size += weight(&g.effects[counted])
		}
		if size > batchSize {
			break
		}
	}
	r.SetJournal(nil)
	draft.Undo(g.effects)
	r.Unlock()
	en.effects = g.effects
	en.body = record.AppendEffects(nil, g.effects)
	return en
}

// weight is about the size of an effect.
func weight(e *store.Effect) int {
	n := 16
	if rec := e.Row.Record(); rec != nil {
		for i := range rec.Len() {
			_, v := rec.At(i)
			n += 16 + v.Len()
		}
	}
	return n
}

// append appends an entry and waits until it has come back through the log. ErrConflict
// means that it was not stored and never will be; after another error nobody knows.
func (r *repository) append(en *entry) error {
	h := header{kind: en.kind, node: r.e.node, number: en.number, parts: 1, after: en.after}
	room := r.e.log.MaxMessage() - 128
	if n := len(en.body); n > room {
		h.parts = uint64((n + room - 1) / room)
	}
	deadline := time.Now().Add(r.e.o.Patience)
	for h.part < h.parts {
		body := en.body[min(len(en.body), int(h.part)*room):min(len(en.body), int(h.part+1)*room)]
		data := append(h.append(make([]byte, 0, len(body)+128)), body...)
		// A server that ends takes the answer with it, so no question waits for long. Asking
		// again does no harm: the condition lets one of both in.
		ctx, cancel := context.WithTimeout(context.Background(), min(time.Until(deadline), 10*r.e.o.Retry))
		seq, err := r.e.log.Append(ctx, r.Name(), h.after, data)
		cancel()
		if err == nil {
			if h.part, h.after = h.part+1, seq; h.part == h.parts {
				r.mu.Lock()
				en.acked = true
				r.mu.Unlock()
			}
			deadline = time.Now().Add(r.e.o.Patience) // every part has its full time
			continue
		}
		pause := deadline // of a conflict: the log says which entry was first
		if !errors.Is(err, ErrConflict) {
			pause = time.Now().Add(r.e.o.Retry)
		}
		if fate := r.await(en, &h, pause); fate != open {
			break
		}
		if !time.Now().Before(deadline) {
			r.mu.Lock()
			r.ours = nil // should it come later, it is as if somebody else had written it
			r.mu.Unlock()
			return unavailable("the change of the %s was not confirmed by %s within %v and may or may not be made: %w", r.Name(), r.e.o.Where, r.e.o.Patience, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for (en.fate == open || en.fate == missed && en.acked && r.gap != nil) && !r.closed {
		r.news.Wait() // it is stored, and comes when this process is connected again
	}
	r.ours = nil
	switch en.fate {
	case stored:
		return nil
	case missed:
		if en.acked {
			return nil // the state that came instead has it
		}
		return unavailable("this process was away for so long that it cannot know whether its change of the %s was made", r.Name())
	case lost:
		return ErrConflict
	}
	return errClosed
}

// await waits until the log says something about the entry whose next part is
// described by h, which is moved on, or until a time.
func (r *repository) await(en *entry, h *header, until time.Time) fate {
	wake := time.AfterFunc(time.Until(until), r.wake)
	defer wake.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for en.fate == open && en.reached <= h.part && time.Now().Before(until) {
		r.news.Wait()
	}
	if en.reached > h.part {
		h.part, h.after = en.reached, en.last
	}
	return en.fate
}

func (r *repository) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.news.Broadcast()
}

// settled tells those who wait for an entry that is stored.
func (r *repository) settled(en *entry) {
	switch en.kind {
	case entryTurn, entryAdopt:
		r.mu.Lock()
		t := r.turn
		r.mu.Unlock()
		if t == nil || t.own == nil {
			for _, w := range en.writes {
				w.done(errAdopted)
			}
			return
		}
		if en.kind == entryTurn {
			en.writes[0].got = t.own
		} else {
			if f := r.e.adopter(); f != nil {
				go f(r.Name(), t.changes, t.own)
			} else {
				t.own.End(func(error) {})
			}
			return
		}
	}
	for _, w := range en.writes {
		w.done(nil)
	}
}

// again puts the writes of an entry that was too late back to the front.
func (r *repository) again(en *entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if en.kind == entryEnd {
		r.ending = en.writes[0]
		return
	}
	r.queue = append(en.writes, r.queue...)
}
