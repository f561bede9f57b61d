package host

import (
	"fmt"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/host/format"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
	"aro/pkg/vm/value/calendar"
)

// ValueOperation is one line of the table of what Compute can do with a value:
// `Compute the <name: operation> from <value> with <argument>.`
type ValueOperation struct {
	Names []string // canonical first, lower case
	Doc   string
	do    func(v value.Value, with operands) (value.Value, error)
	slow  bool // takes more than a millisecond: other handlers must not wait for it
}

// operands are what a statement gives an operation besides the value; unbound
// where it gives nothing.
type operands struct{ with, to value.Value }

// Operations lists the built-in operations (02 §5.1). Date offsets such as +7d
// are operations too, but have no name.
func Operations() []ValueOperation { return operations }

var operations = []ValueOperation{
	{[]string{"length", "count"}, "characters of a text, elements of a list, entries of a map", lengthOf, false},
	{[]string{"uppercase"}, "text in capitals", onText(strings.ToUpper), false},
	{[]string{"lowercase"}, "text in small letters", onText(strings.ToLower), false},
	{[]string{"trim"}, "text without white space at both ends", onText(strings.TrimSpace), false},
	{[]string{"clip"}, "`with N`: the first N characters of a text, 80 without N", clipText, false},
	{[]string{"take"}, "`with N`: the first N elements of a list or characters of a text", takeFirst, false},
	{[]string{"hash"}, "SHA-256 in hexadecimal; of the JSON of a list or map", func(v value.Value, _ operands) (value.Value, error) {
		return value.OfString(vm.Hash(v)), nil
	}, false},
	{[]string{"password-hash"}, "argon2id with a salt and its parameters: what to keep of a password", hashPassword, true},
	{[]string{"password-matches"}, "`with <kept>`: whether a password is the one that password-hash was computed from", matchPassword, true},
	{[]string{"identity"}, "the value itself", func(v value.Value, _ operands) (value.Value, error) { return v, nil }, false},
	{[]string{"intersect"}, "`with <other>`: what two lists, texts or maps have in common", setOperation(setIntersect), false},
	{[]string{"difference"}, "`with <other>`: what the other list, text or map lacks", setOperation(setDifference), false},
	{[]string{"union"}, "`with <other>`: everything that is in one of two lists, texts or maps", setOperation(setUnion), false},
	{[]string{"date"}, "a date from ISO-8601 text", func(v value.Value, _ operands) (value.Value, error) { return dateOf(v) }, false},
	{[]string{"format"}, "`with \"dd.MM.yyyy\"`: a date as text", formatDate, false},
	{[]string{"distance"}, "`from <a> to <b>`: the way between two dates, with seconds, minutes, hours, days, weeks", distanceTo, false},
	{[]string{"timezone"}, "`with \"Europe/Berlin\"`: the same moment, shown in another time zone", inZone, false},
	{[]string{"markdown"}, "HTML from Markdown", func(v value.Value, _ operands) (value.Value, error) { return markdown(v) }, false},
}

// markdown is HTML from Markdown.
func markdown(v value.Value) (value.Value, error) {
	text, err := format.MarkdownPage(v.Text())
	if err != nil {
		return value.Value{}, err
	}
	return value.OfString(text).Markup(value.ContentFor("page.html")), nil
}

// operationNames are the result names that mean an operation even without a
// qualifier: `Compute the <length> from <text>.`
func operationNames() (names []string) {
	for _, op := range operations {
		names = append(names, op.Names...)
	}
	return names
}

// findOperation finds an operation by name, in any case. Date with a capital is
// a type (01 §5.2) and converts nothing.
func findOperation(name string) (*ValueOperation, bool) {
	if name == "Date" {
		return nil, false
	}
	name = strings.ToLower(name)
	for i := range operations {
		if slices.Contains(operations[i].Names, name) {
			return &operations[i], true
		}
	}
	return nil, false
}

// computation is the operations of one statement, resolved when it is linked and
// applied from left to right.
type computation struct {
	steps []func(value.Value, operands) (value.Value, error)
	// implied: the operation is the name that the statement binds, so it is only
	// a guess: `Compute the <difference> from <a> - <b>.`
	implied bool
	foreign bool // a plugin takes part, which may take its time
	slow    bool // so does one of the built-in operations
}

// newComputation reads a qualifier: a date offset, an operation, or a chain of
// them. Whatever else it names is a type annotation and changes nothing.
func newComputation(h *Host, qualifier string) (*computation, error) {
	out := &computation{}
	for part := range strings.SplitSeq(qualifier, "|") {
		part = strings.TrimSpace(part)
		offset, ok, err := calendar.ParseOffset(part)
		if err != nil {
			return nil, err
		}
		if ok {
			out.steps = append(out.steps, shift(offset))
		} else if op, ok := findOperation(part); ok {
			out.steps = append(out.steps, op.do)
			out.slow = out.slow || op.slow
		} else if op := h.qualifier(part); op != nil {
			out.steps = append(out.steps, op)
			out.foreign = true
		}
	}
	return out, nil
}

// qualifier finds an operation of a plugin: Handle.name.
func (h *Host) qualifier(name string) func(value.Value, operands) (value.Value, error) {
	if h == nil || h.Qualifiers == nil || !strings.Contains(name, ".") {
		return nil
	}
	op := h.Qualifiers(name)
	if op == nil {
		return nil
	}
	return func(v value.Value, with operands) (value.Value, error) { return op(v, with.with) }
}

// run applies the operations for a statement.
func (p *computation) run(c *vm.Call, v value.Value, with operands) (value.Value, error) {
	switch {
	case p.slow: // passwords: their package says how many at once
		return alone(c, func() (value.Value, error) { return p.apply(v, with) })
	case p.foreign:
		return offload(c, func() (value.Value, error) { return p.apply(v, with) })
	}
	return p.apply(v, with)
}

func (p *computation) apply(v value.Value, with operands) (value.Value, error) {
	var err error
	for _, step := range p.steps {
		if v, err = step(v, with); err != nil {
			return value.Value{}, err
		}
	}
	return v, nil
}

// linkCompute resolves the operation that the result names.
func linkCompute(h *Host, s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
	qualifier, implied := s.Result.Raw, false
	if qualifier == "" {
		qualifier, implied = s.Result.Base, true
	}
	p, err := newComputation(h, qualifier)
	if err != nil {
		return nil, nil, err
	}
	p.implied = implied
	return compute, p, nil
}

func compute(c *vm.Call) (value.Value, error) {
	p := c.Site.Target.(*computation)
	v, err := operand(c)
	if err != nil {
		return value.Value{}, err
	}
	with := operands{with: c.Arg(bytecode.SlotWith), to: c.Arg(bytecode.SlotTo)}
	if c.Site.Prep == "with" { // with is the object, unless from names another
		if c.Has(bytecode.SlotFrom) {
			v = c.Arg(bytecode.SlotFrom)
		} else {
			with.with = value.Value{}
		}
	}
	out, err := p.run(c, v, with)
	if err != nil && p.implied && !p.foreign && !with.with.IsBound() && !with.to.IsBound() {
		return v, nil
	}
	return out, err
}

// linkOperation is a chain or an offset inside an expression: `<name: trim |
// uppercase>`, `<now: +7d>`. There every part must mean something.
func linkOperation(h *Host, s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
	p, err := newComputation(h, s.Object.Raw)
	if err == nil && len(p.steps) <= strings.Count(s.Object.Raw, "|") {
		err = fmt.Errorf("'%s' names an unknown operation; the operations are %s", s.Object.Raw, strings.Join(operationNames(), ", "))
	}
	if err != nil {
		return nil, nil, err
	}
	return func(c *vm.Call) (value.Value, error) { return p.run(c, c.Arg(bytecode.SlotObject), operands{}) }, nil, nil
}

func lengthOf(v value.Value, _ operands) (value.Value, error) {
	switch v.Kind() {
	case value.String, value.List, value.Map, value.Bytes:
		return value.OfInt(int64(vm.Length(v))), nil
	}
	return v, nil
}

func onText(f func(string) string) func(value.Value, operands) (value.Value, error) {
	return func(v value.Value, _ operands) (value.Value, error) { return value.OfString(f(v.Text())), nil }
}

// defaultClip is how many characters clip leaves without a number.
const defaultClip = 80

func clipText(v value.Value, with operands) (value.Value, error) {
	n, err := quantity("clip", with.with, defaultClip)
	return value.OfString(vm.Clip(v.Text(), n)), err
}

func takeFirst(v value.Value, with operands) (value.Value, error) {
	n, err := quantity("take", with.with, 0)
	if err != nil {
		return value.Value{}, err
	}
	switch v.Kind() {
	case value.List:
		list := v.List()
		n = min(n, len(list))
		return value.OfList(list[:n:n]), nil
	case value.String:
		return value.OfString(vm.Clip(v.Str(), n)), nil
	}
	return v, nil
}

// quantity is the N of `with N`, at least 0.
func quantity(op string, v value.Value, otherwise int) (int, error) {
	if !v.IsBound() {
		return otherwise, nil
	}
	f, ok := v.AsNumber()
	if !ok {
		return 0, fmt.Errorf("'%s' needs a number: with 10, not a %s", op, v.TypeName())
	}
	return int(max(0, min(f, 1<<40))), nil
}
