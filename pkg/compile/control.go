package compile

import (
	"strconv"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

func itoa(n int) string { return strconv.Itoa(n) }

// match compiles arms in order; the first whose pattern and guard hold runs.
func (c *compiler) match(m *syntax.Match) {
	c.plain(m)
	// The subject stays in a register of its own: arms may hold statements, which
	// give temporaries back.
	subject := c.newRegister()
	c.exprTo(m.Subject, subject)
	c.free()
	var exits []int
	bound := map[*variable]bool{}
	arm := func(body *syntax.Block) {
		before := c.boundHere()
		c.branch(func() { c.block(body) })
		// What one arm binds another may bind too: the arms exclude each other.
		for _, v := range c.scope.order {
			if v.bound && !before[v] {
				bound[v] = true
				v.bound = false
			}
		}
	}
	for i, cs := range m.Cases {
		var next []int
		c.branch(func() {
			c.plain(cs)
			next = c.patterns(cs.Patterns, subject)
			if cs.Guard != nil {
				next = append(next, c.cond(cs.Guard)...)
			}
			c.free()
		})
		arm(cs.Body)
		if i < len(m.Cases)-1 || m.Otherwise != nil {
			exits = append(exits, c.emit(bytecode.JMP, 0, 0, 0))
		}
		c.patchAll(next)
	}
	if m.Otherwise != nil {
		arm(m.Otherwise)
	}
	c.patchAll(exits)
	for v := range bound {
		v.bound = true
	}
}

func (c *compiler) boundHere() map[*variable]bool {
	m := map[*variable]bool{}
	for _, v := range c.scope.order {
		if v.bound {
			m[v] = true
		}
	}
	return m
}

// patterns compiles the alternatives of a case and returns the jumps of "none of
// them matches".
func (c *compiler) patterns(list []syntax.Pattern, subject int) (next []int) {
	var hits []int
	for i, p := range list {
		var miss int
		switch {
		case p.Kind == syntax.AnyPattern:
			c.patchAll(hits)
			return nil
		case p.Kind == syntax.RangePattern:
			lo, ok1 := constantOf(p.Lo)
			hi, ok2 := constantOf(p.Hi)
			if !ok1 || !ok2 {
				c.unsupported(&p, "a range with these bounds")
				continue
			}
			at := c.constantPair(lo, hi)
			miss = c.emit(bytecode.MATCHR, subject, at, 0)
		default:
			lo := ungroup(fold(p.Lo))
			if rx, ok := lo.(*syntax.Regex); ok {
				miss = c.emit(bytecode.MATCHK, subject, int(c.regex(rx)), 0)
			} else if k, ok := constantOf(lo); ok {
				miss = c.emit(bytecode.MATCHK, subject, int(c.constant(k)), 0)
			} else {
				miss = c.emit(bytecode.MATCHV, subject, c.quiet(lo), 0)
			}
		}
		if i == len(list)-1 {
			next = append(next, miss)
			break
		}
		hits = append(hits, c.emit(bytecode.JMP, 0, 0, 0))
		c.patch(miss)
	}
	c.patchAll(hits)
	return next
}

// constantPair puts two constants side by side, as MATCHR wants them.
func (c *compiler) constantPair(lo, hi bytecode.Const) int {
	c.chunk.Consts = append(c.chunk.Consts, lo, hi)
	return int(c.index(len(c.chunk.Consts)-1)) - 1
}

// body compiles a loop body in a child scope whose names are unbound again in
// each round.
func (c *compiler) body(b *syntax.Block, declare func()) {
	c.scope = &scope{parent: c.scope, vars: map[string]*variable{}, loop: true}
	declare()
	first := c.vars
	unset := -1
	if binds(b) {
		unset = c.emit(bytecode.UNSET, 0, 0, 0)
	}
	c.block(b)
	if unset >= 0 {
		c.chunk.Code[unset].A = uint16(first)
		c.chunk.Code[unset].B = uint16(c.vars - first)
	}
	c.scope = c.scope.parent
}

// binds reports whether a loop body may bind names that the next round must not
// see. Sinks and loops over nothing but sinks do not.
func binds(b *syntax.Block) bool {
	for _, s := range b.Stmts {
		if x, ok := s.(*syntax.Simple); !ok || x.Sink == nil || x.As != nil {
			return true
		}
	}
	return false
}

// loopVar declares a loop variable; it may repeat an outer name.
func (c *compiler) loopVar(n *syntax.Noun) *variable {
	v := c.declare(c.scope, n.Base)
	v.bound, v.certain = true, true
	return v
}

func (c *compiler) forEach(f *syntax.ForEach) {
	if f.Parallel {
		c.parallel(f)
		return
	}
	c.plain(f)
	state := c.newRegister() // the list
	c.newRegister()          // the position
	src := c.expr(f.Collection)
	c.emit(bytecode.ITER, state, src, 0)
	c.free()
	c.branch(func() {
		var head, next int
		var skip []int
		c.body(f.Body, func() {
			item := c.loopVar(f.Item)
			var index *variable
			if f.Index != nil {
				index = c.loopVar(f.Index)
			}
			head = c.here()
			next = c.emit(bytecode.NEXT, state, item.reg, 0)
			if index != nil {
				c.emit(bytecode.MOVE, index.reg, state+1, 0)
			}
			if f.Filter != nil {
				c.plain(f.Filter)
				skip = c.cond(f.Filter)
				c.free()
			}
		})
		c.patchAll(skip)
		c.plain(f)
		c.emit(bytecode.LOOP, 0, 0, head)
		c.patch(next)
	})
}

func (c *compiler) rangeLoop(f *syntax.RangeLoop) {
	c.plain(f)
	state := c.newRegister()
	c.newRegister()
	c.exprTo(f.From, state)
	c.exprTo(f.To, state+1)
	c.free()
	exit := c.emit(bytecode.RANGE, state, 0, 0)
	c.branch(func() {
		var head, v int
		c.body(f.Body, func() {
			v = c.loopVar(f.Var).reg
			c.emit(bytecode.MOVE, v, state, 0)
			head = c.here()
		})
		c.plain(f)
		c.emit(bytecode.STEP, state, v, head)
		c.patch(exit)
	})
}

// while runs its body in the surrounding scope, where rebinding is allowed.
func (c *compiler) while(w *syntax.While) {
	c.declareAhead(w.Body)
	c.plain(w)
	head := c.here()
	// A name that the body binds is not certain at the head, though it may be
	// bound: the first round has not run.
	var exit []int
	l := &loopInfo{}
	c.branch(func() {
		exit = c.cond(w.Cond)
		c.free()
		c.loops = append(c.loops, l)
		c.scope.rebind++
		c.block(w.Body)
		c.scope.rebind--
		c.loops = c.loops[:len(c.loops)-1]
		c.plain(w)
		c.emit(bytecode.LOOP, 0, 0, head)
	})
	c.patchAll(exit)
	c.patchAll(l.breaks)
}

// declareAhead gives the names that a while body binds their registers before the
// loop is compiled: the condition, and statements above the one that binds, see in
// the next round what was bound in this one.
func (c *compiler) declareAhead(b *syntax.Block) {
	syntax.Walk(b, func(n syntax.Node) bool {
		switch s := n.(type) {
		case *syntax.ForEach, *syntax.RangeLoop:
			return false // what these bind is theirs
		case *syntax.Simple:
			v := c.signature(s.Verb)
			if _, ok := isActionCall(s.Verb); ok {
				v = actionSignature
			}
			if v != nil && s.Sink == nil && s.Result != nil && (v.SpecBinds || v.Result == bytecode.Binds || v.Result == bytecode.Rebinds || v.Result == bytecode.Operates) {
				c.ahead(s.Result.Base)
			}
			if s.As != nil {
				c.ahead(s.As.Base)
			}
			if v != nil && v.Extra != "" && c.mentioned(v.Extra) {
				c.ahead(v.Extra)
			}
			return false
		case *syntax.PublishAs:
			c.ahead(s.External.Base)
		case *syntax.Require:
			c.ahead(s.Name.Base)
		}
		return true
	})
}

func (c *compiler) ahead(name string) {
	if c.find(name) == nil && !c.provided(name) && !alwaysNames[name] {
		c.declare(c.scope, name)
	}
}
