package syntax

import "strings"

// Ink says what a piece of source text is, for those who show it in colours.
type Ink uint8

const (
	InkPlain   Ink = iota // white space, punctuation, operators, articles
	InkComment            // (* … *) and //
	InkHeader             // (Name: Activity)
	InkVerb               // the word that a statement begins with
	InkKeyword            // prepositions, when, for each, match …
	InkName               // <name: qualifier>
	InkText               // all kinds of quoted text, regular expressions
	InkNumber
)

// Stroke is a piece of source text of one ink.
type Stroke struct {
	Ink  Ink
	Text string
}

// Paint cuts source text into strokes, which joined give the text again. It goes by
// tokens and not by the grammar, so text with errors is painted as well as it goes.
func Paint(src string) []Stroke {
	f := NewFile("", []byte(src))
	s := &scanner{file: f, src: src, end: len(src), mute: 1}
	p := painter{src: src}
	begin, name := true, false // at the begin of a statement; inside of <…>
	operand := false           // a / begins a regular expression
	for {
		t := s.scan()
		blank := InkPlain
		if name {
			blank = InkName
		}
		p.gap(int(t.start), blank)
		if t.kind == tEOF {
			return p.out
		}
		text := src[t.start:t.end]
		ink := InkPlain
		switch t.kind {
		case tLParen:
			if !atMargin(src, int(t.start)) {
				break
			}
			if end := strings.IndexByte(src[t.start:], ')'); end > 0 {
				s.pos = int(t.start) + end + 1
				ink = InkHeader
			}
		case tString, tRaw, tText:
			ink = InkText
		case tInt, tFloat:
			ink = InkNumber
		case tDiv:
			if _, _, end, ok := s.regex(int(t.start)); ok && operand {
				s.pos = end
				ink = InkText
			}
		case tLess:
			name = int(t.end) < len(src) && s.wordAt(int(t.end)) > int(t.end)
		case tWord:
			switch {
			case name:
				ink = InkName
			case begin && text[0] >= 'A' && text[0] <= 'Z':
				ink = InkVerb
			case t.kw != 0 && !t.kw.isArticle():
				ink = InkKeyword
			}
		}
		if name {
			ink = InkName
		}
		if t.kind == tGreater {
			name = false
		}
		begin = t.kind == tDot || t.kind == tLBrace || t.kind == tRBrace || t.kind == tForward || begin && t.kind == tDots
		operand = t.kind == tComma || t.kind == tLParen || t.kind == tWord && ink == InkKeyword
		p.add(ink, s.pos)
	}
}

// atMargin reports whether nothing stands in front of i in its line.
func atMargin(src string, i int) bool { return i == 0 || src[i-1] == '\n' }

type painter struct {
	src string
	at  int
	out []Stroke
}

// gap adds what the scanner passed over on its way to end: comments, and white space
// of the ink blank.
func (p *painter) gap(end int, ink Ink) {
	rest := p.src[p.at:end]
	if blank := len(rest) - len(strings.TrimLeft(rest, " \t\r\n\f\v")); blank > 0 {
		p.add(ink, p.at+blank)
	}
	if last := len(strings.TrimRight(p.src[p.at:end], " \t\r\n\f\v")); last > 0 {
		p.add(InkComment, p.at+last)
	}
	p.add(ink, end)
}

// add adds the text up to end, to the last stroke if that has the same ink.
func (p *painter) add(ink Ink, end int) {
	if end <= p.at {
		return
	}
	text := p.src[p.at:end]
	p.at = end
	if n := len(p.out); n > 0 && p.out[n-1].Ink == ink {
		p.out[n-1].Text += text
		return
	}
	p.out = append(p.out, Stroke{ink, text})
}
