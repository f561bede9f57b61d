package cluster

import (
	"aro/pkg/store"
	"aro/pkg/store/record"
	"aro/pkg/vm/value"
)

// errAdopted is the answer to who was away for so long that another process went on.
var errAdopted = unavailable("this process was cut off for so long that another one has run the observers; what they wrote here was taken back")

// ownTurn is a turn of this process. What is written within it changes the rows at
// once and is appended with the end.
type ownTurn struct {
	r *repository

	// Under the lock of the rows:
	effects []store.Effect
	over    bool // it has ended, or somebody has adopted it: nothing is kept
}

// Append implements store.Journal.
func (t *ownTurn) Append(effects []store.Effect) { t.effects = append(t.effects, effects...) }

// Repository implements store.Turn.
func (t *ownTurn) Repository() store.Repository { return within{t.r.Logged, t} }

// End implements store.Turn.
func (t *ownTurn) End(done func(error)) {
	r := t.r
	r.mu.Lock()
	if r.turn == nil || r.turn.own != t {
		r.mu.Unlock()
		done(errAdopted)
		return
	}
	r.ending = &write{done: done, got: t}
	r.startLocked()
	r.mu.Unlock()
}

// end is the entry that ends our turn; r.mu is held.
func (r *repository) end(w *write) *entry {
	t := w.got
	r.Lock()
	defer r.Unlock()
	t.over = true
	return &entry{kind: entryEnd, number: numbers.Add(1), writes: []*write{w}, effects: t.effects,
		body: record.AppendEffects(nil, t.effects), after: r.seq}
}

// lose takes back what was written within a turn that is ours no more; r.mu is held.
func (t *ownTurn) lose() {
	t.r.Lock()
	defer t.r.Unlock()
	t.r.Revert(t.effects)
	t.effects, t.over = nil, true
	t.r.turn.own = nil
}

// within is a repository within a turn of ours.
type within struct {
	*store.Logged
	t *ownTurn
}

// do changes the rows and keeps the effects for the end.
func (w within) do(f func(store.Draft)) {
	w.Lock()
	defer w.Unlock()
	if w.t.over {
		// Too late: the caller gets what would have come of it.
		var g gathering
		w.SetJournal(&g)
		f(w.Draft())
		w.SetJournal(nil)
		w.Draft().Undo(g.effects)
		return
	}
	w.SetJournal(w.t)
	f(w.Draft())
	w.SetJournal(nil)
}

// Store implements store.Repository.
func (w within) Store(rows ...value.Value) (stored []value.Value, changes []store.Change) {
	w.do(func(d store.Draft) { stored, changes = d.Store(rows...) })
	return stored, changes
}

// Delete implements store.Repository.
func (w within) Delete(q store.Query) (changes []store.Change) {
	w.do(func(d store.Draft) { changes = d.Delete(q) })
	return changes
}

// Clear implements store.Repository.
func (w within) Clear() (changes []store.Change) {
	w.do(func(d store.Draft) { changes = d.Clear() })
	return changes
}

// SetLimits implements store.Repository.
func (w within) SetLimits(l store.Limits) (changes []store.Change) {
	w.do(func(d store.Draft) { changes = d.SetLimits(l) })
	return changes
}
