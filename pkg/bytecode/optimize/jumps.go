package optimize

import "aro/pkg/bytecode"

// jumps leads a jump to a jump to where that goes, and takes out what cannot be reached
// and jumps that lead to the next instruction.
func jumps(e *edit) {
	c := e.c
	for pc := range c.Code {
		ins := &c.Code[pc]
		if !branches(ins) || ins.Op.Info().Suspends {
			continue // those that go back stay as they are: the verifier wants them to go back
		}
		for c.Code[ins.C].Op == bytecode.JMP { // always forwards, so it ends
			ins.C = c.Code[ins.C].C
		}
	}
	reached := make([]bool, len(c.Code))
	work := []int{0}
	for len(work) > 0 {
		pc := work[len(work)-1]
		work = work[:len(work)-1]
		if reached[pc] {
			continue
		}
		reached[pc] = true
		next(c, pc, func(to int) { work = append(work, to) })
	}
	for pc := range c.Code {
		e.gone[pc] = !reached[pc]
	}
	e.keepGuard()
	for pc := range c.Code {
		if c.Code[pc].Op != bytecode.JMP || e.gone[pc] {
			continue
		}
		to := pc + 1
		for to < int(c.Code[pc].C) && e.gone[to] {
			to++
		}
		e.gone[pc] = to == int(c.Code[pc].C)
	}
}

// keepGuard leaves an instruction behind the declaration guard, even one that is not
// reached: the guard ends in front of something.
func (e *edit) keepGuard() {
	for pc := int(e.c.GuardEnd); pc < len(e.gone); pc++ {
		if !e.gone[pc] {
			return
		}
	}
	last := len(e.gone) - 1
	e.gone[last] = false // every chunk ends with an instruction that ends
}
