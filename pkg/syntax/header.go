package syntax

import "strings"

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
	p.pos, p.prevEnd = i, Pos(i)
	p.tok = p.scan()
	p.want(tRParen)
	p.fuse(set.Start)
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
		if w := strings.Fields(set.Activity); len(w) > 1 && strings.EqualFold(w[0], "action") && strings.EqualFold(w[1], "takes") {
			p.error("ARO-P1", end, end+1, "Expected '<' after 'takes', but got '"+p.src[end:min(end+1, p.end)]+"'", hintAngle)
		}
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
