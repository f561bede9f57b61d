package compile

import (
	"math"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// expr compiles an expression and returns the register that holds its value: the
// variable's own where that is possible, else a temporary.
func (c *compiler) expr(e syntax.Expr) int {
	e = ungroup(fold(e))
	if ref, ok := e.(*syntax.Ref); ok {
		if r, ok := c.direct(ref.Noun); ok {
			return r
		}
	}
	r := c.temps(1)
	c.exprTo(e, r)
	return r
}

func ungroup(e syntax.Expr) syntax.Expr {
	for {
		g, ok := e.(*syntax.Group)
		if !ok {
			return e
		}
		e = g.X
	}
}

// exprTo compiles an expression into register dst.
func (c *compiler) exprTo(e syntax.Expr, dst int) {
	top := c.top
	defer func() { c.top = top }()
	switch e := ungroup(fold(e)).(type) {
	case *syntax.Literal:
		c.emit(bytecode.CONST, dst, int(c.constant(literal(e))), 0)
	case *syntax.Regex:
		c.emit(bytecode.CONST, dst, int(c.regex(e)), 0)
	case *syntax.Ref:
		c.refTo(e.Noun, dst, false)
	case *syntax.ListExpr:
		c.list(e, dst)
	case *syntax.MapExpr:
		c.mapTo(e, dst)
	case *syntax.Interpolated:
		c.concat(e.Parts, dst)
	case *syntax.Unary:
		op := bytecode.NEG
		if e.Op == syntax.OpNot {
			op = bytecode.NOT
		}
		c.emit(op, dst, c.expr(e.X), 0)
	case *syntax.Is:
		c.is(e, dst)
	case *syntax.Member:
		x := c.expr(e.X)
		c.emit(bytecode.GET, dst, x, int(c.field("", []string{e.Name})))
	case *syntax.Subscript:
		x := c.expr(e.X)
		i := c.expr(e.Index)
		c.emit(bytecode.INDEX, dst, x, i)
	case *syntax.Binary:
		c.binary(e, dst)
	default:
		c.unsupported(e, "this expression")
	}
}

var binaryOps = map[syntax.Op]bytecode.Op{
	syntax.OpEq: bytecode.EQ, syntax.OpNe: bytecode.NE, syntax.OpLt: bytecode.LT, syntax.OpGt: bytecode.GT,
	syntax.OpLe: bytecode.LE, syntax.OpGe: bytecode.GE, syntax.OpContains: bytecode.CONTAINS, syntax.OpMatches: bytecode.MATCHES,
	syntax.OpAdd: bytecode.ADD, syntax.OpSub: bytecode.SUB, syntax.OpMul: bytecode.MUL, syntax.OpDiv: bytecode.DIV, syntax.OpMod: bytecode.MOD,
}

func (c *compiler) binary(e *syntax.Binary, dst int) {
	switch e.Op {
	case syntax.OpAnd, syntax.OpOr:
		c.logic(e, dst)
	case syntax.OpConcat:
		c.concat(chain(e, syntax.OpConcat), dst)
	default:
		l := c.expr(e.L)
		if k, minus, ok := addend(e); ok {
			c.emitN(bytecode.ADDK, minus, dst, l, int(c.constant(k)))
			return
		}
		r := c.expr(e.R)
		c.operate(e.Op, dst, l, r)
	}
}

// addend returns the constant that + or - with a number literal adds; minus is 1
// for a subtraction.
func addend(e *syntax.Binary) (k bytecode.Const, minus uint8, ok bool) {
	l, isLit := ungroup(fold(e.R)).(*syntax.Literal)
	if !isLit || l.Kind != syntax.IntLit && l.Kind != syntax.FloatLit || l.Int == math.MinInt64 {
		return bytecode.Const{}, 0, false
	}
	k = literal(l)
	switch e.Op {
	case syntax.OpAdd:
		return k, 0, true
	case syntax.OpSub:
		k.Int, k.Float = -k.Int, -k.Float
		return k, 1, true
	}
	return bytecode.Const{}, 0, false
}

// operate emits one operator on registers.
func (c *compiler) operate(op syntax.Op, dst, l, r int) {
	switch op {
	case syntax.OpIn, syntax.OpNotIn:
		c.emit(bytecode.CONTAINS, dst, r, l)
		if op == syntax.OpNotIn {
			c.emit(bytecode.NOT, dst, dst, 0)
		}
	default:
		c.emit(binaryOps[op], dst, l, r)
	}
}

// chain flattens a left-associative run of one operator.
func chain(e *syntax.Binary, op syntax.Op) []syntax.Expr {
	var rev []syntax.Expr
	var x syntax.Expr = e
	for {
		b, ok := x.(*syntax.Binary)
		if !ok || b.Op != op {
			rev = append(rev, x)
			break
		}
		rev = append(rev, b.R)
		x = b.L
	}
	for i, j := 0, len(rev)-1; i < j; i, j = i+1, j-1 {
		rev[i], rev[j] = rev[j], rev[i]
	}
	return rev
}

// logic compiles a chain of and / or with short circuit, and the shared
// comparison subject of 01 §6.2: a bare operand takes subject and operator of the
// nearest comparison to its left.
func (c *compiler) logic(e *syntax.Binary, dst int) {
	var exits []int
	subject, op := -1, syntax.OpEq
	items := chain(e, e.Op)
	// The result is built apart from dst: dst may be a variable that a later item
	// reads.
	res := c.temps(1)
	for i, item := range items {
		if cmp, ok := comparison(item); ok {
			subject, op = c.compareKeeping(cmp, res), cmp.Op
		} else if is, ok := item.(*syntax.Is); ok && is.Kind == syntax.IsValue {
			l := c.expr(is.X)
			r := c.expr(is.Operand)
			subject, op = l, syntax.OpEq
			if is.Not {
				op = syntax.OpNe
			}
			c.operate(op, res, l, r)
		} else if subject >= 0 && isBareLiteral(item) {
			r := c.expr(item)
			c.operate(op, res, subject, r)
		} else if ref, ok := item.(*syntax.Ref); ok && subject >= 0 {
			r := c.expr(ref)
			done := c.emit(bytecode.SHARED, res, r, 0)
			c.operate(op, res, subject, r)
			c.patch(done)
		} else {
			c.emit(bytecode.TRUTH, res, c.expr(item), 0)
		}
		if i < len(items)-1 {
			jump := bytecode.JF
			if e.Op == syntax.OpOr {
				jump = bytecode.JT
			}
			exits = append(exits, c.emit(jump, res, 0, 0))
		}
	}
	c.patchAll(exits)
	c.emit(bytecode.MOVE, dst, res, 0)
}

// comparison returns e as a comparison whose subject others may share.
func comparison(e syntax.Expr) (*syntax.Binary, bool) {
	b, ok := e.(*syntax.Binary)
	if !ok || b.Op < syntax.OpEq || b.Op > syntax.OpGe {
		return nil, false
	}
	return b, true
}

// compareKeeping compiles a comparison into dst and returns the register of its
// left side, which stays valid until the temporaries are given back.
func (c *compiler) compareKeeping(b *syntax.Binary, dst int) int {
	l := c.expr(b.L)
	r := c.expr(b.R)
	c.operate(b.Op, dst, l, r)
	return l
}

func isBareLiteral(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Literal:
		return e.Kind != syntax.BoolLit
	case *syntax.Regex:
		return true
	case *syntax.Unary:
		l, ok := e.X.(*syntax.Literal)
		return ok && e.Op == syntax.OpNeg && l.Kind != syntax.BoolLit
	}
	return false
}

// cond compiles a condition and returns the jumps taken when it does not hold.
func (c *compiler) cond(e syntax.Expr) []int {
	top := c.top
	defer func() { c.top = top }()
	e = ungroup(fold(e))
	if b, ok := e.(*syntax.Binary); ok {
		switch b.Op {
		case syntax.OpLt, syntax.OpLe, syntax.OpGt, syntax.OpGe:
			l := c.expr(b.L)
			op, n := bytecode.JLT, uint8(0)
			switch b.Op {
			case syntax.OpLe:
				n = 1
			case syntax.OpGt:
				op, n = bytecode.JGE, 1
			case syntax.OpGe:
				op = bytecode.JGE
			}
			if k, ok := scalar(b.R); ok {
				if op == bytecode.JLT {
					op = bytecode.JLTK
				} else {
					op = bytecode.JGEK
				}
				return []int{c.emitN(op, n, l, int(c.constant(k)), 0)}
			}
			return []int{c.emitN(op, n, l, c.expr(b.R), 0)}
		case syntax.OpEq, syntax.OpNe:
			if k, ok := scalar(b.R); ok {
				n := uint8(0)
				if b.Op == syntax.OpNe {
					n = 1
				}
				return []int{c.emitN(bytecode.JEQK, n, c.expr(b.L), int(c.constant(k)), 0)}
			}
		case syntax.OpAnd:
			if items := chain(b, syntax.OpAnd); !sharesSubject(items) {
				var out []int
				for _, item := range items {
					out = append(out, c.cond(item)...)
				}
				return out
			}
		}
	}
	r := c.expr(e)
	return []int{c.emit(bytecode.JF, r, 0, 0)}
}

// scalar returns a literal that an instruction can compare with.
func scalar(e syntax.Expr) (bytecode.Const, bool) {
	l, ok := ungroup(fold(e)).(*syntax.Literal)
	if !ok {
		return bytecode.Const{}, false
	}
	return literal(l), true
}

// sharesSubject reports whether a chain has a bare operand behind a comparison.
func sharesSubject(items []syntax.Expr) bool {
	seen := false
	for _, item := range items {
		_, isRef := item.(*syntax.Ref)
		if seen && (isRef || isBareLiteral(item)) {
			return true
		}
		if _, ok := comparison(item); ok {
			seen = true
		}
		if is, ok := item.(*syntax.Is); ok && is.Kind == syntax.IsValue {
			seen = true
		}
	}
	return false
}

// concat joins the text forms of parts.
func (c *compiler) concat(parts []syntax.Expr, dst int) {
	base := c.temps(len(parts))
	for i, p := range parts {
		c.exprTo(p, base+i)
	}
	c.emit(bytecode.CONCAT, dst, base, len(parts))
}

// listChunk is how many elements one LIST takes: longer lists are built in
// pieces, so that a literal of any length needs few registers.
const listChunk = 200

func (c *compiler) list(e *syntax.ListExpr, dst int) {
	if k, ok := constantOf(e); ok {
		c.emit(bytecode.CONST, dst, int(c.constant(k)), 0)
		return
	}
	acc := -1
	for start := 0; start < len(e.Elems); start += listChunk {
		top := c.top
		part := e.Elems[start:min(start+listChunk, len(e.Elems))]
		if acc < 0 && len(e.Elems) > listChunk {
			acc = c.temps(1)
			top = c.top
		}
		base := c.temps(len(part))
		for i, x := range part {
			c.exprTo(x, base+i)
		}
		switch {
		case acc < 0:
			c.emit(bytecode.LIST, dst, base, len(part))
		case start == 0:
			c.emit(bytecode.LIST, acc, base, len(part))
		default:
			c.emit(bytecode.LIST, base, base, len(part))
			c.emit(bytecode.CAT, acc, acc, base)
		}
		c.top = top
	}
	if acc >= 0 {
		c.emit(bytecode.MOVE, dst, acc, 0)
	}
}

func (c *compiler) mapTo(e *syntax.MapExpr, dst int) {
	if k, ok := constantOf(e); ok {
		c.emit(bytecode.CONST, dst, int(c.constant(k)), 0)
		return
	}
	keys, vals := entries(e)
	base := c.temps(len(keys))
	for i, v := range vals {
		c.exprTo(v, base+i)
	}
	c.chunk.Shapes = append(c.chunk.Shapes, keys)
	c.emit(bytecode.OBJ, dst, int(c.index(len(c.chunk.Shapes)-1)), base)
}

// entries returns keys and values of a map literal; of a duplicate key the last
// value wins, at the place of the first.
func entries(e *syntax.MapExpr) (keys []string, vals []syntax.Expr) {
	keys, vals = make([]string, 0, len(e.Entries)), make([]syntax.Expr, 0, len(e.Entries))
	if len(e.Entries) <= 16 {
		for _, x := range e.Entries {
			if i := slices.Index(keys, x.Key); i >= 0 {
				vals[i] = x.Value
				continue
			}
			keys, vals = append(keys, x.Key), append(vals, x.Value)
		}
		return keys, vals
	}
	at := make(map[string]int, len(e.Entries))
	for _, x := range e.Entries {
		if i, ok := at[x.Key]; ok {
			vals[i] = x.Value
			continue
		}
		at[x.Key] = len(keys)
		keys, vals = append(keys, x.Key), append(vals, x.Value)
	}
	return keys, vals
}

// is compiles the tests of 01 §6.5, which alone tolerate unbound names.
func (c *compiler) is(e *syntax.Is, dst int) {
	if e.Kind == syntax.IsValue {
		l := c.expr(e.X)
		r := c.expr(e.Operand)
		op := syntax.OpEq
		if e.Not {
			op = syntax.OpNe
		}
		c.operate(op, dst, l, r)
		return
	}
	x := c.quiet(e.X)
	var test bytecode.Test
	switch e.Kind {
	case syntax.IsNull:
		test = bytecode.TestNull
	case syntax.IsEmpty:
		test = bytecode.TestEmpty
	case syntax.IsDefined:
		test = bytecode.TestDefined
	default:
		var known bool
		if test, known = bytecode.TestFor(strings.ToLower(e.Name)); !known {
			c.p.report(c.file, e.Span, syntax.Warning, "ARO-F6", "'"+e.Name+"' is neither a type nor a status; the test is always false", "")
		}
	}
	n := uint8(0)
	if e.Not {
		n = 1
	}
	c.emitN(bytecode.TEST, n, dst, x, int(test))
}

// quiet compiles a reference so that an unbound name or a missing property gives
// unbound; other expressions as usual.
func (c *compiler) quiet(e syntax.Expr) int {
	ref, ok := ungroup(e).(*syntax.Ref)
	if !ok {
		return c.expr(e)
	}
	if r, ok := c.direct(ref.Noun); ok {
		return r
	}
	r := c.temps(1)
	c.refTo(ref.Noun, r, true)
	return r
}
