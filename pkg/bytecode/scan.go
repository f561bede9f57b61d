package bytecode

import (
	"fmt"
	"strconv"
	"strings"
)

// AsmError is a mistake in assembler text.
type AsmError struct {
	Line, Col int // from 1; Col counts bytes
	Problem   string
}

// Error returns place and problem.
func (e *AsmError) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Problem) }

// scanner reads one line of assembler text. After the first mistake it is at the
// end of the line, and everything reads as empty.
type scanner struct {
	text string
	pos  int
	line int
	err  *AsmError
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = &AsmError{s.line, s.pos + 1, fmt.Sprintf(format, args...)}
	}
	s.pos = len(s.text)
}

func (s *scanner) space() {
	for s.pos < len(s.text) && (s.text[s.pos] == ' ' || s.text[s.pos] == '\t' || s.text[s.pos] == '\r') {
		s.pos++
	}
}

// rest is what follows the current position, behind blanks.
func (s *scanner) rest() string {
	s.space()
	return s.text[s.pos:]
}

// end reports whether only a comment follows.
func (s *scanner) end() bool {
	r := s.rest()
	return r == "" || r[0] == ';'
}

// take skips tok if it comes next. A word must not go on behind tok.
func (s *scanner) take(tok string) bool {
	r := s.rest()
	if !strings.HasPrefix(r, tok) {
		return false
	}
	if inWord(tok[len(tok)-1], false) && isLetter(tok[0]) && len(r) > len(tok) && inWord(r[len(tok)], true) {
		return false
	}
	s.pos += len(tok)
	return true
}

// takeBeforeText is take for a word with a quoted text behind it.
func (s *scanner) takeBeforeText(word string) bool {
	start := s.pos
	if s.take(word) && strings.HasPrefix(s.rest(), `"`) {
		return true
	}
	s.pos = start
	return false
}

func (s *scanner) want(tok string) {
	if !s.take(tok) {
		s.fail("expected %s", tok)
	}
}

// atom reads a plain word or a quoted string.
func (s *scanner) atom() string { return s.plainOrQuoted(true) }

// segment is an atom that ends at a dot.
func (s *scanner) segment() string { return s.plainOrQuoted(false) }

func (s *scanner) plainOrQuoted(dots bool) string {
	r := s.rest()
	if r != "" && r[0] == '"' {
		return s.quoted()
	}
	n := 0
	for n < len(r) && inWord(r[n], dots) {
		n++
	}
	if !plain(r[:n], dots) {
		s.fail("expected a word or a quoted text")
		return ""
	}
	s.pos += n
	return r[:n]
}

func (s *scanner) quoted() string {
	r := s.rest()
	q, err := strconv.QuotedPrefix(r)
	if err != nil || q[0] != '"' {
		s.fail("expected a quoted text")
		return ""
	}
	text, _ := strconv.Unquote(q)
	s.pos += len(q)
	return text
}

// integer reads a decimal number that fits into the given bits.
func (s *scanner) integer(bits int) int64 {
	r := s.rest()
	n := 0
	if n < len(r) && r[n] == '-' {
		n++
	}
	for n < len(r) && isDigit(r[n]) {
		n++
	}
	v, err := strconv.ParseInt(r[:n], 10, bits)
	if err != nil {
		s.fail("expected a number")
		return 0
	}
	s.pos += n
	return v
}

func (s *scanner) nextIsDigit() bool {
	r := s.rest()
	return r != "" && isDigit(r[0])
}

// index reads a number from 0 to 65535.
func (s *scanner) index() uint16 {
	start := s.pos
	v := s.integer(32)
	if v < 0 || v > 0xFFFF {
		s.pos = start
		s.fail("%d is not from 0 to 65535", v)
		return 0
	}
	return uint16(v)
}

// reg reads r12.
func (s *scanner) reg() uint16 {
	r := s.rest()
	if len(r) < 2 || r[0] != 'r' || !isDigit(r[1]) {
		s.fail("expected a register")
		return 0
	}
	s.pos++
	return s.index()
}

// place reads 12:5.
func (s *scanner) place() (line, col int32) {
	line = int32(s.integer(32))
	s.want(":")
	return line, int32(s.integer(32))
}

// sequence reads elements separated by commas up to the closing token; the
// opening one has been read.
func sequence[T any](s *scanner, closing string, element func() T) []T {
	var list []T
	for s.err == nil && !s.take(closing) {
		if len(list) > 0 {
			s.want(",")
		}
		list = append(list, element())
	}
	return list
}

// listOf reads elements separated by commas to the end of the line.
func listOf[T any](s *scanner, element func() T) []T {
	list := []T{element()}
	for s.take(",") {
		list = append(list, element())
	}
	return list
}

func (s *scanner) atoms(closing string) []string { return sequence(s, closing, s.atom) }

// path reads a.b.c, or - for the empty path.
func (s *scanner) path() []string {
	if s.take("-") {
		return nil
	}
	path := []string{s.segment()}
	return append(path, s.steps()...)
}

// steps reads .b.c; a lone dot is no step.
func (s *scanner) steps() (path []string) {
	for s.pos < len(s.text) && s.text[s.pos] == '.' {
		s.pos++
		path = append(path, s.segment())
	}
	return path
}

func (s *scanner) field() Field {
	var f Field
	if r := s.rest(); r != "" && r[0] != '.' {
		f.Name = s.segment()
	}
	f.Path = s.steps()
	return f
}

func (s *scanner) shape() []string {
	s.want("{")
	return s.atoms("}")
}

func (s *scanner) local() Local {
	name := s.atom()
	return Local{Name: name, Reg: s.reg()}
}

// constant reads a literal. Depth is bounded because the reader is recursive.
func (s *scanner) constant(depth int) Const {
	if depth > MaxConstDepth {
		s.fail("nested too deep")
		return Const{}
	}
	element := func() Const { return s.constant(depth + 1) }
	switch r := s.rest(); {
	case s.take("null"):
		return Const{}
	case s.take("true"):
		return Const{Kind: BoolConst, Bool: true}
	case s.take("false"):
		return Const{Kind: BoolConst}
	case s.take("regex"):
		pattern := s.quoted()
		return Const{Kind: RegexConst, Str: pattern, Aux: s.quoted()}
	case s.take("["):
		return Const{Kind: ListConst, List: sequence(s, "]", element)}
	case s.take("{"):
		x := Const{Kind: MapConst}
		x.List = sequence(s, "}", func() Const {
			x.Keys = append(x.Keys, s.quoted())
			s.want(":")
			return element()
		})
		return x
	case r != "" && r[0] == '"':
		return Const{Kind: StringConst, Str: s.quoted()}
	}
	return s.number()
}

// number reads an integer, or a float if it has a dot or exponent, or is one of
// nan, inf and -inf.
func (s *scanner) number() Const {
	r := s.rest()
	n := 0
	for n < len(r) && (isDigit(r[n]) || isLetter(r[n]) || r[n] == '-' || r[n] == '+' || r[n] == '.') {
		if r[n] == '.' && n+1 < len(r) && r[n+1] == '.' {
			break // a range
		}
		n++
	}
	word := r[:n]
	if v, err := strconv.ParseInt(word, 10, 64); err == nil {
		s.pos += n
		return Const{Kind: IntConst, Int: v}
	}
	if v, err := strconv.ParseFloat(word, 64); err == nil {
		s.pos += n
		return Const{Kind: FloatConst, Float: v}
	}
	s.fail("expected a literal")
	return Const{}
}
