package bytecode

import "slices"

// Limits of nesting, for the compiler to respect and the decoder to insist on:
// both kinds of tree are walked recursively.
const (
	MaxConstDepth = 512
	MaxWhereDepth = 512
)

// tables checks everything but the code.
func (v *verifier) tables() {
	c := v.chunk
	if c.Kind > Snippet {
		v.fail("unknown kind of chunk %d", c.Kind)
	}
	for i := range c.Consts {
		if !v.constant(&c.Consts[i], 0) {
			v.fail("constant %d is damaged", i)
			return
		}
	}
	for i, keys := range c.Shapes {
		if key, twice := firstDuplicate(keys); twice {
			v.fail("shape %d has key %q twice", i, key)
			return
		}
	}
	for i := range c.Sites {
		if v.site(i, &c.Sites[i]); v.err != nil {
			return
		}
	}
	v.lines()
	v.registers("entry", c.Entry)
	v.registers("local", c.Locals)
	for i := range c.Stmts {
		v.registers("local", c.Stmts[i].Scope)
	}
	if len(c.Free) > 0 && len(c.Free) != len(c.Entry) {
		v.fail("%d free names for %d entries", len(c.Free), len(c.Entry))
	}
}

// constant reports whether x and all that is in it is well-formed. Repeated keys
// of a map are: the last one wins.
func (v *verifier) constant(x *Const, depth int) bool {
	if x.Kind > MapConst || (x.Kind >= ListConst && depth >= MaxConstDepth) {
		return false
	}
	if x.Kind == MapConst && len(x.Keys) != len(x.List) {
		return false
	}
	if x.Kind == ListConst || x.Kind == MapConst {
		for i := range x.List {
			if !v.constant(&x.List[i], depth+1) {
				return false
			}
		}
	}
	return true
}

func firstDuplicate(keys []string) (string, bool) {
	if len(keys) <= 16 {
		for i, key := range keys {
			if slices.Contains(keys[:i], key) {
				return key, true
			}
		}
		return "", false
	}
	seen := make(map[string]bool, len(keys))
	for _, key := range keys {
		if seen[key] {
			return key, true
		}
		seen[key] = true
	}
	return "", false
}

func (v *verifier) lines() {
	last := int32(0)
	for i, l := range v.chunk.Lines {
		if l.PC < last || int(l.PC) > len(v.chunk.Code) {
			v.fail("line table entry %d: instruction %d is out of order", i, l.PC)
			return
		}
		last = l.PC
		v.statement(l.Stmt, "line table entry", i)
	}
}

func (v *verifier) statement(stmt int32, what string, i int) {
	if stmt < -1 || int(stmt) >= len(v.chunk.Stmts) {
		v.fail("%s %d: statement %d of %d", what, i, stmt, len(v.chunk.Stmts))
	}
}

func (v *verifier) registers(what string, locals []Local) {
	for _, l := range locals {
		if l.Reg >= v.chunk.MaxRegs {
			v.fail("%s %q in register r%d of %d", what, l.Name, l.Reg, v.chunk.MaxRegs)
			return
		}
	}
}

// site checks one site. Each argument takes one register and one entry in Args,
// so SlotWhere occurs once for each operand of Where, SlotNamed once for each
// name, and both without gaps: verbs index from the first of them.
func (v *verifier) site(i int, s *Site) {
	v.statement(s.Stmt, "site", i)
	v.registers("scope of a site: name", s.Scope)
	if s.Extra != NoReg && s.Extra >= v.chunk.MaxRegs {
		v.fail("site %d: second result in register r%d of %d", i, s.Extra, v.chunk.MaxRegs)
	}
	for _, slot := range s.Args {
		if slot >= NumSlots {
			v.fail("site %d: unknown slot %d", i, slot)
			return
		}
	}
	if n, ok := run(s.Args, SlotNamed); !ok || n != len(s.Named) {
		v.fail("site %d: %d named values in a row for %d names", i, n, len(s.Named))
	}
	n, ok := run(s.Args, SlotWhere)
	if !ok || (n > 0 && s.Where == nil) {
		v.fail("site %d: operands of the filter are not in a row, or there is no filter", i)
		return
	}
	if s.Where != nil {
		v.where(i, s.Where, n, 0)
	}
}

// run counts slot in args; false when its occurrences are not adjacent.
func run(args []Slot, slot Slot) (n int, ok bool) {
	first := -1
	for i, s := range args {
		if s != slot {
			continue
		}
		if first < 0 {
			first = i
		} else if i != first+n {
			return n, false
		}
		n++
	}
	return n, true
}

// whereOps maps each filter operator to its number of operands; -1 is any.
var whereOps = map[string]int{
	"=": 1, "!=": 1, "<": 1, "<=": 1, ">": 1, ">=": 1,
	"contains": 1, "matches": 1, "starts-with": 1, "ends-with": 1,
	"between": 2, "in": -1, "not-in": -1,
	"empty": 0, "null": 0, "defined": 0,
}

// where checks a filter whose site has the given number of operands.
func (v *verifier) where(i int, w *Where, operands, depth int) {
	if depth >= MaxWhereDepth {
		v.fail("site %d: filter nested deeper than %d", i, MaxWhereDepth)
		return
	}
	var left, right bool
	switch w.Kind {
	case WhereCond:
		n, known := whereOps[w.Op]
		switch {
		case !known:
			v.fail("site %d: unknown filter operator %q", i, w.Op)
		case n >= 0 && n != w.Args:
			v.fail("site %d: filter operator %q with %d operands", i, w.Op, w.Args)
		case w.Arg < 0 || w.Args < 0 || w.Arg > operands || w.Args > operands-w.Arg:
			v.fail("site %d: filter reads %d operands from %d on, of %d", i, w.Args, w.Arg, operands)
		}
	case WhereAnd, WhereOr:
		left, right = true, true
	case WhereNot:
		left = true
	default:
		v.fail("site %d: unknown kind of filter %d", i, w.Kind)
	}
	if (w.L != nil) != left || (w.R != nil) != right {
		v.fail("site %d: filter with missing or surplus parts", i)
	}
	if v.err != nil {
		return
	}
	if left {
		v.where(i, w.L, operands, depth+1)
	}
	if right {
		v.where(i, w.R, operands, depth+1)
	}
}
