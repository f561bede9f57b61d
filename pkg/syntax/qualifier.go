package syntax

import "strings"

// References are read byte by byte, not token by token: between the angle
// brackets `0-19`, `+7d`, `mails/welcome.tpl` and `List<Crate>` mean something
// else than in an expression, and this is where most of a program's bytes are.

// ref = "<" W { "." W } [ ":" qualifier ] ">"
//
// The current token is the `<`. `<a.b: c>` is read as `<a: b.c>`.
func (p *parser) ref() *Noun {
	n := p.nouns.new()
	n.Start = p.tok.start
	i := p.blanks(int(p.tok.end))
	e := p.wordAt(i)
	if e == i {
		return p.refError(n, i, "a name")
	}
	n.Base = p.src[i:e]
	i = e
	if p.byteAt(i) == '.' && p.segment(i+1) > i+1 {
		if i = p.qualifier(n, i+1); i < 0 {
			return n
		}
	} else if p.byteAt(i) != '>' {
		i = p.blanks(i)
	}
	if p.byteAt(i) == ':' {
		path := *n
		if i = p.qualifier(n, p.blanks(i+1)); i < 0 {
			return n
		}
		if path.Kind != NoQual && !p.joinPath(n, &path) {
			return p.refError(n, int(n.Start)+1, "a path")
		}
	}
	if p.byteAt(i) != '>' {
		return p.refError(n, i, "'>'")
	}
	n.End = Pos(i + 1)
	p.pos, p.tok.end = i+1, n.End
	p.next()
	p.fuse(n.Start)
	return n
}

// joinPath puts the path of `<base.path: qual>` before its qualifier.
func (p *parser) joinPath(n, path *Noun) bool {
	if n.Kind != PathQual && n.Kind != IndexQual || path.Kind != PathQual && path.Kind != IndexQual {
		return false
	}
	n.Kind = PathQual
	n.Raw = path.Raw + "." + n.Raw
	n.Segments = p.keep(append(append(make([]string, 0, 8), path.Segments...), n.Segments...))
	return true
}

// refError reports what the reference lacks at i.
func (p *parser) refError(n *Noun, i int, what string) *Noun {
	p.pos = i
	p.tok = p.scan()
	hint := ""
	switch {
	case what == "'>'" && p.tok.kind == tWord && (p.tok.kw.isArticle() || p.tok.kw.isClause()):
		hint = "Close the name with '>'"
	case what == "'>'" && n.Kind == NoQual && p.tok.kind == tWord:
		hint = "Words of one name are joined by hyphens: <" + n.Base + "-" + p.tokenText() + ">"
	case what == "a qualifier" && (p.tok.kind == tDot || p.tok.kind == tDots || p.tok.kind == tDiv):
		hint = "Put quotes around file paths"
	}
	p.expectedHint(what, hint)
	n.End = p.tok.start
	return n
}

// segment returns the end of the path segment at i, or i when none starts there.
//
// segment = W | INT
func (p *parser) segment(i int) int {
	if class[p.byteAt(i)]&cDigit != 0 {
		return p.wordEnd(i + 1)
	}
	return p.wordAt(i)
}

// qualifier = STRING | offset | index | chain
//
// It reads the qualifier at i into n and returns the position of what follows,
// or -1 after an error.
func (p *parser) qualifier(n *Noun, i int) int {
	switch c := p.byteAt(i); {
	case c == '"' || c == '\'':
		p.pos = i
		t := p.scan()
		n.Kind, n.Raw = QuotedQual, p.text(t)
		if t.flags&fInterp != 0 {
			p.tok = t
			n.Text = p.interpolated()
			n.Raw = pattern(n.Text)
		}
		return p.blanks(int(t.end))
	case c == '+' || c == '-':
		return p.offset(n, i)
	case class[c]&cDigit != 0:
		if e := p.index(n, i); e > 0 {
			return e
		}
	}
	return p.chain(n, i)
}

// pattern is a text with values as error texts name it.
func pattern(x Expr) string {
	in, ok := x.(*Interpolated)
	if !ok {
		return ""
	}
	var b strings.Builder
	for _, part := range in.Parts {
		if l, ok := part.(*Literal); ok && l.Kind == StringLit {
			b.WriteString(l.Str)
		} else {
			b.WriteString("${")
			PrintNode(&b, part)
			b.WriteString("}")
		}
	}
	return b.String()
}

// offset = ( "+" | "-" ) INT W
func (p *parser) offset(n *Noun, i int) int {
	e := i + 1
	for class[p.byteAt(e)]&cDigit != 0 {
		e++
	}
	if e == i+1 {
		p.refError(n, e, "a number")
		return -1
	}
	unit := p.blanks(e)
	if e = p.wordAt(unit); e == unit {
		p.refError(n, unit, "a unit of time")
		return -1
	}
	n.Kind, n.Raw = OffsetQual, p.src[i:e]
	return p.blanks(e)
}

// index = INT [ "-" INT | { "," INT } ]
//
// It returns 0 when the text is a path that merely starts with a digit.
func (p *parser) index(n *Noun, start int) int {
	var buf [8]string
	segs := buf[:0]
	kind := IndexQual
	i := start
	for {
		e := i
		for class[p.byteAt(e)]&cDigit != 0 {
			e++
		}
		if e == i || p.wordByte(e) {
			return 0
		}
		segs = append(segs, p.src[i:e])
		i = p.blanks(e)
		switch c := p.byteAt(i); {
		case c == '>':
			n.Kind, n.Raw, n.Segments = kind, p.src[start:e], p.keep(segs)
			if kind == RangeQual && numberLess(segs[1], segs[0]) {
				p.warn("ARO-P5", start, e, "Range '"+n.Raw+"' starts behind its end")
			}
			return i
		case c == '-' && len(segs) == 1:
			kind = RangeQual
		case c == ',' && kind != RangeQual:
			kind = PickQual
		default:
			return 0
		}
		i = p.blanks(i + 1)
	}
}

// numberLess compares two runs of digits of any length.
func numberLess(a, b string) bool {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return len(a) < len(b) || len(a) == len(b) && a < b
}

// chain = part { "|" part }
// part = segment { ( "." | "/" | " " ) segment } [ "<" type { "," type } ">" ]
func (p *parser) chain(n *Noun, start int) int {
	var buf [8]string
	parts := buf[:0]
	i := start
	kind := PathQual
	for {
		part := i
		e := p.segment(i)
		if e == i {
			p.refError(n, i, "a qualifier")
			return -1
		}
		for i = e; ; {
			next, must := p.blanks(i), true // must: a segment has to follow
			switch c := p.byteAt(next); {
			case (c == '.' || c == '/') && next == i:
				next = i + 1
				if c == '/' {
					kind = FileQual
				}
			case c == ':' && p.template:
				next = p.blanks(next + 1)
			default:
				must = false
			}
			if next == i {
				break
			}
			if e = p.segment(next); e > next {
				i = e
				continue
			}
			if must {
				p.refError(n, next, "a name")
				return -1
			}
			break
		}
		if p.byteAt(i) == '<' {
			if e = p.typeArgs(i); e < 0 {
				p.refError(n, -e, "a type")
				return -1
			}
			i, kind = e, TypeQual
		}
		end := i
		i = p.blanks(i)
		if p.byteAt(i) != '|' || p.byteAt(i+1) == '>' {
			if len(parts) == 0 {
				p.setPath(n, start, end)
				n.Kind = kind
				if kind == TypeQual {
					n.Segments = nil
				}
				return i
			}
			n.Kind, n.Raw = ChainQual, p.src[start:end]
			n.Segments = p.keep(append(parts, p.src[part:end]))
			return i
		}
		parts = append(parts, p.src[part:end])
		i = p.blanks(i + 1)
	}
}

// setPath makes src[start:end] the path of n. Dots, blanks and, in templates,
// colons separate segments.
func (p *parser) setPath(n *Noun, start, end int) {
	var buf [8]string
	segs := buf[:0]
	n.Kind, n.Raw = PathQual, p.src[start:end]
	at := start
	for i := start; i < end; i++ {
		c := p.src[i]
		if c == '.' || c == ':' || class[c]&cBlank != 0 {
			if i > at {
				segs = append(segs, p.src[at:i])
			}
			at = i + 1
		}
	}
	n.Segments = p.keep(append(segs, p.src[at:end]))
	if strings.IndexByte(n.Raw, ':') >= 0 {
		n.Raw = strings.Join(n.Segments, ".")
	}
}

// typeArgs returns the end of the type arguments that open at i, or minus the
// position of the error.
//
// type = W [ "<" type { "," type } ">" ]
func (p *parser) typeArgs(i int) int {
	depth := 0
	for {
		// i is at a `<` or `,`: a type must follow.
		if p.src[i] == '<' {
			depth++
		}
		i = p.blanks(i + 1)
		e := p.wordAt(i)
		if e == i || depth > maxDepth {
			return -i
		}
		i = p.blanks(e)
		open := p.byteAt(i) == '<'
		for p.byteAt(i) == '>' {
			i++
			if depth--; depth == 0 {
				return i
			}
			i = p.blanks(i)
		}
		if p.byteAt(i) != ',' && !open {
			return -i
		}
	}
}

// typeText reads `W [ "<" … ">" ]` at i and returns it in canonical spelling,
// one blank after each comma; end is minus the position of an error.
func (p *parser) typeText(i int) (text string, end int) {
	e := p.wordAt(i)
	if e == i {
		return "", -i
	}
	if p.byteAt(e) != '<' {
		return p.src[i:e], e
	}
	if end = p.typeArgs(e); end < 0 {
		return "", end
	}
	text = p.src[i:end]
	if strings.ContainsAny(text, " ,\t\r\n\f\v") {
		text = strings.ReplaceAll(strings.Join(strings.Fields(text), ""), ",", ", ")
	}
	return text, end
}

// keep copies segs into storage that lives as long as the tree.
func (p *parser) keep(segs []string) []string {
	n := len(segs)
	if len(p.segs)+n > cap(p.segs) {
		p.segs = make([]string, 0, max(64, n))
	}
	at := len(p.segs)
	p.segs = append(p.segs, segs...)
	return p.segs[at : at+n : at+n]
}
