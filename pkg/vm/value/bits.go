package value

import "math"

func floatBits(f float64) uint64 { return math.Float64bits(f) }
func floatFrom(n uint64) float64 { return math.Float64frombits(n) }

// Number returns v as a float when it is an Int or a Float.
func (v Value) Number() (float64, bool) {
	switch v.Kind() {
	case Int:
		return float64(int64(v.num)), true
	case Float:
		return math.Float64frombits(v.num), true
	}
	return 0, false
}

// IsNumber reports whether v is an Int or a Float.
func (v Value) IsNumber() bool { return v.Kind() == Int || v.Kind() == Float }
