package bytecode

import (
	"slices"
	"strings"
)

// noun reads what nounText writes.
func (s *scanner) noun() Noun {
	var n Noun
	s.want("<")
	if s.take(">") {
		return n
	}
	if !strings.HasPrefix(s.rest(), ":") {
		n.Base = s.atom()
	}
	if s.take(":") {
		n.Raw = s.atom()
	}
	n.Quoted = s.take("quoted")
	if s.take("specs") {
		s.want("[")
		n.Specs = s.atoms("]")
	} else {
		n.Specs = n.usualSpecs()
	}
	s.want(">")
	return n
}

// site reads what siteText writes.
func (s *scanner) site() Site {
	x := Site{Verb: s.atom(), Extra: NoReg, Stmt: -1}
	if strings.HasPrefix(s.rest(), "<") {
		x.Result = s.noun()
		if start := s.pos; !s.end() {
			prep := s.atom()
			if strings.HasPrefix(s.rest(), "<") {
				x.Prep, x.Object = prep, s.noun()
			} else {
				s.pos = start
			}
		}
	}
	for s.err == nil && !s.end() {
		switch {
		case s.take("expr"):
			x.ObjectIsExpr = true
		case s.take("literal"):
			x.MapLiteral = true
		case s.take("composed"):
			x.Composed = true
		case s.take("args"):
			s.want("[")
			x.Args = sequence(s, "]", s.slot)
		case s.take("where"):
			x.Where = s.where(0)
		case s.take("order"):
			s.want("[")
			x.Order = sequence(s, "]", func() OrderKey {
				path := s.path()
				return OrderKey{Path: path, Desc: s.take("desc")}
			})
		case s.take("named"):
			s.want("[")
			x.Named = s.atoms("]")
		case s.take("unit"):
			x.Unit = s.atom()
		case s.take("method"):
			x.Method = s.atom()
		case s.take("aggregate"):
			x.Aggregate = s.atom()
		case s.take("aggfield"):
			x.AggField = s.atom()
		case s.take("as"):
			x.As = s.atom()
		case s.take("extra"):
			x.Extra = s.reg()
		case s.take("stmt"):
			x.Stmt = int32(s.integer(32))
		case s.take("scope"):
			s.want("[")
			x.Scope = sequence(s, "]", s.local)
		default:
			s.fail("expected a clause of a site")
		}
	}
	return x
}

func (s *scanner) slot() Slot {
	name := s.atom()
	i := slices.Index(slotNames[:], name)
	if i < 0 {
		s.fail("unknown slot %s", name)
		return 0
	}
	return Slot(i)
}

// where reads what whereText writes. A field named and, or or not is told from a
// node by what follows: a node's word has a parenthesis behind it.
func (s *scanner) where(depth int) *Where {
	if depth > MaxWhereDepth {
		s.fail("nested too deep")
		return nil
	}
	s.want("(")
	if s.take(")") {
		return nil
	}
	w := &Where{}
	start := s.pos
	for i, word := range []string{"and", "or", "not"} {
		if s.take(word) && strings.HasPrefix(s.rest(), "(") {
			w.Kind = WhereAnd + WhereKind(i)
			w.L = s.where(depth + 1)
			if w.Kind != WhereNot {
				w.R = s.where(depth + 1)
			}
			s.want(")")
			return w
		}
		s.pos = start
	}
	s.condition(w)
	s.want(")")
	return w
}

func (s *scanner) condition(w *Where) {
	w.Field = s.path()
	w.Not = s.take("not")
	w.Op = s.whereOp()
	if strings.HasPrefix(s.rest(), "arg") {
		s.pos += 3
		w.Arg, w.Args = int(s.integer(64)), 1
		if s.take("+") {
			w.Args = int(s.integer(64))
		}
	}
}

// whereOp reads a known operator, the longest that fits, or a quoted text.
func (s *scanner) whereOp() string {
	best := ""
	r := s.rest()
	for op := range whereOps {
		if len(op) > len(best) && strings.HasPrefix(r, op) {
			best = op
		}
	}
	if best == "" {
		return s.quoted()
	}
	s.pos += len(best)
	return best
}

// stmt reads what stmtText writes.
func (s *scanner) stmt() Stmt {
	x := Stmt{Verb: s.atom()}
	s.want("at")
	x.Line, x.Col = s.place()
	for s.err == nil && !s.end() {
		switch {
		case s.take("result"):
			x.Result = s.atom()
		case s.take("sink"):
			x.Sink = s.parts()
		case s.take("prep"):
			x.Prep = s.atom()
		case s.take("object"):
			x.Object = s.atom()
		case s.take("expr"):
			x.Expr = s.parts()
		case s.take("where"):
			x.Where = s.parts()
		case s.take("guard"):
			x.Guard = true
		case s.take("trace"):
			s.want("[")
			x.Trace = s.atoms("]")
		case s.take("scope"):
			s.want("[")
			x.Scope = sequence(s, "]", s.local)
		default:
			s.fail("expected a part of a statement")
		}
	}
	return x
}

func (s *scanner) parts() []Part {
	s.want("[")
	return sequence(s, "]", s.part)
}

func (s *scanner) part() Part {
	if !s.take("{") {
		return Part{Text: s.quoted()}
	}
	var p Part
	if s.take("text") {
		p.Text = s.quoted()
	}
	p.Name = s.segment()
	p.Path = s.steps()
	p.Quote = s.take("!")
	s.want("}")
	return p
}
