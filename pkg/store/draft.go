package store

import (
	"time"

	"aro/pkg/vm/value"
)

// Draft is a repository for whoever holds its lock: to try what a write would do, and
// undo it before anybody can see it. It is valid until Unlock.
type Draft struct{ r *Logged }

// Draft returns the repository as whoever has called Lock sees it.
func (r *Logged) Draft() Draft { return Draft{r} }

var _ Repository = Draft{}

// Name implements Repository.
func (d Draft) Name() string { return d.r.name }

// Count implements Repository.
func (d Draft) Count() int { return len(d.r.rows) }

// Rows implements Repository.
func (d Draft) Rows() []value.Value { return d.r.visible() }

// Index implements Repository; drafts are written to.
func (d Draft) Index(string) {}

// Select implements Repository. It looks at all rows, unless it is told the id.
func (d Draft) Select(q Query) []value.Value {
	if k, ok := keyOf(q.Equal); ok && q.Field == "id" {
		if row, found := d.r.present(k); found && (q.Match == nil || q.Match(row)) {
			return []value.Value{row}
		}
		return nil
	}
	var out []value.Value
	for _, row := range d.r.visible() {
		if matches(row, q) {
			out = append(out, row)
		}
	}
	return out
}

// Store implements Repository.
func (d Draft) Store(rows ...value.Value) ([]value.Value, []Change) { return d.r.store(rows) }

// Delete implements Repository.
func (d Draft) Delete(q Query) []Change { return d.r.delete(q) }

// Clear implements Repository.
func (d Draft) Clear() []Change { return d.r.clear() }

// SetLimits implements Repository.
func (d Draft) SetLimits(l Limits) []Change { return d.r.bound(l) }

// Limits implements Repository.
func (d Draft) Limits() Limits { return d.r.limits }

// Fresh reports whether nothing was ever stored.
func (d Draft) Fresh() bool { return d.r.next == 0 }

// Undo is Revert for effects that nobody has seen: the lock has been held since they
// were made. Rows that were appended cost nothing to take back then.
func (d Draft) Undo(effects []Effect) {
	r := d.r
	next := r.next
	for i := len(effects) - 1; i >= 0; i-- {
		e := &effects[i]
		if last := len(r.ages) - 1; e.Kind == Put && !e.old.IsBound() && !e.returned && last >= 0 && r.ages[last] == e.Age {
			r.drop(e.Row, e.Age)
			r.rows, r.ages, r.times = r.rows[:last], r.ages[:last], r.times[:last]
			next = min(next, e.Age)
			continue
		}
		r.Revert(effects[i : i+1])
	}
	if next < r.next && (len(r.ages) == 0 || r.ages[len(r.ages)-1] < next) {
		r.next = next
	}
	r.count.Store(int64(len(r.rows)))
}

// Foretell says which change an effect will be that is about to be applied; false for
// those that are none. The caller holds the lock.
func (r *Logged) Foretell(e *Effect) (c Change, ok bool) {
	at := r.position(e.Age)
	there := at < len(r.ages) && r.ages[at] == e.Age
	switch e.Kind {
	case Put:
		c = Change{Kind: Created, New: e.Row, Time: time.Unix(0, e.Time)}
		if there {
			c.Kind, c.Old = Updated, r.rows[at]
		}
		c.ID = idOf(e.Row)
		return c, true
	case Removed, Dropped:
		if !there {
			return c, false
		}
		c = Change{Kind: Deleted, Old: r.rows[at], ID: idOf(r.rows[at]), Time: time.Now()}
		if e.Kind == Dropped {
			c.Kind = Evicted
		}
		return c, true
	case Emptied:
		return Change{Kind: Cleared, Time: time.Now()}, true
	}
	return c, false
}

func idOf(row value.Value) value.Value {
	if row.Kind() != value.Map {
		return value.Value{}
	}
	id, _ := FieldOf(row, "id")
	return id
}

// Reset makes a repository what a state says, whatever was there before. The caller
// holds the lock. Snapshots of readers stay as they are.
func (r *Logged) Reset(s State) error {
	wanted := r.wanted
	r.rows, r.ages, r.times, r.shared = nil, nil, nil, false
	r.ids, r.next, r.past, r.indexes = newIDs(), 0, history{}, nil
	r.oldest = 0
	r.wanted = wanted
	return r.Restore(s)
}
