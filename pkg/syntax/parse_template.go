package syntax

import (
	"slices"
	"strings"
)

// ParseTemplate cuts a template into text and blocks (03 §11.3). What stands in
// a block is parsed in place by the ordinary parser with the scanner confined
// to the block's bytes, so every position is an offset into the template.
//
// Errors: ARO-T1 for `{{` without `}}`, ARO-T2 for loops and conditions that do
// not pair up, the codes of Parse for the rest.
func ParseTemplate(f *File) (*Template, []*Diagnostic) {
	p := newParser(f)
	p.template = true
	t := &templateParser{parser: p}
	for i := p.pos; i < len(p.src); {
		open := strings.Index(p.src[i:], "{{")
		if open < 0 {
			t.addText(i, len(p.src))
			break
		}
		open += i
		t.addText(i, open)
		close := t.closing(open + 2)
		if close < 0 {
			p.error("ARO-T1", open, open+2, "Unclosed '{{'", "A block ends with '}}'")
			break
		}
		t.piece(open, close)
		i = close + 2
	}
	for n := len(t.open) - 1; n >= 0; n-- {
		b := t.open[n]
		p.error("ARO-T2", int(b.span.Start), int(b.span.End), "'"+b.word+"' has no end", "Close it with {{ } }}")
		t.endBlock(Span{Pos(len(p.src)), Pos(len(p.src))})
	}
	return &Template{File: f, Nodes: t.nodes}, p.findings()
}

type templateParser struct {
	*parser
	nodes []TemplateNode // of the innermost open block
	open  []openBlock
}

// openBlock is a loop or condition whose end has not been seen.
type openBlock struct {
	span    Span // of the opening block
	word    string
	loop    *TemplateFor
	when    *TemplateWhen
	inElse  bool
	outside []TemplateNode // what nodes was before it
}

func (t *templateParser) addText(start, end int) {
	if end > start {
		t.nodes = append(t.nodes, &TemplateText{Span: Span{Pos(start), Pos(end)}, Text: t.src[start:end]})
	}
}

// closing returns the position of the `}}` that ends the block whose content
// starts at i, or -1. Quoted text and comments do not count.
func (t *templateParser) closing(i int) int {
	for i < len(t.src) {
		switch c := t.src[i]; {
		case strings.HasPrefix(t.src[i:], "}}"):
			return i
		case strings.HasPrefix(t.src[i:], "(*"):
			t.mute++
			i = t.comment(i)
			t.mute--
			if t.openTail {
				return -1
			}
			continue
		case strings.HasPrefix(t.src[i:], `"""`):
			if n := strings.Index(t.src[i+3:], `"""`); n >= 0 {
				i += n + 6
				continue
			}
		case c == '"' || c == '\'':
			if e := t.quoted(i, 0); e > 0 {
				i = e
				continue
			}
		}
		i++
	}
	return -1
}

// piece reads the block with the braces {{ at open and }} at close.
func (t *templateParser) piece(open, close int) {
	span := Span{Pos(open), Pos(close + 2)}
	start, end := t.blanks(open+2), close
	for end > start && class[t.src[end-1]]&cBlank != 0 {
		end--
	}
	text := t.src[start:end]
	t.pos, t.end, t.prevEnd, t.stmtStart = start, end, Pos(start), Pos(start)
	t.tok = t.scan()
	switch t.tok.kind {
	case tEOF: // a comment, or nothing
		if text == "" {
			t.expected("an expression")
		}
	case tRBrace:
		t.next()
		switch {
		case t.tok.kind == tEOF:
			if len(t.open) == 0 {
				t.error("ARO-T2", open, close+2, "'}' closes nothing", "")
			} else {
				t.endBlock(span)
			}
		case t.tok.kw == kwElse:
			t.elseBlock(span)
		default:
			t.expected("'else' or '}}'")
		}
	default:
		t.content(span, text)
	}
	t.stuck, t.end, t.bare = false, len(t.src), false
}

// content reads a block that is not an end.
func (t *templateParser) content(span Span, text string) {
	alone := t.peek().kind == tEOF
	verb := t.upper(int(t.tok.start)) || t.tok.kind == tLess && t.bracketVerb()
	t.bare = true
	switch kw := t.tok.kw; {
	case alone: // {{ name }}, whatever the name
	case kw == kwForEach, kw == kwFor && t.peek().kw == kwEach:
		t.forBlock(span)
		return
	case kw == kwWhen || kw == kwIf:
		t.whenBlock(span)
		return
	case kw == kwMatch || t.isCode(text):
		t.bare = false
		b := &TemplateCode{Span: span, Stmts: t.statements(true)}
		t.nodes = append(t.nodes, b)
		return
	}
	b := &TemplateExpr{Span: span, X: t.expr()}
	for t.got(tPipe) {
		b.Filters = append(b.Filters, t.filter())
	}
	if !t.stuck && t.tok.kind != tEOF {
		hint := ""
		if verb {
			hint = hintDot
		}
		t.expectedHint("'|' or '}}'", hint)
	}
	if !t.stuck {
		t.nodes = append(t.nodes, b)
	}
}

// isCode reports whether the block holds statements: a capitalised verb opens
// it and a dot or a brace ends it.
func (t *templateParser) isCode(text string) bool {
	last := text[len(text)-1]
	if t.tok.kind == tLess {
		return last == '.' && t.bracketVerb()
	}
	return (last == '.' || last == '}') && t.upper(int(t.tok.start))
}

// filter = W [ ":" STRING ]
func (t *templateParser) filter() Filter {
	f := Filter{Span: Span{Start: t.tok.start}, Name: t.tokenText()}
	if t.tok.kind != tWord {
		t.expected("the name of a filter")
		return f
	}
	t.next()
	if t.got(tColon) {
		if k := t.tok.kind; k != tString && k != tRaw {
			t.expectedHint("a quoted argument", "")
			return f
		}
		f.Arg, f.HasArg = t.text(t.tok), true
		t.next()
	}
	f.Span = t.from(f.Start)
	return f
}

// opener reads the `{` at the end of an opening block.
func (t *templateParser) opener(word string) {
	if !t.stuck && t.tok.kind == tEOF {
		t.fail("ARO-T2", "Expected '{' at the end of '"+word+"', but got '}}'", "Write {{ "+word+" … { }} … {{ } }}")
	}
	t.want(tLBrace)
	if !t.stuck && t.tok.kind != tEOF {
		t.expected("'}}'")
	}
}

// forBlock reads `for each <x> [at <i>] in <list> [where cond] {`. The block
// is opened even if its head is broken, so that its end finds it.
func (t *templateParser) forBlock(span Span) {
	d := &ForEach{}
	if t.tok.kw == kwFor {
		t.next()
	}
	t.next()
	t.eachHead(d)
	if t.tok.kw == kwWhere {
		t.next()
		d.Filter = t.expr()
	}
	t.opener("for each")
	b := &TemplateFor{Span: span, Item: d.Item, Index: d.Index, Collection: d.Collection, Filter: d.Filter}
	t.push(openBlock{span: span, word: "for each", loop: b})
}

// whenBlock reads `when cond {`.
func (t *templateParser) whenBlock(span Span) {
	word := t.tokenText()
	t.next()
	b := &TemplateWhen{Span: span, Cond: t.expr()}
	t.opener(word)
	t.push(openBlock{span: span, word: word, when: b})
}

func (t *templateParser) push(b openBlock) {
	b.outside, t.nodes = t.nodes, nil
	t.open = append(t.open, b)
}

// elseBlock reads `} else {`.
func (t *templateParser) elseBlock(span Span) {
	t.next()
	t.opener("else")
	n := len(t.open) - 1
	if n < 0 || t.open[n].when == nil || t.open[n].inElse {
		t.error("ARO-T2", int(span.Start), int(span.End), "'else' belongs to no 'when'", "")
		return
	}
	b := &t.open[n]
	b.when.Body, b.inElse = slices.Clip(t.nodes), true
	t.nodes = nil
}

// endBlock closes the innermost block; span is that of the `}`.
func (t *templateParser) endBlock(span Span) {
	n := len(t.open) - 1
	b := t.open[n]
	body := slices.Clip(t.nodes)
	t.open, t.nodes = t.open[:n], b.outside
	switch {
	case b.loop != nil:
		b.loop.Body, b.loop.End = body, span.End
		t.nodes = append(t.nodes, b.loop)
	case b.inElse:
		b.when.Else, b.when.End = body, span.End
		t.nodes = append(t.nodes, b.when)
	default:
		b.when.Body, b.when.End = body, span.End
		t.nodes = append(t.nodes, b.when)
	}
}
