package optimize

import (
	"slices"

	"aro/pkg/bytecode"
)

// edit is a chunk being changed. Instructions are marked as gone and taken out by
// close, so that targets stay valid during a pass.
type edit struct {
	c      *bytecode.Chunk
	gone   []bool
	target []bool        // instructions that something jumps to
	loops  map[int][]int // instructions that something goes back to, and from where
	named  regs          // registers that people see: variables, which error texts and templates read
}

func newEdit(c *bytecode.Chunk) *edit {
	d := c.WithCode(slices.Clone(c.Code))
	e := &edit{c: d, gone: make([]bool, len(d.Code)), named: make(regs, (int(d.MaxRegs)+63)/64)}
	for _, list := range [][]bytecode.Local{d.Entry, d.Locals} {
		e.name(list)
	}
	for i := range d.Sites {
		e.name(d.Sites[i].Scope)
	}
	for i := range d.Stmts {
		e.name(d.Stmts[i].Scope)
	}
	e.findTargets()
	return e
}

func (e *edit) name(list []bytecode.Local) {
	for _, l := range list {
		e.named.add(l.Reg)
	}
}

func (e *edit) findTargets() {
	e.target, e.loops = make([]bool, len(e.c.Code)+1), map[int][]int{}
	for i := range e.c.Code {
		if ins := &e.c.Code[i]; branches(ins) {
			e.target[ins.C] = true
			if int(ins.C) <= i {
				e.loops[int(ins.C)] = append(e.loops[int(ins.C)], i)
			}
		}
	}
	e.target[e.c.GuardEnd] = true // a place of its own, too
}

// branches reports whether an instruction has a target, which is always operand c.
func branches(ins *bytecode.Ins) bool { return ins.Op.Info().C == bytecode.Jump }

// close takes out what is gone and moves everything that refers to an instruction. What
// referred to one that is gone refers to the next one that is not.
func (e *edit) close() {
	if !slices.Contains(e.gone, true) {
		return
	}
	old := e.c.Code
	at := make([]int, len(old)+1) // new place of each instruction
	code := make([]bytecode.Ins, 0, len(old))
	for i, ins := range old {
		at[i] = len(code)
		if !e.gone[i] {
			code = append(code, ins)
		}
	}
	at[len(old)] = len(code)
	for i := range code {
		if branches(&code[i]) {
			code[i].C = uint16(at[code[i].C])
		}
	}
	d := e.c.WithCode(code)
	d.GuardEnd = int32(at[d.GuardEnd])
	d.Lines = nil
	for _, l := range e.c.Lines {
		l.PC = int32(at[l.PC])
		if n := len(d.Lines); n > 0 && d.Lines[n-1].PC == l.PC {
			d.Lines = d.Lines[:n-1] // nothing is left of that place
		}
		d.Lines = append(d.Lines, l)
	}
	e.c, e.gone = d, make([]bool, len(code))
	e.findTargets()
}
