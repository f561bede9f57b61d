package durable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"aro/pkg/store"
)

// log is the end of the log: what gathers in memory, and the goroutine that writes
// it.
//
// Locks are taken in this order: Engine.several, Engine.repos, repositories, log.mu. Who
// locks more than one repository has several.
type log struct {
	e    *Engine
	o    Options
	done chan struct{} // closed when the goroutine has ended

	mu       sync.Mutex
	work     sync.Cond // something to write, or closing
	position uint64    // of the latest record
	durable  uint64    // everything up to it is decided: durable, or in failed
	gathered batch
	held     map[*hold]struct{}
	waiting  []waiter
	failed   []failure
	closing  bool
	ended    bool // nothing is written any more
	busy     bool // a snapshot is being written
	last     error

	// Of the goroutine alone.
	segment  *segment
	previous header // number, valid length and sum of the segment that comes before the next
	spare    batch
	since    int64 // bytes of log that a start would read
	snapshot int64 // bytes of the last snapshot
	sizes    chan int64
}

// batch is what one frame will hold, and how to take it back.
type batch struct {
	buf   []byte // with room for the frame's header in front
	first uint64 // position of the first record, 0 for none
	undo  []undo
	old   []store.Effect
}

// undo is one record of a batch: so many effects of a repository.
type undo struct {
	r   *repository
	n   int
	end int // of the record in the buffer
}

// hold keeps what comes behind a position together.
type hold struct {
	after uint64
	until time.Time
	firm  bool // it ends by itself, at once: there is no limit to it
}

// longestHold is how long others wait for writes that want to be kept together.
const longestHold = 100 * time.Millisecond

// A batch is crowded from so many bytes or effects on. Writes that are held are written
// then all the same, and an observer that goes on writing waits for the disk: else it
// would fill the memory.
const (
	crowdedBytes   = 8 << 20
	crowdedEffects = 64 << 10
)

func (b *batch) crowded() bool { return len(b.buf) >= crowdedBytes || len(b.old) >= crowdedEffects }

type waiter struct {
	after, upTo uint64
	done        func(error)
}

// failure is a range of positions that were taken back.
type failure struct {
	first, last uint64
	err         error
}

// maxFailures bounds the ranges that are remembered; a statement that is older than
// that many failures of the disk gets the error of a later one, or none.
const maxFailures = 1000

// segment is the file that is written to.
type segment struct {
	f     file
	name  string
	head  header
	seed  uint32
	chain uint32
	size  int64
}

func (l *log) init(e *Engine, o Options) {
	if o.SnapshotAfter <= 0 {
		o.SnapshotAfter = 64 << 20
	}
	if o.Warn == nil {
		o.Warn = func(error) {}
	}
	l.e, l.o, l.done = e, o, make(chan struct{})
	l.work.L = &l.mu
	l.gathered.reset()
	l.spare.reset()
}

func (b *batch) reset() {
	if cap(b.buf) > 4<<20 {
		b.buf = nil
	}
	if cap(b.old) > 64<<10 {
		b.old, b.undo = nil, nil
	}
	clear(b.old)
	clear(b.undo)
	b.buf, b.first, b.undo, b.old = beginFrame(b.buf[:0]), 0, b.undo[:0], b.old[:0]
}

// append adds a record to what is to be written next and returns its position. The
// lock of its repository is held.
func (l *log) append(r *repository, record []byte, effects []store.Effect) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.position++
	b := &l.gathered
	if b.first == 0 {
		b.first = l.position
		l.work.Broadcast()
	}
	b.buf = append(binary.AppendUvarint(b.buf, uint64(len(record))), record...)
	b.undo = append(b.undo, undo{r, len(effects), len(b.buf)})
	b.old = append(b.old, effects...)
	if len(l.held) > 0 && b.crowded() {
		l.work.Broadcast()
	}
	return l.position
}

var errClosed = errors.New("the change is not durable: the data folder is closed already")

func (l *log) sync(after, upTo uint64, done func(error)) (already bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if upTo <= after {
		return true, nil
	}
	if upTo <= l.durable {
		return true, l.failure(after, upTo)
	}
	if l.ended {
		return true, errClosed
	}
	l.waiting = append(l.waiting, waiter{after, upTo, done})
	return false, nil
}

// failure returns why a write in a range was taken back, nil if none was; l.mu is
// held.
func (l *log) failure(after, upTo uint64) error {
	for _, f := range l.failed {
		if f.last > after && f.first <= upTo {
			return f.err
		}
	}
	return nil
}

// run writes until close.
func (l *log) run() {
	defer close(l.done)
	for {
		l.mu.Lock()
		n := l.ripe()
		for n == 0 && !(l.closing && l.gathered.first == 0) {
			l.work.Wait()
			n = l.ripe()
		}
		if l.gathered.first == 0 {
			l.ended = true
			l.mu.Unlock()
			return
		}
		b := l.gathered
		l.gathered = l.spare
		b.split(n, &l.gathered)
		upTo := b.first + uint64(n) - 1
		l.mu.Unlock()
		err := l.write(&b)
		if err != nil {
			l.fail(&b, err)
		} else {
			l.decided(upTo)
		}
		b.reset()
		l.spare = b
		if err == nil {
			l.maybeSnapshot()
		}
	}
}

// ripe returns how many of the gathered records can be written: those in front of
// what somebody holds together, or all when they have become too many; l.mu is held.
func (l *log) ripe() int {
	b := &l.gathered
	n := len(b.undo)
	if n == 0 || len(l.held) == 0 {
		return n
	}
	now, much := time.Now(), l.closing || b.crowded()
	for h := range l.held {
		switch {
		case h.firm:
		case much:
			continue
		case !now.Before(h.until):
			delete(l.held, h) // it has had its time
			continue
		}
		if h.after < b.first+uint64(n)-1 {
			n = int(max(h.after+1, b.first) - b.first)
			if !h.firm {
				time.AfterFunc(h.until.Sub(now), l.work.Broadcast)
			}
		}
	}
	return n
}

func (l *log) hold() (release func()) { return l.holds(&hold{until: time.Now().Add(longestHold)}) }

// keep is hold for who calls nobody until it is released.
func (l *log) keep() (release func()) { return l.holds(&hold{firm: true}) }

func (l *log) holds(h *hold) (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.after = l.position
	for other := range l.held {
		if other.firm { // what it keeps together must not be parted here
			h.after = min(h.after, other.after)
		}
	}
	if l.held == nil {
		l.held = make(map[*hold]struct{})
	}
	l.held[h] = struct{}{}
	return func() {
		l.mu.Lock()
		delete(l.held, h)
		l.work.Broadcast()
		l.mu.Unlock()
	}
}

// split moves what is behind the first n records to an empty batch.
func (b *batch) split(n int, rest *batch) {
	if n == len(b.undo) {
		return
	}
	start := b.undo[n-1].end
	rest.first = b.first + uint64(n)
	rest.buf = append(rest.buf, b.buf[start:]...)
	effects := 0
	for _, u := range b.undo[:n] {
		effects += u.n
	}
	shift := start - frameHeaderSize
	for _, u := range b.undo[n:] {
		u.end -= shift
		rest.undo = append(rest.undo, u)
	}
	rest.old = append(rest.old, b.old[effects:]...)
	clear(b.old[effects:])
	b.buf, b.undo, b.old = b.buf[:start], b.undo[:n], b.old[:effects]
}

// write makes one batch durable.
func (l *log) write(b *batch) error {
	if l.segment == nil {
		if err := l.openSegment(b.first); err != nil {
			return err
		}
	}
	s := l.segment
	sum := uint32(0)
	b.buf, sum = endFrame(b.buf, s.seed, s.chain, b.first)
	if _, err := s.f.Write(b.buf); err != nil {
		return err
	}
	if err := s.f.Sync(); err != nil {
		return err
	}
	s.chain = sum
	s.size += int64(len(b.buf))
	l.since += int64(len(b.buf))
	return nil
}

// openSegment begins a new segment behind the previous one.
func (l *log) openSegment(first uint64) error {
	h := newHeader(kindLog, l.previous.number+1, first)
	h.previous, h.chain = l.previous.previous, l.previous.chain
	s := &segment{name: fmt.Sprint("log-", h.number)}
	b := h.append(nil)
	f, err := l.e.fs.Create(s.name)
	if errors.Is(err, os.ErrExist) { // an earlier attempt left it: nothing is in it
		if err = l.e.fs.Remove(s.name); err == nil {
			f, err = l.e.fs.Create(s.name)
		}
	}
	if err != nil {
		return err
	}
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = l.e.fs.Sync()
	}
	if err != nil {
		f.Close()
		l.e.fs.Remove(s.name)
		return err
	}
	s.f, s.head, s.seed, s.chain, s.size = f, h, h.seed(), h.crc, int64(len(b))
	l.segment = s
	l.since += s.size
	return nil
}

// leave ends the segment: the next one says how much of it is valid.
func (l *log) leave() {
	s := l.segment
	l.previous = header{number: s.head.number, previous: uint64(s.size), chain: s.chain}
	l.segment = nil
	s.f.Close()
}

// fail takes everything back that is not durable. A segment whose write or fsync has
// failed is never written to again: nobody knows what of it is on the disk. The next
// write tries a new one.
func (l *log) fail(b *batch, err error) {
	err = fmt.Errorf("the change was taken back, because it could not be made durable: %w", err)
	if s := l.segment; s != nil {
		s.f.Truncate(s.size) // the next segment says where this one ends, if that fails too
		s.f.Sync()
		l.leave()
	}
	e := l.e
	e.several.Lock()
	defer e.several.Unlock()
	repos, release := e.repos.Hold()
	defer release()
	for _, r := range repos {
		r.Lock()
		defer r.Unlock()
	}
	l.mu.Lock()
	l.gathered.revert()
	b.revert()
	l.gathered.reset()
	if n := len(l.failed); n > 0 && l.failed[n-1].last == l.durable {
		l.failed[n-1].last, l.failed[n-1].err = l.position, err
	} else {
		l.failed = append(l.failed, failure{l.durable + 1, l.position, err})
		if n >= maxFailures {
			l.failed = l.failed[1:]
		}
	}
	l.last = err
	upTo := l.position
	l.mu.Unlock()
	l.decided(upTo)
}

// revert takes the records of a batch back, the latest first.
func (b *batch) revert() {
	at := len(b.old)
	for i := len(b.undo) - 1; i >= 0; i-- {
		u := b.undo[i]
		u.r.revert(b.old[at-u.n : at])
		at -= u.n
	}
}

// decided wakes those who wait for positions up to one.
func (l *log) decided(upTo uint64) {
	l.mu.Lock()
	l.durable = upTo
	var ready []func()
	left := l.waiting[:0]
	for _, w := range l.waiting {
		if w.upTo > upTo {
			left = append(left, w)
			continue
		}
		err := l.failure(w.after, w.upTo)
		ready = append(ready, func() { w.done(err) })
	}
	clear(l.waiting[len(left):])
	l.waiting = left
	l.mu.Unlock()
	for _, wake := range ready {
		wake()
	}
}

// close writes what is left and ends the goroutine. It returns what was the matter if
// the last thing that was written failed.
func (l *log) close() error {
	l.mu.Lock()
	if l.closing {
		l.mu.Unlock()
		return nil
	}
	l.closing = true
	before := len(l.failed)
	l.work.Broadcast()
	for l.busy {
		l.work.Wait()
	}
	l.mu.Unlock()
	<-l.done
	if l.segment == nil {
		// Somebody must say where the failed one ends: what it holds behind that was
		// taken back.
		l.openSegment(l.position + 1)
	}
	if l.segment != nil {
		l.segment.f.Close()
	}
	if len(l.failed) > before {
		return l.last
	}
	return nil
}
