package value

import (
	"fmt"
	"unsafe"
)

// Record is an immutable map: a shape and one value per key. The keys keep their
// insertion order; every observable form sorts them (01 §7).
type Record struct {
	shape *Shape
	first *Value // of as many as shape has keys, nil for none; a slice would be two words more
}

// slots are the values by slot.
func (r *Record) slots() []Value { return unsafe.Slice(r.first, len(r.shape.keys)) }

// NewRecord returns a record that keeps vals, one per key of shape; it panics if there
// are more or fewer. The caller must not change vals afterwards.
func NewRecord(shape *Shape, vals []Value) *Record {
	shape.fits(len(vals))
	return &Record{shape, unsafe.SliceData(vals)}
}

// BuildRecord returns a record with copies of vals, one per key of shape. Header and slots
// are one allocation for up to eight keys, which is what most records have.
func BuildRecord(shape *Shape, vals []Value) *Record {
	shape.fits(len(vals))
	switch len(vals) {
	case 1:
		return buildIn[[1]Value](shape, vals)
	case 2:
		return buildIn[[2]Value](shape, vals)
	case 3:
		return buildIn[[3]Value](shape, vals)
	case 4:
		return buildIn[[4]Value](shape, vals)
	case 5:
		return buildIn[[5]Value](shape, vals)
	case 6:
		return buildIn[[6]Value](shape, vals)
	case 7:
		return buildIn[[7]Value](shape, vals)
	case 8:
		return buildIn[[8]Value](shape, vals)
	}
	return NewRecord(shape, append([]Value(nil), vals...))
}

// fits panics unless a record of the shape has n values.
func (s *Shape) fits(n int) {
	if n != len(s.keys) {
		panic(fmt.Sprintf("a record of %d keys with %d values", len(s.keys), n))
	}
}

// buildIn assigns the slots one by one: copying them as a slice costs a bulk write
// barrier.
func buildIn[S [1]Value | [2]Value | [3]Value | [4]Value | [5]Value | [6]Value | [7]Value | [8]Value](shape *Shape, vals []Value) *Record {
	b := &struct {
		Record
		slots S
	}{}
	for i := range vals {
		b.slots[i] = vals[i]
	}
	b.shape, b.first = shape, &b.slots[0]
	return &b.Record
}

// EmptyMap is {}.
var EmptyMap = OfRecord(&Record{shape: EmptyShape})

// Shape returns the record's shape.
func (r *Record) Shape() *Shape { return r.shape }

// Len returns the number of keys.
func (r *Record) Len() int { return len(r.shape.keys) }

// At returns the key and value of slot i.
func (r *Record) At(i int) (string, Value) { return r.shape.keys[i], r.slots()[i] }

// Slot returns the value of slot i.
func (r *Record) Slot(i int) Value { return r.slots()[i] }

// Get returns the value under key, false when there is none.
func (r *Record) Get(key string) (Value, bool) {
	if i := r.shape.Slot(key); i >= 0 {
		return r.slots()[i], true
	}
	return Value{}, false
}

// With returns a record that has key set to v; r itself when nothing changes
// would still be copied, since comparing costs more than copying.
func (r *Record) With(key string, v Value) *Record {
	if i := r.shape.Slot(key); i >= 0 {
		vals := append([]Value(nil), r.slots()...)
		vals[i] = v
		return NewRecord(r.shape, vals)
	}
	vals := append(make([]Value, 0, r.Len()+1), r.slots()...)
	return NewRecord(r.shape.add(key), append(vals, v))
}

// add returns the shape with key appended, private when the tree is full.
func (s *Shape) add(key string) *Shape {
	if n := s.with(key); n != nil {
		return n
	}
	return privateShape(append(s.keys[:len(s.keys):len(s.keys)], key))
}

// Without returns a record that lacks key, r itself when it has none.
func (r *Record) Without(key string) *Record {
	i := r.shape.Slot(key)
	if i < 0 {
		return r
	}
	keys := make([]string, 0, r.Len()-1)
	vals := make([]Value, 0, r.Len()-1)
	for j, k := range r.shape.keys {
		if j != i {
			keys, vals = append(keys, k), append(vals, r.slots()[j])
		}
	}
	return NewRecord(ShapeOf(keys...), vals)
}

// Merge returns r overlaid by other: other's values win, its new keys follow.
func (r *Record) Merge(other *Record) *Record {
	if other.shape == r.shape {
		return other
	}
	b := NewBuilder(r.Len() + other.Len())
	for i, k := range r.shape.keys {
		b.Set(k, r.slots()[i])
	}
	for i, k := range other.shape.keys {
		b.Set(k, other.slots()[i])
	}
	return b.Record()
}

// Builder collects keys and values into a record. It stays in the shape tree as
// long as the tree has room and switches to a private key list beyond it, which
// keeps every step O(1) however many keys a client sends. Not for concurrent use.
type Builder struct {
	shape *Shape
	vals  []Value

	keys  []string         // private key list once shape is nil
	index map[string]int32 // of keys
}

// NewBuilder returns a builder with room for n keys.
func NewBuilder(n int) *Builder { return &Builder{shape: EmptyShape, vals: make([]Value, 0, n)} }

// Reset empties the builder and keeps nothing of the last record.
func (b *Builder) Reset(n int) { *b = Builder{shape: EmptyShape, vals: make([]Value, 0, n)} }

// Set sets key to v; a key set before is overwritten in place: last wins.
func (b *Builder) Set(key string, v Value) {
	if b.shape != nil {
		if i := b.shape.Slot(key); i >= 0 {
			b.vals[i] = v
			return
		}
		if n := b.shape.with(key); n != nil {
			b.shape, b.vals = n, append(b.vals, v)
			return
		}
		b.goPrivate()
	}
	if i, ok := b.index[key]; ok {
		b.vals[i] = v
		return
	}
	b.index[key] = int32(len(b.keys))
	b.keys, b.vals = append(b.keys, key), append(b.vals, v)
}

func (b *Builder) goPrivate() {
	b.keys = append(make([]string, 0, 2*len(b.shape.keys)), b.shape.keys...)
	b.index = make(map[string]int32, 2*len(b.keys))
	for i, k := range b.keys {
		b.index[k] = int32(i)
	}
	b.shape = nil
}

// Get returns what was set under key.
func (b *Builder) Get(key string) (Value, bool) {
	if b.shape != nil {
		if i := b.shape.Slot(key); i >= 0 {
			return b.vals[i], true
		}
		return Value{}, false
	}
	if i, ok := b.index[key]; ok {
		return b.vals[i], true
	}
	return Value{}, false
}

// Record returns the record; the builder must be Reset before further use.
func (b *Builder) Record() *Record {
	if b.shape != nil {
		return NewRecord(b.shape, b.vals)
	}
	return NewRecord(&Shape{keys: b.keys, index: b.index}, b.vals)
}

// Value returns the record as a Map value.
func (b *Builder) Value() Value { return OfRecord(b.Record()) }

// MapOf returns a Map from alternating keys and values; it is for small literal
// maps in host code and panics on a wrong argument list.
func MapOf(pairs ...any) Value {
	b := NewBuilder(len(pairs) / 2)
	for i := 0; i < len(pairs); i += 2 {
		b.Set(pairs[i].(string), pairs[i+1].(Value))
	}
	return b.Value()
}
