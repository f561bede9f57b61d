package host

import (
	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// storeRows stores rows of the host's own as a statement would: within the turn of the
// repository and with its observers. done is told when they are stored, as safe as a
// statement's, and the observers have ended; it may be called before storeRows returns.
func (h *Host) storeRows(r *repository, rows []value.Value, done func(error)) {
	apply := func(w store.Repository) (value.Value, []store.Change) {
		_, changes := w.Store(rows...)
		return value.Value{}, changes
	}
	watchers := r.watchers.Load()
	if watchers == nil {
		h.storeUnobserved(r, apply, done)
		return
	}
	root := h.beginApart()
	op := &writeOp{e: root, repo: r, watchers: watchers, apply: apply}
	op.adopted = func() {
		err := op.err
		root.endApart()
		done(err)
	}
	if r.turn.tryTake(root) || r.turn.wait(op) {
		op.proceed()
	}
}

func (h *Host) storeUnobserved(r *repository, apply func(store.Repository) (value.Value, []store.Change), done func(error)) {
	if h.shared != nil {
		h.shared.Write(r.Name(), func(w store.Repository) { apply(w) }, func(err error) { go done(err) })
		return
	}
	before := h.position()
	_, changes := apply(r.Repository)
	r.changed(changes)
	if h.durable != nil && !r.transient.Load() {
		already, err := h.durable.Sync(before, h.durable.Position(), func(err error) { go done(err) })
		if already {
			done(err)
		}
		return
	}
	done(nil)
}
