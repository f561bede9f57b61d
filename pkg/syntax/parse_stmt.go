package syntax

import "strings"

// statement = match | for-each | range-loop | while | break | publish | require | simple
//
// A keyword opens its own statement only where what follows fits; otherwise it
// is a verb, as in `Match the <a> against the <b>.`
func (p *parser) statement() Stmt {
	if p.tok.kind == tLess && p.bracketVerb() {
		switch keywordOf(p.src[p.tok.end:p.verbEnd(int(p.tok.end))]) {
		case kwPublish:
			if p.afterRef() == kwAs {
				return p.publish()
			}
		case kwRequire:
			return p.require()
		}
		return p.simple()
	}
	if p.tok.kind != tWord {
		p.expected("a statement")
		return nil
	}
	upper := p.upper(int(p.tok.start))
	switch kw := p.tok.kw; kw {
	case noKeyword:
	case kwMatch:
		if p.isMatch(upper) {
			return p.match()
		}
	case kwFor, kwForEach:
		if next := p.peek(); !upper || kw == kwForEach || next.kw == kwEach || next.kind == tLess && p.afterRef() == kwFrom {
			return p.loop()
		}
	case kwParallel:
		if next := p.peek(); next.kw == kwFor || next.kw == kwForEach || !upper {
			return p.loop()
		}
	case kwWhile:
		if !upper || !p.peek().kw.isArticle() {
			return p.while()
		}
	case kwBreak:
		if next := p.peek(); next.kind == tDot || next.kind == tDots || !upper {
			return p.breakStmt()
		}
	case kwPublish:
		if p.peek().kw == kwAs {
			return p.publish()
		}
	case kwRequire:
		return p.require()
	case kwCase, kwOtherwise:
		if !upper {
			p.fail("ARO-P1", "Expected a statement, but got '"+p.tokenText()+"' outside of 'match'", "")
			return nil
		}
	case kwIf, kwElse:
		return p.foreign()
	case kwThen, kwGuard, kwDefer, kwTry, kwCatch, kwFunction, kwLet, kwVar, kwType, kwEnum, kwProtocol, kwImport:
		if !upper || (kw == kwTry || kw == kwCatch) && p.peek().kind == tLBrace {
			return p.foreign()
		}
	}
	if !upper {
		p.expectedHint("a statement", "Statements start with a capitalised verb")
		return nil
	}
	return p.simple()
}

// upper reports whether the letter at i is a capital.
func (p *parser) upper(i int) bool {
	c := p.byteAt(i)
	if c < 0x80 {
		return class[c]&cUpper != 0
	}
	return strings.ToLower(p.charAt(i)) != p.charAt(i)
}

// isMatch tells `match subject {` from a statement with the verb Match: an
// article follows the verb, or a preposition its result.
func (p *parser) isMatch(upper bool) bool {
	next := p.peek()
	if next.kw.isArticle() || next.kind == tDot {
		return false
	}
	return !upper || next.kind != tLess || !p.afterRef().isClause()
}

// afterRef returns the keyword behind the reference that starts or follows here.
// It does not move.
func (p *parser) afterRef() keyword {
	i := p.pos
	for i < p.end && p.src[i] != '>' && p.src[i] != '\n' {
		i++
	}
	i = p.blanks(min(i+1, p.end))
	return keywordOf(p.src[i:p.wordAt(i)])
}

// bracketVerb reports whether the current `<` opens the old form of a
// statement, `<Log> "x" to the <console>.`
func (p *parser) bracketVerb() bool {
	i := int(p.tok.end)
	if !p.upper(i) {
		return false
	}
	return p.byteAt(p.verbEnd(i)) == '>'
}

// verb-name = V { "." V }
func (p *parser) verbEnd(i int) int {
	i = p.wordAt(i)
	for p.byteAt(i) == '.' && p.upper(i+1) {
		i = p.wordAt(i + 1)
	}
	return i
}

// foreign reports a statement of another language and reads the blocks behind
// it all the same: what stands in them may well be ARO.
func (p *parser) foreign() Stmt {
	start, kw := p.tok.start, p.tok.kw
	p.fail("ARO-P4", "'"+p.tokenText()+"' is not part of ARO; use 'when' guards or 'match'", foreignHints[kw])
	msg := p.lastMsg
	switch kw {
	case kwIf, kwElse, kwThen, kwGuard, kwTry, kwCatch, kwDefer:
		for p.recoverBlock() {
			p.block()
			p.unstick()
			if k := p.tok.kw; p.tok.kind != tWord || k != kwElse && k != kwCatch && k != kwThen {
				break
			}
		}
		if p.tok.start == start || p.prevEnd <= start || p.src[p.prevEnd-1] != '}' {
			p.recover(start)
		}
	default:
		p.recover(start)
	}
	return &ErrorStatement{Span: p.from(start), Message: msg}
}

var foreignHints = map[keyword]string{
	kwIf: "Put 'when <condition>' before the period", kwElse: "Write a second statement with the opposite guard, or 'match'",
	kwTry: "A statement that fails ends its feature set and reports itself", kwCatch: "A statement that fails ends its feature set and reports itself",
	kwLet: "Write: Create the <name> with value.", kwVar: "Write: Create the <name> with value.",
	kwFunction: "Write a feature set with the activity Action", kwImport: "Imports stand at the top of the file",
}

// end = "." { "." }
func (p *parser) endStmt() {
	if p.tok.kind != tDot && p.tok.kind != tDots {
		hint := hintDot
		switch p.tok.kind {
		case tAdd, tSub, tMul, tDiv, tMod, tConcat, tEq, tAssign, tNe:
			hint = hintAngle
		}
		p.expectedHint("'.'", hint)
		return
	}
	for p.tok.kind == tDot || p.tok.kind == tDots {
		p.next()
	}
}

// simple = action { "|>" action } end
func (p *parser) simple() Stmt {
	start := p.tok.start
	first := p.action()
	if p.tok.kind != tForward {
		p.endStmt()
		first.Span = p.from(start)
		return first
	}
	l := &Pipeline{Stages: []*Simple{first}}
	for p.got(tForward) {
		if !(p.tok.kind == tWord && p.upper(int(p.tok.start)) || p.tok.kind == tLess && p.bracketVerb()) {
			p.expected("a verb")
			break
		}
		l.Stages = append(l.Stages, p.action())
	}
	p.endStmt()
	l.Span = p.from(start)
	return l
}

// action = verb [ result ] { clause }
func (p *parser) action() *Simple {
	s := p.simples.new()
	start := p.tok.start
	p.verb(s)
	p.result(s)
	var seen uint64
	for {
		kw := p.tok.kw
		if !kw.isClause() || p.tok.kind != tWord {
			if p.trailing(s) {
				continue
			}
			break
		}
		at := p.tok
		bit := kw
		keep := true
		var o *Operand
		if kw.isPrep() {
			if o = p.operand(kw); o.Kind == PortOperand {
				bit = 63
			}
			if kw == kwBy && (p.tok.kw == kwAsc || p.tok.kw == kwDesc) && o.Noun != nil {
				// `Sort … by <points> descending` orders by the field.
				s.Order = append(s.Order, OrderKey{Path: append([]string{o.Noun.Base}, o.Noun.Segments...), Desc: p.tok.kw == kwDesc})
				p.next()
				seen |= 1 << bit
				continue
			}
			// `from <list> with "Pick:" from the <terminal>`: where, not what.
			terminal := o.Kind == NounOperand && o.Noun != nil && o.Noun.Base == "terminal" && s.Object != nil
			if keep = seen&(1<<bit) == 0 || terminal; keep {
				if s.Object == nil {
					s.Object = o
				} else {
					s.Mods = append(s.Mods, o)
				}
			}
		} else {
			keep = seen&(1<<bit) == 0
			dst := s
			if !keep {
				dst = &Simple{}
			}
			p.clause(dst, kw)
		}
		if !keep && !p.stuck {
			p.error("ARO-P1", int(at.start), int(at.end),
				"Expected each clause once, but got a second '"+p.src[at.start:at.end]+"'", "")
		}
		seen |= 1 << bit
	}
	s.Span = p.from(start)
	return s
}

// verb = verb-name | "<" verb-name ">"
func (p *parser) verb(s *Simple) {
	i := int(p.tok.start)
	bracket := p.tok.kind == tLess
	if bracket {
		i++
	}
	e := p.verbEnd(i)
	s.Verb, s.VerbPos = p.src[i:e], Pos(i)
	if bracket {
		e++
	}
	p.pos, p.tok.end = e, Pos(e)
	p.next()
}

// result = [ article ] ref [ "as" type ] | sink
//
// Without an article an expression in this place is consumed, not bound: any
// but a reference for every verb, a reference for the verbs that print and
// send (01 §3.3).
func (p *parser) result(s *Simple) {
	switch p.tok.kind {
	case tWord:
		kw := p.tok.kw
		switch {
		case kw.isArticle():
			s.ResultArticle = true
			p.next()
			if p.tok.kind != tLess {
				p.expectedHint("'<'", hintAngle)
				return
			}
		case kw.isClause():
			return
		case kw.isScalar() || kw == kwNot:
			s.Sink = p.sink()
			return
		default:
			p.expectedHint("a result", hintAngle)
			return
		}
	case tLess:
		if isSinkVerb(s.Verb) {
			s.Sink = p.sink()
			return
		}
	case tString, tRaw, tText, tInt, tFloat, tLBrack, tLBrace, tLParen, tSub, tDiv:
		s.Sink = p.sink()
		return
	default:
		return
	}
	s.Result = p.ref()
	if p.tok.kw == kwAs && p.peek().kind != tLess {
		p.next()
		s.ResultType = p.typeName()
	}
}

// sink = expr
func (p *parser) sink() Expr {
	p.prepIn = true
	x := p.expr()
	p.prepIn = false
	return x
}

func isSinkVerb(verb string) bool {
	if len(verb) < 3 || len(verb) > 8 {
		return false
	}
	switch strings.ToLower(verb) {
	case "log", "print", "output", "debug", "write", "send", "dispatch":
		return true
	}
	return false
}

// type = W [ "<" type { "," type } ">" ]
func (p *parser) typeName() string {
	if p.tok.kind != tWord {
		p.expected("a type")
		return ""
	}
	text, e := p.typeText(int(p.tok.start))
	if e < 0 {
		p.pos = -e
		p.tok = p.scan()
		p.expectedHint("a type", "")
		return ""
	}
	p.pos, p.tok.end = e, Pos(e)
	p.next()
	return text
}

// clause = prep operand | "as" ref | "where" pred | "order" "by" order { "," order }
//
//	| "limit" additive | "offset" additive | "default" expr | "when" expr
//
// This is all but the first.
func (p *parser) clause(s *Simple, kw keyword) {
	p.next()
	switch kw {
	case kwAs:
		switch {
		case p.tok.kind == tWord && p.upper(int(p.tok.start)) && s.ResultType == "":
			s.ResultType = p.typeName()
		case p.tok.kind == tLess:
			s.As = p.ref()
		default:
			p.expected("'<'")
		}
	case kwWhere:
		s.Where = p.pred()
	case kwOrder:
		if p.tok.kw != kwBy {
			p.expected("'by'")
			return
		}
		p.next()
		s.Order = append(s.Order, p.orderKey())
		for p.got(tComma) {
			s.Order = append(s.Order, p.orderKey())
		}
	case kwLimit:
		s.Limit = p.additive()
	case kwOffset:
		s.Offset = p.additive()
	case kwDefault:
		s.Default = p.expr()
	case kwWhen:
		s.When = p.expr()
	}
}

// order = ( ref | path ) [ "asc" | "ascending" | "desc" | "descending" ]
func (p *parser) orderKey() OrderKey {
	k := OrderKey{Path: p.field()}
	if p.tok.kw == kwAsc || p.tok.kw == kwDesc {
		k.Desc = p.tok.kw == kwDesc
		p.next()
	}
	return k
}

// trailing reads what some verbs may end with: `matching "*.txt"` and
// `recursively` of List are named arguments, `is 5` of Assert and Then is with.
func (p *parser) trailing(s *Simple) bool {
	if p.tok.kind != tWord {
		return false
	}
	start := p.tok.start
	o := &Operand{Prep: "with", Kind: NamedOperand}
	switch {
	case p.tok.kw == kwIs && s.Object == nil && (strings.EqualFold(s.Verb, "assert") || strings.EqualFold(s.Verb, "then")):
		p.next()
		o.Kind, o.Expr = ExprOperand, p.expr()
		s.Object = o
	case p.tokenText() == "matching", p.tokenText() == "recursively":
		if n := len(s.Mods); n > 0 && s.Mods[n-1].Kind == NamedOperand {
			o = s.Mods[n-1]
		} else {
			s.Mods = append(s.Mods, o)
		}
		arg := NamedArg{Name: p.tokenText()}
		if p.next(); arg.Name == "matching" {
			arg.Value = p.additive()
		} else {
			arg.Value = &Literal{Span: p.from(start), Kind: BoolLit, Bool: true}
		}
		o.Named = append(o.Named, arg)
		if o.Span.End > 0 {
			start = o.Span.Start
		}
	default:
		return false
	}
	o.Span = p.from(start)
	return true
}

// publish = "Publish" "as" name-ref name-ref end
func (p *parser) publish() Stmt {
	d := &PublishAs{Span: Span{Start: p.tok.start}}
	p.verb(&Simple{})
	p.next()
	d.External = p.nameRef()
	d.Internal = p.nameRef()
	p.endStmt()
	d.Span = p.from(d.Start)
	return d
}

// require = "Require" [ article ] name-ref "from" [ article ] name-ref end
func (p *parser) require() Stmt {
	d := &Require{Span: Span{Start: p.tok.start}}
	p.verb(&Simple{})
	if p.tok.kw.isArticle() {
		p.next()
	}
	d.Name = p.nameRef()
	p.wantWord(kwFrom, "'from'")
	if p.tok.kw.isArticle() {
		p.next()
	}
	d.Source = p.nameRef()
	p.endStmt()
	d.Span = p.from(d.Start)
	return d
}

// name-ref = "<" W ">"
func (p *parser) nameRef() *Noun {
	if p.tok.kind != tLess {
		p.expected("'<'")
		return nil
	}
	open := int(p.tok.start)
	n := p.ref()
	if !p.stuck && n.Kind != NoQual {
		p.pos = p.blanks(p.blanks(open+1) + len(n.Base))
		p.tok = p.scan()
		p.expected("'>'")
	}
	return n
}

func (p *parser) wantWord(kw keyword, what string) {
	if p.tok.kw != kw {
		p.expected(what)
		return
	}
	p.next()
}

// body reads the block of a statement whose head has been read, with or without
// an error. It reports whether the head was sound.
func (p *parser) body() (*Block, bool) {
	if !p.stuck && p.tok.kind != tLBrace {
		p.expected("'{'")
	}
	if p.stuck {
		msg := p.lastMsg
		if p.recoverBlock() {
			p.block()
		} else {
			p.halt(msg)
		}
		p.lastMsg = msg
		return nil, false
	}
	return p.block(), true
}

// broken returns the placeholder of a statement with a bad head, nil when the
// statement list is to recover.
func (p *parser) broken(start Pos) Stmt {
	if p.stuck {
		return nil
	}
	return &ErrorStatement{Span: p.from(start), Message: p.lastMsg}
}
