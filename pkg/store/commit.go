package store

import (
	"cmp"
	"slices"

	"aro/pkg/vm/value"
)

// Transactional is an Engine that can change several repositories at once.
type Transactional interface {
	Engine
	// Commit makes what overlays of its repositories say, all of it or nothing, and at
	// once for whoever reads. Its only error is ErrConflict. What it did is in their
	// Changes.
	Commit(overlays []*Overlay) error
}

// Changes is what Commit did, with what limits evicted.
func (o *Overlay) Changes() []Change { return o.changes }

// Commit implements Transactional.
func (m *Memory) Commit(overlays []*Overlay) error {
	rows := make([]*memory, len(overlays))
	for i, o := range sorted(overlays) {
		rows[i] = o.base.(*memory)
	}
	return commit(overlays, rows)
}

// sorted puts overlays in the order in which their repositories are locked.
func sorted(overlays []*Overlay) []*Overlay {
	slices.SortFunc(overlays, func(a, b *Overlay) int { return cmp.Compare(a.Name(), b.Name()) })
	return overlays
}

// CommitLogged is Commit for an engine that keeps its rows in Logged repositories;
// logged returns that of an overlay's. Nobody else may lock two of them meanwhile.
func CommitLogged(overlays []*Overlay, logged func(Repository) *Logged) error {
	rows := make([]*memory, len(overlays))
	for i, o := range sorted(overlays) {
		rows[i] = &logged(o.base).memory
	}
	return commit(overlays, rows)
}

// commit checks and applies overlays while their repositories are locked: whoever has
// read one of the new rows finds the others, too.
func commit(overlays []*Overlay, rows []*memory) error {
	for _, r := range rows {
		r.mu.Lock()
		defer r.mu.Unlock()
	}
	for i, o := range overlays {
		if !o.fits(locked{rows[i]}) {
			return ErrConflict
		}
	}
	for i, o := range overlays {
		o.changes = o.apply(locked{rows[i]})
	}
	return nil
}

// Merge makes what overlays say part of the overlays that they lie on, all of it or
// nothing. Its only error is ErrConflict.
func Merge(overlays []*Overlay) error {
	for _, o := range sorted(overlays) {
		below := o.base.(*Overlay)
		below.mu.Lock()
		defer below.mu.Unlock()
		if !o.fits(below) {
			return ErrConflict
		}
	}
	for _, o := range overlays {
		o.apply(o.base.(*Overlay))
	}
	return nil
}

// ground is what an overlay is committed to: a repository whose lock is held.
type ground interface {
	present(k key) (row value.Value, ok bool)
	namesake(rec *value.Record) (id value.Value, ok bool)
	rowsNow() []value.Value
	store(rows []value.Value) ([]value.Value, []Change)
	delete(q Query) []Change
	clear() []Change
}

// locked is a repository in memory as a ground.
type locked struct{ *memory }

func (l locked) rowsNow() []value.Value { return l.visible() }

// fits reports whether what the transaction has seen is still so.
func (o *Overlay) fits(g ground) bool {
	for k, was := range o.seen {
		if now, ok := g.present(k); ok != was.IsBound() || ok && !same(now, was) {
			return false
		}
	}
	for _, rec := range o.unnamed {
		id, found := g.namesake(rec)
		if k, _ := keyOf(id); found && !o.cleared && !o.wrote(k) {
			return false
		}
	}
	return !o.cleared || slices.EqualFunc(g.rowsNow(), o.all, same)
}

// wrote reports whether the transaction decides about the row with an id.
func (o *Overlay) wrote(k key) bool {
	_, written := o.written[k]
	return written
}

// same reports whether a row has not been replaced by another one.
func same(a, b value.Value) bool {
	if r := a.Record(); r != nil && r == b.Record() {
		return true
	}
	return value.TypedEqual(a, b)
}

// apply makes what the overlay says. Of a row that was written more than once only the
// last is stored.
func (o *Overlay) apply(g ground) (changes []Change) {
	if o.cleared {
		changes = append(changes, g.clear()...)
	}
	for _, row := range o.left {
		changes = append(changes, g.delete(Query{Match: func(x value.Value) bool { return value.TypedEqual(x, row) }})...)
	}
	for _, a := range o.order {
		var c []Change
		if row := o.row(a); row.IsBound() {
			_, c = g.store([]value.Value{row})
		} else {
			c = g.delete(Query{Field: "id", Equal: a.k.value()})
		}
		changes = append(changes, c...)
	}
	return changes
}
