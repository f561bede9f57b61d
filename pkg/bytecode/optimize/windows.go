package optimize

import "aro/pkg/bytecode"

// windows reads arguments where they are. The compiler copies the arguments of a
// statement side by side in front of it; where they stand side by side already, as a
// single one always does, the copy is not needed.
//
//	MOVE r4, r1
//	ACT  r2, site 0, r4      becomes      ACT r2, site 0, r1
//
// The copies must be the very instructions in front, nobody may jump in between, and
// nobody may read them later. A verb with a second result binds it while it still reads
// its arguments, so that must not be one of them.
func windows(e *edit) {
	if e.forks() {
		return
	}
	after := e.liveAfter()
	c := e.c
	for pc := range c.Code {
		ins := &c.Code[pc]
		base, n := window(c, ins)
		if base == nil || n == 0 || n > pc {
			continue
		}
		first := pc - n
		from := c.Code[first].B
		ok := apart(*base, from, n) && !(ins.Op == bytecode.ACT && inside(c.Sites[ins.B].Extra, from, n))
		for i := 0; ok && i < n; i++ {
			move, copied := c.Code[first+i], *base+uint16(i)
			ok = move == bytecode.Ins{Op: bytecode.MOVE, A: copied, B: from + uint16(i)} && !e.gone[first+i] && !e.target[first+i+1] &&
				!e.named.has(copied) && (copied == ins.A || !after[pc].has(copied))
		}
		if !ok {
			continue
		}
		*base = from
		for i := range n {
			e.gone[first+i] = true
		}
	}
}

// window returns the operand with the first of the registers that an instruction reads
// as a row, nil if it reads none, and their number.
func window(c *bytecode.Chunk, ins *bytecode.Ins) (base *uint16, n int) {
	switch ins.Op {
	case bytecode.ACT:
		return &ins.C, len(c.Sites[ins.B].Args)
	case bytecode.OBJ:
		return &ins.C, len(c.Shapes[ins.B])
	case bytecode.LIST, bytecode.CONCAT:
		return &ins.B, int(ins.C)
	}
	return nil, 0
}

// apart reports whether two rows of n registers have none in common.
func apart(a, b uint16, n int) bool { return int(a)+n <= int(b) || int(b)+n <= int(a) }

func inside(r, first uint16, n int) bool {
	return r != bytecode.NoReg && r >= first && int(r) < int(first)+n
}
