package syntax

import (
	"slices"
	"strings"
)

// indentStep is the width of one level.
const indentStep = 4

// layout goes through the tokens of a file along its tree and decides what
// stands between each two of them.
type layout struct {
	src  string
	toks []token
	next int // index of the next token
	at   Pos // end of the last one

	infix  map[Pos]bool // operators with two operands
	glued  map[Pos]bool // brackets and range dots that belong to what stands before them
	plain  map[Pos]bool // verbs in brackets that do without
	broken map[Pos]bool // maps and lists over several lines, by their opening bracket
	out    sheet
}

func newLayout(p *parser) *layout {
	l := &layout{src: p.src, infix: map[Pos]bool{}, glued: map[Pos]bool{}, plain: map[Pos]bool{}, broken: map[Pos]bool{}}
	l.toks = slices.DeleteFunc(p.taken, func(t token) bool { return t.kind == tEOF })
	l.at = l.start()
	WalkFile(p.file, func(n Node) bool {
		switch n := n.(type) {
		case *Simple:
			l.plain[n.VerbPos-1] = !needsBrackets(n)
		case *PublishAs:
			l.plain[n.Start] = true
		case *Require:
			l.plain[n.Start] = true
		case *Pattern:
			if n.Kind == RangePattern {
				l.glue(tDots, n.Span)
			}
		case *Binary:
			l.infix[n.OpPos] = true
		case *Subscript:
			l.glue(tLBrack, Span{n.X.Range().End, n.End})
		case *Operand:
			if n.Kind == AggregateOperand {
				l.glue(tLParen, n.Span)
			}
		}
		return true
	})
	l.findBroken()
	return l
}

// glue marks the first token of a kind in s.
func (l *layout) glue(k kind, s Span) {
	i, _ := slices.BinarySearchFunc(l.toks, s.Start, func(t token, p Pos) int { return int(t.start - p) })
	for ; i < len(l.toks) && l.toks[i].start < s.End; i++ {
		if l.toks[i].kind == k {
			l.glued[l.toks[i].start] = true
			return
		}
	}
}

// findBroken finds the maps and lists with a line break beside one of their
// brackets or commas.
func (l *layout) findBroken() {
	var open []Pos
	for i, t := range l.toks {
		closes := t.kind == tRBrace || t.kind == tRBrack || t.kind == tRParen
		if closes && len(open) > 0 {
			if i > 0 && l.breaks(l.toks[i-1].end, t.start) {
				l.broken[open[len(open)-1]] = true
			}
			open = open[:len(open)-1]
		}
		opens := t.kind == tLBrace || t.kind == tLBrack || t.kind == tLParen
		if opens {
			open = append(open, t.start)
		}
		if (opens || t.kind == tComma) && len(open) > 0 && i+1 < len(l.toks) && l.breaks(t.end, l.toks[i+1].start) {
			l.broken[open[len(open)-1]] = true
		}
	}
}

// breaks reports whether a line ends between two places.
func (l *layout) breaks(from, to Pos) bool { return strings.ContainsAny(l.src[from:to], "\r\n") }

// sep is what stands between two tokens when no comment does.
type sep struct {
	kind    sepKind
	indent  int  // of the next token where it opens a line
	comment int  // of comments that stand on lines of their own
	first   rule // whether the first line break becomes an empty line
	last    bool // the last one does not
}

type (
	sepKind uint8
	rule    uint8
)

const (
	glue sepKind = iota
	blank
	newline
)

const (
	drop rule = iota // no empty line
	keep             // one, if the author left any
	must             // one
)

// lead writes what stands in front of the next token, and the token.
func (l *layout) lead(s sep) {
	t := l.toks[l.next]
	l.gap(t.start, s)
	l.out.put(l.text(t))
	l.next++
	l.at = t.end
}

// gap writes the comments up to a token and the space before it.
func (l *layout) gap(to Pos, s sep) {
	found, tail := l.comments(l.at, to)
	empty := func(breaks int) bool {
		r := s.first
		s.first = keep
		return r == must || r == keep && breaks > 1
	}
	atEnd := false // the last comment ends a line of code
	for i, c := range found {
		after := tail
		if i+1 < len(found) {
			after = found[i+1].breaks
		}
		atEnd = false
		switch text := l.src[c.start:c.end]; {
		case c.breaks > 0 || len(l.out.lines) == 0:
			l.out.open(s.comment, empty(c.breaks))
			l.out.put(moved(text, column(l.src, int(c.start)), s.comment))
		case after > 0 || c.line || i+1 == len(found) && (s.kind == newline || to == Pos(len(l.src))):
			d := &l.out.lines[len(l.out.lines)-1]
			if atEnd = len(d.text) > 0; atEnd {
				d.trail, d.column = text, column(l.src, int(c.start))
			} else { // behind a doubled period, which is left out
				l.out.put(moved(text, column(l.src, int(c.start)), d.indent))
			}
		default:
			l.out.put(" ")
			l.out.put(moved(text, column(l.src, int(c.start)), l.out.width()))
		}
	}
	if to == Pos(len(l.src)) {
		return
	}
	commented := len(found) > 0
	switch ends := commented && (tail > 0 || found[len(found)-1].line); {
	case s.kind == newline && (!commented || ends || atEnd):
		l.out.open(s.indent, empty(tail) && !s.last)
	case ends:
		l.out.open(s.indent, false)
	case s.kind == blank || commented && s.kind == newline:
		l.out.put(" ")
	}
}

// peek returns the next token, an empty one at the end.
func (l *layout) peek() token {
	if l.next < len(l.toks) {
		return l.toks[l.next]
	}
	return token{start: Pos(len(l.src)), end: Pos(len(l.src))}
}

// file = { import } { feature-set }
func (l *layout) file(f *File) {
	for range f.Imports {
		l.lead(sep{kind: newline, first: keep})
	}
	for _, set := range f.Sets {
		s := sep{kind: newline, first: must}
		l.gap(l.peek().start, s)
		l.out.put(header(set))
		l.at = l.peek().end
		l.next++
		l.run(set.Body.Start, 0)
		l.block(set.Body, 0)
	}
	l.gap(Pos(len(l.src)), sep{kind: newline, first: must})
}

// header is the canonical text of a feature set's header.
func header(set *FeatureSet) string {
	var b strings.Builder
	p := printer{w: &b}
	p.header(set)
	return b.String()
}

// block writes a block whose statement stands at an indent.
func (l *layout) block(b *Block, indent int) {
	l.lead(sep{kind: blank, indent: indent, comment: indent + indentStep})
	inner := sep{kind: newline, indent: indent + indentStep, comment: indent + indentStep}
	end := sep{kind: newline, indent: indent, comment: indent + indentStep, last: true}
	if l.onOneLine(b) {
		inner, end = sep{kind: blank}, sep{kind: blank}
	}
	for _, s := range b.Stmts {
		l.stmt(s, inner)
		inner.first, end.first = keep, keep
	}
	l.lead(end)
}

// onOneLine reports whether a block was written on one line and may stay there,
// or is empty.
func (l *layout) onOneLine(b *Block) bool {
	if len(b.Stmts) == 0 {
		return strings.TrimSpace(l.src[b.Start+1:b.End-1]) == "" || !l.breaks(b.Start, b.End)
	}
	if len(b.Stmts) > 1 || l.breaks(b.Start, b.End) {
		return false
	}
	switch b.Stmts[0].(type) {
	case *Match, *ForEach, *RangeLoop, *While:
		return false
	}
	return true
}

func (l *layout) stmt(s Stmt, before sep) {
	l.lead(before)
	indent := before.indent
	switch s := s.(type) {
	case *Match:
		l.match(s, indent)
	case *ForEach:
		l.run(s.Body.Start, indent)
		l.block(s.Body, indent)
	case *RangeLoop:
		l.run(s.Body.Start, indent)
		l.block(s.Body, indent)
	case *While:
		l.run(s.Body.Start, indent)
		l.block(s.Body, indent)
	default:
		l.run(s.Range().End, indent)
	}
}

// match = "match" expr "{" { case } [ otherwise ] "}"
func (l *layout) match(m *Match, indent int) {
	l.run(m.Subject.Range().End, indent)
	l.lead(sep{kind: blank, indent: indent, comment: indent + indentStep})
	inner := sep{kind: newline, indent: indent + indentStep, comment: indent + indentStep}
	for _, c := range m.Cases {
		l.lead(inner)
		l.run(c.Body.Start, inner.indent)
		l.block(c.Body, inner.indent)
		inner.first = keep
	}
	if m.Otherwise != nil {
		l.lead(inner)
		l.block(m.Otherwise, inner.indent)
		inner.first = keep
	}
	l.lead(sep{kind: newline, indent: indent, comment: inner.comment, first: inner.first, last: true})
}

// text is the token in canonical form.
func (l *layout) text(t token) string {
	s := l.src[t.start:t.end]
	switch {
	case t.kind == tWord && t.kw == kwImport && strings.ContainsAny(s, " \t"):
		return "import " + strings.TrimLeft(s[len("import"):], " \t")
	case t.kind == tDots && !l.glued[t.start]:
		return "."
	case t.kind != tLess || len(s) < 3:
		return s
	case l.plain[t.start]:
		return s[1 : len(s)-1]
	}
	base, qualifier, ok := strings.Cut(s[1:len(s)-1], ":")
	if base = "<" + strings.TrimSpace(base); ok {
		base += ": " + strings.TrimSpace(qualifier)
	}
	return base + ">"
}
