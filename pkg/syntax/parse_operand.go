package syntax

import "strings"

// operand = "port" additive | aggregation | named { "," named } | additive UNIT
//
//	| REGEX | [ article ] ( ref | W ) | expr
//
// Whether it is a noun, taken as it stands, or a value is decided by the six
// rules of 01 §3.5, without knowing the verb.
func (p *parser) operand(prep keyword) *Operand {
	o := p.operands.new()
	start := p.tok.start
	o.Prep = prepNames[prep]
	p.next()
	p.prepIn = true
	switch {
	case p.tok.kind == tLess:
		p.refOperand(o, prep)
	case p.tok.kind == tWord && !p.tok.kw.isScalar() && p.tok.kw != kwNot:
		p.wordOperand(o, prep)
	default:
		o.Kind, o.Expr = ExprOperand, p.expr()
	}
	p.prepIn = false
	if (prep == kwFor || prep == kwWith) && p.tok.kind == tWord && (o.Kind == ExprOperand || o.Kind == NounOperand) {
		p.unit(o)
	}
	o.Span = p.from(start)
	return o
}

// unit turns an operand with a unit of time behind it into a duration.
func (p *parser) unit(o *Operand) {
	u := unitOf(p.tokenText())
	if u == "" || o.Kind == NounOperand && p.src[o.Noun.Start] != '<' {
		return
	}
	if o.Expr == nil {
		o.Expr = p.newRef(o.Noun)
	}
	o.Kind, o.Unit, o.Noun = DurationOperand, u, nil
	p.next()
}

func unitOf(w string) string {
	if len(w) > 12 {
		return ""
	}
	switch strings.ToLower(w) {
	case "ms", "millisecond", "milliseconds":
		return "milliseconds"
	case "s", "sec", "second", "seconds":
		return "seconds"
	case "min", "minute", "minutes":
		return "minutes"
	case "h", "hour", "hours":
		return "hours"
	case "d", "day", "days":
		return "days"
	case "w", "week", "weeks":
		return "weeks"
	}
	return ""
}

// wordOperand reads an operand that starts with a word: rules 1, 2 and 6.
func (p *parser) wordOperand(o *Operand, prep keyword) {
	kw := p.tok.kw
	if kw.isArticle() {
		o.Article = true
		p.next()
		switch {
		case p.tok.kind == tLess:
			p.refOperand(o, prep)
		case p.tok.kind == tWord:
			o.Noun = p.word()
		case p.startsValue(p.tok):
			o.Kind, o.Expr = ExprOperand, p.expr()
		default:
			p.expected("a name")
		}
		return
	}
	next := p.peek()
	if prep == kwVia && isMethod(p.tokenText()) && (next.kind == tLess || next.kw.isArticle()) {
		o.Method = p.tokenText()
		p.next()
		if o.Article = p.tok.kw.isArticle(); o.Article {
			p.next()
		}
		if p.tok.kind != tLess {
			p.expected("'<'")
			return
		}
		p.refOperand(o, prep)
		return
	}
	switch {
	case kw == kwPort && prep != kwWith && p.startsValue(next):
		p.next()
		o.Kind, o.Expr = PortOperand, p.additive()
	case next.kind == tLParen && isAggregate(p.tokenText()):
		p.aggregation(o)
	case prep == kwWith && p.startsValue(next):
		o.Kind = NamedOperand
		for {
			arg := NamedArg{Name: p.tokenText()}
			p.next()
			arg.Value = p.expr()
			o.Named = append(o.Named, arg)
			if p.tok.kind != tComma {
				return
			}
			if p.next(); p.tok.kind != tWord {
				p.expected("a name")
				return
			}
		}
	case kw.isClause():
		p.expectedHint("a name or a value", "")
	default:
		o.Noun = p.word()
	}
}

// startsValue reports whether t can be the first token of an expression and not
// the start of a clause.
func (p *parser) startsValue(t token) bool {
	switch t.kind {
	case tLess, tString, tRaw, tText, tInt, tFloat, tLBrack, tLBrace, tLParen, tSub:
		return true
	case tDiv:
		_, _, _, ok := p.regex(int(t.start))
		return ok
	case tWord:
		return t.kw.isScalar() || t.kw == kwNot
	}
	return false
}

// word takes the current word as a noun.
func (p *parser) word() *Noun {
	n := p.nouns.new()
	n.Span = Span{p.tok.start, p.tok.end}
	n.Base = p.tokenText()
	p.next()
	return n
}

// refOperand reads an operand that starts with a reference: rules 2 to 4. An
// operator behind a noun makes it the start of an expression after all.
func (p *parser) refOperand(o *Operand, prep keyword) {
	n := p.ref()
	value := !o.Article && n.Kind == NoQual && (prep == kwFrom || prep == kwTo || prep == kwWith || prep == kwFor)
	if !value && !p.operatorFollows() {
		o.Noun = n
		return
	}
	x := p.binaryFrom(p.postfixFrom(p.newRef(n)), 1)
	o.Kind, o.Expr = ExprOperand, x
	if r, ok := x.(*Ref); ok {
		o.Noun = r.Noun
	}
}

// operatorFollows reports whether the noun just read goes on as an expression.
// A single `in` does not count: behind a noun it is a preposition.
func (p *parser) operatorFollows() bool {
	switch p.tok.kind {
	case tLBrack:
		return true
	case tDot:
		return p.isMember()
	case tWord:
		if p.tok.kw == kwExists {
			return true
		}
		op, _ := p.operator()
		return op != noOp && p.tok.kw != kwIn
	}
	op, _ := p.operator()
	return op != noOp
}

// isMethod reports whether a word is a method of HTTP: capitals only.
func isMethod(w string) bool {
	for i := 0; i < len(w); i++ {
		if w[i] < 'A' || w[i] > 'Z' {
			return false
		}
	}
	return len(w) > 1
}

func isAggregate(w string) bool {
	if len(w) < 3 || len(w) > 5 {
		return false
	}
	switch strings.ToLower(w) {
	case "sum", "count", "avg", "min", "max":
		return true
	}
	return false
}

// aggregation = ( "sum" | "count" | "avg" | "min" | "max" ) "(" [ ref | W ] ")"
func (p *parser) aggregation(o *Operand) {
	o.Kind, o.Func = AggregateOperand, strings.ToLower(p.tokenText())
	p.next()
	p.next()
	switch p.tok.kind {
	case tLess:
		o.Noun = p.ref()
	case tWord:
		o.Noun = p.word()
	case tRParen:
	default:
		p.expected("a field")
	}
	p.want(tRParen)
}
