package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// listVerbs work on lists, element by element.
var listVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "sort", Orders: true, Aliases: []string{"order", "arrange"}, Role: bytecode.RoleOwn, Preps: []string{"for", "with"},
		Doc: "Sorts a list: ascending or descending, maps by a field.", Pure: true, Result: bytecode.Binds, Object: bytecode.ReadObject}, Link: linkList(sortVerb)},
	{Verb: bytecode.Verb{Name: "map", Role: bytecode.RoleOwn, Preps: []string{"from", "to"},
		Doc: "Takes one field out of each element of a list.", Pure: true, Result: bytecode.Binds, Object: bytecode.ReadObject}, Link: linkList(mapVerb)},
	{Verb: bytecode.Verb{Name: "filter", Orders: true, Role: bytecode.RoleOwn, Preps: []string{"from"},
		Doc: "Keeps the elements of a list that fit a where clause.", Pure: true, Result: bytecode.Binds, Object: bytecode.ReadObject}, Link: linkFilterVerb},
	{Verb: bytecode.Verb{Name: "reduce", Aliases: []string{"aggregate"}, Role: bytecode.RoleOwn, Preps: []string{"from", "with"},
		Doc: "Makes one value of a list: count, sum, avg, min, max, first, last.", Pure: true, Result: bytecode.Binds, Object: bytecode.RowsObject}, Link: linkReduce},
	{Verb: bytecode.Verb{Name: "group", Role: bytecode.RoleOwn, Preps: []string{"from"},
		Doc: "Groups the elements of a list by a field.", Pure: true, Result: bytecode.Binds, Object: bytecode.ReadObject}, Link: linkList(groupVerb)},
}

// listSite is what linking found out about a statement on a list.
type listSite struct {
	field string // from the result's qualifier, "" without one
	desc  bool
	where *bytecode.Where
	args  int           // operands of where
	fixed []value.Value // its operands when the qualifier holds them
}

// typeWords annotate a result and name no field (02 §5.12).
var typeWords = []string{"List", "Array", "Set", "Integer", "Int", "Float", "Double", "Number", "String", "Boolean", "Bool", "Object", "Dictionary", "Map"}

func isTypeName(spec string) bool {
	return slices.Contains(typeWords, spec) || strings.Contains(spec, "<")
}

func newListSite(s *bytecode.Site) *listSite {
	t := &listSite{where: s.Where}
	for _, slot := range s.Args {
		if slot == bytecode.SlotWhere {
			t.args++
		}
	}
	specs := slices.DeleteFunc(slices.Clone(s.Result.Specs), isTypeName)
	t.field = strings.Join(specs, ".")
	return t
}

func linkList(do vm.Func) func(*Host, *bytecode.Site, *bytecode.Chunk) (vm.Func, any, error) {
	return func(_ *Host, s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
		t := newListSite(s)
		if s.Verb == "sort" {
			t.direction()
		}
		return do, t, nil
	}
}

// direction takes a word for the direction off the end of the qualifier.
func (t *listSite) direction() {
	rest, word := "", t.field
	if i := strings.LastIndexByte(t.field, '.'); i >= 0 {
		rest, word = t.field[:i], t.field[i+1:]
	}
	switch strings.ToLower(word) {
	case "asc", "ascending":
		t.field = rest
	case "desc", "descending":
		t.field, t.desc = rest, true
	}
}

// fieldName is the field that a statement names: `by "field"`, else the result's
// qualifier.
func (t *listSite) fieldName(c *vm.Call) (string, error) {
	if !c.Has(bytecode.SlotBy) {
		return t.field, nil
	}
	by := c.Arg(bytecode.SlotBy)
	if by.Kind() != value.String || by.Str() == "" {
		return "", fmt.Errorf("'%s' needs the name of a field: by \"name\"", c.Site.Verb)
	}
	return by.Str(), nil
}

// listOf returns the elements of a list, or of a host object that is one.
func listOf(v value.Value) ([]value.Value, bool) {
	if l, ok := v.Object().(interface{ Elements() value.Value }); ok {
		v = l.Elements()
	}
	return v.List(), v.Kind() == value.List
}

// source returns the elements that a statement works on, where applied. A single
// map is a list of one, as Retrieve returns a single row; null is an empty list.
func (t *listSite) source(c *vm.Call) ([]value.Value, error) {
	v := c.Arg(bytecode.SlotObject)
	list, ok := listOf(v)
	if !ok {
		switch v.Kind() {
		case value.Null:
		case value.Map:
			list = []value.Value{v}
		default:
			return nil, fmt.Errorf("Type mismatch: expected 'List', got '%s'", v.TypeName())
		}
	}
	return t.filtered(c, list)
}

// filtered applies the where clause.
func (t *listSite) filtered(c *vm.Call, list []value.Value) ([]value.Value, error) {
	if t.where == nil || len(list) == 0 {
		return list, nil
	}
	args := t.fixed
	if args == nil {
		args = c.Args(bytecode.SlotWhere, t.args)
	}
	p, err := newPredicate(t.where, args)
	if err != nil {
		return nil, err
	}
	kept := p.filter(list)
	return kept, p.failed()
}

// scratch keeps the index lists that verbs need while they run.
var scratch = sync.Pool{New: func() any { return new([]int32) }}

// filter returns the elements that p keeps, list itself when it keeps all. The
// result is allocated once, in its size.
func (p *predicate) filter(list []value.Value) []value.Value {
	room := scratch.Get().(*[]int32)
	kept := slices.Grow((*room)[:0], len(list))[:len(list)]
	conditions := p.all(nil)
	n := 0
rows:
	for i := range list {
		for _, c := range conditions {
			if !c.keeps(list[i]) {
				continue rows
			}
		}
		kept[n] = int32(i)
		n++
	}
	out := list
	if n < len(list) {
		out = make([]value.Value, n)
		for i, k := range kept[:n] {
			out[i] = list[k]
		}
	}
	*room = kept
	scratch.Put(room)
	return out
}

// linkFilterVerb also reads the old form, whose qualifier is field, operator and
// value: `Filter the <x: status.is.open> from the <xs>.`
func linkFilterVerb(_ *Host, s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
	t := newListSite(s)
	if specs := s.Result.Specs; t.where == nil && len(specs) == 3 {
		if op, ok := compareOps[strings.ToLower(specs[1])]; ok && op < opBetween {
			t.where = &bytecode.Where{Kind: bytecode.WhereCond, Field: specs[:1], Op: strings.ToLower(specs[1]), Args: 1}
			t.fixed = []value.Value{value.OfString(specs[2])}
		}
	}
	return filterVerb, t, nil
}

func filterVerb(c *vm.Call) (value.Value, error) {
	t := c.Site.Target.(*listSite)
	if t.where == nil && len(c.Site.Order) == 0 && !c.Has(bytecode.SlotLimit) && !c.Has(bytecode.SlotOffset) {
		return c.Arg(bytecode.SlotObject), nil
	}
	list, err := t.source(c)
	if err == nil {
		list, err = ordered(c, list)
	}
	return value.OfList(list), err
}

// mapVerb projects a field. Elements without it are dropped; a single map must
// have it.
func mapVerb(c *vm.Call) (value.Value, error) {
	t := c.Site.Target.(*listSite)
	v := c.Arg(bytecode.SlotObject)
	name, err := t.fieldName(c)
	if err != nil {
		return value.Value{}, err
	}
	list, isList := listOf(v)
	if isList {
		if list, err = t.filtered(c, list); err != nil {
			return value.Value{}, err
		}
	}
	switch {
	case name == "" && isList:
		return value.OfList(list), nil
	case name == "":
		return v, nil
	}
	field := newFieldReader(name)
	if !isList {
		if p, ok := field.get(v); ok {
			return p, nil
		}
		return value.Value{}, fmt.Errorf("Property '%s' not found on type '%s'", name, v.TypeName())
	}
	return value.OfList(field.project(list)), nil
}

// project returns the field of each element that has it.
func (f *fieldReader) project(list []value.Value) []value.Value {
	out := make([]value.Value, len(list))
	n := 0
	for i := range list {
		if v, ok := f.get(list[i]); ok {
			out[n] = v
			n++
		}
	}
	return out[:n:n]
}

// groupVerb makes a map from the text of a field to the elements that have it.
func groupVerb(c *vm.Call) (value.Value, error) {
	t := c.Site.Target.(*listSite)
	name, err := t.fieldName(c)
	if err == nil && name == "" {
		err = errors.New("'group' needs the name of a field: Group the <groups> from the <list> by \"field\".")
	}
	if err != nil {
		return value.Value{}, err
	}
	list, err := t.source(c)
	if err != nil {
		return value.Value{}, err
	}
	return groupBy(list, newFieldReader(name)), nil
}

// noKey is the group of the elements without the field.
const noKey = "(nil)"

// groupBy numbers the groups as they appear, then fills lists of the right size.
// What has no fields belongs to no group.
func groupBy(list []value.Value, field fieldReader) value.Value {
	room := scratch.Get().(*[]int32)
	defer scratch.Put(room)
	group := slices.Grow((*room)[:0], len(list))[:len(list)]
	*room = group

	number := make(map[string]int32)
	var names []string
	var sizes []int
	var text []byte
	for i, e := range list {
		if e.Kind() != value.Map && e.Kind() != value.Opaque {
			group[i] = -1
			continue
		}
		v, ok := field.get(e)
		if !ok {
			v = value.OfString(noKey)
		}
		var g int32
		if v.Kind() == value.String {
			g, ok = number[v.Str()]
		} else {
			text = v.AppendText(text[:0])
			g, ok = number[string(text)]
		}
		if !ok {
			key := v.Text()
			g = int32(len(names))
			number[key], names, sizes = g, append(names, key), append(sizes, 0)
		}
		group[i] = g
		sizes[g]++
	}
	lists := make([][]value.Value, len(names))
	for g, n := range sizes {
		lists[g] = make([]value.Value, 0, n)
	}
	for i, g := range group {
		if g >= 0 {
			lists[g] = append(lists[g], list[i])
		}
	}
	b := value.NewBuilder(len(names))
	for g, key := range names {
		b.Set(key, value.OfList(lists[g]))
	}
	return b.Value()
}
