package host

import (
	"strings"

	"aro/pkg/vm/value"
)

// fieldReader reads one field of many elements. It remembers in which slot the
// shape of the last element has the field, so a list of records of one shape costs
// one search. It belongs to one statement's run: no lock.
type fieldReader struct {
	path  []string
	whole string // a path that is written with dots may also be one key

	shape  *value.Shape // of the last element, which has the first step in slot
	slot   int
	direct *value.Shape // shape, if its slot holds the field itself; else nil
}

// newFieldReader reads `name`, or `customer.city` step by step unless an element
// has that very key.
func newFieldReader(name string) fieldReader {
	f := fieldReader{path: []string{name}}
	if strings.Contains(name, ".") {
		f.path, f.whole = strings.Split(name, "."), name
	}
	return f
}

// get returns the field of an element; false when the element has none or is
// nothing that has fields. The common case is small enough to be inlined.
func (f *fieldReader) get(v value.Value) (value.Value, bool) {
	if rec := v.Record(); rec != nil && rec.Shape() == f.direct {
		return rec.Slot(f.slot), true
	}
	return f.search(v)
}

func (f *fieldReader) search(v value.Value) (value.Value, bool) {
	rec := v.Record()
	if rec == nil {
		return f.walk(v, 0)
	}
	if f.shape != rec.Shape() {
		f.find(rec.Shape())
	}
	switch {
	case f.slot < 0:
		return value.Value{}, false
	case f.direct != nil:
		return rec.Slot(f.slot), true
	}
	return f.walk(rec.Slot(f.slot), 1)
}

// find looks the field up in another shape.
func (f *fieldReader) find(s *value.Shape) {
	f.shape, f.slot, f.direct = s, s.Slot(f.path[0]), nil
	whole := len(f.path) == 1
	if f.whole != "" {
		if i := s.Slot(f.whole); i >= 0 {
			f.slot, whole = i, true
		}
	}
	if whole && f.slot >= 0 {
		f.direct = s
	}
}

// walk follows the path from step n on. Only records, host objects and dates have
// fields; lists are walked into but are no elements with fields themselves.
func (f *fieldReader) walk(v value.Value, n int) (value.Value, bool) {
	for ; n < len(f.path); n++ {
		if n == 0 && v.Kind() != value.Opaque && v.Kind() != value.Date {
			return value.Value{}, false
		}
		var ok bool
		if v, ok = v.Property(f.path[n]); !ok {
			return value.Value{}, false
		}
	}
	return v, true
}
