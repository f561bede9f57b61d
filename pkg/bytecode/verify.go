package bytecode

import (
	"fmt"
	"slices"
)

// VerifyError says what is wrong with a chunk.
type VerifyError struct {
	Chunk   string
	PC      int // instruction, or -1 when the problem is in a table
	Problem string
	// Offset is where the instruction, or the chunk, is in the file; 0 for chunks that
	// come from none, or from Decode.
	Offset int
}

// Error returns chunk, instruction and problem.
func (e *VerifyError) Error() string {
	at := ""
	if e.Offset > 0 {
		at = fmt.Sprintf(" (at byte %d)", e.Offset)
	}
	if e.PC < 0 {
		return fmt.Sprintf("%q: %s%s", e.Chunk, e.Problem, at)
	}
	return fmt.Sprintf("%q, instruction %d: %s%s", e.Chunk, e.PC, e.Problem, at)
}

// Verify loads c and proves what the machine then takes for granted: every index
// is inside its table, every register and register window inside MaxRegs, every
// jump goes to an instruction, and nothing runs past the end. Control goes
// backwards only through the instructions that spend fuel, so a run ends or is
// interrupted.
//
// It does not prove that registers hold values of some kind: the machine checks
// kinds. Time and memory are linear in the chunk's size.
func Verify(c *Chunk) error {
	if err := c.Load(); err != nil {
		return err
	}
	v := verifier{chunk: c, pc: -1}
	v.tables()
	v.code()
	if v.err != nil {
		if c.lazy != nil {
			v.err.Offset = c.lazy.offset(v.err.PC)
		}
		return v.err
	}
	return nil
}

// verifier keeps the first problem; err has its own type, so compare it before
// it becomes an error.
type verifier struct {
	chunk *Chunk
	pc    int
	err   *VerifyError
}

func (v *verifier) fail(format string, args ...any) {
	if v.err == nil {
		v.err = &VerifyError{Chunk: v.chunk.Name, PC: v.pc, Problem: fmt.Sprintf(format, args...)}
	}
}

// window checks that the n registers from first on exist. first may be one past
// the last register when n is 0.
func (v *verifier) window(first uint16, n int) {
	if int(first)+n > int(v.chunk.MaxRegs) {
		v.fail("registers r%d … r%d of %d", first, int(first)+n-1, v.chunk.MaxRegs)
	}
}

// index checks an index into a table; the arguments are only for the error text.
func (v *verifier) index(i int, n int, what string) bool {
	if i >= n {
		v.fail("%s %d of %d", what, i, n)
	}
	return i < n
}

func (v *verifier) code() {
	code := v.chunk.Code
	if len(code) == 0 {
		v.fail("no code")
		return
	}
	if end := v.chunk.GuardEnd; end < 0 || int(end) >= len(code) {
		v.fail("guard ends at %d of %d", end, len(code))
		return
	}
	window := v.window // once: a method value is an allocation
	for pc := range code {
		v.pc = pc
		v.instruction(&code[pc], window)
		if v.err != nil {
			return
		}
	}
	if !code[len(code)-1].Op.Info().Ends {
		v.fail("the code does not end here")
	}
	v.pc = -1
}

// constKinds holds the two rules that operand kinds cannot express: what the
// machine does with the constant of these instructions makes sense for some
// kinds only.
var constKinds = map[Op][]ConstKind{
	TEXT:   {StringConst},
	MATCHR: {IntConst, FloatConst},
}

func (v *verifier) instruction(ins *Ins, window func(uint16, int)) {
	if ins.Op >= NumOps {
		v.fail("unknown opcode %d", ins.Op)
		return
	}
	info := ins.Op.Info()
	eachWindow(v.chunk, ins, window)
	values := [4]uint16{ins.A, ins.B, ins.C, uint16(ins.N)}
	for i, kind := range info.operands() {
		x := values[i]
		switch kind {
		case None:
			if x != 0 {
				v.fail("%s: unused operand %c is %d", info.Name, "abcn"[i], x)
			}
		case Const_:
			v.constIndex(ins.Op, int(x))
		case Const2:
			v.constIndex(ins.Op, int(x))
			v.constIndex(ins.Op, int(x)+1)
		case Name_:
			v.index(int(x), len(v.chunk.Names), "name")
		case Field_:
			v.index(int(x), len(v.chunk.Fields), "field")
		case Shape_:
			v.index(int(x), len(v.chunk.Shapes), "shape")
		case Site_:
			v.index(int(x), len(v.chunk.Sites), "site")
		case Jump:
			v.jump(info, int(x))
		case TestCode:
			v.index(int(x), int(NumTests), "test")
		}
	}
}

func (v *verifier) constIndex(op Op, i int) {
	if !v.index(i, len(v.chunk.Consts), "constant") {
		return
	}
	if kinds := constKinds[op]; kinds != nil && !slices.Contains(kinds, v.chunk.Consts[i].Kind) {
		v.fail("%s: constant %d is of the wrong kind", op, i)
	}
}

// jump checks a target. Instructions that have a target and may suspend are
// those that spend fuel: they close loops, and only they. The guard is not
// entered again once it has been left.
func (v *verifier) jump(info *OpInfo, target int) {
	switch {
	case target >= len(v.chunk.Code):
		v.fail("jump to %d, behind the code", target)
	case info.Suspends && target > v.pc:
		v.fail("%s goes back, but %d is ahead", info.Name, target)
	case info.Suspends && target < int(v.chunk.GuardEnd) && v.pc >= int(v.chunk.GuardEnd):
		v.fail("jump to %d, back into the guard", target)
	case !info.Suspends && target <= v.pc:
		v.fail("%s cannot go back to %d", info.Name, target)
	}
}
