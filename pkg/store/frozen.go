package store

import (
	"time"

	"aro/pkg/vm/value"
)

// pieceSize is how many entries are copied at once while writers wait: some 150 KiB,
// which takes a few dozen microseconds.
const pieceSize = 4096

// Frozen is what a repository holds at one moment, read piece by piece while writers go
// on. Making it copies nothing. A writer that is about to change what was not read yet
// copies the piece that it is in first; only who moves rows, with a removal or a return in
// the middle, copies all that it moves.
//
// A repository has one Frozen at a time. One goroutine reads it, and closes it.
type Frozen struct {
	Next   uint64 // as in State
	Limits Limits

	r     *Logged
	rows  view[value.Value]
	ages  view[uint64]
	times view[time.Duration]
	past  [2]view[removal]
	skip  int // how many rows were cut off in front since
	piece State
}

// Freeze begins to read what is there now. The lock of the repository is held.
func (r *Logged) Freeze() *Frozen {
	f := &Frozen{Next: r.next, Limits: r.limits, r: r}
	f.rows.all, f.ages.all, f.times.all = r.rows, r.ages, r.times
	r.frozen = f
	for i, p := range []*part{&r.past.old, &r.past.new} {
		f.past[i].all, p.frozen = p.order, &f.past[i]
	}
	return f
}

// Piece returns the next rows, which are valid until the next call; false behind the
// last one. It takes the lock of the repository.
func (f *Frozen) Piece() (State, bool) {
	p := &f.piece
	f.r.mu.Lock()
	p.Rows, _ = f.rows.take(p.Rows[:0])
	p.Ages, _ = f.ages.take(p.Ages[:0])
	times, more := f.times.take(nil)
	f.r.mu.Unlock()
	p.Times = p.Times[:0]
	for _, t := range times {
		p.Times = append(p.Times, f.r.unix(t))
	}
	return *p, more
}

// Past returns the removed rows whose places are remembered, in the order in which they
// left. It takes the lock of the repository, for each piece anew.
func (f *Frozen) Past() []Departed {
	var all []Departed
	var piece []removal
	for i := range f.past {
		for more := true; more; {
			f.r.mu.Lock()
			piece, more = f.past[i].take(piece[:0])
			f.r.mu.Unlock()
			all = departed(all, piece)
		}
	}
	return all
}

// Close ends the reading, whether or not all was read. It takes the lock of the
// repository.
func (f *Frozen) Close() {
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	f.r.frozen, f.r.past.old.frozen, f.r.past.new.frozen = nil, nil, nil
}

// keep is called before the row at a position is changed in place.
func (r *memory) keep(at int) {
	if f := r.frozen; f != nil {
		f.rows.keep(at + f.skip)
		f.ages.keep(at + f.skip)
		f.times.keep(at + f.skip)
	}
}

// keepFrom is called before the rows from a position on are moved in place. Positions
// behind it lose their meaning for the frozen rows, which does not matter: those
// have been kept. That more than needed is kept does no harm at any time: frozen slices
// that the repository has left for others do not change any more.
func (r *memory) keepFrom(at int) {
	f := r.frozen
	if f == nil {
		return
	}
	for at += f.skip; at < len(f.rows.all); at += pieceSize {
		f.rows.keep(at)
		f.ages.keep(at)
		f.times.keep(at)
	}
	if last := len(f.rows.all) - 1; last >= 0 {
		f.rows.keep(last)
		f.ages.keep(last)
		f.times.keep(last)
	}
}

// cutFront takes the oldest row off. The slices themselves stay as they are.
func (r *memory) cutFront() {
	r.rows, r.ages, r.times = r.rows[1:], r.ages[1:], r.times[1:]
	if r.frozen != nil {
		r.frozen.skip++
	}
}

// view is a slice as it was at one moment, in pieces. The slice itself is changed
// meanwhile, but each piece is copied before.
type view[T any] struct {
	all  []T
	kept map[int][]T // pieces that were copied before their turn
	next int         // the piece that take returns
}

// keep copies the piece that holds an entry, unless it was read or kept already.
func (v *view[T]) keep(i int) {
	p := i / pieceSize
	if i >= len(v.all) || p < v.next || v.kept[p] != nil {
		return
	}
	if v.kept == nil {
		v.kept = make(map[int][]T)
	}
	v.kept[p] = append([]T(nil), v.at(p)...)
}

func (v *view[T]) at(p int) []T {
	return v.all[min(p*pieceSize, len(v.all)):min((p+1)*pieceSize, len(v.all))]
}

// take appends the next piece, false if there is none.
func (v *view[T]) take(to []T) ([]T, bool) {
	p := v.next
	if p*pieceSize >= len(v.all) {
		return to, false
	}
	v.next++
	if kept := v.kept[p]; kept != nil {
		delete(v.kept, p)
		return append(to, kept...), true
	}
	return append(to, v.at(p)...), true
}
