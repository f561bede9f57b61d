package host

import (
	"sync"
	"unsafe"
	"weak"

	"aro/pkg/vm/value"
)

// columns remembers the numbers in one field of long lists that are reduced again
// and again: the rows of a repository behind a page of figures, say, of which sum,
// average and maximum are asked at every request. The records of a hundred
// thousand rows are 20 MB and no processor keeps them at hand; their prices are
// 800 kB. Lists never change, so a column is right for as long as its list lives,
// and for the beginning of the longer list that a repository becomes as rows are
// stored behind.
//
// A column is made when a list is reduced for the second time. It may be used by
// many goroutines.
type columns struct {
	mu    sync.Mutex
	kept  [maxColumns]column
	clock uint64
}

// column is the field in one slot of the records from a list's first element on.
type column struct {
	list    weak.Pointer[value.Value] // to the first element
	shape   *value.Shape
	slot    int
	used    uint64
	numbers []float64 // nil until the second time; never written to where others read
}

const (
	columnFrom = 4096    // elements: shorter lists stay in the caches
	columnTo   = 1 << 20 // elements
	maxColumns = 8
)

// fold reduces the beginning of a list by the numbers in a field, and returns how
// many elements it took; none if there is no column.
func (k *columns) fold(a *value.Fold, list []value.Value, field *fieldReader) int {
	if len(list) < columnFrom || len(list) > columnTo {
		return 0
	}
	numbers := k.numbers(list, field.direct, field.slot)
	a.Numbers(numbers)
	return len(numbers)
}

func (k *columns) numbers(list []value.Value, shape *value.Shape, slot int) []float64 {
	first := unsafe.SliceData(list)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clock++
	c := &k.kept[0]
	for i := range k.kept {
		x := &k.kept[i]
		if x.shape == shape && x.slot == slot && x.list.Value() == first {
			x.used = k.clock
			if len(x.numbers) < len(list) {
				x.numbers = value.AppendNumbers(x.numbers, list[len(x.numbers):], shape, slot)
			}
			return x.numbers[:min(len(list), len(x.numbers))]
		}
		if x.used < c.used {
			c = x
		}
	}
	*c = column{list: weak.Make(first), shape: shape, slot: slot, used: k.clock}
	return nil
}
