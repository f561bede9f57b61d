package value

import "math"

// Fold is what the numeric reductions make of numbers, all of them at once: that
// costs no more than one.
type Fold struct {
	N             int
	Sum, Min, Max float64
}

// Add takes one number.
func (a *Fold) Add(f float64) {
	if a.N++; a.N == 1 {
		a.Min, a.Max = f, f
	}
	a.Sum, a.Min, a.Max = a.Sum+f, min(a.Min, f), max(a.Max, f)
}

// Slots takes the numbers in one slot of the records at the beginning of list, as
// long as they have the shape and a number there, and returns how many elements it
// took. It calls nothing, so everything stays in registers: half the time of a loop
// around Add. What is left is reading the records from memory.
//
// Asking for the slot where BuildRecord puts it, beside the header, before the
// header has said so, was tried: no faster.
func (a *Fold) Slots(list []Value, shape *Shape, slot int) int {
	sum, lo, hi := a.Sum, a.Min, a.Max
	if a.N == 0 {
		lo, hi = math.Inf(1), math.Inf(-1)
	}
	i := 0
	for ; i < len(list); i++ {
		r := list[i].Record()
		if r == nil || r.shape != shape {
			break
		}
		f, ok := r.slots()[slot].Number()
		if !ok {
			break
		}
		sum += f
		if f < lo {
			lo = f
		}
		if f > hi {
			hi = f
		}
	}
	return a.took(i, sum, lo, hi)
}

func (a *Fold) took(n int, sum, lo, hi float64) int {
	if n > 0 {
		a.N, a.Sum, a.Min, a.Max = a.N+n, sum, lo, hi
	}
	return n
}

// Numbers takes numbers that were gathered by AppendNumbers.
func (a *Fold) Numbers(numbers []float64) {
	if len(numbers) == 0 {
		return
	}
	sum, lo, hi := a.Sum, a.Min, a.Max
	if a.N == 0 {
		lo, hi = math.Inf(1), math.Inf(-1)
	}
	for _, f := range numbers {
		sum += f
		if f < lo {
			lo = f
		}
		if f > hi {
			hi = f
		}
	}
	a.took(len(numbers), sum, lo, hi)
}

// AppendNumbers gathers what Slots would take.
func AppendNumbers(numbers []float64, list []Value, shape *Shape, slot int) []float64 {
	for i := range list {
		r := list[i].Record()
		if r == nil || r.shape != shape {
			break
		}
		f, ok := r.slots()[slot].Number()
		if !ok {
			break
		}
		numbers = append(numbers, f)
	}
	return numbers
}
