package host

import (
	"errors"

	"aro/pkg/store"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// With an engine that other processes share, a statement that changes a repository ends
// when everybody has the change. A repository with observers is the statement's own
// until they have ended, in the whole cluster: its turn (turn.go) is one of this process,
// and within it there is one of the engine.

// sharing is a statement that waits until others have its change.
type sharing struct {
	r     *repository
	apply func(store.Repository) (value.Value, []store.Change)
}

// Start implements vm.Op.
func (s *sharing) Start(co *vm.Coroutine) bool {
	var result value.Value
	co.Owner.(*Execution).Host.shared.Write(s.r.Name(),
		func(w store.Repository) { result, _ = s.apply(w) },
		func(err error) { go resume(co, result, err) })
	return false
}

// Unavailable reports whether a statement failed because other machines could not be
// reached: the same may succeed later.
func Unavailable(err error) bool {
	var u *store.UnavailableError
	return errors.As(err, &u)
}

var errEntangled = errors.New("observers of two repositories write to each other's repository at the same time, and neither could go on")

// share applies a write within the turn of the cluster that this process has, or begins
// one and goes on when it has it.
func (op *writeOp) share(s store.Shared) {
	r := op.repo
	waitsMu.Lock()
	held := r.held
	waitsMu.Unlock()
	switch {
	case held != nil:
		op.perform(held.Repository())
		op.next()
		return
	case op.free:
		op.err = errEntangled
		op.end()
		return
	}
	s.Turn(r.Name(), op.perform, func(t store.Turn, err error) {
		go func() {
			if err != nil {
				op.err = err
				r.turn.pass()
				op.end()
				return
			}
			op.hold(t)
			op.next()
		}()
	})
}

// hold makes a turn of the cluster that of the repository until giveBack.
func (op *writeOp) hold(t store.Turn) {
	waitsMu.Lock()
	defer waitsMu.Unlock()
	op.held, op.repo.held = t, t
}

// giveBack ends the turn of the cluster, and the statement when everybody knows.
func (op *writeOp) giveBack() {
	r := op.repo
	waitsMu.Lock()
	if r.held == op.held {
		r.held = nil
	}
	waitsMu.Unlock()
	op.held.End(func(err error) {
		if op.err == nil {
			op.err = err
		}
		go op.end()
	})
	if op.lent != nil {
		op.lent()
	} else {
		r.turn.pass()
	}
}

// adopt runs the observers of a change whose process died before it had. Whoever has
// the turn of the repository here waits for that of the cluster, so it is lent.
func (h *Host) adopt(name string, changes []store.Change, t store.Turn) {
	r := h.Repository(name)
	root := h.beginApart()
	op := &writeOp{e: root, repo: r, watchers: r.watchers.Load(), changes: changes}
	if op.watchers == nil {
		op.watchers = &watchers{}
	}
	owner, depth := r.turn.lend(root, 1)
	op.hold(t)
	op.adopted = func() {
		if op.err != nil {
			h.Diagnose("[ERROR] the observers of the %s, which another process had left: %s", name, op.err)
		}
		root.endApart()
	}
	if owner != nil {
		op.lent = func() {
			r.turn.lend(owner, depth)
		}
	}
	op.next()
}
