package bytecode

import (
	"math"
	"slices"
	"strings"
)

// Assemble reads one chunk as text: what Disassemble writes, or the little of it
// that a test needs. It does not verify, so that tests can make bad chunks.
//
//	feature-set "sum" activity "Numbers"   ; optional, as are its clauses
//	  entry numbers r0
//	code                                   ; optional when nothing stands before it
//	       CONST r1, 0
//	       ITER  r2:r3, r0
//	next:  NEXT  r2:r3, r4, -> done
//	       ADD   r1, r1, r4
//	       LOOP  -> next
//	done:  ACT   _, site 0, r1
//	       END
//	sites
//	  log <> to <console> args [result]
//
// A line's number, r3 of a pair, and `registers` may be left out. Constants,
// names, fields and shapes are written where they are used, and entered in their
// tables in order of appearance; tables given below the code come first. #3 is
// entry 3, _ no register, `.at 12:5 stmt 0` an entry of the line table.
func Assemble(src string) (*Chunk, error) {
	p, err := AssembleProgram(src)
	if err != nil {
		return nil, err
	}
	if len(p.Chunks) != 1 {
		return nil, &AsmError{1, 1, "expected one chunk"}
	}
	return p.Chunks[0], nil
}

// AssembleProgram reads any number of chunks. The program's files are those that
// the chunks name, in order of first use.
func AssembleProgram(src string) (*Program, error) {
	p := &Program{}
	var a *assembler
	finish := func() *AsmError {
		if a == nil {
			return nil
		}
		p.Chunks = append(p.Chunks, a.chunk)
		if f := a.chunk.File; f != "" && !slices.Contains(p.Files, f) {
			p.Files = append(p.Files, f)
		}
		return a.finish()
	}
	for i, text := range strings.Split(src, "\n") {
		s := &scanner{text: text, line: i + 1}
		if s.end() {
			continue
		}
		kind := slices.IndexFunc(chunkKinds[:], s.takeBeforeText)
		if kind >= 0 {
			if err := finish(); err != nil {
				return nil, err
			}
		}
		if kind >= 0 || a == nil {
			a = newAssembler()
		}
		if kind >= 0 {
			a.header(s, ChunkKind(kind))
		} else {
			a.read(s)
		}
		if s.err != nil {
			return nil, s.err
		}
	}
	if err := finish(); err != nil {
		return nil, err
	}
	return p, nil
}

// assembler collects one chunk. Code is kept as lines until all tables are known.
type assembler struct {
	chunk     *Chunk
	section   func(*scanner)
	code      []*scanner
	texts     textTables
	labels    map[string]int
	jumps     []jump
	registers bool // given in the text
}

type jump struct {
	pc    int // -1: the end of the guard
	label string
	at    *scanner
}

func newAssembler() *assembler {
	a := &assembler{chunk: &Chunk{}, texts: newTextTables(), labels: map[string]int{}}
	a.section = a.codeLine
	return a
}

func (a *assembler) header(s *scanner, kind ChunkKind) {
	c := a.chunk
	c.Kind = kind
	c.Name = s.quoted()
	for s.err == nil && !s.end() {
		switch {
		case s.take("activity"):
			c.Activity = s.quoted()
		case s.take("state"):
			c.StateGuard = s.quoted()
		case s.take("takes"):
			c.Takes = s.quoted()
		case s.take("file"):
			c.File = s.quoted()
		case s.take("line"):
			c.Line = int32(s.integer(32))
		default:
			s.fail("expected activity, state, takes, file or line")
		}
	}
	a.section = a.property
}

// read handles a line: a section's title, or a line of the current section.
func (a *assembler) read(s *scanner) {
	if section := a.titled(strings.TrimSpace(s.text)); section != nil {
		a.section = section
		return
	}
	a.section(s)
	if s.err == nil && !s.end() {
		s.fail("expected the end of the line")
	}
}

func (a *assembler) titled(line string) func(*scanner) {
	switch line {
	case "code":
		return a.codeLine
	case "constants":
		return a.constLine
	case "names":
		return a.nameLine
	case "fields":
		return a.fieldLine
	case "shapes":
		return a.shapeLine
	case "sites":
		return a.siteLine
	case "statements":
		return a.stmtLine
	}
	return nil
}

// property reads a line between the header and the code.
func (a *assembler) property(s *scanner) {
	c := a.chunk
	switch {
	case s.take("registers"):
		c.MaxRegs, a.registers = s.index(), true
	case s.take("guard"):
		if s.nextIsDigit() {
			c.GuardEnd = int32(s.integer(32))
		} else {
			a.jumps = append(a.jumps, jump{-1, s.atom(), s})
		}
	case s.take("entry"):
		c.Entry = listOf(s, s.local)
	case s.take("locals"):
		c.Locals = listOf(s, s.local)
	case s.take("free"):
		c.Free = listOf(s, s.atom)
	default:
		s.fail("expected registers, guard, entry, locals, free or code")
	}
}

// number skips an entry's index, which must be right if it is there.
func (a *assembler) number(s *scanner, n int) {
	if start := s.pos; s.nextIsDigit() {
		if v := s.integer(32); int(v) != n && s.err == nil {
			s.pos = start
			s.fail("this is number %d", n)
		}
	}
}

// constLine, unlike the other tables, may begin with a literal number: only a
// number with something behind it is an index.
func (a *assembler) constLine(s *scanner) {
	if s.nextIsDigit() {
		start := s.pos
		s.integer(64)
		blank := s.pos < len(s.text) && s.text[s.pos] == ' '
		numbered := s.err == nil && blank && !s.end()
		s.err, s.pos = nil, start
		if numbered {
			a.number(s, len(a.chunk.Consts))
		}
	}
	a.addConst(s.constant(0))
}

func (a *assembler) addConst(x Const) {
	a.chunk.Consts = append(a.chunk.Consts, x)
	a.texts.addConst(constText(x))
}

func (a *assembler) nameLine(s *scanner) {
	a.number(s, len(a.chunk.Names))
	a.addName(s.atom())
}

func (a *assembler) addName(name string) {
	a.chunk.Names = append(a.chunk.Names, name)
	a.texts[Name_].add(atomText(name))
}

func (a *assembler) fieldLine(s *scanner) {
	a.number(s, len(a.chunk.Fields))
	a.addField(s.field())
}

func (a *assembler) addField(f Field) {
	a.chunk.Fields = append(a.chunk.Fields, f)
	a.texts[Field_].add(fieldText(f))
}

func (a *assembler) shapeLine(s *scanner) {
	a.number(s, len(a.chunk.Shapes))
	a.addShape(s.shape())
}

func (a *assembler) addShape(keys []string) {
	a.chunk.Shapes = append(a.chunk.Shapes, keys)
	a.texts[Shape_].add(shapeText(keys))
}

func (a *assembler) siteLine(s *scanner) {
	a.number(s, len(a.chunk.Sites))
	a.chunk.Sites = append(a.chunk.Sites, s.site())
}

func (a *assembler) stmtLine(s *scanner) {
	a.number(s, len(a.chunk.Stmts))
	a.chunk.Stmts = append(a.chunk.Stmts, s.stmt())
}

// codeLine keeps a line for finish.
func (a *assembler) codeLine(s *scanner) {
	a.code = append(a.code, &scanner{text: s.text, line: s.line})
	s.pos = len(s.text)
}

// finish assembles the code, now that the tables are known, and resolves labels.
func (a *assembler) finish() *AsmError {
	for _, s := range a.code {
		a.codeText(s)
		if s.err == nil && !s.end() {
			s.fail("expected the end of the line")
		}
		if s.err != nil {
			return s.err
		}
	}
	for _, j := range a.jumps {
		target, ok := a.labels[j.label]
		if !ok {
			return &AsmError{j.at.line, 1, "no label " + j.label}
		}
		if target > math.MaxUint16 {
			return &AsmError{j.at.line, 1, "label " + j.label + " is too far away"}
		}
		if j.pc < 0 {
			a.chunk.GuardEnd = int32(target)
		} else {
			a.chunk.Code[j.pc].C = uint16(target)
		}
	}
	if !a.registers {
		a.chunk.MaxRegs = registersUsed(a.chunk)
	}
	return nil
}
