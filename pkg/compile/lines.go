package compile

import (
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// A Log whose text has line ends of its own prints them, while those of the values in
// it may be shown (05 X04). In a text that is put together only the compiler knows which
// is which: it passes each value through (line) and marks the whole with (lines).

// texts are the parts of a text that is put together.
func texts(e syntax.Expr) []syntax.Expr {
	switch x := ungroup(fold(e)).(type) {
	case *syntax.Interpolated:
		return x.Parts
	case *syntax.Binary:
		if x.Op == syntax.OpConcat {
			return chain(x, syntax.OpConcat)
		}
	}
	return nil
}

// ownLine reports whether a part is text of the program, and has a line end.
func ownLine(e syntax.Expr) bool {
	l, ok := ungroup(e).(*syntax.Literal)
	return ok && l.Kind == syntax.StringLit && strings.Contains(l.Str, "\n")
}

// hasOwnLines reports whether a text needs lines.
func hasOwnLines(e syntax.Expr) bool { return slices.ContainsFunc(texts(e), ownLine) }

// lines compiles a text that hasOwnLines into register dst.
func (c *compiler) lines(e syntax.Expr, dst int) {
	top := c.top
	defer func() { c.top = top }()
	parts := texts(e)
	base := c.temps(len(parts))
	for i, p := range parts {
		c.exprTo(p, base+i)
		if _, literal := ungroup(p).(*syntax.Literal); !literal {
			c.pass("(line)", base+i, base+i)
		}
	}
	c.emit(bytecode.CONCAT, base, base, len(parts))
	c.pass("(lines)", dst, base)
}

func (c *compiler) pass(verb string, dst, src int) {
	c.act(dst, bytecode.Site{Verb: verb, Args: []bytecode.Slot{bytecode.SlotObject}, Extra: bytecode.NoReg}, src)
}
