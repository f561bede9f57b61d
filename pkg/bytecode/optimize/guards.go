package optimize

import (
	"maps"

	"aro/pkg/bytecode"
)

// guards decides branches on values that are known: `when <debug>` behind `Create the
// <debug> with false.`, `if 1 < 2`. What is not reached any more is for jumps to take
// out. Only booleans and integers count, whose comparison cannot fail.
//
//	CONST r0, false
//	JF    r0 -> 7      becomes      JMP -> 7
//
// One walk suffices: all but loops goes forwards, and what a loop may write is not known
// in it.
func guards(e *edit) {
	c := e.c
	arriving := make([]constants, len(c.Code)) // by jumps, nil for none yet
	known := constants{}
	behind := true // the instruction in front may go on here
	for pc := range c.Code {
		switch jumped := arriving[pc]; {
		case jumped != nil && behind:
			known.meet(jumped)
		case jumped != nil:
			known = jumped
		case !behind && e.loops[pc] == nil:
			continue // nobody gets here, so what happens here counts for nothing
		case !behind:
			known = constants{}
		}
		for _, back := range e.loops[pc] {
			for i := pc; i <= back; i++ {
				written(c, &c.Code[i], known.forget)
			}
		}
		ins := &c.Code[pc]
		if jump, ok := decided(c, ins, known); ok && jump {
			*ins = bytecode.Ins{Op: bytecode.JMP, C: ins.C}
		} else if ok {
			e.gone[pc] = true
			behind = true
			continue
		}
		var k *bytecode.Const
		switch ins.Op {
		case bytecode.CONST:
			k = &c.Consts[ins.B]
		case bytecode.MOVE:
			k = known[ins.B]
		}
		written(c, ins, known.forget)
		if k != nil {
			known[ins.A] = k
		}
		if to := int(ins.C); branches(ins) && to > pc {
			if arriving[to] == nil {
				arriving[to] = maps.Clone(known)
			} else {
				arriving[to].meet(known)
			}
		}
		behind = !ins.Op.Info().Ends
	}
}

// constants are the registers whose value is known.
type constants map[uint16]*bytecode.Const

func (k constants) forget(r uint16) { delete(k, r) }

// meet leaves what both know.
func (k constants) meet(other constants) {
	for r, x := range k {
		if other[r] != x {
			delete(k, r)
		}
	}
}

// written calls f for every register that an instruction may write.
func written(c *bytecode.Chunk, ins *bytecode.Ins, f func(uint16)) {
	effect(c, ins, func(uint16) {}, f)
	switch roles[ins.Op] {
	case both, mayWrite:
		f(ins.A)
		if ins.Op.Info().A == bytecode.RegPair {
			f(ins.A + 1)
		}
	}
	if writesB[ins.Op] && ins.B != bytecode.NoReg {
		f(ins.B)
	}
	if ins.Op == bytecode.ACT {
		if extra := c.Sites[ins.B].Extra; extra != bytecode.NoReg {
			f(extra)
		}
	}
}

// decided reports whether a branch always goes the same way, and whether it jumps.
func decided(c *bytecode.Chunk, ins *bytecode.Ins, known constants) (jump, ok bool) {
	k := known[ins.A]
	if k == nil || ins.Op.Info().A != bytecode.Reg {
		return false, false
	}
	if k.Kind == bytecode.BoolConst {
		switch ins.Op {
		case bytecode.JT:
			return k.Bool, true
		case bytecode.JF:
			return !k.Bool, true
		case bytecode.SKIP:
			return false, k.Bool
		}
		return false, false
	}
	if k.Kind != bytecode.IntConst {
		return false, false
	}
	var with *bytecode.Const
	switch ins.Op {
	case bytecode.JLTK, bytecode.JGEK, bytecode.JEQK:
		with = &c.Consts[ins.B]
	case bytecode.JLT, bytecode.JGE:
		with = known[ins.B]
	}
	if with == nil || with.Kind != bytecode.IntConst {
		return false, false
	}
	a, b, or := k.Int, with.Int, ins.N == 1
	switch ins.Op {
	case bytecode.JLTK, bytecode.JLT: // unless <, or <=
		return !(a < b || or && a == b), true
	case bytecode.JGEK, bytecode.JGE: // unless >=, or >
		return !(a > b || !or && a == b), true
	}
	return (a == b) == or, true // JEQK: unless ==, or !=
}
