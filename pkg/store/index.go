package store

import (
	"math"
	"slices"
	"time"

	"aro/pkg/vm/value"
)

// An index finds the rows of a memory repository by a field. It is made when a
// repository whose field is asked for gets to some size, or by the first query
// after that, and kept up to date from then on: each write then costs one more map
// operation.
//
// Fields come from where clauses, so a program has few of them; still their
// number is bounded.
type index struct {
	field string
	rows  map[key]posting
	other []uint64 // ages of rows whose value is no key: lists, maps, dates; ascending
}

// posting is the ages of the rows with one value, ascending. Most values of an id
// or a name occur once, and need no slice.
type posting struct {
	first uint64
	rest  []uint64
}

const maxIndexes = 8

// indexFrom is the number of rows from which an index is worth its upkeep; below
// it looking at all rows takes about a microsecond.
var indexFrom = 32

// fieldKey is a value as a key; false for kinds that are none.
func fieldKey(v value.Value) (key, bool) {
	switch v.Kind() {
	case value.Bool:
		n := int64(0)
		if v.Bool() {
			n = 1
		}
		return key{kind: value.Bool, num: n}, true
	case value.Float:
		f := v.Float()
		if f == 0 {
			f = 0 // minus zero is zero
		}
		return key{kind: value.Float, num: int64(math.Float64bits(f))}, f == f
	case value.Unbound, value.Null:
		return key{kind: value.Null}, true
	}
	return keyOf(v)
}

// index returns the index of a field, making it if that pays; nil otherwise.
func (r *memory) index(field string) *index {
	for _, x := range r.indexes {
		if x.field == field {
			return x
		}
	}
	if len(r.rows) < indexFrom || len(r.indexes) >= maxIndexes {
		return nil
	}
	x := &index{field: field, rows: make(map[key]posting, len(r.rows))}
	for i, row := range r.rows {
		x.add(row, r.ages[i])
	}
	r.indexes = append(r.indexes, x)
	return x
}

// Index implements Repository.
func (r *memory) Index(field string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if field != "id" && !slices.Contains(r.wanted, field) && len(r.wanted) < maxIndexes {
		r.wanted = append(r.wanted, field)
	}
}

func (x *index) add(row value.Value, age uint64) {
	v, ok := FieldOf(row, x.field)
	if !ok {
		return
	}
	k, ok := fieldKey(v)
	if !ok {
		x.other = insertAge(x.other, age)
		return
	}
	p, found := x.rows[k]
	switch {
	case !found:
		p.first = age
	case age < p.first:
		p.rest = slices.Insert(p.rest, 0, p.first)
		p.first = age
	default:
		p.rest = insertAge(p.rest, age)
	}
	x.rows[k] = p
}

func (x *index) drop(row value.Value, age uint64) {
	v, ok := FieldOf(row, x.field)
	if !ok {
		return
	}
	k, ok := fieldKey(v)
	if !ok {
		x.other = deleteAge(x.other, age)
		return
	}
	p := x.rows[k]
	switch {
	case p.first != age:
		p.rest = deleteAge(p.rest, age)
	case len(p.rest) == 0:
		delete(x.rows, k)
		return
	default:
		p.first = p.rest[0]
		p.rest = p.rest[1:]
	}
	x.rows[k] = p
}

// replace is drop and add, unless the field has stayed as it is.
func (x *index) replace(old, row value.Value, age uint64) {
	a, okA := FieldOf(old, x.field)
	b, okB := FieldOf(row, x.field)
	if okA && okB {
		ka, okA := fieldKey(a)
		kb, okB := fieldKey(b)
		if okA && okB && ka == kb {
			return
		}
	}
	x.drop(old, age)
	x.add(row, age)
}

// len is the number of rows that candidates would give.
func (x *index) len(k key) int {
	n := len(x.other)
	if p, ok := x.rows[k]; ok {
		n += 1 + len(p.rest)
	}
	return n
}

func insertAge(ages []uint64, age uint64) []uint64 {
	if n := len(ages); n == 0 || ages[n-1] < age {
		return append(ages, age)
	}
	at, _ := slices.BinarySearch(ages, age)
	return slices.Insert(ages, at, age)
}

func deleteAge(ages []uint64, age uint64) []uint64 {
	if at, ok := slices.BinarySearch(ages, age); ok {
		return slices.Delete(ages, at, at+1)
	}
	return ages
}

// find returns the rows that may match a query on an indexed field, oldest first:
// all whose field has the value, and those that only a comparison can tell; exact
// when there are none of the latter. ok is false when looking at all rows is as
// good.
func (r *memory) find(q Query) (rows []value.Value, exact, ok bool) {
	k, ok := fieldKey(q.Equal)
	if !ok {
		return nil, false, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	x := r.index(q.Field)
	if x == nil || x.len(k) > len(r.rows)/4 && len(r.rows) > 4 {
		return nil, false, false
	}
	now := time.Since(r.opened)
	p, found := x.rows[k]
	if !found && len(x.other) == 0 {
		return nil, true, true
	}
	if len(p.rest)+len(x.other) == 0 {
		at := r.position(p.first)
		if r.expired(at, now) {
			return nil, true, true
		}
		return []value.Value{r.rows[at]}, true, true
	}
	ages := append(make([]uint64, 0, 1+len(p.rest)+len(x.other)), x.other...)
	if found {
		ages = append(append(ages, p.first), p.rest...)
	}
	if len(x.other) > 0 {
		slices.Sort(ages)
	}
	rows = make([]value.Value, 0, len(ages))
	for _, age := range ages {
		if at := r.position(age); !r.expired(at, now) {
			rows = append(rows, r.rows[at])
		}
	}
	return rows, len(x.other) == 0, true
}
