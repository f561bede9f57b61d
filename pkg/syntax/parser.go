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
	maps     int  // open maps
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
	p.prevEnd = p.tok.end
	p.tok = p.scan()
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

// ---- Errors

var kindNames = [...]string{tLParen: "'('", tRParen: "')'", tLBrace: "'{'", tRBrace: "'}'", tLBrack: "'['",
	tRBrack: "']'", tComma: "','", tColon: "':'", tDot: "'.'", tLess: "'<'", tGreater: "'>'"}

const (
	hintDot   = "Statements end with a period"
	hintAngle = "Names go in angle brackets"
)

// expected reports that what should stand here. This and describe are the one
// place where such messages are made.
func (p *parser) expected(what string) {
	hint := ""
	if p.tok.kind == tWord {
		switch what {
		case "an expression", "a value", "'<'", "a result":
			hint = hintAngle
		}
	}
	p.expectedHint(what, hint)
}

func (p *parser) expectedHint(what, hint string) {
	if p.tok.kind == tEOF && p.end == len(p.src) {
		p.fail("ARO-P3", "Unexpected end of file, expected "+what, hint)
		return
	}
	p.fail("ARO-P1", "Expected "+what+", but got "+p.describe(), hint)
}

// describe names the current token for people.
func (p *parser) describe() string {
	text := p.tokenText()
	switch p.tok.kind {
	case tEOF:
		if p.end == len(p.src) {
			return "end of file"
		}
		if p.template && strings.HasPrefix(strings.TrimSpace(p.src[p.end:]), "}}") {
			return "'}}'"
		}
		return "'" + p.charAt(p.end) + "'"
	case tWord:
		return "name '" + text + "'"
	case tInt, tFloat:
		return "number " + text
	case tString, tRaw, tText:
		if r := []rune(text); len(r) > 24 {
			text = string(r[:20]) + "…" + string(r[len(r)-1:])
		}
		return "string " + strings.NewReplacer("\r", "", "\n", "⏎").Replace(text)
	}
	return "'" + text + "'"
}

// fail reports an error at the current token and leaves the parser stuck.
// Errors that follow from an earlier one are dropped: a second at the same
// token, and any in a statement that the scanner has complained about.
func (p *parser) fail(code, msg, hint string) {
	if p.stuck {
		return
	}
	at := p.tok.start
	silent := at == p.lastErr || p.lexEnd >= p.stmtStart || p.tok.kind == tEOF && p.openTail
	if !silent {
		start, end := int(at), max(int(p.tok.end), int(at)+1)
		if start == len(p.src) { // show the last line that has something on it
			start = len(strings.TrimRight(p.src, " \t\r\n"))
		}
		p.error(code, start, end, msg, hint)
	}
	p.lastErr = at
	p.halt(msg)
}

// halt leaves the parser stuck because of an error that has been reported.
func (p *parser) halt(msg string) {
	p.lastMsg = msg
	p.stuck, p.errTok, p.errMaps = true, p.tok, p.maps
	p.tok.kind, p.tok.kw = tStuck, noKeyword
}

// warn reports a warning without disturbing the parse.
func (p *parser) warn(code string, start, end int, msg string) {
	n := len(p.errs)
	p.error(code, start, end, msg, "")
	if len(p.errs) > n {
		p.errs[n].Severity = Warning
	}
}

// ---- Recovery

// unstick makes the token at which the error was seen current again.
func (p *parser) unstick() {
	if p.stuck {
		p.stuck, p.tok = false, p.errTok
	}
}

// recover goes on after an error in the statement that began at start: behind
// the next dot that ends a statement, or before a `}`, before what is plainly
// the next statement or before the header of a feature set. Braces are skipped
// in pairs. Text that is skipped is not searched for errors.
func (p *parser) recover(start Pos) {
	p.unstick()
	p.mute++
	depth, maps := p.errMaps, p.errMaps
	for first := true; p.tok.kind != tEOF; first = false {
		moved := !first || p.tok.start > start
		switch p.tok.kind {
		case tLBrace:
			depth++
		case tRBrace:
			if depth <= 0 && moved {
				p.mute--
				return
			}
			depth--
		case tDot, tDots:
			if depth <= maps && p.dotEnds() {
				p.mute--
				p.next()
				return
			}
		case tLParen:
			if moved && p.atHeader() {
				p.mute--
				return
			}
		case tWord, tLess:
			if moved && p.atStatement() {
				p.mute--
				return
			}
		}
		p.next()
	}
	p.mute--
}

// recoverBlock goes to the `{` of the statement whose head was broken, so that
// the block is read all the same. It reports false when there is none.
func (p *parser) recoverBlock() bool {
	p.unstick()
	start := p.tok.start
	p.mute++
	defer func() { p.mute-- }()
	for p.tok.kind != tEOF {
		switch p.tok.kind {
		case tLBrace:
			return true
		case tRBrace:
			return false
		case tDot, tDots:
			if p.dotEnds() {
				return false
			}
		case tLParen:
			if p.atHeader() {
				return false
			}
		case tWord:
			if p.tok.start > start && p.atStatement() {
				return false
			}
		}
		p.next()
	}
	return false
}

// dotEnds reports whether the current dot looks like the end of a statement and
// not like one in a path.
func (p *parser) dotEnds() bool {
	i := int(p.tok.end)
	c := p.byteAt(i)
	return i >= p.end || class[c]&cBlank != 0 || c == '}' || c == '(' || p.upper(i) || strings.HasPrefix(p.src[i:], "//")
}

// atStatement reports whether the current token opens a line and plainly a
// statement: a capitalised verb with something behind it that is not a colon,
// or a keyword that opens a block.
func (p *parser) atStatement() bool {
	if !p.lineStart(p.tok.start) {
		return false
	}
	if p.tok.kind == tLess {
		return p.bracketVerb()
	}
	switch p.tok.kw {
	case kwMatch, kwWhile, kwParallel, kwCase, kwOtherwise:
		return true
	case kwFor:
		return p.peek().kw == kwEach
	}
	if !p.upper(int(p.tok.start)) {
		return false
	}
	switch p.peek().kind {
	case tWord, tLess, tInt, tFloat, tString, tRaw, tText, tLBrack, tLBrace, tDot:
		return true
	}
	return false
}

// atHeader reports whether the current `(` opens a line and a feature set:
// `( … : … )` on one line with a block or a guard behind it.
func (p *parser) atHeader() bool {
	if !p.lineStart(p.tok.start) {
		return false
	}
	i, colon := int(p.tok.end), false
	for ; i < p.end && p.src[i] != ')'; i++ {
		switch p.src[i] {
		case ':':
			colon = true
		case '\n', '\r', '"', '(':
			return false
		}
	}
	if !colon || i >= p.end {
		return false
	}
	i = p.blanks(i + 1)
	if p.byteAt(i) == '{' {
		return true
	}
	kw := keywordOf(p.src[i:p.wordAt(i)])
	return kw == kwWhen || kw == kwWhere
}

// ---- Files

// program = { import } { feature-set }
func (p *parser) program(f *File) {
	p.next()
	for {
		p.stmtStart = p.tok.start
		switch {
		case p.tok.kind == tEOF:
			return
		case p.tok.kw == kwImport:
			p.importDecl(f)
		case p.tok.kind == tLParen:
			f.Sets = append(f.Sets, p.featureSet(f))
		default:
			p.expected("a feature set")
		}
		if p.stuck {
			p.recoverHeader(p.stmtStart)
		}
	}
}

// recoverHeader goes to the next `(` or import that opens a line behind start.
func (p *parser) recoverHeader(start Pos) {
	p.unstick()
	p.mute++
	for p.tok.kind != tEOF {
		if (p.tok.kind == tLParen || p.tok.kw == kwImport) && p.tok.start > start && p.lineStart(p.tok.start) {
			break
		}
		p.next()
	}
	p.mute--
}

// import = "import" PATH-TEXT
func (p *parser) importDecl(f *File) {
	d := &Import{Span: Span{Start: p.tok.start}}
	i := int(p.tok.end)
	for c := p.byteAt(i); c == ' ' || c == '\t'; c = p.byteAt(i) {
		i++
	}
	e := i
	for e < p.end && class[p.src[e]]&cBlank == 0 {
		e++
	}
	if e == i {
		p.next()
		p.expected("the path of an application")
		return
	}
	d.Path, d.End = p.src[i:e], Pos(e)
	if len(f.Sets) > 0 {
		p.error("ARO-P6", int(d.Start), e, "'import' after a feature set", "Imports stand at the top of the file")
	}
	f.Imports = append(f.Imports, d)
	p.pos, p.tok.end = e, Pos(e)
	p.next()
}

// feature-set = "(" HEADER-NAME ":" HEADER-ACTIVITY ")" [ ( "when" | "where" ) expr ] block
func (p *parser) featureSet(f *File) *FeatureSet {
	set := &FeatureSet{File: f, Span: Span{Start: p.tok.start}}
	p.header(set)
	if p.tok.kw == kwWhen || p.tok.kw == kwWhere {
		p.next()
		if set.When = p.headExpr(); p.stuck {
			set.When = nil
		}
	}
	if !p.stuck && p.tok.kind != tLBrace {
		p.expected("'{'")
	}
	if !p.stuck || p.recoverBlock() {
		set.Body = p.block()
	} else {
		p.halt(p.lastMsg)
	}
	set.Span = p.from(set.Start)
	if set.Body == nil {
		set.Body = &Block{Span: Span{set.End, set.End}}
	}
	return set
}

// header reads the raw text between the parentheses (01 §2.2).
func (p *parser) header(set *FeatureSet) {
	open := int(p.tok.end)
	colon, i := -1, open
scan:
	for ; i < p.end; i++ {
		switch c := p.src[i]; c {
		case ')':
			break scan
		case ':':
			if colon < 0 {
				colon = i
			}
		case '{': // a route name, or the block of a header that is not closed
			if c := p.byteAt(i + 1); i+1 >= p.end || class[c]&cBlank != 0 || c == '}' {
				break scan
			}
		case '(', '"':
			break scan
		}
	}
	nameEnd := i
	if colon >= 0 {
		nameEnd = colon
	}
	set.NamePos = Pos(min(p.blanks(open), nameEnd))
	set.Name = collapse(p.src[open:nameEnd])
	switch {
	case set.Name == "":
		p.error("ARO-P2", int(p.tok.start), open, "Missing feature set name", "A header is (Name: Business Activity)")
	case colon < 0:
		p.error("ARO-P2", int(p.tok.start), open, "Missing business activity", "A header is (Name: Business Activity)")
	}
	if colon >= 0 {
		p.activity(set, colon+1, i)
	}
	p.pos = i
	p.tok = p.scan()
	p.want(tRParen)
}

// activity splits src[start:end]: `text`, `text<guard>` or `Action takes <field: Type>`.
func (p *parser) activity(set *FeatureSet, start, end int) {
	for end > start && class[p.src[end-1]]&cBlank != 0 {
		end--
	}
	text := p.src[start:end]
	open := strings.IndexByte(text, '<')
	if open < 0 || text[len(text)-1] != '>' {
		set.Activity = collapse(text)
	} else {
		set.Activity = collapse(text[:open])
		if w := strings.Fields(set.Activity); len(w) == 2 && strings.EqualFold(w[0], "action") && strings.EqualFold(w[1], "takes") {
			set.Activity = w[0]
			set.Takes = p.takes(start+open, end)
		} else {
			set.StateGuard = strings.TrimSpace(text[open+1 : len(text)-1])
		}
	}
	if set.Activity == "" {
		p.error("ARO-P2", int(p.tok.start), int(p.tok.end), "Missing business activity", "A header is (Name: Business Activity)")
	}
}

// takes reads `<field>` or `<field: Type>` in src[start:end].
func (p *parser) takes(start, end int) *Field {
	d := &Field{Span: Span{Pos(start), Pos(end)}}
	i := p.blanks(start + 1)
	e := p.wordAt(i)
	d.Name = p.src[i:e]
	what := "a name"
	if e > i {
		i, what = p.blanks(e), "'>'"
		if p.byteAt(i) == ':' {
			i = p.blanks(i + 1)
			if d.Type, e = p.typeText(i); e < 0 {
				i, what = -e, "a type"
			} else {
				i = p.blanks(e)
			}
		}
		if what == "'>'" && p.byteAt(i) == '>' && i+1 == end {
			return d
		}
	}
	p.pos = i
	p.tok = p.scan()
	p.expected(what)
	p.unstick()
	return d
}

// collapse turns every run of white space into one blank and trims the ends.
// Text that is already so is returned as it is.
func collapse(s string) string {
	s = strings.TrimSpace(s)
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x80 || c == ' ' && s[i+1] == ' ' {
			return strings.Join(strings.Fields(s), " ")
		}
	}
	return s
}

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
