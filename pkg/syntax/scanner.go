package syntax

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A scanner cuts source text into tokens, one per call of scan. A token is four
// small numbers: its text stays in the source, so scanning allocates nothing
// unless there is an error to report.
//
// What a byte means depends on where it stands: `/` opens a regex only where an
// operand may start, `0-19` is one thing only inside a reference, and headers
// are raw text. The scanner therefore never runs ahead. Between two tokens the
// parser may read bytes itself (qualifier.go, header, regex) and put pos behind
// what it took.
type scanner struct {
	file *File
	src  string // the whole file; every string in the tree is a slice of it
	pos  int    // the next byte to read
	end  int    // scanning stops here: len(src), or the end of an interpolation or template block
	mute int    // > 0: errors are not recorded, as while looking ahead

	errs     []*Diagnostic
	lastErr  Pos  // where the last grammar error was reported
	lexEnd   Pos  // end of the last unterminated string or bad character, see parser.fail
	openTail bool // an unterminated comment swallowed the rest of the file
}

// maxErrors bounds the diagnostics of one file; a file with more is no program.
const maxErrors = 10000

// maxInterpolation bounds the bytes of one ${…}, which bounds the work spent on
// a line full of unclosed ones.
const maxInterpolation = 4 << 10

type kind uint8

const (
	tEOF     kind = iota
	tStuck        // the parser reported an error and waits for recovery
	tWord         // kw tells keywords apart, which are names as well
	tInt          // 42 1_000 0xFF 0b1
	tFloat        // 3.5 6e2
	tString       // "…"
	tRaw          // '…'
	tText         // """…"""
	tLParen       // (
	tRParen       // )
	tLBrace       // {
	tRBrace       // }
	tLBrack       // [
	tRBrack       // ]
	tComma        // ,
	tColon        // :
	tSemi         // ;
	tDot          // .
	tDots         // two or more dots
	tPipe         // |
	tForward      // |>
	tAdd          // +
	tSub          // -
	tMul          // *
	tDiv          // /
	tMod          // %
	tConcat       // ++
	tAssign       // =
	tEq           // ==
	tNe           // !=
	tLess         // <
	tGreater      // >
	tLe           // <=
	tGe           // >=
)

// Flags of string and number tokens.
const (
	fEscape  = 1 << iota // contains a backslash
	fInterp              // contains ${
	fOpen                // is not terminated
	fBad                 // a number without digits where digits must be
	fUnderln             // a number with underscores
)

type token struct {
	kind       kind
	kw         keyword
	flags      uint8
	start, end Pos
}

// Byte classes. Bytes from 0x80 on are looked at as runes.
const (
	cLetter = 1 << iota // letters and _
	cDigit
	cBlank
	cLower
	cUpper
)

var class = func() (c [256]uint8) {
	for b := 'a'; b <= 'z'; b++ {
		c[b], c[b-'a'+'A'] = cLetter|cLower, cLetter|cUpper
	}
	for b := '0'; b <= '9'; b++ {
		c[b] = cDigit
	}
	c['_'] = cLetter
	for _, b := range " \t\r\n\f\v" {
		c[b] = cBlank
	}
	return c
}()

// single holds the kinds of the tokens that are one byte whatever follows.
var single = [256]kind{
	'(': tLParen, ')': tRParen, '{': tLBrace, '}': tRBrace, '[': tLBrack, ']': tRBrack,
	',': tComma, ':': tColon, ';': tSemi, '*': tMul, '/': tDiv, '%': tMod, '-': tSub,
}

// scan returns the next token and moves behind it. At end it returns tEOF again
// and again.
func (s *scanner) scan() token {
	i := s.pos
	for {
		for i < s.end && class[s.src[i]]&cBlank != 0 {
			i++
		}
		if i >= s.end {
			s.pos = s.end
			return token{kind: tEOF, start: Pos(s.end), end: Pos(s.end)}
		}
		c := s.src[i]
		if class[c]&cLetter != 0 {
			e := s.wordEnd(i + 1)
			s.pos = e
			return token{kind: tWord, kw: keywordOf(s.src[i:e]), start: Pos(i), end: Pos(e)}
		}
		next := byte(0)
		if i+1 < s.end {
			next = s.src[i+1]
		}
		switch {
		case c == '(' && next == '*':
			i = s.comment(i)
			continue
		case c == '/' && next == '/':
			for i < s.end && s.src[i] != '\n' && s.src[i] != '\r' {
				i++
			}
			continue
		case class[c]&cDigit != 0:
			return s.number(i)
		case c == '"' || c == '\'':
			return s.str(i)
		}
		if k := single[c]; k != 0 {
			return s.make(k, i, i+1)
		}
		switch c {
		case '.':
			e := i + 1
			for e < s.end && s.src[e] == '.' {
				e++
			}
			if e > i+1 {
				return s.make(tDots, i, e)
			}
			return s.make(tDot, i, e)
		case '|':
			return s.either(i, next == '>', tForward, tPipe)
		case '+':
			return s.either(i, next == '+', tConcat, tAdd)
		case '=':
			return s.either(i, next == '=', tEq, tAssign)
		case '<':
			return s.either(i, next == '=', tLe, tLess)
		case '>':
			return s.either(i, next == '=', tGe, tGreater)
		case '!':
			if next == '=' {
				return s.make(tNe, i, i+2)
			}
		}
		if e := s.wordAt(i); e > i {
			s.pos = e
			return token{kind: tWord, start: Pos(i), end: Pos(e)}
		}
		i = s.badChar(i)
	}
}

func (s *scanner) make(k kind, start, end int) token {
	s.pos = end
	return token{kind: k, start: Pos(start), end: Pos(end)}
}

// either returns the two-byte token when long is true, the one-byte token else.
func (s *scanner) either(i int, long bool, two, one kind) token {
	if long {
		return s.make(two, i, i+2)
	}
	return s.make(one, i, i+1)
}

// peek returns the token after the current one without moving. Its errors are
// reported when it is scanned for good.
func (s *scanner) peek() token {
	pos, tail, lexEnd := s.pos, s.openTail, s.lexEnd
	s.mute++
	t := s.scan()
	s.mute--
	s.pos, s.openTail, s.lexEnd = pos, tail, lexEnd
	return t
}

// wordAt returns the end of the word that starts at i, or i when none does.
//
// WORD = SEG { "-" SEG2 }
func (s *scanner) wordAt(i int) int {
	if i >= s.end {
		return i
	}
	c := s.src[i]
	if class[c]&cLetter != 0 {
		return s.wordEnd(i + 1)
	}
	if c >= utf8.RuneSelf {
		if r, n := utf8.DecodeRuneInString(s.src[i:s.end]); unicode.IsLetter(r) {
			return s.wordEnd(i + n)
		}
	}
	return i
}

// wordEnd returns the end of the word that i is inside of. A hyphen belongs to
// the word only when it is glued on both sides.
func (s *scanner) wordEnd(i int) int {
	src := s.src[:s.end]
	for i < len(src) {
		c := src[i]
		switch {
		case class[c]&(cLetter|cDigit) != 0:
			i++
		case c == '-':
			if i+1 >= len(src) || !s.wordByte(i+1) {
				return i
			}
			i++
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(src[i:])
			if !unicode.IsLetter(r) {
				return i
			}
			i += n
		default:
			return i
		}
	}
	return i
}

// wordByte reports whether a letter, digit or underscore stands at i.
func (s *scanner) wordByte(i int) bool {
	if i >= s.end {
		return false
	}
	c := s.src[i]
	if c < utf8.RuneSelf {
		return class[c]&(cLetter|cDigit) != 0
	}
	r, _ := utf8.DecodeRuneInString(s.src[i:s.end])
	return unicode.IsLetter(r)
}

// blanks returns the position of the first byte from i on that is no white space.
func (s *scanner) blanks(i int) int {
	for i < s.end && class[s.src[i]]&cBlank != 0 {
		i++
	}
	return i
}

// byteAt returns the byte at i, or 0 at the end.
func (s *scanner) byteAt(i int) byte {
	if i < s.end {
		return s.src[i]
	}
	return 0
}

// comment returns the end of the block comment that opens at i. Comments nest.
func (s *scanner) comment(i int) int {
	open, depth := i, 0
	for i+1 < s.end {
		switch {
		case s.src[i] == '(' && s.src[i+1] == '*':
			depth++
			i += 2
		case s.src[i] == '*' && s.src[i+1] == ')':
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	s.error("ARO-L2", open, open+2, "Unterminated comment", "")
	s.openTail = true
	return s.end
}

// number scans an integer or a float; its value is judged by the parser. A dot
// belongs to it only when a digit follows, so `5.` is 5 and a full stop.
func (s *scanner) number(i int) token {
	t := token{kind: tInt, start: Pos(i)}
	e := i + 1
	if c := s.byteAt(e) | 0x20; s.src[i] == '0' && (c == 'x' || c == 'b') && s.wordByte(e) {
		for e < s.end && class[s.src[e]]&(cLetter|cDigit) != 0 {
			e++
		}
		t.flags = fUnderln
	} else {
		e = s.digits(e, &t)
		if s.byteAt(e) == '.' && class[s.byteAt(e+1)]&cDigit != 0 {
			t.kind = tFloat
			e = s.digits(e+1, &t)
		}
		if s.byteAt(e)|0x20 == 'e' {
			t.kind = tFloat
			e++
			if c := s.byteAt(e); c == '+' || c == '-' {
				e++
			}
			if class[s.byteAt(e)]&cDigit == 0 {
				t.flags |= fBad
				for e < s.end && class[s.src[e]]&(cLetter|cDigit) != 0 {
					e++
				}
			}
			e = s.digits(e, &t)
		}
	}
	s.pos, t.end = e, Pos(e)
	return t
}

func (s *scanner) digits(i int, t *token) int {
	for i < s.end {
		if s.src[i] == '_' {
			t.flags |= fUnderln
		} else if class[s.src[i]]&cDigit == 0 {
			break
		}
		i++
	}
	return i
}

// str scans any kind of string. An unterminated one reaches to the end of its
// line, so that the statements behind it can still be read.
func (s *scanner) str(i int) token {
	if s.src[i] == '"' && s.byteAt(i+1) == '"' && s.byteAt(i+2) == '"' {
		return s.blockString(i)
	}
	t := token{kind: tString, start: Pos(i)}
	if s.src[i] == '\'' {
		t.kind = tRaw
	}
	quote, e := s.src[i], i+1
	broken := false // an unclosed ${ was seen: the rest is plain text
	for e < s.end {
		switch c := s.src[e]; {
		case c == quote:
			s.pos, t.end = e+1, Pos(e+1)
			return t
		case c == '\\':
			t.flags |= fEscape
			e++
			if b := s.byteAt(e); b == '\n' || b == '\r' {
				continue
			}
		case c == '\n' || c == '\r':
			return s.openString(t, e)
		case c == '$' && quote == '"' && s.byteAt(e+1) == '{' && !broken:
			t.flags |= fInterp
			if close := s.interpolation(e+2, 0); close > 0 {
				e = close
				continue
			}
			broken = true
		}
		e++
	}
	return s.openString(t, s.end)
}

func (s *scanner) openString(t token, end int) token {
	s.error("ARO-L2", int(t.start), int(t.start)+1, "Unterminated string literal", "")
	t.flags = fOpen | fEscape // what looks like an interpolation in it is not judged
	s.pos, t.end, s.lexEnd = end, Pos(end), Pos(end)
	return t
}

// interpolation returns the position behind the `}` that closes the `${` before
// i, or -1 when the line ends first. Braces nest; quoted text hides them.
func (s *scanner) interpolation(i, nest int) int {
	depth := 0
	for limit := min(s.end, i+maxInterpolation); i < limit && nest < 50; {
		switch s.src[i] {
		case '\n', '\r':
			return -1
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return i + 1
			}
			depth--
		case '"', '\'':
			close := s.quoted(i, nest)
			if close < 0 {
				return -1
			}
			i = close
			continue
		}
		i++
	}
	return -1
}

// quoted returns the end of the quoted text that opens at i, or -1 when the
// line ends first.
func (s *scanner) quoted(i, nest int) int {
	quote := s.src[i]
	for i++; i < s.end; i++ {
		switch c := s.src[i]; {
		case c == quote:
			return i + 1
		case c == '\n' || c == '\r':
			return -1
		case c == '\\':
			i++
		case c == '$' && quote == '"' && s.byteAt(i+1) == '{':
			if i = s.interpolation(i+2, nest+1) - 1; i < 0 {
				return -1
			}
		}
	}
	return -1
}

// blockString scans """…""".
func (s *scanner) blockString(i int) token {
	t := token{kind: tText, start: Pos(i)}
	e := i + 3
	for class[s.byteAt(e)]&cBlank != 0 && s.src[e] != '\n' && s.src[e] != '\r' {
		e++
	}
	if c := s.byteAt(e); e < s.end && c != '\n' && c != '\r' {
		s.error("ARO-P1", e, e+1, "Expected a line break after '\"\"\"', but got '"+s.charAt(e)+"'", "")
	}
	for ; e < s.end; e++ {
		if s.src[e] == '\\' {
			t.flags |= fEscape
			e++
		} else if strings.HasPrefix(s.src[e:s.end], `"""`) {
			s.pos, t.end = e+3, Pos(e+3)
			return t
		}
	}
	t.flags |= fEscape
	s.error("ARO-L2", i, i+3, "Unterminated string literal", "")
	s.openTail = true
	s.pos, t.end, t.flags = s.end, Pos(s.end), t.flags|fOpen
	return t
}

// regex scans /body/flags with the slash at i. It returns false when no slash
// closes it on the same line: then it is a division.
func (s *scanner) regex(i int) (pattern, flags string, end int, ok bool) {
	e := i + 1
	for ; ; e++ {
		switch s.byteAt(e) {
		case '\\':
			e++
			if c := s.byteAt(e); c == '\n' || c == '\r' {
				return "", "", 0, false
			}
			continue
		case 0, '\n', '\r':
			if e >= s.end || s.src[e] != 0 {
				return "", "", 0, false
			}
			continue
		case '/':
		default:
			continue
		}
		break
	}
	if e == i+1 {
		return "", "", 0, false
	}
	pattern = s.src[i+1 : e]
	e++
	f := e
	for e < s.end && class[s.src[e]]&(cLetter|cDigit) != 0 {
		e++
	}
	return pattern, s.src[f:e], e, true
}

// badChar reports the character at i and returns the position behind it. A run
// of bytes that are no UTF-8 is one error.
func (s *scanner) badChar(i int) int {
	e, hint := i, ""
	for r, n := utf8.DecodeRuneInString(s.src[e:]); r == utf8.RuneError && n == 1; r, n = utf8.DecodeRuneInString(s.src[e:]) {
		e++
	}
	c := s.charAt(i)
	if e > i {
		c, hint = fmt.Sprintf(`\x%02X`, s.src[i]), "Source text is UTF-8"
	} else {
		e = i + len(c)
	}
	switch c {
	case "“", "”", "‘", "’", "„":
		hint = "Use straight quotes"
	case "!":
		hint = "Write 'not', or '!=' to compare"
	case "&":
		hint = "Write 'and'"
		if s.byteAt(e) == '&' {
			e++
		}
	}
	s.error("ARO-L1", i, e, "Unexpected character '"+c+"'", hint)
	s.lexEnd = Pos(e)
	return e
}

func (s *scanner) charAt(i int) string {
	_, n := utf8.DecodeRuneInString(s.src[i:])
	return s.src[i : i+n]
}

// error records a finding at [start, end). It never changes the state of the
// parse; that is what parser.fail does.
func (s *scanner) error(code string, start, end int, msg, hint string) {
	if s.mute > 0 || len(s.errs) >= maxErrors {
		return
	}
	s.errs = append(s.errs, &Diagnostic{File: s.file, Code: code, Message: msg, Hint: hint,
		Span: Span{Pos(start), Pos(min(end, len(s.src)))}})
}

// lineStart reports whether only blanks stand between p and the start of its line.
func (s *scanner) lineStart(p Pos) bool {
	for i := int(p) - 1; i >= 0; i-- {
		switch s.src[i] {
		case ' ', '\t':
		case '\n', '\r':
			return true
		default:
			return i == 2 && strings.HasPrefix(s.src, bom)
		}
	}
	return true
}

const bom = "\uFEFF"
