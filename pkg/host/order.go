package host

import (
	"fmt"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// ordered applies the order by, offset and limit of a statement to rows. The
// slice it is given is not changed.
func ordered(c *vm.Call, rows []value.Value) ([]value.Value, error) {
	keys := c.Site.Order
	limit, err := count(c, bytecode.SlotLimit, "limit", len(rows))
	if err != nil {
		return nil, err
	}
	offset, err := count(c, bytecode.SlotOffset, "offset", 0)
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 {
		// From the last key to the first: the sort is stable, so each pass keeps the
		// order of the ones before where its own field is equal.
		for _, k := range slices.Backward(keys) {
			rows = sortList(rows, strings.Join(k.Path, "."), k.Desc)
		}
	}
	rows = rows[min(offset, len(rows)):]
	return rows[:min(limit, len(rows))], nil
}

// count reads the number of a limit or offset clause.
func count(c *vm.Call, slot bytecode.Slot, name string, without int) (int, error) {
	if !c.Has(slot) {
		return without, nil
	}
	v := c.Arg(slot)
	n, ok := v.AsNumber()
	if !ok || n < 0 || n != float64(int64(n)) {
		return 0, fmt.Errorf("%s must be a whole number that is not negative, got %s", name, v.Text())
	}
	return int(n), nil
}
