package vm

import (
	"math"

	"aro/pkg/bytecode"
	"aro/pkg/vm/value"
)

// loop is the machine. The dense switch becomes one jump table (a test asserts
// it); code, r and pc are locals, and pc is written back before whatever can
// fail, call out or suspend. Cases hold only the common path: the rest sits in
// small methods that are not inlined.
//
// Measured dead ends: one closure per instruction and a table of functions cost
// two to three times the switch and cannot be suspended (see DESIGN.md).
func (co *Coroutine) loop() State {
	var (
		code = co.code
		ins  = code.ins
		r    = co.regs
		pc   = co.pc
		fuel = co.fuel
		err  error
	)
	for {
		i := &ins[pc]
		pc++
		switch i.Op {
		case bytecode.MOVE:
			r[i.A] = r[i.B]
		case bytecode.CONST:
			r[i.A] = code.consts[i.B]
		case bytecode.UNSET:
			for j := range r[i.A : int(i.A)+int(i.B)] {
				r[int(i.A)+j].Unset()
			}

		case bytecode.ENV:
			co.pc = pc
			if r[i.A], err = co.env(i.B, i.N); err != nil {
				goto fail
			}
		case bytecode.ENVQ:
			co.pc = pc
			if r[i.A], err = co.envQuiet(i.B, i.N); err != nil {
				goto fail
			}
		case bytecode.NAME:
			if r[i.B].IsBound() {
				r[i.A] = r[i.B]
				continue
			}
			co.pc = pc
			if r[i.A], err = co.env(i.C, i.N); err != nil {
				goto fail
			}
		case bytecode.NAMEQ:
			if r[i.B].IsBound() {
				r[i.A] = r[i.B]
				continue
			}
			co.pc = pc
			if r[i.A], err = co.envQuiet(i.C, i.N); err != nil {
				goto fail
			}
		case bytecode.EXPORT:
			if e, ok := co.Env.(Exporter); ok {
				e.Export(code.Chunk.Names[i.B], r[i.A])
			}

		case bytecode.GET:
			f := &code.fields[i.C]
			if rec := r[i.B].Record(); rec != nil && len(f.path) == 1 {
				if c := f.cache.Load(); c != nil && c.shape == rec.Shape() {
					r[i.A] = rec.Slot(c.slot)
					continue
				}
			}
			if r[i.A], err = f.get(r[i.B]); err != nil {
				co.pc = pc
				goto fail
			}
		case bytecode.GETQ:
			r[i.A] = code.fields[i.C].getQuiet(r[i.B])
		case bytecode.EXTRACT:
			f := &code.fields[i.C]
			if rec := r[i.B].Record(); rec != nil && len(f.path) == 1 {
				if c := f.cache.Load(); c != nil && c.shape == rec.Shape() {
					r[i.A] = rec.Slot(c.slot)
					continue
				}
			}
			if r[i.A], err = f.extract(r[i.B]); err != nil {
				co.pc = pc
				goto fail
			}
		case bytecode.VALUE:
			r[i.A] = readText(r[i.B])
		case bytecode.INDEX:
			if r[i.A], err = index(r[i.B], r[i.C]); err != nil {
				co.pc = pc
				goto fail
			}

		case bytecode.OBJ:
			s := code.shapes[i.B]
			r[i.A] = value.OfRecord(value.BuildRecord(s, r[i.C:int(i.C)+s.Len()]))
		case bytecode.LIST:
			r[i.A] = value.OfList(append([]value.Value(nil), r[i.B:int(i.B)+int(i.C)]...))
		case bytecode.CAT:
			b, c := r[i.B].List(), r[i.C].List()
			r[i.A] = value.OfList(append(b[:len(b):len(b)], c...))
		case bytecode.CONCAT:
			if r[i.A], err = concat(r[i.B : int(i.B)+int(i.C)]); err != nil {
				co.pc = pc
				goto fail
			}

		case bytecode.ADD:
			b, c := &r[i.B], &r[i.C]
			if b.Kind() == value.Int && c.Kind() == value.Int {
				x, y := b.Int(), c.Int()
				if s := x + y; (s > x) == (y > 0) {
					r[i.A].SetInt(s)
					continue
				}
			}
			if r[i.A], err = add(*b, *c); err != nil {
				co.pc = pc
				goto fail
			}
		case bytecode.ADDK:
			b, c := &r[i.B], &code.consts[i.C]
			if b.Kind() == value.Int && c.Kind() == value.Int {
				x, y := b.Int(), c.Int()
				if s := x + y; (s > x) == (y > 0) {
					r[i.A].SetInt(s)
					continue
				}
			}
			if r[i.A], err = addConst(*b, *c, i.N); err != nil {
				co.pc = pc
				goto fail
			}
		case bytecode.SUB:
			b, c := &r[i.B], &r[i.C]
			if b.Kind() == value.Int && c.Kind() == value.Int {
				x, y := b.Int(), c.Int()
				if s := x - y; (s < x) == (y > 0) {
					r[i.A].SetInt(s)
					continue
				}
			}
			if r[i.A], err = sub(*b, *c); err != nil {
				co.pc = pc
				goto fail
			}
		case bytecode.MUL:
			b, c := &r[i.B], &r[i.C]
			if b.Kind() == value.Int && c.Kind() == value.Int {
				x, y := b.Int(), c.Int()
				if x|y >= 0 && x|y <= math.MaxInt32 {
					r[i.A].SetInt(x * y)
					continue
				}
			}
			if r[i.A], err = mul(*b, *c); err != nil {
				co.pc = pc
				goto fail
			}
		case bytecode.DIV:
			if r[i.A], err = div(r[i.B], r[i.C]); err != nil {
				co.pc = pc
				goto fail
			}
		case bytecode.MOD:
			if r[i.A], err = mod(r[i.B], r[i.C]); err != nil {
				co.pc = pc
				goto fail
			}
		case bytecode.NEG:
			if r[i.A], err = neg(r[i.B]); err != nil {
				co.pc = pc
				goto fail
			}
		case bytecode.NOT:
			r[i.A].SetBool(!r[i.B].Truthy())
		case bytecode.TRUTH:
			r[i.A].SetBool(r[i.B].Truthy())

		case bytecode.EQ:
			r[i.A].SetBool(value.Equal(r[i.B], r[i.C]))
		case bytecode.NE:
			r[i.A].SetBool(!value.Equal(r[i.B], r[i.C]))
		case bytecode.LT, bytecode.LE, bytecode.GT, bytecode.GE:
			var t bool
			if t, err = ordered(i.Op, r[i.B], r[i.C]); err != nil {
				co.pc = pc
				goto fail
			}
			r[i.A].SetBool(t)
		case bytecode.CONTAINS:
			r[i.A].SetBool(value.Contains(r[i.B], r[i.C]))
		case bytecode.MATCHES:
			var t bool
			if t, err = matches(r[i.B], r[i.C]); err != nil {
				co.pc = pc
				goto fail
			}
			r[i.A].SetBool(t)
		case bytecode.TEST:
			r[i.A].SetBool(Test(r[i.B], bytecode.Test(i.C)) != (i.N == 1))
		case bytecode.SHARED:
			if r[i.B].Kind() == value.Bool {
				r[i.A] = r[i.B]
				pc = int(i.C)
			}

		case bytecode.JMP, bytecode.FORK:
			pc = int(i.C)
		case bytecode.LOOP:
			if fuel--; fuel <= 0 {
				co.pc = pc // of the loop's end: its head may stand right behind a guard
				if err = co.charge(); err != nil {
					goto fail
				}
				fuel = co.fuel
			}
			pc = int(i.C)
		case bytecode.JT:
			if r[i.A].Truthy() {
				pc = int(i.C)
			}
		case bytecode.JF:
			if !r[i.A].Truthy() {
				pc = int(i.C)
			}
		case bytecode.JLT:
			a, b := &r[i.A], &r[i.B]
			if a.Kind() == value.Int && b.Kind() == value.Int {
				if x, y := a.Int(), b.Int(); !(x < y || i.N == 1 && x == y) {
					pc = int(i.C)
				}
				continue
			}
			var t bool
			if t, err = ordered(lessOp(i.N), *a, *b); err != nil {
				co.pc = pc
				goto fail
			}
			if !t {
				pc = int(i.C)
			}
		case bytecode.JLTK:
			a, b := &r[i.A], &code.consts[i.B]
			if a.Kind() == value.Int && b.Kind() == value.Int {
				if x, y := a.Int(), b.Int(); !(x < y || i.N == 1 && x == y) {
					pc = int(i.C)
				}
				continue
			}
			var t bool
			if t, err = ordered(lessOp(i.N), *a, *b); err != nil {
				co.pc = pc
				goto fail
			}
			if !t {
				pc = int(i.C)
			}
		case bytecode.JGEK:
			a, b := &r[i.A], &code.consts[i.B]
			if a.Kind() == value.Int && b.Kind() == value.Int {
				if x, y := a.Int(), b.Int(); !(x > y || i.N == 0 && x == y) {
					pc = int(i.C)
				}
				continue
			}
			var t bool
			if t, err = ordered(greaterOp(i.N), *a, *b); err != nil {
				co.pc = pc
				goto fail
			}
			if !t {
				pc = int(i.C)
			}
		case bytecode.JEQK:
			if value.Equal(r[i.A], code.consts[i.B]) == (i.N == 1) {
				pc = int(i.C)
			}
		case bytecode.JGE:
			a, b := &r[i.A], &r[i.B]
			if a.Kind() == value.Int && b.Kind() == value.Int {
				if x, y := a.Int(), b.Int(); !(x > y || i.N == 0 && x == y) {
					pc = int(i.C)
				}
				continue
			}
			var t bool
			if t, err = ordered(greaterOp(i.N), *a, *b); err != nil {
				co.pc = pc
				goto fail
			}
			if !t {
				pc = int(i.C)
			}
		case bytecode.MATCHK:
			var t bool
			if t, err = matchConst(r[i.A], code.consts[i.B]); err != nil {
				co.pc = pc
				goto fail
			}
			if !t {
				pc = int(i.C)
			}
		case bytecode.MATCHV:
			if b := r[i.B]; !b.IsBound() || !value.Equal(r[i.A], b) {
				pc = int(i.C)
			}
		case bytecode.MATCHR:
			if !inRange(r[i.A], code.consts[i.B], code.consts[i.B+1]) {
				pc = int(i.C)
			}

		case bytecode.RANGE:
			if err = bounds(&r[i.A], &r[i.A+1]); err != nil {
				co.pc = pc
				goto fail
			}
			if r[i.A].Int() >= r[i.A+1].Int() {
				pc = int(i.C)
			}
		case bytecode.STEP:
			n := r[i.A].Int() + 1
			if n >= r[i.A+1].Int() {
				continue
			}
			r[i.A].SetInt(n)
			r[i.B].SetInt(n)
			if fuel--; fuel <= 0 {
				co.pc = pc
				if err = co.charge(); err != nil {
					goto fail
				}
				fuel = co.fuel
			}
			pc = int(i.C)
		case bytecode.ITER:
			r[i.A] = elements(r[i.B])
			r[i.A+1].SetInt(-1)
		case bytecode.NEXT:
			n := int(r[i.A+1].Int()) + 1
			list := r[i.A].List()
			if uint(n) >= uint(len(list)) {
				pc = int(i.C)
				continue
			}
			r[i.A+1].SetInt(int64(n))
			r[i.B] = list[n]

		case bytecode.ACT:
			s := &code.Sites[i.B]
			co.pc = pc
			if fuel--; fuel <= 0 {
				if err = co.charge(); err != nil {
					goto fail
				}
				fuel = co.fuel
			}
			co.call.Site = s
			co.call.args = r[i.C : int(i.C)+int(s.nargs)]
			var v value.Value
			v, err = s.Do(&co.call)
			if err != nil {
				if err == errSuspend {
					co.fuel = fuel
					co.state = Blocked
					return Blocked
				}
				goto fail
			}
			if i.A != bytecode.NoReg {
				r[i.A] = v
			}

		case bytecode.SKIP:
			if !r[i.A].Truthy() || i.N == 1 && r[i.A].Kind() != value.Bool && r[i.A].Kind() != value.Int {
				co.call.Site = nil
				co.state = Skipped
				return Skipped
			}
		case bytecode.TEXT:
			co.Out = append(co.Out, code.consts[i.B].Str()...)
			if len(co.Out) > maxOut {
				err = ErrTooMuchText
				co.pc = pc
				goto fail
			}
		case bytecode.PRINT:
			if err = co.print(r[i.A], i.N); err != nil {
				co.pc = pc
				goto fail
			}
		case bytecode.COVER:
			code.reached[pc-1].Store(true)
		case bytecode.END:
			co.pc = pc
			co.call.Site = nil
			co.state = Done
			return Done
		}
	}
fail:
	co.fuel = fuel
	return co.failAt(co.pc-1, err)
}
