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
			if keep = seen&(1<<bit) == 0; keep {
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
		if p.tok.kind != tLess {
			p.expected("'<'")
			return
		}
		s.As = p.ref()
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

// for-each = [ "parallel" ] "for" "each" name-ref [ "at" name-ref ]
//
//	"in" ( ref | list | "(" expr ")" )
//	{ "with" "<" "concurrency" ":" INT ">" | "where" expr } block
//
// range-loop = "for" name-ref "from" expr "to" expr block
func (p *parser) loop() Stmt {
	start := p.tok.start
	d := &ForEach{}
	if d.Parallel = p.tok.kw == kwParallel; d.Parallel {
		p.next()
	}
	if p.tok.kw == kwForEach {
		p.next()
	} else {
		p.wantWord(kwFor, "'for'")
		if p.tok.kind == tLess && !d.Parallel {
			return p.rangeLoop(start)
		}
		p.wantWord(kwEach, "'each'")
	}
	p.eachHead(d)
	for {
		if p.tok.kw == kwWith && d.Limit == 0 {
			p.next()
			d.Limit = p.concurrency()
		} else if p.tok.kw == kwWhere && d.Filter == nil {
			p.next()
			d.Filter = p.expr()
		} else {
			break
		}
	}
	ok := false
	if d.Body, ok = p.body(); !ok {
		return p.broken(start)
	}
	d.Span = p.from(start)
	return d
}

// eachHead reads from the item to the collection; templates share it.
func (p *parser) eachHead(d *ForEach) {
	d.Item = p.nameRef()
	if p.tok.kw == kwAt {
		p.next()
		d.Index = p.nameRef()
	}
	p.wantWord(kwIn, "'in'")
	d.Collection = p.postfix()
}

// concurrency reads <concurrency: 4>. Numbers below one count as one.
func (p *parser) concurrency() int {
	if !p.want(tLess) {
		return 0
	}
	p.wantWord(kwConcurrency, "'concurrency'")
	p.want(tColon)
	start := p.tok.start
	minus := p.got(tSub)
	if p.tok.kind != tInt {
		p.expected("a number")
		return 0
	}
	n := p.number(start).(*Literal)
	if minus || n.Int < 1 {
		p.warn("ARO-P5", int(start), int(n.End), "Concurrency is below 1; 1 is used")
		n.Int = 1
	}
	p.want(tGreater)
	return int(min(n.Int, 1<<20))
}

func (p *parser) rangeLoop(start Pos) Stmt {
	d := &RangeLoop{}
	d.Var = p.nameRef()
	if p.tok.kw == kwIn {
		p.expectedHint("'from'", "Write 'for each' to go through a list")
	}
	p.wantWord(kwFrom, "'from'")
	d.From = p.expr()
	p.wantWord(kwTo, "'to'")
	d.To = p.expr()
	ok := false
	if d.Body, ok = p.body(); !ok {
		return p.broken(start)
	}
	d.Span = p.from(start)
	return d
}

// while = "while" expr block
func (p *parser) while() Stmt {
	d := &While{Span: Span{Start: p.tok.start}}
	p.next()
	d.Cond = p.headExpr()
	p.whiles++
	ok := false
	d.Body, ok = p.body()
	p.whiles--
	if !ok {
		return p.broken(d.Start)
	}
	d.Span = p.from(d.Start)
	return d
}

// break = "break" end
func (p *parser) breakStmt() Stmt {
	d := &Break{Span: Span{p.tok.start, p.tok.end}}
	p.next()
	p.endStmt()
	if p.whiles == 0 && !p.stuck {
		p.error("ARO-P6", int(d.Start), int(d.End), "'break' outside of a 'while' loop", "")
	}
	d.Span = p.from(d.Start)
	return d
}

// headExpr reads the expression before a block. A brace here is most likely the
// block and the expression is missing, unless it plainly opens a map.
func (p *parser) headExpr() Expr {
	if p.tok.kind == tLBrace {
		i := p.blanks(int(p.tok.end))
		e := p.wordAt(i)
		if c := p.byteAt(i); c == '"' || c == '\'' {
			e = p.quoted(i, 0)
		}
		if e <= i || p.byteAt(p.blanks(e)) != ':' {
			p.expected("an expression")
		}
	}
	return p.expr()
}

// match = "match" expr "{" { case } [ otherwise ] "}"
// otherwise = ( "otherwise" | "default" ) block
func (p *parser) match() Stmt {
	d := &Match{Span: Span{Start: p.tok.start}}
	p.next()
	d.Subject = p.headExpr()
	if !p.stuck && p.tok.kind != tLBrace {
		p.expected("'{'")
	}
	sound := !p.stuck
	msg := p.lastMsg
	if !sound && !p.recoverBlock() {
		p.halt(msg)
		return nil
	}
	p.next()
	if p.enter() {
		p.cases(d)
		p.want(tRBrace)
	}
	p.leave()
	d.Span = p.from(d.Start)
	if !sound {
		p.lastMsg = msg
		return p.broken(d.Start)
	}
	return d
}

func (p *parser) cases(d *Match) {
	for !p.stuck {
		start := p.tok.start
		switch p.tok.kw {
		case kwCase:
			if d.Otherwise != nil {
				p.error("ARO-P6", int(d.Otherwise.Start), int(d.Otherwise.Start)+1, "'otherwise' must be the last case", "")
			}
			c := p.matchCase()
			if c != nil {
				d.Cases = append(d.Cases, c)
			}
		case kwOtherwise, kwDefault:
			if d.Otherwise != nil {
				p.error("ARO-P6", int(start), int(p.tok.end), "Expected one 'otherwise', but got a second", "")
			}
			p.next()
			if b, ok := p.body(); ok {
				d.Otherwise = b
			}
		default:
			if p.tok.kind == tRBrace || p.tok.kind == tEOF || p.tok.kind == tLParen && p.atHeader() {
				return
			}
			p.expected("'case'")
		}
		if p.stuck {
			p.recoverCase(start)
		}
	}
}

// recoverCase goes to the next case of a match, or its end.
func (p *parser) recoverCase(start Pos) {
	p.unstick()
	p.mute++
	for depth := 0; p.tok.kind != tEOF; p.next() {
		k := p.tok.kind
		if k == tLBrace {
			depth++
		} else if k == tRBrace {
			if depth == 0 {
				break
			}
			depth--
		} else if k == tLParen && p.atHeader() ||
			depth == 0 && p.tok.start > start && (p.tok.kw == kwCase || p.tok.kw == kwOtherwise) {
			break
		}
	}
	p.mute--
}

// case = "case" pattern { "," pattern } [ ( "where" | "when" ) expr ] block
func (p *parser) matchCase() *Case {
	c := &Case{Span: Span{Start: p.tok.start}}
	p.next()
	c.Patterns = append(c.Patterns, p.pattern())
	for p.got(tComma) {
		c.Patterns = append(c.Patterns, p.pattern())
	}
	if p.tok.kw == kwWhere || p.tok.kw == kwWhen {
		p.next()
		c.Guard = p.expr()
	}
	ok := false
	if c.Body, ok = p.body(); !ok {
		return nil
	}
	c.Span = p.from(c.Start)
	return c
}

// pattern = "_" | REGEX | ref | scalar [ ".." scalar ]
func (p *parser) pattern() Pattern {
	t := Pattern{Kind: ValuePattern}
	start := p.tok.start
	switch k := p.tok.kind; {
	case k == tWord && p.tokenText() == "_":
		t.Kind = AnyPattern
		p.next()
	case k == tLess:
		t.Lo = p.newRef(p.ref())
	case k == tString && p.tok.flags&fInterp != 0:
		p.expectedHint("a pattern", "Bind the text to a name first and use case <name>")
	case k == tDiv || k == tString || k == tRaw || k == tText || k == tInt || k == tFloat || k == tSub || p.tok.kw.isScalar():
		t.Lo = p.patternValue()
		if _, regex := t.Lo.(*Regex); !regex && p.tok.kind == tDots && p.tok.end == p.tok.start+2 {
			p.next()
			t.Kind = RangePattern
			if k := p.tok.kind; k != tString && k != tRaw && k != tInt && k != tFloat && k != tSub {
				p.expected("the end of the range")
				break
			}
			t.Hi = p.patternValue()
		}
	default:
		hint := ""
		if k == tWord {
			hint = "Quote text: case \"" + p.tokenText() + "\""
		}
		p.expectedHint("a pattern", hint)
	}
	t.Span = p.from(start)
	return t
}

// patternValue reads a literal with an optional minus sign.
func (p *parser) patternValue() Expr {
	if p.tok.kind == tSub {
		if k := p.peek().kind; k != tInt && k != tFloat {
			p.next()
			p.expected("a number")
			return nil
		}
		return p.unary()
	}
	return p.primary()
}
