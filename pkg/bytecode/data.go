package bytecode

import "encoding/binary"

// One function per data type, used for writing and for reading. To add a field
// to Chunk, Site, Stmt …, add one line here and increment FormatVersion.

// head is the part of a chunk that is expanded when a file is opened.
func (c *codec) head(x *Chunk) {
	unsigned(c, &x.Kind)
	c.str(&x.Name)
	c.str(&x.Activity)
	c.str(&x.StateGuard)
	c.str(&x.Takes)
	c.str(&x.File)
	signed(c, &x.Line)
}

// body is the part of a chunk that Load expands.
func (c *codec) body(x *Chunk) {
	unsigned(c, &x.MaxRegs)
	signed(c, &x.GuardEnd)
	c.code(&x.Code)
	list(c, &x.Consts, (*codec).constant)
	c.strings(&x.Names)
	list(c, &x.Fields, (*codec).field)
	list(c, &x.Shapes, (*codec).strings)
	list(c, &x.Sites, (*codec).site)
	list(c, &x.Stmts, (*codec).stmt)
	c.lines(&x.Lines)
	c.locals(&x.Entry)
	c.locals(&x.Locals)
	c.strings(&x.Free)
}

func (c *codec) imported(x *Import) {
	c.str(&x.Verb)
	c.str(&x.Result)
	c.str(&x.Prep)
	c.str(&x.Object)
}

func (c *codec) constant(x *Const) {
	unsigned(c, &x.Kind)
	switch x.Kind {
	case NullConst:
	case BoolConst:
		c.flag(&x.Bool)
	case IntConst:
		signed(c, &x.Int)
	case FloatConst:
		c.float(&x.Float)
	case StringConst:
		c.str(&x.Str)
	case RegexConst:
		c.str(&x.Str)
		c.str(&x.Aux)
	case ListConst:
		c.nested(MaxConstDepth, func() { list(c, &x.List, (*codec).constant) })
	case MapConst:
		c.strings(&x.Keys)
		c.nested(MaxConstDepth, func() { list(c, &x.List, (*codec).constant) })
	default:
		c.fail("unknown kind of constant %d", x.Kind)
	}
}

func (c *codec) field(x *Field) {
	c.strings(&x.Path)
	c.str(&x.Name)
}

func (c *codec) site(x *Site) {
	c.str(&x.Verb)
	c.noun(&x.Result)
	c.str(&x.Prep)
	c.noun(&x.Object)
	c.flag(&x.ObjectIsExpr)
	c.flag(&x.MapLiteral)
	c.flag(&x.Composed)
	small(c, &x.Args, &c.slabs.slots, unsigned[Slot])
	c.where(&x.Where)
	list(c, &x.Order, (*codec).orderKey)
	c.strings(&x.Named)
	c.str(&x.Unit)
	c.str(&x.Method)
	c.str(&x.Aggregate)
	c.str(&x.AggField)
	c.str(&x.As)
	unsigned(c, &x.Extra)
	signed(c, &x.Stmt)
	c.locals(&x.Scope)
}

func (c *codec) noun(x *Noun) {
	c.str(&x.Base)
	c.strings(&x.Specs)
	c.str(&x.Raw)
	c.flag(&x.Quoted)
}

func (c *codec) orderKey(x *OrderKey) {
	c.strings(&x.Path)
	c.flag(&x.Desc)
}

func (c *codec) where(x **Where) {
	present := *x != nil
	c.flag(&present)
	if !present {
		return
	}
	if !c.writing {
		*x = new(Where)
	}
	w := *x
	unsigned(c, &w.Kind)
	c.strings(&w.Field)
	c.str(&w.Op)
	c.flag(&w.Not)
	signed(c, &w.Arg)
	signed(c, &w.Args)
	c.nested(MaxWhereDepth, func() {
		c.where(&w.L)
		c.where(&w.R)
	})
}

func (c *codec) stmt(x *Stmt) {
	c.str(&x.Verb)
	c.str(&x.Result)
	c.parts(&x.Sink)
	c.str(&x.Prep)
	c.str(&x.Object)
	c.parts(&x.Expr)
	c.parts(&x.Where)
	c.flag(&x.Guard)
	c.strings(&x.Trace)
	c.locals(&x.Scope)
	signed(c, &x.Line)
	signed(c, &x.Col)
}

func (c *codec) part(x *Part) {
	c.str(&x.Text)
	c.str(&x.Name)
	c.strings(&x.Path)
	c.flag(&x.Quote)
}

func (c *codec) local(x *Local) {
	c.str(&x.Name)
	unsigned(c, &x.Reg)
}

func (c *codec) strings(x *[]string) { small(c, x, &c.slabs.strings, (*codec).str) }
func (c *codec) locals(x *[]Local)   { small(c, x, &c.slabs.locals, (*codec).local) }
func (c *codec) parts(x *[]Part)     { small(c, x, &c.slabs.parts, (*codec).part) }

// lines stores differences: nearly every number is then one byte.
func (c *codec) lines(x *[]Line) {
	var last Line
	list(c, x, func(c *codec, l *Line) {
		d := Line{PC: l.PC - last.PC, Stmt: l.Stmt - last.Stmt, Line: l.Line - last.Line, Col: l.Col}
		signed(c, &d.PC)
		signed(c, &d.Stmt)
		signed(c, &d.Line)
		signed(c, &d.Col)
		last = Line{PC: last.PC + d.PC, Stmt: last.Stmt + d.Stmt, Line: last.Line + d.Line, Col: d.Col}
		*l = last
	})
}

// Which operands of each opcode are in the file; 256 entries, so that writing a
// bad opcode is harmless.
const (
	hasA = 1 << iota
	hasB
	hasC
	hasN
)

var stored = func() (m [256]uint8) {
	for op := range table {
		for i, kind := range table[op].operands() {
			if kind != None {
				m[op] |= 1 << i
			}
		}
	}
	return m
}()

// operands returns the operand kinds in the order A, B, C, N.
func (o *OpInfo) operands() [4]Operand { return [4]Operand{o.A, o.B, o.C, o.N} }

// code stores an opcode and only the operands that it has, as varints: half of
// the 8 bytes that an instruction takes in memory.
func (c *codec) code(x *[]Ins) {
	n := c.count(len(*x))
	if c.writing {
		for _, ins := range *x {
			c.out = append(c.out, byte(ins.Op))
			has := stored[ins.Op]
			if has&hasA != 0 {
				c.out = binary.AppendUvarint(c.out, uint64(ins.A))
			}
			if has&hasB != 0 {
				c.out = binary.AppendUvarint(c.out, uint64(ins.B))
			}
			if has&hasC != 0 {
				c.out = binary.AppendUvarint(c.out, uint64(ins.C))
			}
			if has&hasN != 0 {
				c.out = append(c.out, ins.N)
			}
		}
		return
	}
	if n == 0 {
		return
	}
	code := make([]Ins, n) // 8 bytes for each byte of input at most
	for i := range code {
		if !c.ins(&code[i]) {
			return
		}
	}
	*x = code
}

// ins reads an instruction, and reports false if there is none.
func (c *codec) ins(ins *Ins) bool {
	if c.left() < 1 || c.in[c.pos] >= byte(NumOps) {
		c.fail("no instruction")
		return false
	}
	ins.Op = Op(c.in[c.pos])
	c.pos++
	has := stored[ins.Op]
	if has&hasA != 0 {
		unsigned(c, &ins.A)
	}
	if has&hasB != 0 {
		unsigned(c, &ins.B)
	}
	if has&hasC != 0 {
		unsigned(c, &ins.C)
	}
	if has&hasN != 0 {
		if c.left() < 1 {
			c.fail("instruction cut off")
			return false
		}
		ins.N = c.in[c.pos]
		c.pos++
	}
	return true
}
