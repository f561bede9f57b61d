package syntax

import "strings"

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
