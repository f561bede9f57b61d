package bytecode

import "math"

// The tables of a chunk as a prover reads them, in the order of data.go, with what
// verify_tables.go demands of them.

func (p *prover) constant() ConstKind {
	kind := ConstKind(p.unsigned(math.MaxUint8))
	switch kind {
	case NullConst:
	case BoolConst:
		p.flag()
	case IntConst:
		p.uvarint()
	case FloatConst:
		p.check(len(p.in)-p.pos >= 8)
		p.pos = min(p.pos+8, len(p.in))
	case StringConst:
		p.text()
	case RegexConst:
		p.text()
		p.text()
	case ListConst, MapConst:
		keys := -1
		if kind == MapConst {
			keys = p.strings()
		}
		p.depth++
		p.check(p.depth <= MaxConstDepth)
		n := p.count()
		p.check(keys < 0 || n == keys)
		for range n {
			if p.bad {
				break
			}
			p.constant()
		}
		p.depth--
	default:
		p.fail()
	}
	return kind
}

// shape has each key once.
func (p *prover) shape() {
	p.keys = p.keys[:0]
	for range p.count() {
		p.keys = append(p.keys, p.text())
	}
	p.shapes = append(p.shapes, len(p.keys))
	if len(p.keys) <= 16 {
		for i, key := range p.keys {
			for _, other := range p.keys[:i] {
				p.check(!p.same(key, other))
			}
		}
		return
	}
	seen := make(map[string]bool, len(p.keys))
	for _, ref := range p.keys {
		key, _ := p.strs.get(ref)
		p.check(!seen[key])
		seen[key] = true
	}
}

func (p *prover) site() {
	verb := p.text()
	result := p.noun()
	prep := p.text()
	object := p.noun()
	p.imports = append(p.imports, verb, result, prep, object)
	p.flag() // ObjectIsExpr
	p.flag() // MapLiteral
	p.flag() // Composed
	p.slots = p.slots[:0]
	for range p.count() {
		p.slots = append(p.slots, Slot(p.unsigned(uint64(NumSlots-1))))
	}
	p.args = append(p.args, len(p.slots))
	operands, row := run(p.slots, SlotWhere)
	p.check(row)
	filtered := p.flag()
	p.check(filtered || operands == 0)
	if filtered {
		p.where(operands)
	}
	for range p.count() { // Order
		p.strings()
		p.flag()
	}
	named, row := run(p.slots, SlotNamed)
	p.check(p.strings() == named && row)
	p.text() // Unit
	p.text() // Method
	p.text() // Aggregate
	p.text() // AggField
	p.text() // As
	extra := p.unsigned(math.MaxUint16)
	p.check(extra == NoReg || extra < p.regs)
	p.statement(p.int32())
	p.locals()
}

func (p *prover) noun() (base uint64) {
	base = p.text()
	p.strings()
	p.text() // Raw
	p.flag() // Quoted
	return base
}

// where is a filter whose site has the given number of operands.
func (p *prover) where(operands int) {
	kind := WhereKind(p.unsigned(uint64(WhereNot)))
	p.strings()
	op, _ := p.strs.get(p.text())
	p.flag() // Not
	arg := p.signed(math.MinInt64, math.MaxInt64)
	args := p.signed(math.MinInt64, math.MaxInt64)
	if kind == WhereCond {
		n, known := whereOps[op]
		p.check(known && (n < 0 || int64(n) == args))
		most := int64(operands)
		p.check(arg >= 0 && args >= 0 && arg <= most && args <= most-arg)
	}
	p.depth++
	p.check(p.depth <= MaxWhereDepth)
	for _, want := range [2]bool{kind != WhereCond, kind == WhereAnd || kind == WhereOr} {
		there := p.flag()
		p.check(there == want)
		if there && !p.bad {
			p.where(operands)
		}
	}
	p.depth--
}

func (p *prover) stmt() {
	p.text() // Verb
	p.text() // Result
	p.parts()
	p.text() // Prep
	p.text() // Object
	p.parts()
	p.parts()
	p.flag()    // Guard
	p.strings() // Trace
	p.locals()
	p.int32() // Line
	p.int32() // Col
}

func (p *prover) parts() {
	for range p.count() {
		p.text()
		p.text()
		p.strings()
		p.flag()
	}
}

func (p *prover) lines() {
	var pc, stmt int32
	for range p.count() {
		next := pc + p.int32()
		p.check(next >= pc && int(next) <= len(p.code))
		pc = next
		stmt += p.int32()
		p.statement(stmt)
		p.int32() // Line, as a difference
		p.int32() // Col
	}
}
