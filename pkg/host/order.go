package host

import (
	"cmp"
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
		rows = sorted(rows, keys)
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

// sorted returns rows by the given fields, in their old order where those are
// equal. Rows without a field come last, whatever the direction. A field is
// compared as a number when every row has a number or numeric text there, as a
// date when every row has one, else numbers come first and text goes by code
// point: comparing pairs each in its own way would give no order at all.
func sorted(rows []value.Value, keys []bytecode.OrderKey) []value.Value {
	type row struct {
		keys  []sortKey
		value value.Value
	}
	all := make([]row, len(rows))
	read := make([]sortKey, len(rows)*len(keys))
	for i, r := range rows {
		all[i] = row{read[i*len(keys) : (i+1)*len(keys)], r}
	}
	for j, k := range keys {
		column := make([]value.Value, len(rows))
		for i, r := range rows {
			column[i] = walk(r, k.Path)
		}
		convert := conversion(column)
		for i, v := range column {
			all[i].keys[j] = convert(v)
		}
	}
	slices.SortStableFunc(all, func(a, b row) int {
		for j, k := range keys {
			o := cmp.Compare(a.keys[j].class, b.keys[j].class)
			if o == 0 || k.Desc && a.keys[j].class < missing && b.keys[j].class < missing {
				if o == 0 {
					o = cmp.Or(cmp.Compare(a.keys[j].number, b.keys[j].number), strings.Compare(a.keys[j].text, b.keys[j].text))
				}
				if k.Desc {
					o = -o
				}
			}
			if o != 0 {
				return o
			}
		}
		return 0
	})
	out := make([]value.Value, len(all))
	for i := range all {
		out[i] = all[i].value
	}
	return out
}

// sortKey is a value made ready to be compared: class first, then number, then
// text.
type sortKey struct {
	class  uint8
	number float64
	text   string
}

const missing = 2

// conversion chooses how the values of a column compare.
func conversion(column []value.Value) func(value.Value) sortKey {
	numbers, dates := true, true
	for _, v := range column {
		if v.Kind() <= value.Null {
			continue
		}
		if _, ok := v.AsNumber(); !ok {
			numbers = false
		}
		if _, ok := v.AsDate(); !ok {
			dates = false
		}
	}
	return func(v value.Value) sortKey {
		if v.Kind() <= value.Null {
			return sortKey{class: missing}
		}
		if numbers || v.IsNumber() {
			n, _ := v.AsNumber()
			return sortKey{number: n}
		}
		if dates {
			d, _ := v.AsDate()
			t := d.Time()
			return sortKey{class: 1, number: float64(t.Unix()), text: fmt.Sprintf("%09d", t.Nanosecond())}
		}
		return sortKey{class: 1, text: v.Text()}
	}
}

// walk follows a path of properties, unbound where one is missing.
func walk(v value.Value, path []string) value.Value {
	for _, step := range path {
		next, ok := v.Property(step)
		if !ok {
			return value.Value{}
		}
		v = next
	}
	return v
}
