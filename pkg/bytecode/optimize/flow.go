package optimize

import "aro/pkg/bytecode"

// regs is a set of registers.
type regs []uint64

func (s regs) has(r uint16) bool { return s[r/64]&(1<<(r%64)) != 0 }
func (s regs) add(r uint16)      { s[r/64] |= 1 << (r % 64) }
func (s regs) drop(r uint16)     { s[r/64] &^= 1 << (r % 64) }

// role says what an instruction does with the register in operand a, and, for the few
// that have a second one of the kind, b.
type role uint8

const (
	writes    role = iota // always
	reads                 //
	both                  // reads, and may write
	mayWrite              // in some cases, or the old value counts on another way
	writesAll             // a window of registers
)

// roles of operand a; those that are not here write it.
var roles = map[bytecode.Op]role{
	bytecode.EXPORT: reads, bytecode.JT: reads, bytecode.JF: reads, bytecode.JLT: reads, bytecode.JLTK: reads,
	bytecode.JGE: reads, bytecode.JGEK: reads, bytecode.JEQK: reads, bytecode.MATCHK: reads, bytecode.MATCHV: reads,
	bytecode.MATCHR: reads, bytecode.SKIP: reads, bytecode.PRINT: reads,
	bytecode.RANGE: both, bytecode.STEP: both, bytecode.NEXT: both,
	bytecode.SHARED: mayWrite, bytecode.FORK: mayWrite,
	bytecode.UNSET: writesAll,
}

// writesB are the instructions whose operand b may be written; elsewhere it is read.
var writesB = map[bytecode.Op]bool{bytecode.STEP: true, bytecode.NEXT: true, bytecode.FORK: true}

// effect calls read for the registers that an instruction may read and write for those
// that it certainly writes.
func effect(c *bytecode.Chunk, ins *bytecode.Ins, read, write func(uint16)) {
	each := func(f func(uint16), first uint16, n int) {
		for i := range n {
			f(first + uint16(i))
		}
	}
	info := ins.Op.Info()
	pair := 1
	if info.A == bytecode.RegPair {
		pair = 2
	}
	switch info.A {
	case bytecode.Reg, bytecode.RegPair, bytecode.OptReg:
		if ins.A == bytecode.NoReg {
			break
		}
		switch roles[ins.Op] {
		case writes:
			each(write, ins.A, pair)
		case reads, both:
			each(read, ins.A, pair)
		case writesAll:
			each(write, ins.A, int(ins.B))
		}
	}
	if (info.B == bytecode.Reg || info.B == bytecode.OptReg) && ins.B != bytecode.NoReg && !writesB[ins.Op] {
		n := 1
		if info.C == bytecode.Count {
			n = int(ins.C)
		}
		each(read, ins.B, n)
	}
	switch info.C {
	case bytecode.Reg:
		read(ins.C)
	case bytecode.ShapeBase:
		each(read, ins.C, len(c.Shapes[ins.B]))
	case bytecode.SiteBase:
		each(read, ins.C, len(c.Sites[ins.B].Args))
	}
}

// next calls f for each instruction that may follow.
func next(c *bytecode.Chunk, pc int, f func(int)) {
	ins := &c.Code[pc]
	if branches(ins) {
		f(int(ins.C))
	}
	if !ins.Op.Info().Ends {
		f(pc + 1)
	}
}

// liveAfter computes, for each instruction, the registers whose value is read after it.
func (e *edit) liveAfter() []regs {
	c, words := e.c, len(e.named)
	block := make(regs, 2*words*len(c.Code))
	after, before := make([]regs, len(c.Code)), make([]regs, len(c.Code))
	for i := range c.Code {
		after[i] = block[2*i*words:][:words]
		before[i] = block[(2*i+1)*words:][:words]
	}
	for changed := true; changed; {
		changed = false
		for pc := len(c.Code) - 1; pc >= 0; pc-- {
			next(c, pc, func(to int) {
				for w, bits := range before[to] {
					after[pc][w] |= bits
				}
			})
			now := make(regs, words)
			copy(now, after[pc])
			effect(c, &c.Code[pc], func(uint16) {}, now.drop)
			effect(c, &c.Code[pc], now.add, func(uint16) {})
			for w, bits := range now {
				if before[pc][w] != bits {
					before[pc][w], changed = bits, true
				}
			}
		}
	}
	return after
}

// forks reports whether frames are copied in the middle of the code, which makes the
// life of registers harder to tell than it is worth.
func (e *edit) forks() bool {
	for i := range e.c.Code {
		if e.c.Code[i].Op == bytecode.FORK {
			return true
		}
	}
	return false
}
