package syntax

// bracket is an open bracket of the statement that run writes.
type bracket struct {
	token
	indent int // of the line that it stands on
	broken bool
}

// run writes the tokens before stop: the rest of a statement, or of the head of
// a block. The statement's first line has the indent.
func (l *layout) run(stop Pos, indent int) {
	var open []bracket
	ended := false
	for l.next < len(l.toks) && l.peek().start < stop {
		t := l.peek()
		if l.superfluous(open) {
			l.next++
			l.at = t.end
			continue
		}
		if ended { // another dot
			l.gap(t.start, sep{kind: glue, indent: indent, comment: indent})
			l.next++
			l.at = t.end
			continue
		}
		s := l.between(open, indent)
		if closes(t.kind) && len(open) > 0 {
			open = open[:len(open)-1]
		}
		l.lead(s)
		open = l.opened(open)
		ended = (t.kind == tDot && t.end == t.start+1 || t.kind == tDots) && !l.glued[t.start]
	}
}

// opened pushes the bracket that was written last, if it was one.
func (l *layout) opened(open []bracket) []bracket {
	t := l.toks[l.next-1]
	switch t.kind {
	case tLBrace, tLBrack, tLParen:
		return append(open, bracket{t, l.out.lines[len(l.out.lines)-1].indent, l.broken[t.start] && t.kind != tLParen && !l.glued[t.start]})
	}
	return open
}

func closes(k kind) bool { return k == tRBrace || k == tRBrack || k == tRParen }

// superfluous reports whether the next token is the comma behind the last
// element of a map or list on one line.
func (l *layout) superfluous(open []bracket) bool {
	if len(open) == 0 || open[len(open)-1].broken || l.peek().kind != tComma || l.next+1 == len(l.toks) {
		return false
	}
	t, after := l.peek(), l.toks[l.next+1]
	if !closes(after.kind) {
		return false
	}
	a, _ := l.comments(l.at, t.start)
	b, _ := l.comments(t.end, after.start)
	return len(a)+len(b) == 0
}

// between decides what stands between the last token and the next one, in a
// statement with open brackets.
func (l *layout) between(open []bracket, indent int) sep {
	prev, next := l.toks[l.next-1], l.peek()
	broke := l.breaks(prev.end, next.start)
	s := sep{kind: blank, indent: indent + indentStep, comment: indent + indentStep, last: true}
	if len(open) > 0 {
		in := open[len(open)-1]
		inner := in.indent + indentStep
		s.indent, s.comment = inner, inner
		element := prev.start == in.start || prev.kind == tComma
		switch {
		case closes(next.kind):
			s.comment = inner
			if s.indent = in.indent; in.broken {
				s.kind, s.first = newline, keep
			} else if in.kind != tLBrace || prev.start == in.start {
				s.kind = glue
			}
			if prev.start == in.start {
				s.kind, s.first = glue, drop
			}
			return s
		case element && in.broken && (in.kind == tLBrace || prev.start == in.start || broke):
			s.kind, s.last = newline, prev.start == in.start
			if s.first = keep; s.last {
				s.first = drop
			}
			return s
		case prev.start == in.start:
			if in.kind != tLBrace {
				s.kind = glue
			}
			return s
		case in.broken:
			s.indent += indentStep
		}
	}
	switch {
	case l.joined(prev, next):
		s.kind = glue
	case broke && l.mayBreak(prev, next):
		s.kind = newline
	}
	return s
}

// joined reports whether nothing stands between two tokens.
func (l *layout) joined(prev, next token) bool {
	switch next.kind {
	case tDot, tDots, tComma, tColon:
		return true
	case tLBrack, tLParen:
		if l.glued[next.start] {
			return true
		}
	}
	switch prev.kind {
	case tDots:
		return true
	case tSub:
		if l.infix[prev.start] || next.kind == tWord {
			return false
		}
		// `-7` is a number, `- 7` the negation of one.
		return next.kind != tInt && next.kind != tFloat || next.start == prev.end
	}
	return false
}

// mayBreak reports whether the author's line break between two tokens stays:
// in front of a clause or a stage, on either side of an operator, behind a comma.
func (l *layout) mayBreak(prev, next token) bool {
	return prev.kind == tComma || next.kind == tForward || next.kind == tWord && next.kw.isClause() ||
		l.operator(prev) || l.operator(next)
}

func (l *layout) operator(t token) bool {
	switch t.kind {
	case tAdd, tMul, tMod, tConcat, tAssign, tEq, tNe, tGreater, tLe, tGe:
		return true
	case tSub:
		return l.infix[t.start]
	case tLess, tDiv:
		return t.end == t.start+1
	case tWord:
		return t.kw == kwAnd || t.kw == kwOr
	}
	return false
}
