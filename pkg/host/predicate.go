package host

import (
	"cmp"
	"errors"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/pattern"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// predicate is the where clause of Filter with its operands (02 §5.13). It differs
// from a repository's (holds): fields equal operands when their texts do, and an
// element without the field is dropped, whatever the operator. What can be known
// of an operand is computed once: its text, its number, a set, a compiled pattern.
type predicate struct {
	kind bytecode.WhereKind
	l, r *predicate

	field fieldReader
	op    compareOp
	not   bool

	with, hi value.Value
	text     string // with, as text
	number   float64
	numeric  bool
	isDate   bool
	set      map[string]struct{} // of the texts of a list
	match    *pattern.Pattern
	stopped  error  // of a match that took too long
	room     []byte // for texts that are made to be compared
}

type compareOp uint8

const (
	opEqual compareOp = iota
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opContains
	opStartsWith
	opEndsWith
	opMatches
	opIn
	opNotIn
	opBetween
	opEmpty
	opNull
	opDefined
)

// compareOps are the operators as sites keep them, and as the old form of Filter
// writes them: `Filter the <x: status.is.open> from the <xs>.`
var compareOps = map[string]compareOp{"=": opEqual, "!=": opNotEqual, "<": opLess, "<=": opLessEqual, ">": opGreater, ">=": opGreaterEqual,
	"contains": opContains, "starts-with": opStartsWith, "ends-with": opEndsWith, "matches": opMatches, "in": opIn, "not-in": opNotIn,
	"between": opBetween, "empty": opEmpty, "null": opNull, "defined": opDefined,
	"is": opEqual, "equals": opEqual, "is-not": opNotEqual, "gt": opGreater, "gte": opGreaterEqual, "lt": opLess, "lte": opLessEqual}

// orderNames are the operators that inOrder knows.
var orderNames = [...]string{opLess: "<", opLessEqual: "<=", opGreater: ">", opGreaterEqual: ">="}

// newPredicate binds a clause to the operands of one run. args may be the
// register window: what is kept of it is copied.
func newPredicate(w *bytecode.Where, args []value.Value) (*predicate, error) {
	p := &predicate{kind: w.Kind}
	var err error
	if w.Kind != bytecode.WhereCond {
		if p.l, err = newPredicate(w.L, args); err == nil && w.R != nil {
			p.r, err = newPredicate(w.R, args)
		}
		return p, err
	}
	p.field = fieldReader{path: w.Field}
	p.op, p.not = compareOps[w.Op], w.Not
	if w.Args > 0 {
		p.with = args[w.Arg]
	}
	if w.Args > 1 {
		p.hi = args[w.Arg+1]
	}
	return p, p.prepare()
}

// prepare computes what the operator needs to know of the operand.
func (p *predicate) prepare() error {
	switch p.op {
	case opEmpty, opNull, opDefined:
		return nil
	case opMatches:
		_, ok := p.with.Object().(*vm.Pattern)
		compiled, err := vm.PatternFor(p.with)
		switch {
		case err == nil:
			p.match = compiled
		case ok, errors.Is(err, pattern.ErrSize):
			return err
		}
		return nil // bad pattern text matches nothing
	case opIn, opNotIn:
		if p.with.Kind() == value.Opaque {
			if _, ok := p.with.Object().(container); ok {
				return nil
			}
		}
		p.set = make(map[string]struct{})
		if p.with.Kind() == value.List {
			for _, e := range p.with.List() {
				p.set[e.Text()] = struct{}{}
			}
		} else {
			for part := range strings.SplitSeq(p.with.Text(), ",") {
				p.set[strings.TrimSpace(part)] = struct{}{}
			}
		}
		return nil
	}
	p.text = p.with.Text()
	p.number, p.numeric = p.with.AsNumber()
	_, p.isDate = p.with.AsDate()
	return nil
}

// container is a value that knows what it contains: a date range.
type container interface{ Contains(value.Value) bool }

// truth has a third value for conditions on a field that the element lacks: it
// survives `not`, so that the element is dropped either way.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// all flattens conditions that are joined by and: an element is kept if each of
// them keeps it, so their answers need no third value.
func (p *predicate) all(out []*predicate) []*predicate {
	if p.kind == bytecode.WhereAnd {
		return p.r.all(p.l.all(out))
	}
	return append(out, p)
}

// failed returns why one of the matches was stopped, nil if none was.
func (p *predicate) failed() error {
	if p == nil {
		return nil
	}
	return cmp.Or(p.stopped, p.l.failed(), p.r.failed())
}

// keeps reports whether the element belongs into the result.
func (p *predicate) keeps(row value.Value) bool {
	if p.kind == bytecode.WhereCond && p.op <= opBetween {
		v, ok := p.field.get(row)
		return ok && p.holds(v)
	}
	return p.eval(row) == yes
}

func (p *predicate) eval(row value.Value) truth {
	switch p.kind {
	case bytecode.WhereAnd:
		a := p.l.eval(row)
		if a == no {
			return no
		}
		if b := p.r.eval(row); b != yes {
			return b
		}
		return a
	case bytecode.WhereOr:
		a := p.l.eval(row)
		if a == yes {
			return yes
		}
		if b := p.r.eval(row); b != no {
			return b
		}
		return a
	case bytecode.WhereNot:
		switch p.l.eval(row) {
		case yes:
			return no
		case no:
			return yes
		}
		return unknown
	}
	v, ok := p.field.get(row)
	switch p.op {
	case opEmpty:
		return hasFields(row, v.IsEmpty() != p.not)
	case opNull:
		return hasFields(row, (v.Kind() <= value.Null) != p.not)
	case opDefined:
		return hasFields(row, ok != p.not)
	}
	if !ok {
		return unknown
	}
	return truthOf(p.holds(v))
}

// hasFields is the answer of a test on the field itself, for elements that can
// have fields at all.
func hasFields(row value.Value, b bool) truth {
	if row.Kind() != value.Map && row.Kind() != value.Opaque {
		return unknown
	}
	return truthOf(b)
}

// holds answers one comparison. Equal kinds are compared without making text.
func (p *predicate) holds(v value.Value) bool {
	switch p.op {
	case opEqual:
		return p.equal(v)
	case opNotEqual:
		return !p.equal(v)
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		return p.ordered(v)
	case opContains:
		if o, ok := v.Object().(container); ok {
			return o.Contains(p.with)
		}
		return strings.Contains(v.Text(), p.text)
	case opStartsWith:
		return strings.HasPrefix(v.Text(), p.text)
	case opEndsWith:
		return strings.HasSuffix(v.Text(), p.text)
	case opMatches:
		if p.match == nil || p.stopped != nil {
			return false
		}
		ok, err := p.match.Match(v.Text())
		p.stopped = err
		return ok
	case opIn:
		return p.member(v)
	case opNotIn:
		return !p.member(v)
	case opBetween:
		return inOrder(">=", v, p.with) && inOrder("<=", v, p.hi)
	}
	return false
}

// equal compares texts, and dates by their moment.
func (p *predicate) equal(v value.Value) bool {
	switch v.Kind() {
	case value.String:
		if v.Str() == p.text {
			return true
		}
	case value.Int:
		if p.with.Kind() == value.Int {
			return v.Int() == p.with.Int()
		}
		return p.sameText(v)
	default:
		if p.sameText(v) {
			return true
		}
	}
	if !p.isDate {
		return false
	}
	_, ok := v.AsDate()
	return ok && value.Equal(v, p.with)
}

func (p *predicate) sameText(v value.Value) bool {
	p.room = v.AppendText(p.room[:0])
	return string(p.room) == p.text
}

// ordered compares numerically when both sides are numeric, else as text; dates
// by their moment.
func (p *predicate) ordered(v value.Value) bool {
	if !p.numeric || !v.IsNumber() {
		return inOrder(orderNames[p.op], v, p.with)
	}
	if v.Kind() == value.Int && p.with.Kind() == value.Int {
		a, b := v.Int(), p.with.Int()
		switch p.op {
		case opLess:
			return a < b
		case opLessEqual:
			return a <= b
		case opGreater:
			return a > b
		}
		return a >= b
	}
	f, _ := v.Number()
	switch p.op {
	case opLess:
		return f < p.number
	case opLessEqual:
		return f <= p.number
	case opGreater:
		return f > p.number
	}
	return f >= p.number
}

// member looks the text of v up; equal values have equal texts.
func (p *predicate) member(v value.Value) bool {
	if p.set == nil {
		return p.with.Object().(container).Contains(v)
	}
	if v.Kind() == value.String {
		_, ok := p.set[v.Str()]
		return ok
	}
	p.room = v.AppendText(p.room[:0])
	_, ok := p.set[string(p.room)]
	return ok
}
