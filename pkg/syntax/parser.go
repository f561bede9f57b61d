package syntax

import (
	"slices"
	"strings"
)

// The parser is a recursive descent over scanner.scan with one token in hand.
// Each method is named after its production of 01 §13 and expects the first
// token of it in tok.
//
// After an error the parser is stuck: tok turns into tStuck, which nothing
// accepts and next does not leave, so every method returns at once without
// looking for errors itself. The statement or feature set under way notices,
// and recover goes on behind it.
type parser struct {
	scanner
	tok     token
	prevEnd Pos // end of the token before tok

	stuck     bool
	errTok    token  // the token that is hidden while stuck
	errMaps   int    // maps that were open at the error
	lastMsg   string // message of the last error, for ErrorStatement
	stmtStart Pos

	depth    int  // nested expressions, blocks and types
	whiles   int  // open while loops
	parallel bool // inside the body of a parallel loop
	maps     int  // open maps
	matches  int  // open match statements
	bare     bool // in ${…} and templates a word is a reference
	template bool // `a.b` is <a: b> and <a: b: c> is <a: b.c>
	prepIn   bool // `in` with an article behind it opens a clause

	// The nodes most lines have come from slabs, which halves the time of a
	// parse: the tree is kept or dropped as a whole anyway.
	nouns    slab[Noun]
	refs     slab[Ref]
	literals slab[Literal]
	operands slab[Operand]
	simples  slab[Simple]
	binaries slab[Binary]
	segs     []string

	record bool    // for Format: taken is written
	taken  []token // every token that was taken, references and headers as one

	stmts []Stmt // stack of the statements of all open blocks
	exprs []Expr // stack of the elements of all open lists and strings
}

// maxDepth bounds how deeply expressions, blocks and types nest, maxChain how
// many operators one expression strings together: the tree is walked by
// recursion, and a stack overflow cannot be reported.
const (
	maxDepth = 500
	maxChain = 10000
)

type slab[T any] struct {
	free []T
	size int
}

func (s *slab[T]) new() *T {
	if len(s.free) == 0 {
		s.size = min(128, 2*s.size+4)
		s.free = make([]T, s.size)
	}
	x := &s.free[0]
	s.free = s.free[1:]
	return x
}

// Parse reads the whole file into f.Imports and f.Sets and returns every error
// in it, in source order. It never fails otherwise: what could not be read is
// an ErrorStatement or is missing. The tree's strings share one copy of the
// source. It must not be called twice for one file, nor concurrently.
func Parse(f *File) []*Diagnostic {
	p := newParser(f)
	p.program(f)
	return p.findings()
}

// ParseSnippet reads statements without a header around them, for the command
// line and the interactive mode. Positions count from the start of the text.
func ParseSnippet(f *File) (*Block, []*Diagnostic) {
	p := newParser(f)
	b := &Block{Span: Span{0, Pos(p.end)}}
	p.next()
	b.Stmts = p.statements(true)
	return b, p.findings()
}

// ParseExpression reads one expression, with or without a full stop behind it. It is
// nil when there are findings.
func ParseExpression(f *File) (Expr, []*Diagnostic) {
	p := newParser(f)
	p.next()
	x := p.expr()
	p.got(tDot)
	if !p.stuck && p.tok.kind != tEOF {
		p.expected("an operator or the end")
	}
	if diags := p.findings(); len(diags) > 0 {
		return nil, diags
	}
	return x, nil
}

func newParser(f *File) *parser {
	p := &parser{}
	var b strings.Builder
	b.Grow(len(f.Src))
	b.Write(f.Src)
	p.file, p.src = f, b.String()
	p.end = len(p.src)
	p.lexEnd = -1
	p.lastErr = -1
	if strings.HasPrefix(p.src, bom) {
		p.pos = len(bom)
	}
	return p
}

// findings returns the diagnostics in source order, one for each place.
func (p *parser) findings() []*Diagnostic {
	slices.SortStableFunc(p.errs, func(a, b *Diagnostic) int { return int(a.Span.Start) - int(b.Span.Start) })
	return slices.CompactFunc(p.errs, func(a, b *Diagnostic) bool {
		return a.Span.Start == b.Span.Start && a.Severity == b.Severity
	})
}

// next moves to the next token.
func (p *parser) next() {
	if p.stuck {
		return
	}
	if p.record {
		p.taken = append(p.taken, p.tok)
	}
	p.prevEnd = p.tok.end
	p.tok = p.scan()
}

// fuse makes one token of all that were taken since start.
func (p *parser) fuse(start Pos) {
	if !p.record || p.stuck {
		return
	}
	n := len(p.taken)
	for n > 0 && p.taken[n-1].start >= start {
		n--
	}
	p.taken = append(p.taken[:n], token{kind: tLess, start: start, end: p.prevEnd})
}

// got moves on and reports true when the current token is a k.
func (p *parser) got(k kind) bool {
	if p.tok.kind != k {
		return false
	}
	p.next()
	return true
}

// want moves behind a k, or reports that one was expected.
func (p *parser) want(k kind) bool {
	if p.got(k) {
		return true
	}
	p.expected(kindNames[k])
	return false
}

func (p *parser) tokenText() string { return p.src[p.tok.start:p.tok.end] }

// from returns the span from start to the end of the last token taken.
func (p *parser) from(start Pos) Span { return Span{start, max(start, p.prevEnd)} }

// glued reports whether no blank separates the current token from the last.
func (p *parser) glued() bool { return p.tok.start == p.prevEnd }

// enter counts a level of nesting; each call needs a leave, whatever it returns.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxDepth {
		p.fail("ARO-P1", "Expected less nesting, but got more than 500 levels: nested too deeply", "")
		return false
	}
	return true
}

func (p *parser) leave() { p.depth-- }

// block = "{" { statement } "}"
func (p *parser) block() *Block {
	b := &Block{Span: Span{Start: p.tok.start}}
	if !p.want(tLBrace) {
		return b
	}
	if p.enter() {
		b.Stmts = p.statements(false)
		p.want(tRBrace)
	}
	p.leave()
	b.Span = p.from(b.Start)
	return b
}

// statements reads up to a `}` that is not theirs, the end, or a header where a
// `}` is missing. In a snippet nothing but the end stops it.
func (p *parser) statements(snippet bool) []Stmt {
	base := len(p.stmts)
	for !p.stuck && p.tok.kind != tEOF {
		if p.tok.kind == tRBrace && !snippet || p.tok.kind == tLParen && p.atHeader() && !snippet {
			break
		}
		if p.matches > 0 && (p.tok.kw == kwCase || p.tok.kw == kwOtherwise) && !p.upper(int(p.tok.start)) {
			break // the arm before it is not closed
		}
		start := p.tok.start
		outer := p.stmtStart
		p.stmtStart = start
		st := p.statement()
		if p.stuck {
			p.recover(start)
			st = &ErrorStatement{Span: p.from(start), Message: p.lastMsg}
		}
		p.stmtStart = outer
		p.stmts = append(p.stmts, st)
	}
	var list []Stmt
	if len(p.stmts) > base {
		list = slices.Clone(p.stmts[base:])
	}
	p.stmts = p.stmts[:base]
	return list
}
