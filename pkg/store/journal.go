package store

import (
	"errors"
	"slices"
	"time"

	"aro/pkg/vm/value"
)

// Journal is told what the writes of a repository in memory did, so that an engine
// can do the same again after a restart.
type Journal interface {
	// Append gets the effects of one write in the order in which they happened. It
	// is called under the lock of the repository, so the order of the calls is that
	// of the writes. It must not call the repository and must not keep the slice.
	Append(effects []Effect)
}

// EffectKind says what an effect did to the rows.
type EffectKind uint8

// The kinds of effect. Their numbers are written to files.
const (
	Put     EffectKind = iota // a new row, or another one at its age
	Touched                   // a row was stored again as it was: only its time is new
	Removed                   // a row left, and its place is remembered
	Dropped                   // a row left by a limit, and is forgotten
	Emptied                   // all rows left; their places are remembered
	Bounded                   // the limits were set
)

// Effect is one step of a write with everything resolved: nothing about it depends
// on the clock, on chance or on how a query is answered.
type Effect struct {
	Kind EffectKind
	Age  uint64      // of the row: rows are ordered by it
	Row  value.Value // of Put
	Time int64       // of Put and Touched: Unix nanoseconds
	New  Limits      // of Bounded

	// What was there before, for Revert.
	old      value.Value
	oldTime  time.Duration
	returned bool // a Put that found the former place of its row
	limits   Limits
	rows     []value.Value
	ages     []uint64
	times    []time.Duration
}

// Logged is a repository in memory that tells a journal of its writes. It costs a
// repository without a journal one comparison for each write.
type Logged struct{ memory }

// NewLogged returns an empty repository without a journal.
func NewLogged(name string) *Logged {
	return &Logged{memory{name: name, ids: newIDs(), opened: time.Now()}}
}

// Lock keeps readers and writers out until Unlock. SetJournal, Apply, Revert, State,
// Freeze and Restore want it once others know the repository.
func (r *Logged) Lock() { r.mu.Lock() }

// Unlock ends Lock.
func (r *Logged) Unlock() { r.mu.Unlock() }

// Fresh reports whether nothing was ever stored.
func (r *Logged) Fresh() bool { return r.next == 0 }

// SetJournal makes writes known to j from now on; nil ends that.
func (r *Logged) SetJournal(j Journal) { r.journal = j }

// note remembers an effect until the write has ended.
func (r *memory) note(e Effect) { r.effects = append(r.effects, e) }

// tell hands the effects of a write over.
func (r *memory) tell() {
	if r.journal == nil || len(r.effects) == 0 {
		return
	}
	r.journal.Append(r.effects)
	clear(r.effects)
	if cap(r.effects) > 1024 {
		r.effects = nil
	}
	r.effects = r.effects[:0]
}

// unix is a time of the repository as the wall clock had it when it was opened.
func (r *memory) unix(at time.Duration) int64 { return r.opened.UnixNano() + int64(at) }

// since is the reverse of unix. What lies in the future was stored before somebody
// set the clock back, and counts as stored now.
func (r *memory) since(unix int64) time.Duration {
	at := min(time.Duration(unix-r.opened.UnixNano()), time.Since(r.opened))
	r.oldest = min(r.oldest, at)
	return at
}

// ErrMisfit says that an effect does not fit the rows: it is not what was done to
// them next.
var ErrMisfit = errors.New("a change of a row that is not there")

// Apply does again what an effect says.
func (r *Logged) Apply(e *Effect) error {
	at := r.position(e.Age)
	there := at < len(r.ages) && r.ages[at] == e.Age
	switch e.Kind {
	case Put:
		k, indexed := rowKey(e.Row)
		if there {
			if old, has := rowKey(r.rows[at]); old != k || has != indexed {
				return ErrMisfit
			}
			r.keep(at)
			r.own()
			for _, x := range r.indexes {
				x.replace(r.rows[at], e.Row, e.Age)
			}
			r.rows[at], r.times[at] = e.Row, r.since(e.Time)
			break
		}
		if indexed {
			if _, has := r.ids.get(k); has {
				return ErrMisfit
			}
			r.past.take(k)
		}
		r.place(at, e.Row, e.Age, r.since(e.Time))
		r.next = max(r.next, e.Age+1)
	case Touched:
		if !there {
			return ErrMisfit
		}
		r.keep(at)
		r.times[at] = r.since(e.Time)
	case Removed, Dropped:
		if !there {
			return ErrMisfit
		}
		r.cut(at, e.Kind == Removed)
	case Emptied:
		r.empty()
	case Bounded:
		r.limits = e.New
	default:
		return ErrMisfit
	}
	r.count.Store(int64(len(r.rows)))
	return nil
}

// Revert takes effects back that Append got, the latest first. Only the latest
// that have not been reverted may be.
func (r *Logged) Revert(effects []Effect) {
	for i := len(effects) - 1; i >= 0; i-- {
		e := &effects[i]
		at := r.position(e.Age)
		switch e.Kind {
		case Put:
			if e.old.IsBound() {
				r.keep(at)
				r.own()
				for _, x := range r.indexes {
					x.replace(e.Row, e.old, e.Age)
				}
				r.rows[at], r.times[at] = e.old, e.oldTime
				break
			}
			r.cut(at, e.returned)
		case Touched:
			r.keep(at)
			r.times[at] = e.oldTime
		case Removed, Dropped:
			r.back(at, e.old, e.Age, e.oldTime)
		case Emptied:
			for i, row := range e.rows {
				r.back(len(r.rows), row, e.ages[i], e.times[i])
			}
		case Bounded:
			r.limits = e.limits
		}
	}
	r.count.Store(int64(len(r.rows)))
}

// rowKey is the id of a row as a key; false for rows that have none.
func rowKey(row value.Value) (key, bool) {
	if rec := row.Record(); rec != nil {
		if id, ok := rec.Get("id"); ok {
			return keyOf(id)
		}
	}
	return key{}, false
}

// place puts a row at a position.
func (r *Logged) place(at int, row value.Value, age uint64, stored time.Duration) {
	if k, indexed := rowKey(row); indexed {
		r.ids.set(k, age)
	}
	for _, x := range r.indexes {
		x.add(row, age)
	}
	if at < len(r.rows) {
		r.keepFrom(at)
		r.own()
	}
	r.rows = slices.Insert(r.rows, at, row)
	r.ages = slices.Insert(r.ages, at, age)
	r.times = slices.Insert(r.times, at, stored)
}

// back puts a removed row where it was.
func (r *Logged) back(at int, row value.Value, age uint64, stored time.Duration) {
	if k, indexed := rowKey(row); indexed {
		r.past.take(k)
	}
	r.oldest = min(r.oldest, stored)
	r.place(at, row, age, stored)
}

// cut takes the row at a position out, remembering its place or not.
func (r *Logged) cut(at int, remember bool) {
	row, age := r.rows[at], r.ages[at]
	if remember {
		r.forget(row, age)
	} else {
		r.drop(row, age)
	}
	if at == 0 { // touches no snapshot
		r.cutFront()
		return
	}
	r.keepFrom(at)
	r.own()
	r.rows = slices.Delete(r.rows, at, at+1)
	r.ages = slices.Delete(r.ages, at, at+1)
	r.times = slices.Delete(r.times, at, at+1)
}

// State is all that a repository holds.
type State struct {
	Rows   []value.Value // read only, and never changed
	Ages   []uint64      // ascending
	Times  []int64       // Unix nanoseconds
	Next   uint64        // the age of the next new row
	Past   []Departed    // in the order in which they left
	Limits Limits
}

// Departed is a removed row whose place is remembered.
type Departed struct {
	ID  value.Value
	Age uint64
}

// State returns what is there now. Rows are not copied, ages, times and remembered
// places are, while everybody waits: a million rows take 20 ms. Freeze is for who may
// take longer over it.
func (r *Logged) State() State {
	r.shared = true
	s := State{Rows: r.rows[:len(r.rows):len(r.rows)], Ages: slices.Clone(r.ages), Times: make([]int64, len(r.times)),
		Next: r.next, Past: r.past.list(), Limits: r.limits}
	for i, t := range r.times {
		s.Times[i] = r.unix(t)
	}
	return s
}

// Restore fills an empty repository. Rows are appended to what is there, so a large
// state may come in parts.
func (r *Logged) Restore(s State) error {
	for i, row := range s.Rows {
		if n := len(r.ages); n > 0 && r.ages[n-1] >= s.Ages[i] {
			return ErrMisfit
		}
		if k, indexed := rowKey(row); indexed {
			if _, has := r.ids.get(k); has {
				return ErrMisfit
			}
		}
		r.place(len(r.rows), row, s.Ages[i], r.since(s.Times[i]))
		r.next = max(r.next, s.Ages[i]+1)
	}
	for _, p := range s.Past {
		k, ok := keyOf(p.ID)
		if !ok {
			return ErrMisfit
		}
		r.past.put(k, p.Age)
	}
	r.next, r.limits = max(r.next, s.Next), s.Limits
	r.count.Store(int64(len(r.rows)))
	return nil
}
