package bytecode

import (
	"encoding/binary"
	"math"
)

// prover tells in one pass over the bytes of a chunk whether Load and Verify would take
// it. It builds nothing: of each table it keeps the numbers that the code is checked
// against. FuzzDecode holds it to what Load and Verify say; for the reason of a refusal,
// they are asked.
//
// Why there are two: expanding 2,000 lines to look at them once takes 0.4 ms, most of
// it for pointers that the collector has to know of, and reading them takes 0.1.
//
// The first problem sets bad and goes to the end of the bytes; from then on every
// number is zero and every list empty.
type prover struct {
	in    []byte
	pos   int
	bad   bool
	strs  *stringTable
	texts uint64 // how many there are
	depth int

	regs     uint64
	guardEnd int64
	names    int
	fields   int
	stmts    int
	farthest int32 // statement that a site or a line belongs to

	// Room that is used again for the next chunk.
	code    []Ins
	consts  []ConstKind
	shapes  []int    // number of keys
	args    []int    // of each site
	imports []uint64 // four texts of each site
	keys    []uint64 // of one shape
	slots   []Slot   // of one site
}

// operandKinds is the part of the instruction table that proofs read.
var operandKinds = func() (kinds [NumOps][4]Operand) {
	for op := range table {
		kinds[op] = table[op].operands()
	}
	return kinds
}()

// chunk reports whether c, which is not loaded, would load and be sound.
func (p *prover) chunk(c *Chunk) bool {
	p.strs, p.texts = c.lazy.strs, uint64(len(c.lazy.strs.ends)/4)
	p.in, p.pos, p.bad, p.depth = c.lazy.body, 0, c.Kind > Snippet, 0
	p.farthest = -1
	p.consts, p.shapes, p.args, p.imports = p.consts[:0], p.shapes[:0], p.args[:0], p.imports[:0]

	p.regs = p.unsigned(math.MaxUint16)
	p.guardEnd = p.signed(math.MinInt32, math.MaxInt32)
	p.instructions()
	for range p.count() {
		p.consts = append(p.consts, p.constant())
	}
	p.names = p.strings()
	p.fields = p.count()
	for range p.fields {
		p.strings()
		p.text()
	}
	for range p.count() {
		p.shape()
	}
	for range p.count() {
		p.site()
	}
	p.stmts = p.count()
	for range p.stmts {
		p.stmt()
	}
	p.lines()
	entry := p.locals()
	p.locals()
	free := p.strings()
	p.check(free == 0 || free == entry)
	p.check(int(p.farthest) < p.stmts)
	p.check(p.pos == len(p.in))
	return !p.bad && p.imported(c.lazy.imports) && p.sound()
}

func (p *prover) fail() {
	p.bad = true
	p.pos = len(p.in)
}

func (p *prover) check(ok bool) {
	if !ok {
		p.fail()
	}
}

// uvarint reads a number; nearly all take one byte. What is read most often looks for
// that byte itself, because a call more for each is a quarter of the time.
func (p *prover) uvarint() uint64 {
	if p.pos < len(p.in) && p.in[p.pos] < 0x80 {
		p.pos++
		return uint64(p.in[p.pos-1])
	}
	return p.longUvarint()
}

func (p *prover) longUvarint() uint64 {
	if p.pos+1 < len(p.in) && p.in[p.pos+1] < 0x80 {
		p.pos += 2
		return uint64(p.in[p.pos-2]&0x7F) | uint64(p.in[p.pos-1])<<7
	}
	v, n := binary.Uvarint(p.in[p.pos:])
	if n <= 0 {
		p.fail()
		return 0
	}
	p.pos += n
	return v
}

func (p *prover) unsigned(most uint64) uint64 {
	v := p.uvarint()
	if v > most {
		p.fail()
		return 0
	}
	return v
}

func (p *prover) signed(least, most int64) int64 {
	u := p.uvarint()
	v := int64(u>>1) ^ -int64(u&1)
	if v < least || v > most {
		p.fail()
		return 0
	}
	return v
}

func (p *prover) int32() int32 {
	if i := p.pos; i < len(p.in) && p.in[i] < 0x80 {
		p.pos = i + 1
		u := int32(p.in[i])
		return u>>1 ^ -(u & 1)
	}
	return int32(p.signed(math.MinInt32, math.MaxInt32))
}

// count is the length of a list: each of its elements takes at least a byte.
func (p *prover) count() int {
	if i := p.pos; i < len(p.in) && p.in[i] == 0 {
		p.pos = i + 1
		return 0
	}
	n := p.uvarint()
	if n > uint64(len(p.in)-p.pos) {
		p.fail()
		return 0
	}
	return int(n)
}

func (p *prover) flag() bool {
	if p.pos >= len(p.in) || p.in[p.pos] > 1 {
		p.fail()
		return false
	}
	p.pos++
	return p.in[p.pos-1] == 1
}

func (p *prover) text() uint64 {
	var ref uint64
	if i := p.pos; i < len(p.in) && p.in[i] < 0x80 {
		p.pos = i + 1
		ref = uint64(p.in[i])
	} else {
		ref = p.longUvarint()
	}
	if ref > p.texts {
		p.fail()
		return 0
	}
	return ref
}

func (p *prover) strings() int {
	n := p.count()
	for range n {
		p.text()
	}
	return n
}

// same tells whether two references are of equal texts. A file of ours has each text
// once; others need not.
func (p *prover) same(a, b uint64) bool {
	if a == b {
		return true
	}
	s, _ := p.strs.get(a)
	t, _ := p.strs.get(b)
	return s == t
}

// register is one of a local, which must exist.
func (p *prover) register() { p.check(p.unsigned(math.MaxUint16) < p.regs) }

func (p *prover) locals() int {
	n := p.count()
	for range n {
		p.text()
		p.register()
	}
	return n
}

// statement is one that a site or a line belongs to; how many there are is known later.
func (p *prover) statement(i int32) {
	p.check(i >= -1)
	p.farthest = max(p.farthest, i)
}

// imported compares what start-up is told with the sites.
func (p *prover) imported(list []byte) bool {
	p.in, p.pos = list, 0
	for _, ref := range p.imports {
		if announced := p.text(); p.bad || !p.same(ref, announced) {
			return false
		}
	}
	return p.pos == len(p.in)
}
