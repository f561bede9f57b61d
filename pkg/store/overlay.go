package store

import (
	"errors"
	"slices"
	"sync"
	"time"

	"aro/pkg/vm/value"
)

// Overlay is a repository as one transaction sees it: what it has written lies over what
// is there. Nobody else sees it, and it holds nothing up, until Commit. Its Store,
// Delete and Clear return changes as a repository does, which have not happened yet: what
// a limit evicts, and what ends by its ttl, is only known at the commit.
//
// It is safe for concurrent use. Reading costs what it costs without, until something
// has been written: then Rows copies, and Select looks at all rows if one that matches
// has been replaced.
type Overlay struct {
	base Repository

	mu      sync.Mutex
	lists   [][]value.Value     // that were read, the earliest first
	listed  map[key]value.Value // their rows, of the first so many lists
	known   int                 // that many
	seen    map[key]value.Value // rows as they were first seen, which must be the same at the commit
	written map[key]value.Value // rows to be; unbound for those that leave
	order   []added             // what was stored or deleted, in the order of the first time
	left    []value.Value       // rows without an id that were deleted
	unnamed []*value.Record     // rows that were given an id, because none had their name
	cleared bool                // what is not written has left
	all     []value.Value       // all rows as they were first seen, once they were
	hasAll  bool
	changes []Change // of the commit
}

// added is a row of written, or one that no id finds: a text, a number, a list.
type added struct {
	k     key
	loose value.Value // unbound for one of written
}

// ErrConflict says that a transaction has read or changed something that was changed by
// somebody else before it could end. Nothing of it is left; it may be tried again.
var ErrConflict = errors.New("somebody else changed the same rows in the meantime, so nothing of this was stored; try again")

// NewOverlay returns an overlay of a repository, which may be an overlay itself.
func NewOverlay(base Repository) *Overlay { return &Overlay{base: base} }

// Wrote reports whether there is anything to commit.
func (o *Overlay) Wrote() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dirty()
}

func (o *Overlay) dirty() bool { return o.cleared || len(o.order) > 0 || len(o.left) > 0 }

var (
	_ Repository = (*Overlay)(nil)
	_ Finder     = (*Overlay)(nil)
)

// Name implements Repository.
func (o *Overlay) Name() string { return o.base.Name() }

// Count implements Repository.
func (o *Overlay) Count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.dirty() {
		return o.base.Count()
	}
	return len(o.rowsNow())
}

// Index implements Repository.
func (o *Overlay) Index(field string) { o.base.Index(field) }

// Rows implements Repository.
func (o *Overlay) Rows() []value.Value {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.rowsNow()
}

func (o *Overlay) rowsNow() []value.Value {
	below := o.below()
	if !o.dirty() {
		return below
	}
	out := make([]value.Value, 0, len(below)+len(o.order))
	there := make(map[key]bool, len(o.order))
	for _, row := range below {
		k, indexed := rowKey(row)
		if !indexed {
			if !o.cleared && !o.gone(row) {
				out = append(out, row)
			}
			continue
		}
		now, mine := o.written[k]
		switch {
		case mine:
			there[k] = true
			if now.IsBound() {
				out = append(out, now)
			}
		case !o.cleared:
			out = append(out, row)
		}
	}
	return o.appendNew(out, there, Query{})
}

// below returns the rows without what was written. The first time counts for Clear.
func (o *Overlay) below() []value.Value {
	rows := o.base.Rows()
	if !o.hasAll {
		o.all, o.hasAll = rows, true
	}
	o.read(rows)
	return rows
}

// appendNew adds the written rows that match and are not there already, in the order in
// which they were stored.
func (o *Overlay) appendNew(out []value.Value, there map[key]bool, q Query) []value.Value {
	for _, a := range o.order {
		if row := o.row(a); row.IsBound() && !there[a.k] && matches(row, q) {
			out = append(out, row)
		}
	}
	return out
}

// row is what becomes of a row; unbound is that it leaves.
func (o *Overlay) row(a added) value.Value {
	if a.loose.IsBound() {
		return a.loose
	}
	return o.written[a.k]
}

// gone reports whether a row that has no id was deleted.
func (o *Overlay) gone(row value.Value) bool {
	return slices.ContainsFunc(o.left, func(l value.Value) bool { return value.TypedEqual(l, row) })
}

// read remembers rows that the transaction knows from now on. They are not copied.
func (o *Overlay) read(rows []value.Value) {
	if n := len(o.lists); len(rows) > 0 && (n == 0 || len(o.lists[n-1]) != len(rows) || &o.lists[n-1][0] != &rows[0]) {
		o.lists = append(o.lists, rows)
	}
}

// Select implements Repository.
func (o *Overlay) Select(q Query) []value.Value {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.selected(q)
}

func (o *Overlay) selected(q Query) []value.Value {
	if k, ok := keyOf(q.Equal); ok && q.Field == "id" {
		if row, there := o.present(k); there && (q.Match == nil || q.Match(row)) {
			return []value.Value{row}
		}
		return nil
	}
	if q.Field == "" && q.Match == nil {
		return o.rowsNow()
	}
	if !o.dirty() {
		rows := o.base.Select(q)
		o.read(rows)
		return rows
	}
	// A row that was replaced keeps its place, which only all rows tell.
	var out []value.Value
	for _, row := range o.rowsNow() {
		if matches(row, q) {
			out = append(out, row)
		}
	}
	return out
}

// Find implements Finder.
func (o *Overlay) Find(id value.Value) (value.Value, bool) {
	k, ok := keyOf(id)
	if !ok {
		return value.Value{}, false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.present(k)
}

// present returns the row with an id.
func (o *Overlay) present(k key) (row value.Value, ok bool) {
	row, mine := o.written[k]
	if !mine && !o.cleared {
		row = o.first(k)
	}
	return row, row.IsBound()
}

// first returns the row with an id as the transaction has seen it first. At the commit
// it must be the same.
func (o *Overlay) first(k key) value.Value {
	if row, ok := o.seen[k]; ok {
		return row
	}
	for ; o.known < len(o.lists); o.known++ {
		for _, row := range o.lists[o.known] {
			if k, indexed := rowKey(row); indexed {
				if o.listed == nil {
					o.listed = make(map[key]value.Value, len(o.lists[o.known]))
				}
				if _, had := o.listed[k]; !had {
					o.listed[k] = row
				}
			}
		}
	}
	row, ok := o.listed[k]
	if !ok {
		row = find(o.base, k.value())
	}
	if o.seen == nil {
		o.seen = make(map[key]value.Value)
	}
	o.seen[k] = row
	return row
}

// find returns the row with an id, unbound if there is none.
func find(r Repository, id value.Value) value.Value {
	if f, ok := r.(Finder); ok {
		row, _ := f.Find(id)
		return row
	}
	if rows := r.Select(Query{Field: "id", Equal: id}); len(rows) > 0 {
		return rows[0]
	}
	return value.Value{}
}

// Store implements Repository.
func (o *Overlay) Store(rows ...value.Value) (stored []value.Value, changes []Change) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.store(rows)
}

func (o *Overlay) store(rows []value.Value) (stored []value.Value, changes []Change) {
	now := time.Now()
	for _, row := range rows {
		row, c, changed := o.storeRow(row)
		if changed {
			c.Time = now
			changes = append(changes, c)
		}
		stored = append(stored, row)
	}
	return stored, changes
}

func (o *Overlay) storeRow(row value.Value) (stored value.Value, c Change, changed bool) {
	rec := row.Record()
	if rec == nil || row.Kind() != value.Map {
		return row, Change{Kind: Created, New: row}, o.storeLoose(row)
	}
	id, has := rec.Get("id")
	if !has || id.Kind() == value.Null {
		if id, has = o.namesake(rec); !has {
			o.unnamed = append(o.unnamed, rec)
			id = value.OfString(value.NewRowID())
		}
		rec = rec.With("id", id)
	}
	stored = value.OfRecord(rec)
	k, indexed := keyOf(id)
	if !indexed {
		o.order = append(o.order, added{loose: stored})
		return stored, Change{Kind: Created, ID: id, New: stored}, true
	}
	old, had := o.present(k)
	if had && value.TypedEqual(old, stored) {
		o.write(k, old)
		return old, Change{}, false
	}
	o.write(k, stored)
	if had {
		return stored, Change{Kind: Updated, ID: id, Old: old, New: stored}, true
	}
	return stored, Change{Kind: Created, ID: id, New: stored}, true
}

// write says what becomes of the row with an id; unbound is that it leaves.
func (o *Overlay) write(k key, row value.Value) {
	o.first(k)
	if _, had := o.written[k]; !had {
		o.order = append(o.order, added{k: k})
	}
	if o.written == nil {
		o.written = make(map[key]value.Value)
	}
	o.written[k] = row
}

// storeLoose stores a row that has no id; it reports whether none like it was there.
func (o *Overlay) storeLoose(row value.Value) bool {
	like := func(a added) bool { return a.loose.IsBound() && value.TypedEqual(a.loose, row) }
	there := slices.ContainsFunc(o.order, like) || !o.cleared && !o.gone(row) && len(o.base.Select(Query{Field: "_value", Equal: row})) > 0
	if !there {
		o.order = append(o.order, added{loose: row})
	}
	return !there
}

// namesake is what the row of a map without id replaces, see memory.namesake.
func (o *Overlay) namesake(rec *value.Record) (id value.Value, ok bool) {
	for _, field := range []string{"name", "key"} {
		v, has := rec.Get(field)
		if !has {
			continue
		}
		for _, row := range o.selected(Query{Field: field, Equal: v}) {
			if id, ok := FieldOf(row, "id"); ok {
				return id, true
			}
		}
		return value.Value{}, false
	}
	return value.Value{}, false
}

// Delete implements Repository.
func (o *Overlay) Delete(q Query) []Change {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.delete(q)
}

func (o *Overlay) delete(q Query) (changes []Change) {
	now := time.Now()
	for _, row := range slices.Clone(o.selected(q)) {
		c := Change{Kind: Deleted, Old: row, Time: now}
		c.ID, _ = FieldOf(row, "id")
		if k, indexed := rowKey(row); indexed {
			o.write(k, value.Value{})
		} else {
			o.order = slices.DeleteFunc(o.order, func(a added) bool { return a.loose.IsBound() && value.TypedEqual(a.loose, row) })
			o.left = append(o.left, row)
		}
		changes = append(changes, c)
	}
	return changes
}

// Clear implements Repository.
func (o *Overlay) Clear() []Change {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.clear()
}

func (o *Overlay) clear() []Change {
	if len(o.rowsNow()) == 0 {
		return nil
	}
	o.cleared = true
	o.order = slices.DeleteFunc(o.order, func(a added) bool { return a.loose.IsBound() })
	for _, a := range o.order {
		o.written[a.k] = value.Value{} // should it come back, this is its place
	}
	o.left, o.unnamed = nil, nil
	return []Change{{Kind: Cleared, Time: time.Now()}}
}

// SetLimits implements Repository. Limits are no part of a transaction.
func (o *Overlay) SetLimits(l Limits) []Change { return o.base.SetLimits(l) }

// Limits implements Repository.
func (o *Overlay) Limits() Limits { return o.base.Limits() }
