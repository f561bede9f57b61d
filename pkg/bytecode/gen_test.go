package bytecode

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// gen makes random programs that Verify accepts and that use all of the data
// types, odd texts included.
type gen struct{ *rand.Rand }

func newGen(seed uint64) gen { return gen{rand.New(rand.NewPCG(seed, 1))} }

func (g gen) program() *Program {
	p := &Program{Files: listN(g, 3, g.text)}
	for i := range 1 + g.IntN(4) {
		p.Chunks = append(p.Chunks, g.chunk(fmt.Sprint("set ", i)))
	}
	return p
}

func listN[T any](g gen, most int, element func() T) []T {
	var list []T
	for range g.IntN(most + 1) {
		list = append(list, element())
	}
	return list
}

func pick[T any](g gen, list ...T) T { return list[g.IntN(len(list))] }

func (g gen) coin() bool { return g.IntN(2) == 0 }

var oddTexts = []string{"", "user", "user-repository", "a.b", "<x>", "\"quoted\"", "new\nline", "\xff\xfe", "und", "and", "not",
	"text", "r5", "12", "-", "äöü→", "; comment", "where", "specs", "quoted", "stmt", " ", "#3", "nul\x00", "arg0", "desc", "code"}

func (g gen) text() string {
	if g.coin() {
		return pick(g, oddTexts...)
	}
	return fmt.Sprint("name-", g.IntN(50))
}

func (g gen) texts() []string { return listN(g, 3, g.text) }

func (g gen) constant(depth int) Const {
	kind := ConstKind(g.IntN(int(MapConst) + 1))
	if depth == 0 && kind >= ListConst {
		kind = IntConst
	}
	x := Const{Kind: kind}
	switch kind {
	case BoolConst:
		x.Bool = g.coin()
	case IntConst:
		x.Int = pick(g, 0, 1, -1, math.MinInt64, math.MaxInt64, g.Int64())
	case FloatConst:
		x.Float = pick(g, 0, math.Copysign(0, -1), 1.5, math.Inf(1), math.Inf(-1), math.MaxFloat64, 5e-324, 1e21, g.NormFloat64())
	case StringConst:
		x.Str = g.text()
	case RegexConst:
		x.Str, x.Aux = g.text(), pick(g, "", "i")
	case ListConst, MapConst:
		x.List = listN(g, 3, func() Const { return g.constant(depth - 1) })
		if kind == MapConst {
			for range x.List {
				x.Keys = append(x.Keys, g.text())
			}
		}
	}
	return x
}

func (g gen) noun() Noun {
	n := Noun{Base: g.text()}
	switch g.IntN(4) {
	case 0:
		n.Raw = g.text()
		n.Specs = n.usualSpecs()
	case 1:
		n.Raw, n.Quoted = g.text(), true
		n.Specs = n.usualSpecs()
	case 2:
		n.Raw, n.Quoted, n.Specs = g.text(), g.coin(), g.texts()
	}
	return n
}

func (g gen) local(regs int) func() Local {
	return func() Local { return Local{Name: g.text(), Reg: uint16(g.IntN(regs))} }
}

func (g gen) where(operands, depth int) *Where {
	w := &Where{}
	if depth > 0 && g.coin() {
		w.Kind = WhereAnd + WhereKind(g.IntN(3))
		w.L = g.where(operands, depth-1)
		if w.Kind != WhereNot {
			w.R = g.where(operands, depth-1)
		}
		return w
	}
	ops := slices.Sorted(maps.Keys(whereOps)) // sorted, so that a seed gives the same program again
	for {
		w.Op = pick(g, ops...)
		w.Args = whereOps[w.Op]
		if w.Args < 0 {
			w.Args = g.IntN(operands + 1)
		}
		if w.Args <= operands {
			break
		}
	}
	w.Arg = g.IntN(operands - w.Args + 1)
	w.Field, w.Not = g.texts(), g.coin()
	return w
}

func (g gen) site(regs, stmts int) Site {
	s := Site{
		Verb: g.text(), Result: g.noun(), Prep: pick(g, "", "from", "with", "args"), Object: g.noun(),
		ObjectIsExpr: g.coin(), MapLiteral: g.coin(), Composed: g.coin(),
		Order: listN(g, 2, func() OrderKey { return OrderKey{Path: g.texts(), Desc: g.coin()} }),
		Named: g.texts(), Unit: g.text(), Method: g.text(), Aggregate: g.text(), AggField: g.text(), As: g.text(),
		Extra: pick(g, NoReg, uint16(g.IntN(regs))), Stmt: int32(g.IntN(stmts+1) - 1),
		Scope: listN(g, 3, g.local(regs)),
	}
	s.Args = listN(g, 4, func() Slot { return Slot(g.IntN(int(SlotWhere))) })
	if g.coin() {
		n := g.IntN(4)
		s.Where = g.where(n, 3)
		s.Args = append(s.Args, slices.Repeat([]Slot{SlotWhere}, n)...)
	}
	s.Args = append(s.Args, slices.Repeat([]Slot{SlotNamed}, len(s.Named))...)
	return s
}

func (g gen) part() Part {
	if g.coin() {
		return Part{Text: g.text()}
	}
	return Part{Text: pick(g, "", g.text()), Name: g.text(), Path: g.texts(), Quote: g.coin()}
}

func (g gen) parts() []Part { return listN(g, 3, g.part) }

func (g gen) stmt(regs int) Stmt {
	return Stmt{Verb: g.text(), Result: g.text(), Sink: g.parts(), Prep: g.text(), Object: g.text(), Expr: g.parts(),
		Where: g.parts(), Guard: g.coin(), Trace: g.texts(), Scope: listN(g, 2, g.local(regs)), Line: g.Int32N(1000), Col: g.Int32N(100)}
}

func (g gen) shape(n int) []string {
	keys := []string{g.text()}
	for i := range n {
		keys = append(keys, fmt.Sprint("key ", i))
	}
	return keys
}

func (g gen) chunk(name string) *Chunk {
	regs := 16 + g.IntN(40)
	c := &Chunk{Kind: ChunkKind(g.IntN(3)), Name: name, Activity: g.text(), StateGuard: g.text(), Takes: g.text(), File: g.text(),
		Line: g.Int32N(100), MaxRegs: uint16(regs)}
	c.Consts = []Const{{Kind: IntConst, Int: 1}, {Kind: FloatConst, Float: 2}, {Kind: StringConst, Str: "t"}}
	c.Consts = append(c.Consts, listN(g, 10, func() Const { return g.constant(3) })...)
	c.Names = append(g.texts(), "n")
	c.Fields = append(listN(g, 3, func() Field { return Field{Path: g.texts(), Name: g.text()} }), Field{Path: []string{"x"}})
	c.Shapes = append(listN(g, 3, func() []string { return g.shape(g.IntN(4)) }), []string{"a"})
	c.Stmts = append(listN(g, 4, func() Stmt { return g.stmt(regs) }), Stmt{Verb: "Log"})
	for range 1 + g.IntN(4) {
		c.Sites = append(c.Sites, g.site(regs, len(c.Stmts)))
	}
	c.Entry = listN(g, 3, g.local(regs))
	c.Locals = listN(g, 3, g.local(regs))
	for range c.Entry {
		c.Free = append(c.Free, g.text())
	}
	n := 2 + g.IntN(60)
	for pc := range n {
		c.Code = append(c.Code, g.ins(c, pc, n))
		if g.IntN(3) == 0 {
			c.Lines = append(c.Lines, Line{PC: int32(pc), Stmt: int32(g.IntN(len(c.Stmts)+1) - 1), Line: g.Int32N(1000), Col: g.Int32N(100)})
		}
	}
	c.Code[n-1] = Ins{Op: END}
	return c
}

// ins makes an instruction whose operands are good at pc in code of n.
func (g gen) ins(c *Chunk, pc, n int) Ins {
	op := Op(g.IntN(int(NumOps)))
	if pc == n-1 {
		op = END
	}
	ins := Ins{Op: op}
	fields := [4]*uint16{&ins.A, &ins.B, &ins.C, new(uint16)}
	for i, kind := range op.Info().operands() {
		x := fields[i]
		regs := func(n int) uint16 { return uint16(g.IntN(int(c.MaxRegs) - n + 1)) }
		switch kind {
		case Reg:
			*x = regs(1)
		case OptReg:
			*x = pick(g, NoReg, regs(1))
		case RegPair:
			*x = regs(2)
		case Count:
			*x = uint16(g.IntN(4))
			*fields[i-1] = regs(max(1, int(*x)))
		case Shape_:
			*x = uint16(g.IntN(len(c.Shapes)))
			ins.C = regs(len(c.Shapes[*x]))
		case Site_:
			*x = uint16(g.IntN(len(c.Sites)))
			ins.C = regs(max(1, len(c.Sites[*x].Args)))
		case Const_, Const2:
			switch {
			case op == TEXT:
				*x = 2
			case constKinds[op] == nil:
				*x = uint16(g.IntN(len(c.Consts)))
			}
		case Name_:
			*x = uint16(g.IntN(len(c.Names)))
		case Field_:
			*x = uint16(g.IntN(len(c.Fields)))
		case Jump:
			if op.Info().Suspends {
				*x = uint16(g.IntN(pc + 1))
			} else {
				*x = uint16(pc + 1 + g.IntN(n-pc-1))
			}
		case TestCode:
			*x = uint16(g.IntN(int(NumTests)))
		case Flags:
			ins.N = uint8(g.IntN(3))
		}
	}
	return ins
}
