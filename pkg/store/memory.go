package store

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"aro/pkg/vm/value"
)

// Memory keeps rows for the life of the process. Any goroutine may call its methods.
type Memory struct{ repos Table[*memory] }

// NewMemory returns an empty engine.
func NewMemory() *Memory { return new(Memory) }

// Repository implements Engine.
func (m *Memory) Repository(name string) Repository {
	return m.repos.Open(name, func() *memory { return &memory{name: name, ids: newIDs(), opened: time.Now()} })
}

// Names implements Engine.
func (m *Memory) Names() []string { return m.repos.Names() }

// Forget implements Forgetter.
func (m *Memory) Forget(after time.Duration) (later bool) { return m.repos.Forget(after) }

// Close implements Engine; memory has nothing to flush.
func (m *Memory) Close() error { return nil }

// Forget is what an engine's Forget does to a repository.
func (r *memory) Forget(after time.Duration) (later bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.past.forget(after)
}

// memory is one repository: rows in the order of their age.
//
// rows, ages and times run in parallel and ages ascend. A snapshot is rows[:n:n]: rows
// appended later lie behind it, and a change within it first copies the slice
// once (shared). So reading costs nothing, appending is O(1), and a replacement
// costs a copy only while somebody may still look at the old slice.
//
// What the writers of one repository change is in no cache line of another one: two cores
// that store in two repositories would take the lines from each other (see firstRoom).
type memory struct {
	_     [64]byte
	name  string
	count atomic.Int64

	mu     sync.Mutex
	rows   []value.Value
	ages   []uint64
	times  []time.Duration // since opened, of the latest Store of each row
	shared bool
	ids    ids
	next   uint64  // age of the next new row
	past   history // ages of removed rows

	indexes []*index
	wanted  []string // fields that queries will ask for

	opened time.Time
	limits Limits
	oldest time.Duration // no entry of times is before it

	frozen  *Frozen  // nil unless somebody reads piece by piece
	journal Journal  // nil for rows that end with the process
	effects []Effect // of the write that runs, for the journal
	_       [64]byte
}

// firstRoom is how many rows there is room for at first. The times, and the ages, of so
// many fill a cache line, which is then no other repository's, too: those of repositories
// of one row lay side by side, eight in a line.
const firstRoom = 8

// key is an id as a map key: typed, so "1" and 1 differ.
type key struct {
	kind value.Kind
	num  int64
	str  string
}

func keyOf(id value.Value) (key, bool) {
	switch id.Kind() {
	case value.String:
		return key{kind: value.String, str: id.Str()}, true
	case value.Int:
		return key{kind: value.Int, num: id.Int()}, true
	case value.Opaque:
		return keyOf(id.Object().Simple())
	}
	return key{}, false
}

func (r *memory) Name() string { return r.name }

func (r *memory) Count() int { return int(r.count.Load()) }

func (r *memory) Rows() []value.Value {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.visible()
}

func (r *memory) Select(q Query) []value.Value {
	if q.Field == "id" {
		if k, ok := keyOf(q.Equal); ok {
			row, found := r.byID(k)
			if found && (q.Match == nil || q.Match(row)) {
				return []value.Value{row}
			}
			return nil
		}
	}
	var rows []value.Value
	found, exact := false, false
	if q.Field != "" {
		if rows, exact, found = r.find(q); exact {
			if q.Match == nil {
				return rows
			}
			q.Field = ""
		}
	}
	if !found {
		rows = r.Rows()
	}
	if q.Field == "" && q.Match == nil {
		return rows
	}
	var out []value.Value
	for _, row := range rows {
		if matches(row, q) {
			out = append(out, row)
		}
	}
	return out
}

func matches(row value.Value, q Query) bool {
	if q.Field != "" {
		v, ok := FieldOf(row, q.Field)
		if !ok || !value.TypedEqual(v, q.Equal) {
			return false
		}
	}
	return q.Match == nil || q.Match(row)
}

// Find implements Finder.
func (r *memory) Find(id value.Value) (value.Value, bool) {
	k, ok := keyOf(id)
	if !ok {
		return value.Value{}, false
	}
	return r.byID(k)
}

func (r *memory) byID(k key) (value.Value, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.present(k)
}

// present is byID for whoever holds the lock.
func (r *memory) present(k key) (value.Value, bool) {
	age, ok := r.ids.get(k)
	if !ok {
		return value.Value{}, false
	}
	at := r.position(age)
	if r.limits.TTL > 0 && r.expired(at, time.Since(r.opened)) {
		return value.Value{}, false
	}
	return r.rows[at], true
}

// position returns the index of the row with that age, or where it belongs. Ages
// ascend by one where nothing was removed, so the first guess is usually right;
// else the place lies before it, by as many rows as were removed, and is looked
// for in growing steps. That touches a memory line or two where a binary search of
// a large repository touches ten.
func (r *memory) position(age uint64) int {
	n := len(r.ages)
	if n == 0 || r.ages[n-1] < age {
		return n
	}
	first := r.ages[0]
	if age <= first {
		return 0
	}
	hi := int(min(age-first, uint64(n-1))) // r.ages[hi] >= age
	if r.ages[hi] == age {
		return hi
	}
	lo, step := hi-1, 1
	for lo >= 0 && r.ages[lo] >= age {
		hi = lo
		lo -= step
		step *= 2
	}
	lo = max(lo, -1) + 1
	return lo + sort.Search(hi-lo, func(i int) bool { return r.ages[lo+i] >= age })
}

// own makes the slices safe to change in place.
func (r *memory) own() {
	if r.shared {
		r.rows = slices.Clone(r.rows)
		r.shared = false
	}
}

func (r *memory) Store(rows ...value.Value) ([]value.Value, []Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.store(rows)
}

// store is Store for whoever holds the lock, as are delete, clear and bound.
func (r *memory) store(rows []value.Value) ([]value.Value, []Change) {
	var stored []value.Value
	var changes []Change
	if len(rows) == 1 {
		// The usual case takes one allocation.
		one := &struct {
			stored  [1]value.Value
			changes [1]Change
		}{}
		stored, changes = one.stored[:], one.changes[:0]
	} else {
		stored, changes = make([]value.Value, len(rows)), make([]Change, 0, len(rows))
	}
	now := time.Now() // within the lock: times never go back
	at := now.Sub(r.opened)
	for i, row := range rows {
		var changed bool
		var c Change
		if row.Kind() == value.Map {
			stored[i], c, changed = r.storeMap(row.Record(), at)
		} else {
			stored[i] = row
			c, changed = r.storeScalar(row, at)
		}
		if changed {
			c.Time = now
			changes = append(changes, c)
			changes = r.evict(changes, now)
		}
	}
	r.count.Store(int64(len(r.rows)))
	r.tell()
	return stored, changes
}

// storeScalar stores one row that is no map; changed is false when an equal one
// was there.
func (r *memory) storeScalar(row value.Value, now time.Duration) (c Change, changed bool) {
	if i := r.equalRow(row); i >= 0 {
		r.touch(i, now)
		return Change{}, false
	}
	r.insert(row, key{}, false, now)
	return Change{Kind: Created, New: row}, true
}

// equalRow finds a row that is no map, -1 if it is not there.
func (r *memory) equalRow(row value.Value) int {
	if k, ok := fieldKey(row); ok {
		if x := r.index("_value"); x != nil {
			p, found := x.rows[k]
			for n := 0; found && n <= len(p.rest); n++ {
				age := p.first
				if n > 0 {
					age = p.rest[n-1]
				}
				// A map may have a field of that name.
				if at := r.position(age); value.TypedEqual(r.rows[at], row) {
					return at
				}
			}
			return -1
		}
	}
	return slices.IndexFunc(r.rows, func(v value.Value) bool { return value.TypedEqual(v, row) })
}

// storeMap stores one map row; changed is false when an equal row was there.
func (r *memory) storeMap(rec *value.Record, now time.Duration) (stored value.Value, c Change, changed bool) {
	id, has := rec.Get("id")
	if !has || id.Kind() == value.Null {
		if id, has = r.namesake(rec); !has {
			id = value.OfString(value.NewRowID())
		}
		rec = rec.With("id", id)
	}
	stored = value.OfRecord(rec)
	k, indexed := keyOf(id)
	if age, ok := r.ids.get(k); indexed && ok {
		at := r.position(age)
		old := r.rows[at]
		if value.TypedEqual(old, stored) {
			r.touch(at, now)
			return old, Change{}, false
		}
		if r.journal != nil {
			r.note(Effect{Kind: Put, Age: age, Row: stored, Time: r.unix(now), old: old, oldTime: r.times[at]})
		}
		r.keep(at)
		r.times[at] = now
		r.own()
		r.rows[at] = stored
		for _, x := range r.indexes {
			x.replace(old, stored, age)
		}
		return stored, Change{Kind: Updated, ID: id, Old: old, New: stored}, true
	}
	r.insert(stored, k, indexed, now)
	return stored, Change{Kind: Created, ID: id, New: stored}, true
}

// touch makes the row at a position as young as if it were new.
func (r *memory) touch(at int, now time.Duration) {
	if r.journal != nil {
		r.note(Effect{Kind: Touched, Age: r.ages[at], Time: r.unix(now), oldTime: r.times[at]})
	}
	r.keep(at)
	r.times[at] = now
}

// namesake finds the row that a map without id replaces: the one with the same
// name, or the same key.
func (r *memory) namesake(rec *value.Record) (id value.Value, ok bool) {
	for _, field := range []string{"name", "key"} {
		v, has := rec.Get(field)
		if !has {
			continue
		}
		return r.idWhere(field, v)
	}
	return value.Value{}, false
}

// idWhere returns the id of the oldest row with that field.
func (r *memory) idWhere(field string, v value.Value) (id value.Value, ok bool) {
	rows := r.rows
	if k, ok := fieldKey(v); ok {
		if x := r.index(field); x != nil && len(x.other) == 0 {
			rows = nil
			if p, found := x.rows[k]; found {
				rows = append(rows, r.rows[r.position(p.first)])
				for _, age := range p.rest {
					rows = append(rows, r.rows[r.position(age)])
				}
			}
		}
	}
	for _, row := range rows {
		if w, ok := FieldOf(row, field); ok && value.TypedEqual(v, w) {
			if id, ok := FieldOf(row, "id"); ok {
				return id, true
			}
		}
	}
	return value.Value{}, false
}

// insert adds a row: at the end, or at its former place in time when a row with
// its id was here before (03 §12).
func (r *memory) insert(row value.Value, k key, indexed bool, now time.Duration) {
	age, returned := uint64(0), false
	if indexed {
		age, returned = r.past.take(k)
	}
	if !returned {
		age = r.next
		r.next++
	}
	if r.journal != nil {
		r.note(Effect{Kind: Put, Age: age, Row: row, Time: r.unix(now), returned: returned})
	}
	if indexed {
		r.ids.set(k, age)
	}
	for _, x := range r.indexes {
		x.add(row, age)
	}
	at := r.position(age)
	if at == len(r.rows) {
		if cap(r.times) == 0 {
			r.rows, r.ages, r.times = make([]value.Value, 0, firstRoom), make([]uint64, 0, firstRoom), make([]time.Duration, 0, firstRoom)
		}
		r.rows, r.ages, r.times = append(r.rows, row), append(r.ages, age), append(r.times, now)
		if len(r.rows) == indexFrom {
			// Now, while that is quick, and not when the first query comes.
			for _, field := range r.wanted {
				r.index(field)
			}
		}
		return
	}
	r.keepFrom(at)
	r.own()
	r.rows = slices.Insert(r.rows, at, row)
	r.ages = slices.Insert(r.ages, at, age)
	r.times = slices.Insert(r.times, at, now)
}

func (r *memory) Delete(q Query) []Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.delete(q)
}

func (r *memory) delete(q Query) []Change {
	now := time.Now()
	if q.Field == "id" {
		if k, ok := keyOf(q.Equal); ok {
			age, found := r.ids.get(k)
			if !found {
				return nil
			}
			at := r.position(age)
			old := r.rows[at]
			if q.Match != nil && !q.Match(old) {
				return nil
			}
			r.keepFrom(at)
			r.own()
			r.noteRemoved(at)
			r.forget(old, age)
			r.rows = slices.Delete(r.rows, at, at+1)
			r.ages = slices.Delete(r.ages, at, at+1)
			r.times = slices.Delete(r.times, at, at+1)
			r.count.Store(int64(len(r.rows)))
			r.tell()
			return []Change{{Kind: Deleted, ID: q.Equal, Old: old, Time: now}}
		}
	}
	var changes []Change
	var rows []value.Value
	var ages []uint64
	var times []time.Duration
	for i, row := range r.rows {
		if !matches(row, q) {
			rows, ages, times = append(rows, row), append(ages, r.ages[i]), append(times, r.times[i])
			continue
		}
		id, _ := FieldOf(row, "id")
		r.noteRemoved(i)
		r.forget(row, r.ages[i])
		changes = append(changes, Change{Kind: Deleted, ID: id, Old: row, Time: now})
	}
	if len(changes) > 0 {
		r.rows, r.ages, r.times, r.shared = rows, ages, times, false
		r.count.Store(int64(len(rows)))
		r.tell()
	}
	return changes
}

func (r *memory) Clear() []Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clear()
}

func (r *memory) clear() []Change {
	if len(r.rows) == 0 {
		return nil
	}
	if r.journal != nil {
		r.note(Effect{Kind: Emptied, rows: r.rows, ages: r.ages, times: r.times})
	}
	r.empty()
	r.count.Store(0)
	r.tell()
	return []Change{{Kind: Cleared, Time: time.Now()}}
}

// empty removes all rows and remembers their places.
func (r *memory) empty() {
	r.indexes = nil // the next query makes those that are still asked for
	for i, row := range r.rows {
		r.forget(row, r.ages[i])
	}
	r.rows, r.ages, r.times, r.shared = nil, nil, nil, false
}

// noteRemoved tells the journal that the row at a position leaves.
func (r *memory) noteRemoved(at int) {
	if r.journal != nil {
		r.note(Effect{Kind: Removed, Age: r.ages[at], old: r.rows[at], oldTime: r.times[at]})
	}
}

// forget removes a row from the index and remembers its age.
func (r *memory) forget(row value.Value, age uint64) {
	for _, x := range r.indexes {
		x.drop(row, age)
	}
	id, ok := FieldOf(row, "id")
	if !ok || row.Kind() != value.Map {
		return
	}
	if k, ok := keyOf(id); ok {
		r.ids.remove(k)
		r.past.put(k, age)
	}
}
