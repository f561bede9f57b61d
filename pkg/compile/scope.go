package compile

import (
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// scope maps names to registers. Loop bodies open a child scope; match arms,
// while bodies and pipelines do not (01 §9.4).
type scope struct {
	parent *scope
	vars   map[string]*variable
	order  []*variable
	loop   bool // body of a for loop
	rebind int  // while bodies around the current statement, within this scope
}

// variable is a name with a register.
type variable struct {
	name    string
	reg     int
	bound   bool // a statement binds it: binding it again is an error
	certain bool // bound on every way that leads here, so reading needs no check
	trigger bool // provided by the trigger: a binding shadows it
}

// triggerNames are what triggers provide (01 §9.1). Reading one makes it an entry
// register of the chunk, which the trigger fills.
var triggerNames = map[string]bool{"event": true, "request": true, "pathParameters": true, "queryParameters": true,
	"headerParameters": true, "cookieParameters": true, "headers": true, "cookies": true, "body": true, "shutdown": true,
	"input": true, "transition": true, "packet": true, "connection": true, "websocket-connection": true,
	"websocket-message": true, "key": true}

// provided reports whether the trigger fills a name in: the common ones, and the
// field that an action takes.
func (c *compiler) provided(name string) bool {
	return triggerNames[name] || name == c.chunk.Takes && name != ""
}

// alwaysNames win over user names of the same spelling.
var alwaysNames = map[string]bool{"now": true, "application": true, "metrics": true, "contract": true, "Contract": true, "http-server": true}

// find returns the variable of that name, innermost scope first.
func (c *compiler) find(name string) *variable {
	for s := c.scope; s != nil; s = s.parent {
		if v := s.vars[name]; v != nil {
			return v
		}
	}
	return nil
}

// declare makes a variable in a scope.
func (c *compiler) declare(s *scope, name string) *variable {
	v := &c.p.buffers.vars.take(1)[:1][0]
	v.name, v.reg = name, c.newRegister()
	s.vars[name] = v
	s.order = append(s.order, v)
	return v
}

// Registers of variables, of names that the trigger fills in, and of temporaries
// are numbered apart while a chunk is compiled; placeRegisters puts them behind
// each other. So no temporary ever leaves a value in a register that a variable
// gets later, and a loop that unbinds the variables of its body touches no entry.
const (
	entryBase = 1 << 14
	tempBase  = 1 << 15
)

// newRegister takes a register for good: a variable's, or the state of a loop.
func (c *compiler) newRegister() int {
	c.vars++
	if c.vars >= entryBase {
		c.tooLong, c.vars = true, 1
	}
	return c.vars - 1
}

// temps takes n consecutive temporaries.
func (c *compiler) temps(n int) int {
	r := tempBase + c.top
	c.top += n
	c.maxTemps = max(c.maxTemps, c.top)
	if c.maxTemps >= tempBase-1 {
		c.tooLong, c.top, c.maxTemps = true, 0, 0
		return tempBase
	}
	return r
}

// free gives all temporaries back; statements end with it.
func (c *compiler) free() { c.top = 0 }

// placeRegisters gives entries and temporaries their final numbers.
func (c *compiler) placeRegisters() {
	if c.vars+c.entries+c.maxTemps >= bytecode.NoReg {
		c.tooLong = true
		return
	}
	final := func(x uint16) uint16 {
		switch {
		case x == bytecode.NoReg:
			return x
		case x >= tempBase:
			return x - tempBase + uint16(c.vars+c.entries)
		case x >= entryBase:
			return x - entryBase + uint16(c.vars)
		}
		return x
	}
	place := func(kind bytecode.Operand, x *uint16) {
		switch kind {
		case bytecode.Reg, bytecode.OptReg, bytecode.RegPair, bytecode.ShapeBase, bytecode.SiteBase:
			*x = final(*x)
		}
	}
	for i := range c.chunk.Code {
		ins := &c.chunk.Code[i]
		info := ins.Op.Info()
		place(info.A, &ins.A)
		place(info.B, &ins.B)
		place(info.C, &ins.C)
	}
	for i := range c.chunk.Entry {
		c.chunk.Entry[i].Reg = final(c.chunk.Entry[i].Reg)
	}
	for i := range c.chunk.Sites {
		s := &c.chunk.Sites[i]
		s.Extra = final(s.Extra)
		for j := range s.Scope {
			s.Scope[j].Reg = final(s.Scope[j].Reg)
		}
	}
	for i := range c.chunk.Stmts {
		for j := range c.chunk.Stmts[i].Scope {
			l := &c.chunk.Stmts[i].Scope[j]
			l.Reg = final(l.Reg)
		}
	}
	for _, v := range c.outer.order {
		c.chunk.Locals = append(c.chunk.Locals, bytecode.Local{Name: v.name, Reg: final(uint16(v.reg))})
	}
	c.chunk.MaxRegs = uint16(c.vars + c.entries + c.maxTemps)
}

// assign notes that a variable is bound from here on.
func (c *compiler) assign(v *variable) {
	v.bound = true
	if !v.certain {
		v.certain = true
		c.trail = append(c.trail, v)
	}
}

// branch runs f for code that may not be executed: what it binds is not certain
// afterwards.
func (c *compiler) branch(f func()) {
	mark := len(c.trail)
	f()
	for _, v := range c.trail[mark:] {
		v.certain = false
	}
	c.trail = c.trail[:mark]
}

// target finds or makes the variable that a statement binds, and reports N1.
func (c *compiler) target(n *syntax.Noun, verb *bytecode.Verb) *variable {
	name := n.Base
	v := c.scope.vars[name]
	replaces := strings.HasPrefix(name, "_") || verb != nil && (verb.Result == bytecode.Rebinds || verb.Result == bytecode.Operates)
	if v != nil {
		if v.bound && !v.trigger && !replaces && c.scope.rebind == 0 {
			c.rebindError(n)
		}
		return v
	}
	outer := c.find(name)
	if outer != nil && outer.bound {
		switch {
		case replaces, c.scope.rebind > 0 && !c.scope.loop:
			return outer
		case c.scope.loop && !outer.trigger && !(verb != nil && verb.Role == bytecode.RoleRequest):
			c.rebindError(n)
			return outer
		}
	}
	return c.declare(c.scope, name)
}

func (c *compiler) rebindError(n *syntax.Noun) {
	c.p.report(c.file, n.Span, syntax.Error, "ARO-N1",
		"Cannot rebind variable '"+n.Base+"': variables are immutable",
		"Use a new name, e.g. <"+n.Base+"-updated>")
}

// bind completes a binding to v: handlers that read the name get it too.
func (c *compiler) bind(v *variable) {
	c.assign(v)
	if c.isStart && c.scope == c.outer && c.p.exported[v.name] {
		c.emit(bytecode.EXPORT, v.reg, int(c.name(v.name)), 0)
	}
}
