package host

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"aro/pkg/store"
	"aro/pkg/vm"
)

// transaction holds what a run stores, deletes and clears until it ends well: then all
// of it happens at once, or nothing if somebody else has changed the same rows. Until
// then only the run sees it, with the actions it calls and the bodies of its parallel
// loops. The handlers of what it emits have transactions within this one. Observers have
// none: they run behind the commit.
//
// A transaction holds nothing up while it is open; runs may wait in it for as long as
// they like.
type transaction struct {
	outer *transaction // of the run whose event this one handles, nil if that has none

	mu     sync.Mutex
	parts  []part
	events []*keptEvent // that were emitted, see raiseLater
}

// part is what a transaction does to one repository.
type part struct {
	repo *repository
	rows *store.Overlay
}

// transaction returns the one that an execution writes to, nil if it writes at once.
func (e *Execution) transaction() *transaction {
	if !e.Host.transactions.Load() {
		return nil
	}
	for x := e; x != nil; x = x.parent {
		if x.extra != nil && x.extra.txn != nil {
			return x.extra.txn
		}
		if x.write != nil {
			return nil
		}
	}
	return nil
}

// separate gives a run that has not begun a transaction of its own, within outer if
// that is not nil, where the application has transactions.
func (e *Execution) separate(outer *transaction) {
	if e.Host.transactions.Load() {
		e.more().txn = &transaction{outer: outer}
	}
}

// raiseLater makes an event that is to survive a part of the transaction: it is kept
// with what the run stores, and its handlers begin when that has happened.
func (t *transaction) raiseLater(k *keptEvent) {
	if h := k.v.h; !h.alone {
		t.of(h.Repository(keptEvents)).Store(k.asRow())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, k)
}

// raise runs the handlers of the events of a transaction that has ended well, and
// forgets those of one that has not.
func (t *transaction) raise(well bool) {
	for _, k := range t.events {
		if well {
			go k.raiseApart()
		} else {
			k.v.forget(k, false)
		}
	}
	t.events = nil
}

// seen returns a repository as the run of a call sees it.
func (r *repository) seen(c *vm.Call) store.Repository {
	if t := executionOf(c).transaction(); t != nil {
		return t.of(r)
	}
	return r.Repository
}

// of returns a repository as the transaction sees it.
func (t *transaction) of(r *repository) *store.Overlay {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.parts {
		if p.repo == r {
			return p.rows
		}
	}
	base := r.Repository
	if t.outer != nil {
		base = t.outer.of(r)
	}
	p := part{r, store.NewOverlay(base)}
	t.parts = append(t.parts, p)
	return p.rows
}

// ErrConflict is the cause of a run that failed because somebody else has changed what
// its transaction had read or changed. Trying it again may succeed.
var ErrConflict = store.ErrConflict

func overlays(parts []part) []*store.Overlay {
	rows := make([]*store.Overlay, len(parts))
	for i, p := range parts {
		rows[i] = p.rows
	}
	return rows
}

// settle ends the transaction of a run that has ended. It reports whether that is done;
// if not, it ends the run itself later.
func (e *Execution) settle() bool {
	t := e.extra.txn
	if e.State() != vm.Done {
		t.raise(false)
		return true
	}
	parts := slices.DeleteFunc(t.parts, func(p part) bool { return !p.rows.Wrote() })
	if t.outer != nil {
		if err := store.Merge(overlays(parts)); err != nil {
			t.raise(false)
			e.Fail(err)
			return true
		}
		t.outer.mu.Lock()
		defer t.outer.mu.Unlock()
		t.outer.events = append(t.outer.events, t.events...)
		return true
	}
	if len(parts) == 0 {
		t.raise(true)
		return true
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.repo.Name(), b.repo.Name()) })
	c := &settlement{e: e, parts: parts}
	c.phase.Store(inline)
	c.take()
	return !c.phase.CompareAndSwap(inline, suspended)
}

// settlement is the end of an outermost transaction. It takes the turns of the repositories
// that are observed, by name, makes the changes, runs the observers and waits until
// everything is durable.
type settlement struct {
	e     *Execution
	parts []part
	ops   []*writeOp   // of parts that are watched, as far as they have their turn
	next  int          // part to take the turn of
	now   int          // op whose observers run
	phase atomic.Int32 // suspended, inline or done

	before  uint64 // position of durable data
	release func()
	err     error // of observers
}

// take takes the turns that are left and goes on when it has them all.
func (c *settlement) take() {
	for c.next < len(c.parts) {
		r := c.parts[c.next].repo
		c.next++
		watchers := r.watchers.Load()
		if watchers == nil {
			continue
		}
		op := &writeOp{e: c.e, repo: r, watchers: watchers, commit: c}
		if !r.turn.tryTake(c.e.root) && !r.turn.wait(op) {
			return
		}
		c.ops = append(c.ops, op)
	}
	c.apply()
}

// has is called when a turn that was waited for is there.
func (c *settlement) has(op *writeOp) {
	c.ops = append(c.ops, op)
	c.take()
}

func (c *settlement) apply() {
	h := c.e.Host
	if h.durable != nil {
		c.e.together()
		c.before = h.durable.Position()
		c.release = h.durable.Hold() // for what the observers write
	}
	if err := h.Engine.(store.Transactional).Commit(overlays(c.parts)); err != nil {
		for _, op := range c.ops {
			if !op.free {
				op.repo.turn.pass()
			}
		}
		c.end(err, false)
		return
	}
	for _, p := range c.parts {
		p.repo.changed(p.rows.Changes())
	}
	for _, op := range c.ops {
		i := slices.IndexFunc(c.parts, func(p part) bool { return p.repo == op.repo })
		op.changes = c.parts[i].rows.Changes()
	}
	c.observe()
}

// observe runs the observers of the next repository.
func (c *settlement) observe() {
	if c.now < len(c.ops) {
		c.now++
		c.ops[c.now-1].next()
		return
	}
	c.sync()
}

// observed is called when the observers of a repository have ended.
func (c *settlement) observed(err error) {
	if c.err == nil {
		c.err = err
	}
	c.observe()
}

// sync waits until the changes are durable, with what the observers wrote.
func (c *settlement) sync() {
	d := c.e.Host.durable
	if d == nil || c.e.observes() && !d.Crowded() { // the write that it observes waits
		c.end(c.err, true)
		return
	}
	c.release()
	c.release = nil
	already, err := d.Sync(c.before, d.Position(), func(err error) { go c.end(cmp.Or(err, c.err), err == nil) })
	if already {
		c.end(cmp.Or(err, c.err), err == nil)
	}
}

// end ends the run; happened says that its changes were made.
func (c *settlement) end(err error, happened bool) {
	if c.release != nil {
		c.release()
	}
	c.e.extra.txn.raise(happened)
	if err != nil {
		c.e.Fail(err)
	}
	if c.phase.Swap(done) == suspended {
		c.e.end()
	}
}
