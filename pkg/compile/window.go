package compile

import (
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// window collects the arguments of a site and evaluates them side by side.
type window struct {
	c    *compiler
	site *bytecode.Site
	args []bytecode.Slot // the site gets a copy
	load []func(dst int) // one per argument
}

func (w *window) add(slot bytecode.Slot, load func(dst int)) {
	w.args = append(w.args, slot)
	w.load = append(w.load, load)
}

func (w *window) addExpr(slot bytecode.Slot, e syntax.Expr) {
	w.add(slot, func(dst int) { w.c.exprTo(e, dst) })
}

// emit evaluates the arguments and returns the window's first register. Name
// lookups inside may take registers for entry names, so the window is allocated
// as a whole first.
func (w *window) emit() int {
	w.site.Args = slices.Clone(w.args)
	base := w.c.temps(len(w.load))
	for i, load := range w.load {
		load(base + i)
	}
	return base
}

var prepSlots = map[string]bytecode.Slot{"with": bytecode.SlotWith, "to": bytecode.SlotTo, "from": bytecode.SlotFrom,
	"for": bytecode.SlotFor, "into": bytecode.SlotInto, "via": bytecode.SlotVia, "on": bytecode.SlotOn, "at": bytecode.SlotAt,
	"in": bytecode.SlotIn, "against": bytecode.SlotAgainst, "by": bytecode.SlotBy}

// systemWords are the objects whose qualifier is an argument and not a property
// (01 §5.2), and which are words even where a variable has their name.
var systemWords = map[string]bool{"file": true, "directory": true, "path": true, "destination": true, "url": true, "host": true,
	"template": true, "command": true, "GET": true, "PUT": true, "POST": true, "PATCH": true, "DELETE": true, "HEAD": true, "OPTIONS": true, "endpoint": true, "git": true, "system": true, "stdin": true}

// collect lists everything that the statement gives to its verb.
func (w *window) collect(s *syntax.Simple, v *bytecode.Verb) {
	if s.Sink != nil {
		if v.Lines && hasOwnLines(s.Sink) {
			w.add(bytecode.SlotSink, func(dst int) { w.c.lines(s.Sink, dst) })
		} else {
			w.addExpr(bytecode.SlotSink, s.Sink)
		}
	}
	if s.Result != nil && s.Sink == nil {
		switch v.Result {
		case bytecode.Consumes, bytecode.Operates, bytecode.Rebinds:
			w.add(bytecode.SlotResult, func(dst int) { w.result(s.Result, v, dst) })
		}
		if v.ResultSpec && s.Result.Text != nil {
			w.addExpr(bytecode.SlotResultSpec, s.Result.Text)
		} else if v.ResultSpec && s.Result.Kind == syntax.PathQual && (len(s.Result.Segments) == 1 || systemWords[s.Result.Base]) {
			w.addNamed(bytecode.SlotResultSpec, s.Result)
		}
	}
	if s.Object != nil {
		w.object(s.Object, v)
	}
	for _, m := range s.Mods {
		w.modifier(m)
	}
	if s.Default != nil {
		w.addExpr(bytecode.SlotDefault, s.Default)
	}
	if s.Limit != nil {
		w.addExpr(bytecode.SlotLimit, s.Limit)
	}
	if s.Offset != nil {
		w.addExpr(bytecode.SlotOffset, s.Offset)
	}
	for _, o := range s.Order {
		w.site.Order = append(w.site.Order, bytecode.OrderKey{Path: o.Path, Desc: o.Desc})
	}
	if s.Where != nil {
		n := 0
		w.site.Where = w.where(s.Where, &n)
	}
}

// result loads the value of the result's name, unbound if it has none.
func (w *window) result(n *syntax.Noun, v *bytecode.Verb, dst int) {
	c := w.c
	src := c.variable(n.Base, dst, true)
	if v.WalkResult && path(n) != nil {
		c.emit(bytecode.GETQ, dst, src, int(c.field(n.Base, path(n))))
		return
	}
	if src != dst {
		c.emit(bytecode.MOVE, dst, src, 0)
	}
}

// addNamed passes the value that a qualifier may name: a variable, or a path from
// one; unbound when there is none, and the qualifier is a word.
func (w *window) addNamed(slot bytecode.Slot, n *syntax.Noun) {
	name, rest := n.Segments[0], n.Segments[1:]
	w.add(slot, func(dst int) {
		src := w.c.variable(name, dst, true)
		switch {
		case len(rest) > 0:
			w.c.emit(bytecode.GETQ, dst, src, int(w.c.field(name, rest)))
		case src != dst:
			w.c.emit(bytecode.MOVE, dst, src, 0)
		}
	})
}

// object passes the object as the verb wants it (bytecode.ObjectUse).
func (w *window) object(o *syntax.Operand, v *bytecode.Verb) {
	site := w.site
	site.Prep, site.Method = o.Prep, o.Method
	switch o.Kind {
	case syntax.PortOperand:
		w.addExpr(bytecode.SlotPort, o.Expr)
		return
	case syntax.DurationOperand:
		site.Unit = o.Unit
		w.addExpr(bytecode.SlotDuration, o.Expr)
		return
	case syntax.AggregateOperand:
		w.aggregate(o)
		return
	case syntax.NamedOperand:
		w.named(o)
		return
	case syntax.ExprOperand:
		_, site.MapLiteral = ungroup(o.Expr).(*syntax.MapExpr)
		site.Composed = site.Composed || composed(o.Expr)
		if ref, ok := o.Expr.(*syntax.Ref); ok && v.Object != bytecode.ReadObject {
			// `to <console>`, `from <host>`: a lone reference keeps its name, and
			// the verb decides whether it is a word.
			w.noun(ref.Noun, v)
			return
		}
		site.ObjectIsExpr = true
		site.Object.Base = nounBase(o)
		w.addExpr(bytecode.SlotObject, o.Expr)
		return
	}
	w.noun(o.Noun, v)
}

// composed reports whether an expression puts a text together from values, lists
// aside: a command line made so would let the values add commands.
func composed(e syntax.Expr) bool {
	found := false
	syntax.Walk(e, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ListExpr:
			return false
		case *syntax.Interpolated:
			found = found || mentions(n)
		case *syntax.Binary:
			found = found || (n.Op == syntax.OpConcat || n.Op == syntax.OpAdd) && mentions(n)
		}
		return !found
	})
	return found
}

// mentions reports whether an expression reads a variable.
func mentions(n syntax.Node) bool {
	found := false
	syntax.Walk(n, func(n syntax.Node) bool {
		_, ref := n.(*syntax.Ref)
		found = found || ref
		return !found
	})
	return found
}

// noun passes a noun in object position.
func (w *window) noun(n *syntax.Noun, v *bytecode.Verb) {
	c := w.c
	w.site.Object = noun(n)
	if systemWords[n.Base] && n.Text != nil {
		w.site.Composed = true
		w.addExpr(bytecode.SlotObjectSpec, n.Text)
		return
	} else if systemWords[n.Base] && n.Kind == syntax.PathQual && v.Object != bytecode.ReadObject && v.Object != bytecode.LocalObject {
		w.addNamed(bytecode.SlotObjectSpec, n)
	}
	if v.ObjectBinds {
		w.addNamed(bytecode.SlotObject, &syntax.Noun{Span: n.Span, Segments: []string{n.Base}})
		return
	}
	load := func(quiet bool) {
		w.add(bytecode.SlotObject, func(dst int) { c.refTo(n, dst, quiet) })
	}
	switch v.Object {
	case bytecode.ReadObject:
		load(false)
	case bytecode.TryObject:
		load(true)
	case bytecode.RowsObject:
		if !strings.HasSuffix(n.Base, "-repository") && !systemWords[n.Base] {
			w.add(bytecode.SlotObject, func(dst int) {
				if src := c.variable(n.Base, dst, true); src != dst {
					c.emit(bytecode.MOVE, dst, src, 0)
				}
			})
		}
	case bytecode.LocalObject:
		if x := c.find(n.Base); x != nil && (x.bound || x.trigger) || x == nil && c.chunk.Takes == n.Base {
			load(true)
		}
	case bytecode.SystemObject:
		if !systemWords[n.Base] {
			load(true)
			return
		}
		if n.Kind == syntax.NoQual {
			load(true)
		}
	}
}

// modifier passes a later prepositional clause.
func (w *window) modifier(m *syntax.Operand) {
	switch m.Kind {
	case syntax.PortOperand:
		w.addExpr(bytecode.SlotPort, m.Expr)
	case syntax.DurationOperand:
		w.site.Unit = m.Unit
		w.addExpr(bytecode.SlotDuration, m.Expr)
	case syntax.AggregateOperand:
		w.aggregate(m)
	case syntax.NamedOperand:
		w.named(m)
	case syntax.ExprOperand:
		if m.Prep == "with" {
			if _, ok := ungroup(m.Expr).(*syntax.MapExpr); ok {
				w.site.MapLiteral = true
			}
		}
		w.site.Composed = w.site.Composed || composed(m.Expr)
		w.addExpr(prepSlots[m.Prep], m.Expr)
	case syntax.NounOperand:
		if m.Noun.Base == "terminal" {
			return // says where, not what
		}
		if m.Method != "" {
			w.site.Method = m.Method
		}
		w.add(prepSlots[m.Prep], func(dst int) { w.c.refTo(m.Noun, dst, false) })
	}
}

func (w *window) aggregate(o *syntax.Operand) {
	w.site.Aggregate = o.Func
	if o.Noun != nil {
		w.site.AggField = strings.Join(append([]string{o.Noun.Base}, path(o.Noun)...), ".")
	}
}

func (w *window) named(o *syntax.Operand) {
	for _, a := range o.Named {
		w.site.Named = append(w.site.Named, a.Name)
		w.addExpr(bytecode.SlotNamed, a.Value)
	}
}

// opNames are the filter operators as sites keep them.
var opNames = map[syntax.Op]string{syntax.OpEq: "=", syntax.OpNe: "!=", syntax.OpLt: "<", syntax.OpLe: "<=", syntax.OpGt: ">",
	syntax.OpGe: ">=", syntax.OpContains: "contains", syntax.OpMatches: "matches", syntax.OpIn: "in", syntax.OpNotIn: "not-in",
	syntax.OpBetween: "between", syntax.OpStartsWith: "starts-with", syntax.OpEndsWith: "ends-with"}

var testNames = map[syntax.IsKind]string{syntax.IsNull: "null", syntax.IsEmpty: "empty", syntax.IsDefined: "defined"}

// where turns a row filter into the site's form; its operands become arguments,
// n counts them.
func (w *window) where(p syntax.Pred, n *int) *bytecode.Where {
	switch p := p.(type) {
	case *syntax.PredAnd:
		l := w.where(p.L, n)
		return &bytecode.Where{Kind: bytecode.WhereAnd, L: l, R: w.where(p.R, n)}
	case *syntax.PredOr:
		l := w.where(p.L, n)
		return &bytecode.Where{Kind: bytecode.WhereOr, L: l, R: w.where(p.R, n)}
	case *syntax.PredNot:
		return &bytecode.Where{Kind: bytecode.WhereNot, L: w.where(p.X, n)}
	case *syntax.Cond:
		out := &bytecode.Where{Kind: bytecode.WhereCond, Field: p.Field, Arg: *n, Args: len(p.Args), Not: p.Not}
		if len(p.Args) == 0 {
			out.Op, out.Arg = testNames[p.Test], 0
			return out
		}
		out.Op = opNames[p.Op]
		for _, a := range p.Args {
			w.addExpr(bytecode.SlotWhere, a)
			*n++
		}
		return out
	}
	return nil
}

// nounBase is the name of a lone reference in operand position, else "".
func nounBase(o *syntax.Operand) string {
	if o.Noun != nil {
		return o.Noun.Base
	}
	if ref, ok := o.Expr.(*syntax.Ref); ok {
		return ref.Noun.Base
	}
	return ""
}
