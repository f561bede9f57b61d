package cluster

import (
	"fmt"
	"sync"
	"time"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// repository is one repository: the rows as the log has them, and what this process
// wants to append to it. Its goroutine (commit.go) exists while there is
// something to append.
//
// mu is taken before the lock of the rows; nothing else is taken under it.
type repository struct {
	*store.Logged
	e *Engine

	mu      sync.Mutex
	news    *sync.Cond // of everything below
	queue   []*write
	ending  *write // the end of our turn
	running bool   // the goroutine exists
	closed  bool

	seq    uint64 // of the last message
	gap    error  // what came after is of no use until the next state; nil usually
	partly partly // an entry whose parts are coming
	state  uint64 // where the last state begins, 0 for none
	trim   uint64 // where the one before it does
	grown  int64  // bytes of entries since the last state
	size   int64  // of that state

	follow func([]store.Change) // wants to know what others change; nil usually

	doubt error // why the last entry had no answer; nil when the log has said something since

	turn *turn  // that the log says is on, nil for none
	ours *entry // that is being appended, nil for none
}

// turn is a turn as the log knows it.
type turn struct {
	node    string         // whose it is
	changes []store.Change // of the write that began it
	own     *ownTurn       // if it is ours
	began   time.Time
}

// partly is an entry of which some parts are there.
type partly struct {
	node   string
	number uint64
	first  uint64 // sequence that its first part has at least
	next   uint64 // part; 0: there is none
	body   []byte
	size   int64
	last   time.Time
}

func newRepository(e *Engine, name string) *repository {
	r := &repository{Logged: store.NewLogged(name), e: e}
	r.news = sync.NewCond(&r.mu)
	return r
}

// message follows the log: it makes the rows what the next message says.
func (r *repository) message(seq uint64, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if seq <= r.seq {
		return // a log that connects again may repeat itself
	}
	h, body, ok := readHeader(data)
	if !ok {
		r.break_(fmt.Errorf("entry %d of the %s is not in the form that this version reads", seq, r.Name()))
	} else if h.after != r.seq && r.gap == nil {
		// We were away while two states came: the next one has what we have missed.
		r.gap = fmt.Errorf("entries between %d and %d are missing", r.seq, h.after)
	}
	inStep := ok && h.after == r.seq
	r.seq, r.doubt = seq, nil
	own := r.ours
	switch {
	case own == nil || own.fate != open: // its goroutine has yet to look
		own = nil
	case ok && !inStep: // it may be among what is missing
		own.fate, own = missed, nil
	case !ok || h.node != r.e.node || h.number != own.number:
		own.fate, own = lost, nil
	default:
		own.reached, own.last = h.part+1, seq
		if h.part+1 == h.parts {
			own.fate = stored
		}
	}
	r.news.Broadcast()
	if !ok {
		return
	}
	p := &r.partly
	if h.part != p.next || h.part > 0 && (!inStep || h.node != p.node || h.number != p.number) {
		*p = partly{}
		if h.part > 0 {
			return // the rest of an entry whose beginning was not for us, or never ended
		}
	}
	p.size += int64(len(data))
	if h.part == 0 {
		p.first = h.after + 1
	}
	if h.part+1 < h.parts {
		p.node, p.number, p.next, p.last = h.node, h.number, h.part+1, time.Now()
		p.body = append(p.body, body...)
		return
	}
	if p.next > 0 {
		body = append(p.body, body...)
	}
	if h.kind == entryState {
		r.trim, r.state = r.state, p.first
	}
	size := p.size
	*p = partly{}
	r.entry(&h, body, size, own)
}

// break_ begins a gap: rows are what they were until the next state comes.
func (r *repository) break_(err error) {
	if r.gap == nil {
		r.gap = err
		r.e.o.Warn(err)
	}
}

// entry applies a whole entry; own is what this process has of it, nil for one of others.
func (r *repository) entry(h *header, body []byte, size int64, own *entry) {
	if h.kind == entryState {
		r.grown, r.size = 0, size
		if r.gap != nil {
			r.restore(body)
		}
		return
	}
	if r.gap != nil {
		return
	}
	r.grown += size
	if t := r.turn; t != nil && t.own != nil && (own == nil || own.kind != entryEnd) {
		t.own.lose() // somebody else writes within our turn: we were taken for dead
	}
	var effects []store.Effect
	if own != nil {
		effects = own.effects // with objects that only this process has
	} else if h.kind != entryAdopt {
		var err error
		if effects, err = readEffects(body); err != nil {
			r.break_(fmt.Errorf("an entry of the %s cannot be read: %w", r.Name(), err))
			return
		}
	}
	var changes []store.Change
	told := own == nil && r.follow != nil
	r.Lock()
	if own == nil || own.kind != entryEnd { // whose effects are there already
		for i := range effects {
			if h.kind == entryTurn || told {
				if c, ok := r.Foretell(&effects[i]); ok {
					changes = append(changes, c)
				}
			}
			if err := r.Apply(&effects[i]); err != nil {
				r.break_(fmt.Errorf("an entry of the %s does not fit the rows: %w", r.Name(), err))
				break
			}
		}
	}
	r.Unlock()
	if told && len(changes) > 0 {
		r.follow(changes)
	}
	switch h.kind {
	case entryTurn:
		r.turn = &turn{node: h.node, changes: changes, began: time.Now()}
	case entryEnd:
		r.turn = nil
	case entryAdopt:
		if r.turn != nil {
			r.turn = &turn{node: h.node, changes: r.turn.changes, began: time.Now()}
		}
	}
	if own != nil && r.turn != nil && (h.kind == entryTurn || h.kind == entryAdopt) {
		r.turn.own = &ownTurn{r: r}
	}
}

// restore makes the rows what a state says.
func (r *repository) restore(body []byte) {
	s, err := readState(body)
	if err == nil {
		r.Lock()
		err = r.Reset(s)
		r.Unlock()
	}
	if err != nil {
		r.gap = fmt.Errorf("the rows of the %s cannot be read: %w", r.Name(), err)
		r.e.o.Warn(r.gap)
		return
	}
	r.gap, r.turn = nil, nil
}

// Count implements store.Repository. What is only being tried does not count.
func (r *repository) Count() int {
	r.Lock()
	defer r.Unlock()
	return r.Draft().Count()
}

// Store implements store.Repository, as Delete, Clear and SetLimits.
func (r *repository) Store(rows ...value.Value) (stored []value.Value, changes []store.Change) {
	r.block(func(w store.Repository) { stored, changes = w.Store(rows...) })
	return stored, changes
}

// Delete implements store.Repository.
func (r *repository) Delete(q store.Query) (changes []store.Change) {
	r.block(func(w store.Repository) { changes = w.Delete(q) })
	return changes
}

// Clear implements store.Repository.
func (r *repository) Clear() (changes []store.Change) {
	r.block(func(w store.Repository) { changes = w.Clear() })
	return changes
}

// SetLimits implements store.Repository.
func (r *repository) SetLimits(l store.Limits) (changes []store.Change) {
	r.block(func(w store.Repository) { changes = w.SetLimits(l) })
	return changes
}

// block makes a change and waits for it.
func (r *repository) block(apply func(store.Repository)) {
	done := make(chan error, 1)
	r.enqueue(&write{apply: apply, done: func(err error) { done <- err }})
	if err := <-done; err != nil {
		panic(err)
	}
}
