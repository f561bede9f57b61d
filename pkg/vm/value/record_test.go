package value_test

import (
	"fmt"
	"slices"
	"testing"

	"aro/pkg/vm/value"
)

// TestRecordSizes: records of any size hold what they were given, and not the list that
// they were built from.
func TestRecordSizes(t *testing.T) {
	var keys []string
	var vals []value.Value
	for n := range 12 {
		shape := value.ShapeOf(keys...)
		given := slices.Clone(vals)
		built, kept := value.BuildRecord(shape, given), value.NewRecord(shape, slices.Clone(vals))
		for i := range given {
			given[i] = value.OfString("another one")
		}
		for i, k := range keys {
			for _, r := range []*value.Record{built, kept} {
				if v, ok := r.Get(k); !ok || r.Slot(i) != vals[i] || v != vals[i] || r.Len() != n {
					t.Errorf("%s of a record with %d keys is %s", k, n, v.Text())
				}
			}
		}
		keys, vals = append(keys, fmt.Sprint("k", n)), append(vals, value.OfInt(int64(n)))
	}
}

// TestRecordMismatch: as many values as keys, or the mistake is seen where it was made.
func TestRecordMismatch(t *testing.T) {
	for _, make := range []func(*value.Shape, []value.Value) *value.Record{value.NewRecord, value.BuildRecord} {
		for _, n := range []int{1, 3} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("a record of 2 keys took %d values", n)
					}
				}()
				make(value.ShapeOf("a", "b"), slices.Repeat([]value.Value{value.Nil}, n))
			}()
		}
	}
}
