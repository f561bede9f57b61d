package syntax

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
	// A break belongs to a while inside the body of a parallel loop.
	whiles, parallel := p.whiles, p.parallel
	if p.parallel = d.Parallel || p.parallel; d.Parallel {
		p.whiles = 0
	}
	ok := false
	d.Body, ok = p.body()
	p.whiles, p.parallel = whiles, parallel
	if !ok {
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
	open := p.tok.start
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
	p.fuse(open)
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
		hint := ""
		if p.parallel {
			hint = "It cannot leave a 'parallel for each': other bodies run; choose the elements with 'where'"
		}
		p.error("ARO-P6", int(d.Start), int(d.End), "'break' outside of a 'while' loop", hint)
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
	p.matches++
	if p.enter() {
		p.cases(d)
		p.want(tRBrace)
	}
	p.matches--
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
