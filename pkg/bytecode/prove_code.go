package bytecode

import "math"

// instructions reads the code; it is checked when the tables are known.
func (p *prover) instructions() {
	n := p.count()
	if n > cap(p.code) {
		p.code = make([]Ins, n)
	}
	p.code = p.code[:n]
	for i := range p.code {
		if p.pos >= len(p.in) || p.in[p.pos] >= byte(NumOps) {
			p.fail()
			return
		}
		op := p.in[p.pos]
		p.pos++
		ins := Ins{Op: Op(op)}
		has := stored[op]
		if has&hasA != 0 {
			ins.A = uint16(p.unsigned(math.MaxUint16))
		}
		if has&hasB != 0 {
			ins.B = uint16(p.unsigned(math.MaxUint16))
		}
		if has&hasC != 0 {
			ins.C = uint16(p.unsigned(math.MaxUint16))
		}
		if has&hasN != 0 {
			if p.pos >= len(p.in) {
				p.fail()
				return
			}
			ins.N = p.in[p.pos]
			p.pos++
		}
		p.code[i] = ins
	}
}

// sound is what verifier.code and eachWindow demand, without a word of why not.
func (p *prover) sound() bool {
	code := p.code
	if len(code) == 0 || p.guardEnd < 0 || p.guardEnd >= int64(len(code)) || !code[len(code)-1].Op.Info().Ends {
		return false
	}
	regs := int(p.regs)
	for pc := range code {
		ins := &code[pc]
		kinds := &operandKinds[ins.Op]
		values := [4]int{int(ins.A), int(ins.B), int(ins.C), int(ins.N)}
		for i, kind := range kinds {
			x := values[i]
			ok := true
			switch kind {
			case None, Flags: // what is not stored is zero
			case Reg:
				ok = x < regs || i+1 < len(kinds) && kinds[i+1] == Count // else the window comes with its size
			case OptReg:
				ok = x < regs || x == NoReg
			case RegPair:
				ok = x+2 <= regs
			case Count:
				ok = values[i-1]+x <= regs
			case ShapeBase:
				s := values[i-1]
				ok = kinds[i-1] == Shape_ && s < len(p.shapes) && x+p.shapes[s] <= regs
			case SiteBase:
				s := values[i-1]
				ok = kinds[i-1] == Site_ && s < len(p.args) && x+p.args[s] <= regs
			case Const_:
				ok = p.constAt(ins.Op, x)
			case Const2:
				ok = p.constAt(ins.Op, x) && p.constAt(ins.Op, x+1)
			case Name_:
				ok = x < p.names
			case Field_:
				ok = x < p.fields
			case Shape_:
				ok = x < len(p.shapes)
			case Site_:
				ok = x < len(p.args)
			case Jump:
				ok = p.jump(ins.Op.Info(), pc, x)
			case TestCode:
				ok = x < int(NumTests)
			}
			if !ok {
				return false
			}
		}
	}
	return true
}

func (p *prover) constAt(op Op, i int) bool {
	if i >= len(p.consts) {
		return false
	}
	switch op { // as in constKinds
	case TEXT:
		return p.consts[i] == StringConst
	case MATCHR:
		return p.consts[i] == IntConst || p.consts[i] == FloatConst
	}
	return true
}

// jump: see verifier.jump.
func (p *prover) jump(info *OpInfo, pc, target int) bool {
	switch {
	case target >= len(p.code):
		return false
	case !info.Suspends:
		return target > pc
	case target > pc:
		return false
	}
	return int64(target) >= p.guardEnd || int64(pc) < p.guardEnd
}
