package host

import (
	"fmt"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// reduction is a linked Reduce: which function, over which field.
type reduction struct {
	*listSite
	function string
	field    string      // "" for the elements themselves, or what the object's qualifier says
	repo     *repository // the source, when it is one
}

// reductions are the functions, by their names in programs.
var reductions = []string{"count", "sum", "avg", "average", "min", "max", "first", "last"}

// linkReduce finds the function: `with sum(<field>)`, else the result's qualifier,
// else count (02 §5.14).
func linkReduce(h *Host, s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
	t := &reduction{listSite: newListSite(s), function: "count"}
	specs := slices.DeleteFunc(slices.Clone(s.Result.Specs), isTypeName)
	switch {
	case s.Aggregate != "":
		t.function = strings.ToLower(s.Aggregate)
	case len(specs) > 0:
		t.function, specs = strings.ToLower(specs[0]), specs[1:]
	}
	if t.field = s.AggField; t.field == "" {
		t.field = strings.Join(specs, ".")
	}
	if !slices.Contains(reductions, t.function) {
		return nil, nil, fmt.Errorf("'%s' is no way to reduce a list; use count, sum, avg, min, max, first or last", t.function)
	}
	if strings.HasSuffix(s.Object.Base, "-repository") && !slices.Contains(s.Args, bytecode.SlotObject) {
		t.repo = h.Repository(s.Object.Base)
	}
	return reduce, t, nil
}

func reduce(c *vm.Call) (value.Value, error) {
	t := c.Site.Target.(*reduction)
	v, name, err := t.value(c)
	if err != nil {
		return value.Value{}, err
	}
	list, ok := listOf(v)
	if !ok {
		if t.function == "count" {
			return value.OfInt(1), nil
		}
		return v, nil
	}
	if list, err = t.filtered(c, list); err != nil {
		return value.Value{}, err
	}
	if name == "" {
		return aggregate(nil, t.function, list, nil), nil
	}
	field := newFieldReader(name)
	return aggregate(&executionOf(c).Host.columns, t.function, list, &field), nil
}

// value returns the source, and the field to take of its elements. The object's
// qualifier is walked down to the list; what is left of it names the field:
// `from <order: items.price>`.
func (t *reduction) value(c *vm.Call) (value.Value, string, error) {
	s := c.Site
	v, _ := argOr(c, bytecode.SlotObject, bytecode.SlotFrom) // `with sum() from <list>` has no object
	if t.repo != nil {
		v = value.OfList(t.repo.seen(c).Rows())
	}
	if !v.IsBound() {
		return v, "", fmt.Errorf("Undefined variable: '%s'", s.Object.Base)
	}
	if s.ObjectIsExpr {
		return v, t.field, nil
	}
	for i, step := range s.Object.Specs {
		if isTypeName(step) {
			continue
		}
		p, ok := v.Property(step)
		if list, isList := listOf(v); isList {
			if p, ok = value.Element(list, step); !ok {
				if t.field != "" {
					return v, t.field, nil
				}
				return v, strings.Join(s.Object.Specs[i:], "."), nil
			}
		}
		if !ok {
			if v.Lenient() {
				return value.Nil, "", nil
			}
			return v, "", fmt.Errorf("Property '%s' not found on type '%s'", step, v.TypeName())
		}
		v = p
	}
	return v, t.field, nil
}

// aggregate reduces a list, or one field of its elements; elements without the
// field, and for the numeric functions what is no number, do not count. k may be
// nil when field is.
func aggregate(k *columns, function string, list []value.Value, field *fieldReader) value.Value {
	switch function {
	case "count":
		return value.OfInt(int64(countField(list, field)))
	case "first":
		for i := range list {
			if v, ok := item(list[i], field); ok {
				return v
			}
		}
		return value.OfList(nil)
	case "last":
		for i := len(list) - 1; i >= 0; i-- {
			if v, ok := item(list[i], field); ok {
				return v
			}
		}
		return value.OfList(nil)
	}
	var fold value.Fold
	i := 0
	if field != nil && len(list) > 0 {
		field.get(list[0]) // finds the slot
		if field.direct != nil {
			i = k.fold(&fold, list, field)
		}
	}
	for ; i < len(list); i++ {
		if field != nil && field.direct != nil {
			if i += fold.Slots(list[i:], field.direct, field.slot); i == len(list) {
				break
			}
		}
		if v, ok := item(list[i], field); ok {
			if f, ok := v.AsNumber(); ok {
				fold.Add(f)
			}
		}
	}
	switch function {
	case "sum":
		return value.OfFloat(fold.Sum)
	case "min":
		return value.OfFloat(fold.Min)
	case "max":
		return value.OfFloat(fold.Max)
	}
	return value.OfFloat(fold.Sum / float64(max(fold.N, 1)))
}

func item(v value.Value, field *fieldReader) (value.Value, bool) {
	if field == nil {
		return v, true
	}
	return field.get(v)
}

func countField(list []value.Value, field *fieldReader) int {
	if field == nil {
		return len(list)
	}
	n := 0
	for i := range list {
		if _, ok := field.get(list[i]); ok {
			n++
		}
	}
	return n
}
