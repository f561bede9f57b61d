package compile

import (
	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// parallel compiles `parallel for each`: the filter picks the elements first, in
// order; then one call runs the body for all of them, each in a coroutine with a
// copy of the frame that starts behind the FORK.
func (c *compiler) parallel(f *syntax.ForEach) {
	c.plain(f)
	list := c.newRegister()
	c.newRegister() // the position
	src := c.expr(f.Collection)
	c.emit(bytecode.ITER, list, src, 0)
	c.free()
	c.scope = &scope{parent: c.scope, vars: map[string]*variable{}, loop: true}
	item, index := c.loopVar(f.Item), (*variable)(nil)
	if f.Index != nil {
		index = c.loopVar(f.Index)
	}
	if f.Filter != nil {
		list = c.filtered(f, list, item, index)
	}
	c.plain(f)
	site := bytecode.Site{Verb: "(parallel)", Args: []bytecode.Slot{bytecode.SlotObject}, Extra: bytecode.NoReg}
	base := c.temps(2)
	c.emit(bytecode.MOVE, base, list, 0)
	if f.Limit != 0 {
		site.Args = append(site.Args, bytecode.SlotLimit)
		c.emit(bytecode.CONST, base+1, int(c.constant(bytecode.Const{Kind: bytecode.IntConst, Int: int64(max(1, f.Limit))})), 0)
	}
	returned := c.newRegister()
	c.act(returned, site, base)
	c.free()
	position := bytecode.NoReg
	if index != nil {
		position = index.reg
	}
	fork := c.emit(bytecode.FORK, item.reg, position, 0)
	c.branch(func() {
		outer := c.loops
		c.loops = nil // a break cannot leave the loop: other bodies run
		c.block(f.Body)
		c.loops = outer
	})
	c.stmt = -1
	c.emit(bytecode.END, 0, 0, 0)
	c.patch(fork)
	c.scope = c.scope.parent
	c.plain(f)
	goOn := c.emit(bytecode.JF, returned, 0, 0)
	c.emit(bytecode.END, 0, 0, 0)
	c.patch(goOn)
}

// filtered collects the elements for which the filter holds, and their positions.
func (c *compiler) filtered(f *syntax.ForEach, list int, item, index *variable) int {
	picked := c.newRegister()
	c.act(picked, bytecode.Site{Verb: "(collector)", Extra: bytecode.NoReg}, c.temps(0))
	c.free()
	head := c.here()
	next := c.emit(bytecode.NEXT, list, item.reg, 0)
	if index != nil {
		c.emit(bytecode.MOVE, index.reg, list+1, 0)
	}
	c.branch(func() {
		c.plain(f.Filter)
		skip := c.cond(f.Filter)
		c.free()
		base := c.temps(3)
		c.emit(bytecode.MOVE, base, picked, 0)
		c.emit(bytecode.MOVE, base+1, item.reg, 0)
		c.emit(bytecode.MOVE, base+2, list+1, 0)
		c.act(bytecode.NoReg, bytecode.Site{Verb: "(collect)", Extra: bytecode.NoReg,
			Args: []bytecode.Slot{bytecode.SlotObject, bytecode.SlotWith, bytecode.SlotAt}}, base)
		c.free()
		c.patchAll(skip)
		c.plain(f)
		c.emit(bytecode.LOOP, 0, 0, head)
	})
	c.patch(next)
	return picked
}
