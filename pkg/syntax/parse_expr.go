package syntax

import "strings"

// expr = and { "or" and }
//
// The levels of 01 §6.1 are climbed by number: 1 or, 2 and, 3 equality,
// 4 compare, 5 additive, 6 factor.
func (p *parser) expr() Expr { return p.binaryFrom(p.unary(), 1) }

// additive = factor { ( "+" | "-" | "++" ) factor }
func (p *parser) additive() Expr { return p.binaryFrom(p.unary(), 5) }

const (
	noOp Op = 255
	isOp Op = 254 // `is` and `is not`, which make an Is
)

// operator returns the binary operator the current token is, with its level,
// or noOp.
func (p *parser) operator() (Op, int) {
	switch p.tok.kind {
	case tWord:
		switch p.tok.kw {
		case kwOr:
			return OpOr, 1
		case kwAnd:
			return OpAnd, 2
		case kwIs:
			return isOp, 3
		case kwEquals:
			return OpEq, 3
		case kwContains:
			return OpContains, 3
		case kwMatches:
			return OpMatches, 3
		case kwIn:
			if !p.prepIn || !p.peek().kw.isArticle() {
				return OpIn, 3
			}
		case kwNot:
			if p.peek().kw == kwIn {
				return OpNotIn, 3
			}
		case noKeyword:
			// Of dates, as the books write it.
			switch p.tokenText() {
			case "before":
				return OpLt, 4
			case "after":
				return OpGt, 4
			}
		}
	case tAssign, tEq:
		return OpEq, 3
	case tNe:
		return OpNe, 3
	case tLess:
		return OpLt, 4
	case tGreater:
		return OpGt, 4
	case tLe:
		return OpLe, 4
	case tGe:
		return OpGe, 4
	case tAdd:
		return OpAdd, 5
	case tSub:
		return OpSub, 5
	case tConcat:
		return OpConcat, 5
	case tMul:
		return OpMul, 6
	case tDiv:
		return OpDiv, 6
	case tMod:
		return OpMod, 6
	}
	return noOp, 0
}

// binaryFrom continues an expression whose first operand is x with every
// operator of at least the given level. All of them associate to the left.
//
// and = equality { "and" equality }
// equality = compare { ( "==" | "=" | "!=" | "equals" | "contains" | "matches" | [ "not" ] "in" ) compare
//
//	| "is" [ "not" ] is-operand }
//
// compare = additive { ( "<" | ">" | "<=" | ">=" ) additive }
// factor = unary { ( "*" | "/" | "%" ) unary }
func (p *parser) binaryFrom(x Expr, level int) Expr {
	for n := 0; ; n++ {
		op, at := p.operator()
		if op == noOp || at < level {
			return x
		}
		if n == maxChain {
			p.fail("ARO-P1", "Expected a shorter expression: nested too deeply", "")
			return x
		}
		if op == isOp {
			x = p.isTest(x)
			continue
		}
		b := p.binaries.new()
		b.Op, b.OpPos, b.L = op, p.tok.start, x
		p.next()
		if op == OpNotIn {
			p.next()
		}
		b.R = p.binaryFrom(p.unary(), at+1)
		b.Span = p.from(start(x))
		x = b
	}
}

func start(x Expr) Pos {
	if x == nil {
		return 0
	}
	return x.Range().Start
}

// is-operand = "null" | "nil" | "none" | "empty" | "defined" | "true" | "false"
//
//	| [ "a" | "an" | "the" ] W | compare
func (p *parser) isTest(x Expr) Expr {
	d := &Is{X: x}
	p.next()
	if p.tok.kw == kwNot {
		d.Not = true
		p.next()
	}
	switch kw := p.tok.kw; {
	case p.tok.kind != tWord:
		d.Kind, d.Operand = IsValue, p.binaryFrom(p.unary(), 4)
	case kw == kwNull || kw == kwNil || kw == kwNone:
		d.Kind = IsNull
		p.next()
	case kw == kwEmpty:
		d.Kind = IsEmpty
		p.next()
	case kw == kwDefined || kw == kwExists:
		d.Kind = IsDefined
		p.next()
	case kw == kwTrue || kw == kwFalse:
		d.Kind, d.Operand = IsValue, p.binaryFrom(p.unary(), 4)
	default:
		if kw.isArticle() {
			next := p.peek()
			if next.kind == tLess {
				p.next()
				d.Kind, d.Operand = IsValue, p.binaryFrom(p.unary(), 4)
				break
			}
			if next.kind == tWord && !next.kw.isClause() {
				p.next()
			}
		}
		if kw.isClause() && p.tok.kw == kw {
			p.expectedHint("a value or a type", "")
			break
		}
		d.Kind, d.Name = IsWord, p.tokenText()
		p.next()
	}
	d.Span = p.from(start(x))
	return d
}

// unary = ( "-" | "not" ) unary | postfix
//
// A minus sign glued to a number is part of it.
func (p *parser) unary() Expr {
	op := OpNeg
	switch {
	case p.tok.kind == tSub:
		if class[p.byteAt(int(p.tok.end))]&cDigit != 0 {
			return p.postfix()
		}
	case p.tok.kw == kwNot && !(p.bare && p.peek().kind == tEOF):
		op = OpNot
	default:
		return p.postfix()
	}
	x := &Unary{Op: op, Span: Span{Start: p.tok.start}}
	p.next()
	if p.enter() {
		x.X = p.unary()
	}
	p.leave()
	x.Span = p.from(x.Start)
	return x
}

// postfix = primary { "." W | "[" expr "]" } [ "exists" ]
func (p *parser) postfix() Expr { return p.postfixFrom(p.primary()) }

func (p *parser) postfixFrom(x Expr) Expr {
	for n := 0; ; n++ {
		if n == maxChain {
			p.fail("ARO-P1", "Expected a shorter expression: nested too deeply", "")
		}
		switch p.tok.kind {
		case tDot:
			if !p.isMember() {
				return x
			}
			e := p.wordAt(int(p.tok.end))
			m := &Member{X: x, Name: p.src[p.tok.end:e]}
			p.pos, p.tok.end = e, Pos(e)
			p.next()
			m.Span = p.from(start(x))
			x = m
			continue
		case tLBrack:
			s := &Subscript{X: x}
			if p.enter() {
				p.next()
				s.Index = p.nested()
				p.want(tRBrack)
			}
			p.leave()
			s.Span = p.from(start(x))
			x = s
			continue
		case tWord:
			if p.tok.kw == kwExists {
				p.next()
				return &Is{Span: p.from(start(x)), X: x, Kind: IsDefined}
			}
		}
		return x
	}
}

// isMember reports whether the current dot is member access: glued on both
// sides and a lower-case letter behind it (01 §6.3).
func (p *parser) isMember() bool {
	i := int(p.tok.end)
	return p.glued() && p.byteAt(i) != '_' && p.wordAt(i) > i && !p.upper(i)
}

// nested reads an expression inside brackets, where no clause can follow.
func (p *parser) nested() Expr {
	outer := p.prepIn
	p.prepIn = false
	x := p.expr()
	p.prepIn = outer
	return x
}

// primary = scalar | REGEX | interpolated | list | map | ref | "(" expr ")"
// scalar = STRING | INT | FLOAT | "true" | "false" | "null" | "nil" | "none"
func (p *parser) primary() Expr {
	t := p.tok
	switch t.kind {
	case tLess:
		return p.newRef(p.ref())
	case tInt, tFloat:
		return p.number(t.start)
	case tSub:
		if class[p.byteAt(int(t.end))]&cDigit != 0 {
			p.next()
			return p.number(t.start)
		}
	case tString, tRaw, tText:
		if t.flags&fInterp != 0 {
			return p.interpolated()
		}
		x := p.literals.new()
		x.Span, x.Kind, x.Str = Span{t.start, t.end}, StringLit, p.text(t)
		p.next()
		return x
	case tLBrack:
		return p.list()
	case tLBrace:
		return p.mapExpr()
	case tLParen:
		g := &Group{}
		if p.enter() {
			p.next()
			g.X = p.nested()
			p.want(tRParen)
		}
		p.leave()
		g.Span = p.from(t.start)
		return g
	case tDiv:
		if pattern, flags, end, ok := p.regex(int(t.start)); ok {
			x := &Regex{Span: Span{t.start, Pos(end)}, Pattern: pattern, Flags: flags}
			if bad := strings.Trim(flags, "ismg"); bad != "" {
				p.error("ARO-P1", end-len(flags), end, "Expected the regex flags i, s, m or g, but got '"+flags+"'", "")
			}
			p.pos, p.tok.end = end, Pos(end)
			p.next()
			return x
		}
	case tWord:
		if p.tokenText() == "now" {
			return p.newRef(p.word())
		}
		if t.kw.isScalar() {
			x := p.literals.new()
			x.Span = Span{t.start, t.end}
			if t.kw == kwTrue || t.kw == kwFalse {
				x.Kind, x.Bool = BoolLit, t.kw == kwTrue
			}
			p.next()
			return x
		}
		if p.bare {
			return p.bareRef()
		}
	}
	p.expected("an expression")
	return &Literal{Span: Span{t.start, t.start}}
}

func (p *parser) newRef(n *Noun) *Ref {
	r := p.refs.new()
	r.Span, r.Noun = n.Span, n
	return r
}

// bareRef takes a word for a reference. In templates its members are the
// qualifier, so that a missing one is empty text and not an error.
func (p *parser) bareRef() Expr {
	n := p.word()
	if p.template {
		at := int(n.End) + 1
		for p.tok.kind == tDot && p.isMember() {
			e := p.wordAt(int(p.tok.end))
			p.pos, p.tok.end = e, Pos(e)
			p.next()
			n.End = p.prevEnd
		}
		if int(n.End) > at {
			p.setPath(n, at, int(n.End))
		}
	}
	return p.newRef(n)
}

// list = "[" [ expr { "," expr } [ "," ] ] "]"
func (p *parser) list() Expr {
	x := &ListExpr{Span: Span{Start: p.tok.start}}
	if p.enter() {
		p.next()
		base := len(p.exprs)
		for p.tok.kind != tRBrack && !p.stuck {
			p.exprs = append(p.exprs, p.nested())
			if !p.got(tComma) {
				if p.tok.kind != tRBrack {
					p.expected("',' or ']'")
				}
				break
			}
		}
		x.Elems = p.popExprs(base)
		p.want(tRBrack)
	}
	p.leave()
	x.Span = p.from(x.Start)
	return x
}

func (p *parser) popExprs(base int) []Expr {
	var list []Expr
	if len(p.exprs) > base {
		list = append(make([]Expr, 0, len(p.exprs)-base), p.exprs[base:]...)
	}
	p.exprs = p.exprs[:base]
	return list
}

// map = "{" [ entry { "," entry } [ "," ] ] "}"
// entry = ( W | STRING ) ":" expr
func (p *parser) mapExpr() Expr {
	x := &MapExpr{Span: Span{Start: p.tok.start}}
	p.maps++
	if p.enter() {
		p.next()
		for p.tok.kind != tRBrace && !p.stuck {
			var e MapEntry
			switch k := p.tok.kind; {
			case k == tWord:
				e.Key = p.tokenText()
			case (k == tString || k == tRaw) && p.tok.flags&fInterp == 0:
				e.Key = p.text(p.tok)
			default:
				p.expected("a key")
			}
			p.next()
			p.want(tColon)
			e.Value = p.nested()
			x.Entries = append(x.Entries, e)
			if !p.got(tComma) {
				if p.tok.kind != tRBrace {
					p.expected("',' or '}'")
				}
				break
			}
		}
		p.want(tRBrace)
	}
	p.leave()
	p.maps--
	x.Span = p.from(x.Start)
	return x
}

// interpolated = { STRING-PART "${" ( expr | W ) "}" } STRING-PART
//
// Each expression is parsed in place, with the scanner confined to its bytes.
func (p *parser) interpolated() Expr {
	t := p.tok
	x := &Interpolated{Span: Span{t.start, t.end}}
	base := len(p.exprs)
	literal := func(from, to int) {
		if to > from {
			l := p.literals.new()
			l.Span, l.Kind, l.Str = Span{Pos(from), Pos(to)}, StringLit, p.unescape(from, to, t.flags)
			p.exprs = append(p.exprs, l)
		}
	}
	from, last := int(t.start)+1, int(t.end)-1
	for i := from; i < last; {
		if p.src[i] == '\\' {
			i += 2
			continue
		}
		if p.src[i] != '$' || p.src[i+1] != '{' {
			i++
			continue
		}
		literal(from, i)
		close := p.interpolation(i+2, 0)
		if close < 0 || close > last {
			p.error("ARO-P1", i, i+2, "Expected '}' to close '${', but got the end of the string", `A dollar sign before a brace is written \$`)
			from = last
			break
		}
		p.exprs = append(p.exprs, p.inside(i+2, close-1))
		i, from = close, close
	}
	literal(from, last)
	x.Parts = p.popExprs(base)
	p.next()
	return x
}

// inside parses src[start:end] as one expression with bare words as references,
// and comes back to the current token.
func (p *parser) inside(start, end int) Expr {
	tok, pos, limit, prev, bare, prepIn, record := p.tok, p.pos, p.end, p.prevEnd, p.bare, p.prepIn, p.record
	p.pos, p.end, p.bare, p.prepIn, p.record = start, end, true, false, false
	p.prevEnd = Pos(start)
	p.tok = p.scan()
	var x Expr
	if p.enter() {
		x = p.expr()
		if p.tok.kind != tEOF {
			p.expected("'}'")
		}
	}
	p.leave()
	if p.stuck { // reported; the statement around it goes on
		p.stuck, x = false, &Literal{Span: Span{Pos(start), Pos(end)}}
	}
	p.tok, p.pos, p.end, p.prevEnd, p.bare, p.prepIn, p.record = tok, pos, limit, prev, bare, prepIn, record
	if l, ok := x.(*Literal); ok && l.Kind == StringLit {
		x = &Group{Span: l.Span, X: l} // a plain Literal in Parts is text
	}
	return x
}
