package vm

import (
	"errors"

	"aro/pkg/bytecode"
	"aro/pkg/vm/value"
)

// Fork is where the branches of a host call start: the bodies of a parallel
// loop.
type Fork struct {
	from *Coroutine
	at   *bytecode.Ins
	pc   int
}

// Fork returns the FORK that stands behind the call. It may be used until the
// call is answered: the registers must not change meanwhile.
func (c *Call) Fork() (Fork, error) {
	co := c.Co
	if co.pc >= len(co.code.ins) || co.code.ins[co.pc].Op != bytecode.FORK {
		return Fork{}, errors.New("no branches stand behind this call")
	}
	return Fork{co, &co.code.ins[co.pc], co.pc}, nil
}

// Branch makes co, which was prepared with the same code, continue behind the
// fork, with a copy of all registers of the coroutine that called. It costs one
// copy of the frame. Branches share nothing that changes, so any goroutine may
// run one.
func (f Fork) Branch(co *Coroutine, item value.Value, index int) {
	copy(co.regs, f.from.regs)
	co.regs[f.at.A] = item
	if f.at.B != bytecode.NoReg {
		co.regs[f.at.B] = value.OfInt(int64(index))
	}
	co.pc = f.pc + 1
}
