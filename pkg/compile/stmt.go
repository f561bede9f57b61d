package compile

import (
	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// block compiles statements in the current scope. Code behind an unconditional
// Return or Throw is reported once and not emitted.
func (c *compiler) block(b *syntax.Block) {
	if b == nil {
		return
	}
	for i, s := range b.Stmts {
		c.statement(s)
		c.free()
		if c.ends(s) && i+1 < len(b.Stmts) {
			line, _ := c.file.Position(s.Range().Start)
			c.p.report(c.file, b.Stmts[i+1].Range(), syntax.Warning, "ARO-F4",
				"Unreachable statement: the "+s.(*syntax.Simple).Verb+" at line "+itoa(line)+" always ends the feature set", "")
			return
		}
	}
}

// ends reports whether a statement always ends the feature set.
func (c *compiler) ends(s syntax.Stmt) bool {
	x, ok := s.(*syntax.Simple)
	if !ok || x.When != nil {
		return false
	}
	v := c.signature(x.Verb)
	return v != nil && (v.Lower == bytecode.AsReturn || v.Name == "throw")
}

func (c *compiler) statement(s syntax.Stmt) {
	if c.p.opts.Cover {
		c.mark(s)
		c.emit(bytecode.COVER, 0, 0, 0)
	}
	switch s := s.(type) {
	case *syntax.Simple:
		c.simple(s)
	case *syntax.Pipeline:
		for _, stage := range s.Stages {
			c.simple(stage)
			c.free()
		}
	case *syntax.PublishAs:
		c.publishAs(s)
	case *syntax.Require:
		c.require(s)
	case *syntax.Match:
		c.match(s)
	case *syntax.ForEach:
		c.forEach(s)
	case *syntax.RangeLoop:
		c.rangeLoop(s)
	case *syntax.While:
		c.while(s)
	case *syntax.Break:
		if len(c.loops) == 0 {
			return // the parser reported it
		}
		l := c.loops[len(c.loops)-1]
		c.mark(s)
		l.breaks = append(l.breaks, c.emit(bytecode.JMP, 0, 0, 0))
	case *syntax.ErrorStatement:
		// reported by the parser
	}
	c.stmt = -1
}

// plain marks code that belongs to no simple statement: its failures are shown
// without a statement.
func (c *compiler) plain(n syntax.Node) {
	c.stmt = -1
	c.mark(n)
}

func (c *compiler) publishAs(s *syntax.PublishAs) {
	c.beginInfo(bytecode.Stmt{Verb: "Publish", Result: s.External.Base, Prep: "as", Object: s.Internal.Base, Trace: []string{s.Internal.Base}}, s)
	inner := c.find(s.Internal.Base)
	if (inner == nil || !inner.bound) && !c.provided(s.Internal.Base) && !alwaysNames[s.Internal.Base] {
		c.p.report(c.file, s.Span, syntax.Error, "ARO-N2", "Cannot publish undefined variable '"+s.Internal.Base+"'", "Bind <"+s.Internal.Base+"> first")
	}
	v := c.target(s.External, nil)
	base := c.temps(1)
	src := c.variable(s.Internal.Base, base, false)
	if src != base {
		c.emit(bytecode.MOVE, base, src, 0)
	}
	c.act(v.reg, bytecode.Site{Verb: "(publish)", Result: noun(s.External), Object: noun(s.Internal),
		Args: []bytecode.Slot{bytecode.SlotObject}, Extra: bytecode.NoReg}, base)
	c.bind(v)
}

func (c *compiler) require(s *syntax.Require) {
	c.beginInfo(bytecode.Stmt{Verb: "Require", Result: s.Name.Base, Prep: "from", Object: s.Source.Base}, s)
	v := c.target(s.Name, nil)
	c.act(v.reg, bytecode.Site{Verb: "(require)", Result: noun(s.Name), Object: noun(s.Source), Extra: bytecode.NoReg}, c.temps(0))
	v.bound = true // but not certain: the name may be missing
}
