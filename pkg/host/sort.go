package host

import (
	"cmp"
	"slices"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

func sortVerb(c *vm.Call) (value.Value, error) {
	t := c.Site.Target.(*listSite)
	name, err := t.fieldName(c)
	if err != nil {
		return value.Value{}, err
	}
	list, err := t.source(c)
	if err != nil {
		return value.Value{}, err
	}
	if len(c.Site.Order) > 0 {
		list, err = ordered(c, list)
		return value.OfList(list), err
	}
	return value.OfList(sortList(list, name, t.desc)), nil
}

// sortList sorts numbers, texts or dates; lists that hold anything else as well
// keep their order (02 §5.7). Records are sorted by a field: then every mixture
// has an order, and elements without the field come last in both directions.
// Equal elements keep their order.
func sortList(list []value.Value, name string, desc bool) []value.Value {
	keys := list
	byField := name != "" && slices.ContainsFunc(list, func(v value.Value) bool { return v.Kind() == value.Map || v.Kind() == value.Opaque })
	if byField {
		keys = make([]value.Value, len(list))
		field := newFieldReader(name)
		for i := range list {
			keys[i], _ = field.get(list[i])
		}
	}
	switch kindOf(keys) {
	case value.Int:
		return sortBy(list, keys, value.Value.Int, desc)
	case value.Float:
		return sortBy(list, keys, func(v value.Value) float64 { f, _ := v.Number(); return f }, desc)
	case value.Date:
		return sortBy(list, keys, func(v value.Value) int64 { d, _ := v.AsDate(); return d.Time().UnixMicro() }, desc)
	case value.String:
		return sortBy(list, keys, value.Value.Str, desc)
	}
	if !byField {
		return list
	}
	return sortMixed(list, keys, desc)
}

// kindOf returns how all keys can be compared: Int, Float for any numbers, Date
// for dates and text that reads as one, String; Unbound for mixtures.
func kindOf(keys []value.Value) value.Kind {
	ints, numbers, texts, dates := true, true, true, true
	for i := range keys {
		k := keys[i].Kind()
		ints = ints && k == value.Int
		numbers = numbers && (k == value.Int || k == value.Float)
		texts = texts && k == value.String
		if dates {
			_, dates = keys[i].AsDate()
		}
		if !numbers && !texts && !dates {
			return value.Unbound
		}
	}
	switch {
	case ints:
		return value.Int
	case numbers:
		return value.Float
	case dates:
		return value.Date
	}
	return value.String
}

// sortBy sorts pairs of a key and a position: small, and the position makes the
// order of equal keys that of the list without a stable algorithm's cost.
func sortBy[K cmp.Ordered](list, keys []value.Value, key func(value.Value) K, desc bool) []value.Value {
	type pair struct {
		key K
		at  int32
	}
	pairs := make([]pair, len(list))
	for i := range keys {
		pairs[i] = pair{key(keys[i]), int32(i)}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		c := cmp.Compare(a.key, b.key)
		if desc {
			c = -c
		}
		if c == 0 {
			c = int(a.at - b.at)
		}
		return c
	})
	out := make([]value.Value, len(list))
	for i, p := range pairs {
		out[i] = list[p.at]
	}
	return out
}

// sortMixed orders keys of different kinds: numbers before texts and all others,
// which are compared as text; null and missing ones last.
func sortMixed(list, keys []value.Value, desc bool) []value.Value {
	type mixed struct {
		rank   int
		number float64
		text   string
		row    value.Value
	}
	rows := make([]mixed, len(list))
	for i, k := range keys {
		rows[i].row = list[i]
		var ok bool
		switch rows[i].number, ok = k.Number(); {
		case ok:
		case k.Kind() <= value.Null:
			rows[i].rank = 2
		default:
			rows[i].rank, rows[i].text = 1, k.Text()
		}
	}
	slices.SortStableFunc(rows, func(a, b mixed) int {
		if a.rank == 2 || b.rank == 2 {
			return a.rank/2 - b.rank/2
		}
		c := cmp.Or(a.rank-b.rank, cmp.Compare(a.number, b.number), cmp.Compare(a.text, b.text))
		if desc {
			c = -c
		}
		return c
	})
	out := make([]value.Value, len(rows))
	for i := range rows {
		out[i] = rows[i].row
	}
	return out
}
