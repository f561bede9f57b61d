package syntax

import "strings"

// pred = pred-and { "or" pred-and }
func (p *parser) pred() Pred {
	x := p.predAnd()
	for n := 0; p.tok.kw == kwOr; n++ {
		p.checkChain(n)
		p.next()
		d := &PredOr{L: x, R: p.predAnd()}
		d.Span = p.from(x.Range().Start)
		x = d
	}
	return x
}

// pred-and = pred-not { "and" pred-not }
func (p *parser) predAnd() Pred {
	x := p.predNot()
	for n := 0; p.tok.kw == kwAnd; n++ {
		p.checkChain(n)
		p.next()
		d := &PredAnd{L: x, R: p.predNot()}
		d.Span = p.from(x.Range().Start)
		x = d
	}
	return x
}

func (p *parser) checkChain(n int) {
	if n == maxChain {
		p.fail("ARO-P1", "Expected a shorter condition: nested too deeply", "")
	}
}

// pred-not = [ "not" ] ( "(" pred ")" | condition )
func (p *parser) predNot() Pred {
	start := p.tok.start
	if p.tok.kw == kwNot && !isComparison(p.peek()) {
		d := &PredNot{}
		if p.enter() {
			p.next()
			d.X = p.predNot()
		}
		p.leave()
		d.Span = p.from(start)
		return d
	}
	if p.tok.kind != tLParen {
		return p.condition()
	}
	var x Pred = &Cond{Span: Span{start, start}}
	if p.enter() {
		p.next()
		x = p.pred()
		p.want(tRParen)
	}
	p.leave()
	return x
}

// isComparison reports whether t cannot follow a `not` that negates, so that
// the word before it is a field named "not".
func isComparison(t token) bool {
	switch t.kind {
	case tAssign, tEq, tNe, tLe, tGe, tGreater:
		return true
	}
	return t.kw == kwIs
}

// condition = field ( cmp additive | "matches" ( REGEX | additive ) | [ "not" ] "in" additive
//
//	| "between" additive "and" additive | ( "starts" | "ends" ) "with" additive
//	| "is" [ "not" ] ( "empty" | "null" | "defined" ) | "exists" )
//
// cmp = "is" [ "not" ] | "=" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "contains"
func (p *parser) condition() Pred {
	c := &Cond{Span: Span{Start: p.tok.start}}
	c.Field = p.field()
	args := 1
	switch kw := p.tok.kw; kw {
	case kwIs:
		args = p.isCondition(c)
	case kwExists:
		c.Op, c.Test, c.OpText, args = OpEq, IsDefined, "exists", 0
		p.next()
	case kwIn:
		c.Op, c.OpText = OpIn, "in"
		p.next()
	case kwNot:
		c.Op, c.OpText = OpNotIn, "not in"
		p.next()
		p.wantWord(kwIn, "'in'")
	case kwBetween:
		c.Op, c.OpText, args = OpBetween, "between", 2
		p.next()
	case kwStarts, kwEnds:
		if c.Op, c.OpText = OpStartsWith, "starts with"; kw == kwEnds {
			c.Op, c.OpText = OpEndsWith, "ends with"
		}
		p.next()
		p.wantWord(kwWith, "'with'")
	default:
		var level int
		if c.Op, level = p.operator(); level != 3 && level != 4 {
			p.expected("a comparison")
		}
		c.OpText = strings.ToLower(p.tokenText())
		p.next()
	}
	if args > 0 {
		c.Args = make([]Expr, 0, args)
		c.Args = append(c.Args, p.additive())
		if args == 2 {
			p.wantWord(kwAnd, "'and'")
			c.Args = append(c.Args, p.additive())
		}
	}
	c.Span = p.from(c.Start)
	return c
}

// isCondition reads `is [not]` and, where one follows, the test behind it. It
// returns the number of operands that are to follow.
func (p *parser) isCondition(c *Cond) int {
	c.Op, c.OpText = OpEq, "is"
	p.next()
	not := p.tok.kw == kwNot
	if not {
		c.Op, c.OpText = OpNe, "is not"
		p.next()
	}
	switch p.tok.kw {
	case kwEmpty:
		c.Test = IsEmpty
	case kwNull, kwNil, kwNone:
		c.Test = IsNull
	case kwDefined:
		c.Test = IsDefined
	default:
		return 1
	}
	c.Not = not
	c.OpText += " " + strings.ToLower(p.tokenText())
	p.next()
	return 0
}

// field = "<" path ">" | path
// path = W { "." ( W | INT ) }
func (p *parser) field() []string {
	var n *Noun
	switch p.tok.kind {
	case tLess:
		if n = p.ref(); n.Kind != NoQual && n.Kind != PathQual && n.Kind != IndexQual && !p.stuck {
			p.unreadRef(n)
		}
	case tWord:
		i := int(p.tok.end)
		e := i
		for p.byteAt(e) == '.' {
			next := p.wordAt(e + 1)
			if next == e+1 {
				for class[p.byteAt(next)]&cDigit != 0 {
					next++
				}
			}
			if next == e+1 || p.wordByte(next) {
				break
			}
			e = next
		}
		n = &Noun{Base: p.src[p.tok.start:i]}
		if e > i {
			p.setPath(n, i+1, e)
			p.pos, p.tok.end = e, Pos(e)
		}
		p.next()
	default:
		p.expected("a field")
		return nil
	}
	if len(n.Segments) == 0 {
		return p.keep([]string{n.Base})
	}
	return p.keep(append(append(make([]string, 0, 8), n.Base), n.Segments...))
}

// unreadRef reports a reference with a qualifier that is no path.
func (p *parser) unreadRef(n *Noun) {
	p.tok = token{kind: tLess, start: n.Start, end: n.End}
	p.expectedHint("a field", "")
}
