package compile

import (
	"math"
	"math/bits"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// literal turns a literal into a constant.
func literal(l *syntax.Literal) bytecode.Const {
	switch l.Kind {
	case syntax.BoolLit:
		return bytecode.Const{Kind: bytecode.BoolConst, Bool: l.Bool}
	case syntax.IntLit:
		return bytecode.Const{Kind: bytecode.IntConst, Int: l.Int}
	case syntax.FloatLit:
		return bytecode.Const{Kind: bytecode.FloatConst, Float: l.Float}
	case syntax.StringLit:
		return bytecode.Const{Kind: bytecode.StringConst, Str: l.Str}
	}
	return bytecode.Const{}
}

// constantOf returns the constant that an expression is, if it is one.
func constantOf(e syntax.Expr) (bytecode.Const, bool) {
	switch e := ungroup(fold(e)).(type) {
	case *syntax.Literal:
		return literal(e), true
	case *syntax.ListExpr:
		out := bytecode.Const{Kind: bytecode.ListConst}
		for _, x := range e.Elems {
			k, ok := constantOf(x)
			if !ok {
				return bytecode.Const{}, false
			}
			out.List = append(out.List, k)
		}
		return out, true
	case *syntax.MapExpr:
		out := bytecode.Const{Kind: bytecode.MapConst}
		keys, vals := entries(e)
		for i, x := range vals {
			k, ok := constantOf(x)
			if !ok {
				return bytecode.Const{}, false
			}
			out.Keys, out.List = append(out.Keys, keys[i]), append(out.List, k)
		}
		return out, true
	}
	return bytecode.Const{}, false
}

// fold computes what is known now: arithmetic on number literals and joined text
// literals. It leaves alone what could fail, so that the failure happens, with
// its place, when the statement runs.
func fold(e syntax.Expr) syntax.Expr {
	switch x := e.(type) {
	case *syntax.Group:
		if inner := fold(x.X); inner != x.X {
			return &syntax.Group{Span: x.Span, X: inner}
		}
	case *syntax.Unary:
		if l, ok := fold(ungroup(x.X)).(*syntax.Literal); ok && x.Op == syntax.OpNeg {
			switch {
			case l.Kind == syntax.IntLit && l.Int != math.MinInt64:
				return &syntax.Literal{Span: x.Span, Kind: syntax.IntLit, Int: -l.Int}
			case l.Kind == syntax.FloatLit:
				return &syntax.Literal{Span: x.Span, Kind: syntax.FloatLit, Float: -l.Float}
			}
		}
	case *syntax.Binary:
		l, ok := fold(ungroup(x.L)).(*syntax.Literal)
		if !ok {
			return e
		}
		r, ok := fold(ungroup(x.R)).(*syntax.Literal)
		if !ok {
			return e
		}
		if v := foldBinary(x.Op, l, r); v != nil {
			v.Span = x.Span
			return v
		}
	}
	return e
}

func foldBinary(op syntax.Op, l, r *syntax.Literal) *syntax.Literal {
	if op == syntax.OpConcat && l.Kind == syntax.StringLit && r.Kind == syntax.StringLit {
		return &syntax.Literal{Kind: syntax.StringLit, Str: l.Str + r.Str}
	}
	if l.Kind == syntax.IntLit && r.Kind == syntax.IntLit {
		if n, ok := foldInts(op, l.Int, r.Int); ok {
			return &syntax.Literal{Kind: syntax.IntLit, Int: n}
		}
		return nil
	}
	if l.Kind == syntax.FloatLit && r.Kind == syntax.FloatLit {
		f := l.Float
		switch op {
		case syntax.OpAdd:
			f += r.Float
		case syntax.OpSub:
			f -= r.Float
		case syntax.OpMul:
			f *= r.Float
		case syntax.OpDiv:
			f /= r.Float
		default:
			return nil
		}
		return &syntax.Literal{Kind: syntax.FloatLit, Float: f}
	}
	return nil
}

// foldInts computes exactly; an overflow is left to the machine.
func foldInts(op syntax.Op, x, y int64) (int64, bool) {
	switch op {
	case syntax.OpAdd:
		s := x + y
		return s, (s > x) == (y > 0)
	case syntax.OpSub:
		s := x - y
		return s, (s < x) == (y > 0)
	case syntax.OpMul:
		if x == math.MinInt64 || y == math.MinInt64 {
			return 0, false
		}
		hi, lo := bits.Mul64(uint64(max(x, -x)), uint64(max(y, -y)))
		return x * y, hi == 0 && lo <= math.MaxInt64
	case syntax.OpDiv:
		if y == 0 || y == -1 {
			return 0, false
		}
		return x / y, true
	}
	return 0, false
}
