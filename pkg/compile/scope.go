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

// alwaysNames win over user names of the same spelling.
var alwaysNames = map[string]bool{"now": true, "application": true, "contract": true, "Contract": true, "http-server": true}

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
	v := &variable{name: name, reg: c.newRegister()}
	s.vars[name] = v
	s.order = append(s.order, v)
	return v
}

// newRegister takes a register for good. No temporary may be live.
func (c *compiler) newRegister() int {
	r := c.base
	c.base++
	c.top = max(c.top, c.base)
	c.use(c.base)
	return r
}

// temps takes n consecutive temporaries.
func (c *compiler) temps(n int) int {
	r := c.top
	c.top += n
	c.use(c.top)
	return r
}

func (c *compiler) use(n int) {
	if n > maxRegisters {
		c.tooLong = true
		c.top, c.base = maxRegisters/2, min(c.base, maxRegisters/2)
		return
	}
	c.chunk.MaxRegs = max(c.chunk.MaxRegs, uint16(n))
}

// free gives all temporaries back; statements end with it.
func (c *compiler) free() { c.top = c.base }

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
