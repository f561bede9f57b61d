package compile

import (
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// signature finds the verb that a statement starts with, nil when unknown.
func (c *compiler) signature(verb string) *bytecode.Verb {
	return c.p.verb(verb)
}

// verb finds a verb by the word for it, in any case; nil for none. A program writes a
// few words in one way each, so that a table of those spares making them lower case.
func (p *program) verb(word string) *bytecode.Verb {
	v, ok := p.verbs[word]
	if !ok {
		v = p.opts.Verbs[strings.ToLower(word)]
		if p.verbs == nil {
			p.verbs = make(map[string]*bytecode.Verb)
		}
		p.verbs[word] = v
	}
	return v
}

// isActionCall reports whether a verb is `Application.Name`.
func isActionCall(verb string) (name string, ok bool) {
	prefix, name, ok := strings.Cut(verb, ".")
	return name, ok && strings.EqualFold(prefix, "application")
}

// actionSignature is the verb of every user action.
var actionSignature = &bytecode.Verb{Name: "application", Result: bytecode.Binds, Object: bytecode.ReadObject, Blocking: true}

// simple compiles one simple statement.
func (c *compiler) simple(s *syntax.Simple) {
	v := c.signature(s.Verb)
	if name, ok := isActionCall(s.Verb); ok {
		v = actionSignature
		c.checkAction(s, name)
	}
	c.begin(s)
	if v == nil {
		c.p.report(c.file, syntax.Span{Start: s.VerbPos, End: s.VerbPos + syntax.Pos(len(s.Verb))}, syntax.Warning, "ARO-F6",
			"Unknown verb '"+s.Verb+"'", didYouMean(s.Verb, c.p.opts.Verbs))
		v = &bytecode.Verb{Name: strings.ToLower(s.Verb), Result: bytecode.Operates, Object: bytecode.TryObject}
	}
	c.checkClauses(s, v)
	c.checkPassword(s, v)
	c.checkSetting(s, v)
	c.checkTemplate(s, v)
	if s.When == nil {
		c.unguarded(s, v)
		return
	}
	skip := c.cond(s.When)
	c.free()
	c.branch(func() { c.unguarded(s, v) })
	c.patchAll(skip)
}

func (c *compiler) unguarded(s *syntax.Simple, v *bytecode.Verb) {
	switch {
	case v.Lower == bytecode.AsExtract && s.Result != nil && c.extract(s, v):
		return
	case v.Lower == bytecode.AsValue && c.assignable(s, v):
		dst := c.target(s.Result, v)
		c.objectTo(s.Object, dst.reg)
		c.bind(dst)
		return
	}
	c.call(s, v)
	if v.Lower == bytecode.AsReturn {
		c.emit(bytecode.END, 0, 0, 0)
	}
}

// assignable reports whether a statement only binds its object's value
// (02 §1.4): no operation, no type, no further clause that the verb would read.
func (c *compiler) assignable(s *syntax.Simple, v *bytecode.Verb) bool {
	if s.Result == nil || s.Object == nil || len(s.Mods) > 0 || s.As != nil || s.Where != nil || s.Default != nil {
		return false
	}
	if s.Object.Kind != syntax.ExprOperand && s.Object.Kind != syntax.NounOperand {
		return false
	}
	if s.Object.Kind == syntax.ExprOperand && s.Result.Kind == syntax.NoQual {
		// An operation's name alone still means the operation when the operand is
		// given with an expression.
		return !slices.Contains(v.Ops, strings.ToLower(s.Result.Base))
	}
	return s.Result.Kind == syntax.NoQual && !slices.Contains(v.Ops, strings.ToLower(s.Result.Base))
}

// objectTo evaluates an object operand as a value into dst.
func (c *compiler) objectTo(o *syntax.Operand, dst int) {
	if o.Expr != nil {
		c.exprTo(o.Expr, dst)
		return
	}
	top := c.top
	c.refTo(o.Noun, dst, false)
	c.top = top
}

// extract compiles Extract to property access. It reports false for sources that
// only the verb can read.
func (c *compiler) extract(s *syntax.Simple, v *bytecode.Verb) bool {
	o := s.Object
	if o == nil || len(s.Mods) > 0 || o.Kind != syntax.ExprOperand && o.Kind != syntax.NounOperand {
		return false
	}
	dst := c.target(s.Result, v)
	q := path(s.Result)
	if o.Noun != nil && o.Expr == nil && o.Noun.Base == "request" && o.Noun.Raw == "parameters" && q == nil {
		base := c.temps(1)
		c.refTo(o.Noun, base, false)
		c.act(dst.reg, bytecode.Site{Verb: "(pick)", Result: noun(s.Result), Prep: "from", Object: noun(o.Noun),
			Args: []bytecode.Slot{bytecode.SlotObject}, Extra: bytecode.NoReg}, base)
		c.bind(dst)
		return true
	}
	switch {
	case s.Default != nil:
		// The default stands for what is missing or empty.
		base := c.temps(1)
		if o.Expr != nil {
			c.exprTo(o.Expr, base)
		} else {
			c.refTo(o.Noun, base, true)
		}
		test, probe := c.temps(1), base
		if q != nil && !isPascal(q[0]) {
			probe = test
			c.emit(bytecode.GETQ, probe, base, int(c.field(s.Result.Base, q)))
		}
		c.emit(bytecode.TEST, test, probe, int(bytecode.TestEmpty))
		keep := c.emit(bytecode.JF, test, 0, 0)
		c.exprTo(s.Default, dst.reg)
		done := c.emit(bytecode.JMP, 0, 0, 0)
		c.patch(keep)
		if q != nil {
			c.emit(bytecode.EXTRACT, dst.reg, base, int(c.field(s.Result.Base, q)))
		} else {
			c.emit(bytecode.MOVE, dst.reg, base, 0)
		}
		c.patch(done)
	case q != nil:
		var src int
		if o.Expr != nil {
			src = c.expr(o.Expr)
		} else if r, ok := c.direct(o.Noun); ok {
			src = r
		} else {
			src = c.temps(1)
			c.refTo(o.Noun, src, false)
		}
		c.emit(bytecode.EXTRACT, dst.reg, src, int(c.field(nounBase(o), q)))
	case o.Expr == nil && bare(o.Noun):
		base := c.temps(1)
		c.refTo(o.Noun, base, false)
		c.emit(bytecode.VALUE, dst.reg, base, 0)
	default:
		c.objectTo(o, dst.reg)
	}
	c.bind(dst)
	return true
}

// call compiles a statement to one ACT.
func (c *compiler) call(s *syntax.Simple, v *bytecode.Verb) {
	// The tables take a copy of the site; statements do not nest.
	site := &c.room.site
	*site = bytecode.Site{Verb: v.Name, Extra: bytecode.NoReg}
	if name, ok := isActionCall(s.Verb); ok {
		site.Verb = "application." + strings.ToLower(name)
	}
	site.Result = noun(s.Result)
	if s.As != nil {
		site.As = s.As.Base
	}
	// Variables get their registers before the window is built.
	dst := bytecode.NoReg
	bound := c.room.bound[:0]
	if s.Sink == nil && s.Result != nil && v.Lower != bytecode.AsReturn {
		switch {
		case v.Result == bytecode.Rebinds && strings.HasSuffix(s.Result.Base, "-repository"):
			// `Configure the <x-repository: ttl> with 60.` binds no variable.
		case v.Result == bytecode.Binds, v.Result == bytecode.Rebinds, v.Result == bytecode.Operates:
			t := c.target(s.Result, v)
			dst, bound = t.reg, append(bound, t)
		case v.SpecBinds && s.Result.Kind == syntax.PathQual && !isAnnotation(s.Result.Raw):
			t := c.target(s.Result, v) // `Store the <saved: row>` binds saved
			dst, bound = t.reg, append(bound, t)
		}
	}
	var object *variable
	if v.ObjectBinds && s.Object != nil && s.Object.Noun != nil {
		object = c.target(s.Object.Noun, &bytecode.Verb{Result: bytecode.Rebinds})
	}
	if s.As != nil {
		t := c.target(s.As, &bytecode.Verb{Result: bytecode.Rebinds})
		dst, bound = t.reg, append(bound, t)
	}
	if v.Extra != "" && c.mentioned(v.Extra) {
		t := c.scope.vars[v.Extra]
		if t == nil {
			t = c.declare(c.scope, v.Extra)
		}
		site.Extra = uint16(t.reg)
		bound = append(bound, t)
	}
	w := &c.room.window
	w.c, w.site, w.args, w.load = c, site, w.args[:0], w.load[:0]
	w.collect(s, v)
	base := w.emit()
	if v.Renders {
		site.Scope = c.visible()
	}
	c.emit(bytecode.ACT, dst, c.site(*site), base)
	c.room.bound = bound
	for _, t := range bound {
		c.bind(t)
	}
	if object != nil && dst != bytecode.NoReg {
		if object.reg != dst {
			c.emit(bytecode.MOVE, object.reg, dst, 0)
		}
		c.bind(object)
	}
}

// visible lists the names in scope with their registers, inner ones last.
func (c *compiler) visible() []bytecode.Local {
	var scopes []*scope
	for s := c.scope; s != nil; s = s.parent {
		scopes = append(scopes, s)
	}
	var out []bytecode.Local
	for _, s := range slices.Backward(scopes) {
		for _, v := range s.order {
			out = append(out, bytecode.Local{Name: v.name, Reg: uint16(v.reg)})
		}
	}
	return out
}
