package vm

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm/value"
)

// number converts an operand of arithmetic (01 §6.4).
func number(v value.Value) (float64, error) {
	if f, ok := v.AsNumber(); ok {
		return f, nil
	}
	return 0, fmt.Errorf("Cannot convert %s to number", v.TypeName())
}

func numbers(a, b value.Value) (x, y float64, err error) {
	if x, err = number(a); err != nil {
		return
	}
	y, err = number(b)
	return
}

func bothInts(a, b value.Value) bool { return a.Kind() == value.Int && b.Kind() == value.Int }

// add adds exactly and falls back to floats on overflow; text that is no number
// is concatenated when at least one side is text.
//
//go:noinline
func add(a, b value.Value) (value.Value, error) {
	if bothInts(a, b) {
		x, y := a.Int(), b.Int()
		if s := x + y; (s > x) == (y > 0) {
			return value.OfInt(s), nil
		}
		return value.OfFloat(float64(x) + float64(y)), nil
	}
	x, y, err := numbers(a, b)
	if err != nil {
		if a.Kind() == value.String || b.Kind() == value.String {
			return concat([]value.Value{a, b})
		}
		return value.Value{}, err
	}
	return value.OfFloat(x + y), nil
}

// addConst is ADDK beside two Ints: with n=1 the source says minus, so text is an
// error and not joined.
//
//go:noinline
func addConst(a, k value.Value, n uint8) (value.Value, error) {
	if n != 1 {
		return add(a, k)
	}
	minus, err := neg(k)
	if err != nil {
		return value.Value{}, err
	}
	return sub(a, minus)
}

//go:noinline
func sub(a, b value.Value) (value.Value, error) {
	if bothInts(a, b) {
		x, y := a.Int(), b.Int()
		if s := x - y; (s < x) == (y > 0) {
			return value.OfInt(s), nil
		}
		return value.OfFloat(float64(x) - float64(y)), nil
	}
	x, y, err := numbers(a, b)
	return value.OfFloat(x - y), err
}

// maxText bounds what one expression may build, so that `"x" * 1000000000` is an
// error and not the end of the machine.
const maxText = 64 << 20

//go:noinline
func mul(a, b value.Value) (value.Value, error) {
	if bothInts(a, b) {
		x, y := a.Int(), b.Int()
		hi, lo := bits.Mul64(abs(x), abs(y))
		if hi == 0 && lo <= math.MaxInt64 {
			return value.OfInt(x * y), nil
		}
		return value.OfFloat(float64(x) * float64(y)), nil
	}
	if a.Kind() == value.String && b.IsNumber() {
		return repeat(a.Str(), b)
	}
	if b.Kind() == value.String && a.IsNumber() {
		return repeat(b.Str(), a)
	}
	x, y, err := numbers(a, b)
	return value.OfFloat(x * y), err
}

func abs(x int64) uint64 {
	if x < 0 {
		return uint64(-x)
	}
	return uint64(x)
}

func repeat(s string, times value.Value) (value.Value, error) {
	f, _ := times.Number()
	if !(f > 0) || s == "" {
		return value.OfString(""), nil
	}
	if f*float64(len(s)) > maxText {
		return value.Value{}, errors.New("the text would be longer than 64 MiB")
	}
	return value.OfString(strings.Repeat(s, int(f))), nil
}

var errZero = errors.New("Division by zero")

//go:noinline
func div(a, b value.Value) (value.Value, error) {
	if bothInts(a, b) {
		x, y := a.Int(), b.Int()
		if y == 0 {
			return value.Value{}, errZero
		}
		if x == math.MinInt64 && y == -1 {
			return value.OfFloat(-float64(x)), nil
		}
		return value.OfInt(x / y), nil
	}
	x, y, err := numbers(a, b)
	return value.OfFloat(x / y), err
}

//go:noinline
func mod(a, b value.Value) (value.Value, error) {
	if !bothInts(a, b) {
		if a.Kind() == value.Int {
			a = b
		}
		return value.Value{}, fmt.Errorf("Type mismatch: %% needs Integers, got '%s'", a.TypeName())
	}
	if b.Int() == 0 {
		return value.Value{}, errZero
	}
	if b.Int() == -1 {
		return value.OfInt(0), nil
	}
	return value.OfInt(a.Int() % b.Int()), nil
}

//go:noinline
func neg(a value.Value) (value.Value, error) {
	switch a.Kind() {
	case value.Int:
		if a.Int() == math.MinInt64 {
			return value.OfFloat(-float64(a.Int())), nil
		}
		return value.OfInt(-a.Int()), nil
	case value.Float:
		return value.OfFloat(-a.Float()), nil
	}
	return value.Value{}, fmt.Errorf("Cannot convert %s to number", a.TypeName())
}

// lessOp and greaterOp are the comparisons of JLT and JGE by their flag.
func lessOp(n uint8) bytecode.Op {
	if n == 1 {
		return bytecode.LE
	}
	return bytecode.LT
}

func greaterOp(n uint8) bytecode.Op {
	if n == 1 {
		return bytecode.GT
	}
	return bytecode.GE
}

// ordered answers < <= > >=; values without an order are an error.
//
//go:noinline
func ordered(op bytecode.Op, a, b value.Value) (bool, error) {
	c, ok := value.Compare(a, b)
	if !ok {
		return false, fmt.Errorf("Cannot compare %s with %s", a.TypeName(), b.TypeName())
	}
	if c == value.Unordered {
		return false, nil
	}
	switch op {
	case bytecode.LT:
		return c < 0, nil
	case bytecode.LE:
		return c <= 0, nil
	case bytecode.GT:
		return c > 0, nil
	}
	return c >= 0, nil
}

// concat joins the text forms, with one allocation for the result.
//
//go:noinline
func concat(vs []value.Value) (value.Value, error) {
	if len(vs) == 1 && vs[0].Kind() == value.String {
		return value.OfString(vs[0].Str()), nil
	}
	n, texts := 0, true
	for i := range vs {
		if vs[i].Kind() != value.String {
			texts = false
			break
		}
		n += vs[i].Len()
	}
	if texts {
		if n > maxText {
			return value.Value{}, errors.New("the text would be longer than 64 MiB")
		}
		var b strings.Builder
		b.Grow(n)
		for i := range vs {
			b.WriteString(vs[i].Str())
		}
		return value.OfString(b.String()), nil
	}
	var room [256]byte
	buf := room[:0]
	for i := range vs {
		buf = vs[i].AppendText(buf)
	}
	if len(buf) > maxText {
		return value.Value{}, errors.New("the text would be longer than 64 MiB")
	}
	return value.OfString(string(buf)), nil
}

// bounds prepares the bounds of a range loop: integers, truncated floats, integer
// text.
//
//go:noinline
func bounds(lo, hi *value.Value) error {
	for _, v := range []*value.Value{lo, hi} {
		switch v.Kind() {
		case value.Int:
		case value.Float:
			*v = value.OfInt(int64(v.Float()))
		default:
			f, ok := v.AsNumber()
			if !ok || f != math.Trunc(f) {
				return fmt.Errorf("A loop bound must be a whole number, got %s", v.TypeName())
			}
			*v = value.OfInt(int64(f))
		}
	}
	return nil
}

// elements turns a loop's collection into a list: null has no elements, what is
// no list is one element (01 §4.2).
//
//go:noinline
func elements(v value.Value) value.Value {
	switch v.Kind() {
	case value.List:
		return v
	case value.Unbound, value.Null:
		return value.OfList(nil)
	case value.Opaque:
		if l, ok := v.Object().(interface{ Elements() value.Value }); ok {
			return l.Elements()
		}
	}
	return value.OfList([]value.Value{v})
}
