package bytecode

import (
	"math"
	"slices"
	"sync"
)

// opNames is not made at every start: only the assembler asks.
var opNames = sync.OnceValue(func() map[string]Op {
	m := map[string]Op{}
	for op := range table {
		m[table[op].Name] = Op(op)
	}
	return m
})

// codeText reads a line of code: labels, a line table entry, an instruction.
func (a *assembler) codeText(s *scanner) {
	c := a.chunk
	a.number(s, len(c.Code))
	if s.take(".at") {
		at := Line{PC: int32(len(c.Code)), Stmt: -1}
		at.Line, at.Col = s.place()
		if s.take("stmt") {
			at.Stmt = int32(s.integer(32))
		}
		c.Lines = append(c.Lines, at)
		return
	}
	for s.err == nil && !s.end() {
		start := s.pos
		word := s.atom()
		if s.take(":") {
			if _, twice := a.labels[word]; twice {
				s.pos = start
				s.fail("label %s is there twice", word)
			}
			a.labels[word] = len(c.Code)
			continue
		}
		op, ok := opNames()[word]
		if !ok {
			s.pos = start
			s.fail("unknown instruction %s", word)
			return
		}
		a.instruction(s, op)
		return
	}
}

// instruction reads the operands that the table names.
func (a *assembler) instruction(s *scanner, op Op) {
	ins := Ins{Op: op}
	comma := false
	for i, kind := range op.Info().operands() {
		if kind == None {
			continue
		}
		if kind == Flags && s.end() {
			break
		}
		if comma {
			s.want(",")
		}
		comma = true
		x := a.operand(s, kind)
		switch i {
		case 0:
			ins.A = x
		case 1:
			ins.B = x
		case 2:
			ins.C = x
		case 3:
			if x > math.MaxUint8 {
				s.fail("%d is more than 255", x)
			}
			ins.N = uint8(x)
		}
	}
	a.chunk.Code = append(a.chunk.Code, ins)
}

func (a *assembler) operand(s *scanner, kind Operand) uint16 {
	if s.take("#") {
		return s.index()
	}
	switch kind {
	case Reg, OptReg, ShapeBase, SiteBase:
		if s.take("_") { // where a register must be, Verify says so
			return NoReg
		}
		return s.reg()
	case RegPair:
		r := s.reg()
		if s.take(":") && s.reg() != r+1 {
			s.fail("expected r%d", int(r)+1)
		}
		return r
	case Count:
		return s.index()
	case Const_:
		x := s.constant(0)
		return a.entry(s, kind, constText(x), func() { a.addConst(x) })
	case Const2:
		lo := s.constant(0)
		s.want("..")
		hi := s.constant(0)
		return a.entry(s, kind, constText(lo)+" .. "+constText(hi), func() {
			a.addConst(lo)
			a.addConst(hi)
		})
	case Name_:
		name := s.atom()
		return a.entry(s, kind, atomText(name), func() { a.addName(name) })
	case Field_:
		f := s.field()
		return a.entry(s, kind, fieldText(f), func() { a.addField(f) })
	case Shape_:
		keys := s.shape()
		return a.entry(s, kind, shapeText(keys), func() { a.addShape(keys) })
	case Site_:
		s.want("site")
		return s.index()
	case Jump:
		s.want("->")
		if s.nextIsDigit() {
			return s.index()
		}
		a.jumps = append(a.jumps, jump{len(a.chunk.Code), s.atom(), s})
		return 0
	case TestCode:
		word := s.atom()
		if i := slices.Index(testNames[:], word); i >= 0 {
			return uint16(i)
		}
		s.fail("unknown test %s", word)
		return 0
	case Flags:
		s.want("n=")
		return s.index()
	}
	return 0
}

// entry returns the index of the table entry with the given text; add appends it
// if there is none.
func (a *assembler) entry(s *scanner, kind Operand, text string, add func()) uint16 {
	if s.err != nil {
		return 0
	}
	t := a.texts[kind]
	i, ok := t.first[text]
	if !ok {
		add()
		i = t.first[text]
	}
	if i > math.MaxUint16 {
		s.fail("table overflow")
		return 0
	}
	return uint16(i)
}

// registersUsed is the smallest MaxRegs with which Verify finds every register
// of a chunk inside.
func registersUsed(c *Chunk) uint16 {
	most := 0
	use := func(first uint16, n int) { most = max(most, int(first)+n) }
	for i := range c.Code {
		eachWindow(c, &c.Code[i], use)
	}
	for i := range c.Sites {
		s := &c.Sites[i]
		if s.Extra != NoReg {
			use(s.Extra, 1)
		}
		for _, l := range s.Scope {
			use(l.Reg, 1)
		}
	}
	for _, l := range slices.Concat(c.Entry, c.Locals) {
		use(l.Reg, 1)
	}
	for i := range c.Stmts {
		for _, l := range c.Stmts[i].Scope {
			use(l.Reg, 1)
		}
	}
	return uint16(min(most, math.MaxUint16))
}
