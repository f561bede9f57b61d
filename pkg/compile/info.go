package compile

import (
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// begin records what error messages need to know about a statement, and marks
// its code.
func (c *compiler) begin(s *syntax.Simple) {
	info := bytecode.Stmt{Verb: s.Verb, Guard: s.When != nil, Trace: c.p.buffers.traces.take(4)}
	if s.Sink != nil {
		info.Sink = c.parts(s.Sink)
	} else if s.Result != nil {
		info.Result = fullName(s.Result)
		info.Trace = traced(info.Trace, s.Result)
	}
	if o := s.Object; o != nil {
		info.Prep = o.Prep
		switch o.Kind {
		case syntax.NounOperand:
			info.Object = fullName(o.Noun)
			info.Trace = traced(info.Trace, o.Noun)
		case syntax.PortOperand:
			info.Expr = append([]bytecode.Part{{Text: "port "}}, c.parts(o.Expr)...)
		case syntax.DurationOperand:
			info.Expr = append(c.parts(o.Expr), bytecode.Part{Text: " " + o.Unit})
		case syntax.ExprOperand:
			info.Expr = c.parts(o.Expr)
			if base := nounBase(o); base != "" {
				info.Trace = append(info.Trace, base)
			}
		default:
			info.Expr = []bytecode.Part{{Text: strings.TrimSpace(strings.TrimPrefix(c.file.Text(o.Span), o.Prep))}}
		}
	}
	if s.Where != nil {
		info.Where = append([]bytecode.Part{{Text: "where "}}, c.wherePart(s.Where)...)
	}
	slices.Sort(info.Trace)
	info.Trace = slices.Compact(info.Trace)
	c.beginInfo(info, s)
}

func (c *compiler) beginInfo(info bytecode.Stmt, n syntax.Node) {
	line, col := c.file.Position(n.Range().Start)
	info.Line, info.Col = int32(line), int32(col)
	info.Scope = c.innerNames(&info)
	c.chunk.Stmts = append(c.chunk.Stmts, info)
	c.stmt = int32(len(c.chunk.Stmts) - 1)
	c.mark(n)
}

// innerNames finds the names that a statement's error text shows and that belong
// to a loop around it.
func (c *compiler) innerNames(info *bytecode.Stmt) (list []bytecode.Local) {
	if c.scope == c.outer {
		return nil
	}
	add := func(name string) {
		for s := c.scope; s != nil && s != c.outer; s = s.parent {
			if v := s.vars[name]; v != nil {
				if l := (bytecode.Local{Name: name, Reg: uint16(v.reg)}); !slices.Contains(list, l) {
					list = append(list, l)
				}
				return
			}
		}
	}
	for _, parts := range [][]bytecode.Part{info.Sink, info.Expr, info.Where} {
		for i := range parts {
			if parts[i].Name != "" {
				add(parts[i].Name)
			}
		}
	}
	for _, name := range info.Trace {
		add(name)
	}
	return list
}

// fullName is `base` or `base: a.b`.
func fullName(n *syntax.Noun) string {
	switch n.Kind {
	case syntax.NoQual:
		return n.Base
	case syntax.PathQual:
		return n.Base + ": " + strings.Join(n.Segments, ".")
	}
	return n.Base + ": " + n.Raw
}

func traced(list []string, n *syntax.Noun) []string {
	list = append(list, n.Base)
	if n.Kind == syntax.PathQual {
		list = append(list, n.Segments...)
	}
	return list
}

// parts is the source text of an expression with its references cut out, so that
// an error can put their values in.
func (c *compiler) parts(e syntax.Expr) []bytecode.Part {
	span := e.Range()
	switch x := e.(type) {
	case *syntax.Ref:
		return append(c.p.buffers.parts.take(1), bytecode.Part{Text: c.file.Text(span), Name: x.Noun.Base, Path: path(x.Noun)})
	case *syntax.Literal:
		return append(c.p.buffers.parts.take(1), bytecode.Part{Text: c.file.Text(span)})
	}
	var refs []*syntax.Ref
	syntax.Walk(e, func(n syntax.Node) bool {
		if r, ok := n.(*syntax.Ref); ok {
			refs = append(refs, r)
			return false
		}
		_, inText := n.(*syntax.Interpolated)
		return !inText
	})
	slices.SortFunc(refs, func(a, b *syntax.Ref) int { return int(a.Start - b.Start) })
	out := c.p.buffers.parts.take(2*len(refs) + 1)
	at := span.Start
	for _, r := range refs {
		if r.Start > at {
			out = append(out, bytecode.Part{Text: c.file.Text(syntax.Span{Start: at, End: r.Start})})
		}
		out = append(out, bytecode.Part{Text: c.file.Text(r.Span), Name: r.Noun.Base, Path: path(r.Noun)})
		at = r.End
	}
	if at < span.End {
		out = append(out, bytecode.Part{Text: c.file.Text(syntax.Span{Start: at, End: span.End})})
	}
	return out
}

// wherePart is a filter as error texts show it: field, operator as written, and
// the operand's value.
func (c *compiler) wherePart(p syntax.Pred) []bytecode.Part {
	text := func(s string) bytecode.Part { return bytecode.Part{Text: s} }
	switch p := p.(type) {
	case *syntax.PredAnd:
		return append(append(c.wherePart(p.L), text(" and ")), c.wherePart(p.R)...)
	case *syntax.PredOr:
		return append(append(c.wherePart(p.L), text(" or ")), c.wherePart(p.R)...)
	case *syntax.PredNot:
		return append([]bytecode.Part{text("not ")}, c.wherePart(p.X)...)
	case *syntax.Cond:
		out := []bytecode.Part{text(strings.Join(p.Field, ".") + " ")}
		if len(p.Args) == 0 {
			not := ""
			if p.Not {
				not = "not "
			}
			return append(out, text("is "+not+testNames[p.Test]))
		}
		op := p.OpText
		if op == "" {
			op = p.Op.String()
		}
		out = append(out, text(op+" "))
		for i, a := range p.Args {
			if i > 0 {
				out = append(out, text(" and "))
			}
			parts := c.parts(a)
			for j := range parts {
				parts[j].Quote = true
			}
			out = append(out, parts...)
		}
		return out
	}
	return nil
}
