package bytecode

import (
	"encoding/binary"
	"fmt"
	"math"
)

// codec walks program data in one fixed order and either writes it or reads it.
// One function per data type serves both directions (see data.go), so a field
// cannot be written in one place and forgotten in the other.
//
// Reading never panics: every primitive checks what is left, the first problem
// is kept in err, and from then on every read yields zero.
type codec struct {
	writing bool

	out  []byte         // writing
	pool *stringBuilder // writing

	in    []byte // reading
	pos   int
	base  int // offset of in[0] in the file, for error texts
	strs  *stringTable
	depth int
	err   error

	slabs slabs
}

// slabs hand out the many tiny slices of sites and statements from larger
// blocks, which saves most of the allocations.
type slabs struct {
	strings []string
	slots   []Slot
	locals  []Local
	parts   []Part
}

const slabSize = 128

// carve returns n zero elements, cut from the slab when they are few. The result
// has no spare capacity: appending to it copies.
func carve[T any](slab *[]T, n int) []T {
	if n > slabSize/4 {
		return make([]T, n)
	}
	if n > len(*slab) {
		*slab = make([]T, slabSize)
	}
	s := (*slab)[:n:n]
	*slab = (*slab)[n:]
	return s
}

// fail keeps the first error and makes everything that follows read as empty.
func (c *codec) fail(format string, args ...any) {
	if c.err == nil && !c.writing {
		c.err = &FormatError{Offset: c.base + c.pos, Problem: fmt.Sprintf(format, args...)}
	}
	c.pos = len(c.in)
}

func (c *codec) left() int { return len(c.in) - c.pos }

// done makes unread bytes an error.
func (c *codec) done() {
	if c.err == nil && c.left() > 0 {
		c.fail("%d bytes left over", c.left())
	}
}

// readUvarint has a short way for the one and two byte numbers that nearly all
// operands and string references are.
func (c *codec) readUvarint() uint64 {
	if p := c.pos; p < len(c.in) {
		lo := c.in[p]
		if lo < 0x80 {
			c.pos = p + 1
			return uint64(lo)
		}
		if p+1 < len(c.in) {
			if hi := c.in[p+1]; hi < 0x80 {
				c.pos = p + 2
				return uint64(lo&0x7F) | uint64(hi)<<7
			}
		}
	}
	return c.longUvarint()
}

func (c *codec) longUvarint() uint64 {
	v, n := binary.Uvarint(c.in[c.pos:])
	if n <= 0 {
		c.fail("number cut off or too long")
		return 0
	}
	c.pos += n
	return v
}

// unsigned is a number stored as a varint. One that does not fit T is an error.
func unsigned[T ~uint8 | ~uint16 | ~uint32](c *codec, x *T) {
	if c.writing {
		c.out = binary.AppendUvarint(c.out, uint64(*x))
		return
	}
	v := c.readUvarint()
	if uint64(T(v)) != v {
		c.fail("number %d out of range", v)
		return
	}
	*x = T(v)
}

// signed is a number stored as a zigzag varint.
func signed[T ~int | ~int32 | ~int64](c *codec, x *T) {
	if c.writing {
		c.out = binary.AppendVarint(c.out, int64(*x))
		return
	}
	u := c.readUvarint()
	v := int64(u>>1) ^ -int64(u&1)
	if int64(T(v)) != v {
		c.fail("number %d out of range", v)
		return
	}
	*x = T(v)
}

func (c *codec) flag(x *bool) {
	if c.writing {
		var b byte
		if *x {
			b = 1
		}
		c.out = append(c.out, b)
		return
	}
	if c.left() < 1 || c.in[c.pos] > 1 {
		c.fail("not a flag")
		return
	}
	*x = c.in[c.pos] == 1
	c.pos++
}

func (c *codec) float(x *float64) {
	if c.writing {
		c.out = binary.LittleEndian.AppendUint64(c.out, math.Float64bits(*x))
		return
	}
	if c.left() < 8 {
		c.fail("number cut off")
		return
	}
	*x = math.Float64frombits(binary.LittleEndian.Uint64(c.in[c.pos:]))
	c.pos += 8
}

// size is a byte length, checked against what is left of in by the caller or,
// for lists, by count.
func (c *codec) size(x *int) {
	if c.writing {
		c.out = binary.AppendUvarint(c.out, uint64(*x))
		return
	}
	v := c.readUvarint()
	if v > math.MaxInt {
		c.fail("length %d out of range", v)
		return
	}
	*x = int(v)
}

// count is the length of a list. Every element takes at least a byte, so a count
// beyond what is left is refused before anything is allocated for it.
func (c *codec) count(n int) int {
	c.size(&n)
	if !c.writing && n > c.left() {
		c.fail("list of %d elements in %d bytes", n, c.left())
		return 0
	}
	return n
}

// str is a reference into the string table; the text itself is aliased.
func (c *codec) str(x *string) {
	if c.writing {
		c.out = binary.AppendUvarint(c.out, c.pool.ref(*x))
		return
	}
	if s, ok := c.strs.get(c.readUvarint()); ok {
		*x = s
	} else {
		c.fail("no such string")
	}
}

// list reads or writes a slice. An empty slice is read back as nil. Reading
// allocates for at most 1,024 elements that have not been seen yet.
func list[T any](c *codec, x *[]T, each func(*codec, *T)) {
	n := c.count(len(*x))
	if c.writing {
		for i := range *x {
			each(c, &(*x)[i])
		}
		return
	}
	if n == 0 {
		return
	}
	s := make([]T, min(n, trusted))
	for i := 0; c.err == nil; i++ {
		if i == n {
			*x = s
			return
		}
		if i == len(s) {
			s = append(s, make([]T, min(n-i, len(s)))...)
		}
		each(c, &s[i])
	}
}

// trusted is the number of elements that are allocated before they are seen.
const trusted = 1024

// small is list for the slices that sites and statements have many of.
func small[T any](c *codec, x *[]T, slab *[]T, each func(*codec, *T)) {
	start := c.pos
	n := c.count(len(*x))
	if !c.writing {
		if n == 0 {
			return
		}
		if n > trusted {
			c.pos = start
			list(c, x, each)
			return
		}
		*x = carve(slab, n)
	}
	s := *x
	for i := range s {
		each(c, &s[i])
	}
}

// nested runs f one level deeper; beyond limit levels the input is refused, so
// that recursion is bounded.
func (c *codec) nested(limit int, f func()) {
	if c.depth++; c.depth > limit && !c.writing {
		c.fail("nested deeper than %d", limit)
	} else {
		f()
	}
	c.depth--
}
