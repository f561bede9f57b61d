// Package value holds what ARO programs compute with: values, records, shapes,
// and their text, display and JSON forms.
//
// It is the leaf that vm, store, host and net share and imports nothing of ours.
// Values are immutable; any number of goroutines may read the same one.
package value

import (
	"time"
	"unsafe"
)

// Kind says what a Value holds.
type Kind uint8

// The kinds. Unbound is the zero Value: a name without a binding, distinct from
// null, so that a cleared frame is a frame in which nothing is bound.
const (
	Unbound Kind = iota
	Null
	Bool
	Int
	Float
	String
	List
	Map
	Date
	Bytes
	Opaque
)

// Value is 24 bytes: a head with the kind, a scalar word and a pointer. Its layout
// is known to this file only. The head is one word and not four small fields: the
// compiler keeps structs of up to four fields in registers, and copies larger ones
// through memory at every method call, which tripled the time of tight loops.
//
//	kind    num                   aux            ext              ptr
//	Bool    0 or 1
//	Int     the integer
//	Float   its bits
//	String  length                               content type*    bytes
//	                                                              (flags: see Written)
//	List    length                                                first element
//	Map                                                           *Record
//	                                                              (flag: see Lenient)
//	Date    Unix seconds          nanoseconds                     *time.Location, nil for UTC
//	Bytes   length                                                bytes
//	Opaque                                                        *Object
//
// * set on text that a template rendered: such text counts as safe markup and
// remembers the file extension of its template (see Markup).
//
// Copying a Value never allocates. A String aliases the Go string it was made
// from; a List aliases its slice, which must not be written to afterwards.
type Value struct {
	head head
	num  uint64
	ptr  unsafe.Pointer
}

// head is kind, flag, ext and aux from the lowest byte up: 8, 8, 16 and 32 bits.
type head uint64

func (h head) kind() Kind  { return Kind(h) }
func (h head) flag() uint8 { return uint8(h >> 8) }
func (h head) ext() uint16 { return uint16(h >> 16) }
func (h head) aux() uint32 { return uint32(h >> 32) }

// Nil is ARO's null.
var Nil = Value{head: head(Null)}

// True and False are the booleans.
var (
	True  = Value{head: head(Bool), num: 1}
	False = Value{head: head(Bool)}
)

// OfBool returns True or False.
func OfBool(b bool) Value {
	if b {
		return True
	}
	return False
}

// OfInt returns an Int.
func OfInt(i int64) Value { return Value{head: head(Int), num: uint64(i)} }

// OfFloat returns a Float.
func OfFloat(f float64) Value { return Value{head: head(Float), num: floatBits(f)} }

// OfString returns a String that aliases s.
func OfString(s string) Value {
	return Value{head: head(String), num: uint64(len(s)), ptr: unsafe.Pointer(unsafe.StringData(s))}
}

// OfBytes returns a Bytes value that aliases b; the caller must not change b.
func OfBytes(b []byte) Value {
	return Value{head: head(Bytes), num: uint64(len(b)), ptr: unsafe.Pointer(unsafe.SliceData(b))}
}

// OfList returns a List that aliases items; the caller must not change them.
func OfList(items []Value) Value {
	return Value{head: head(List), num: uint64(len(items)), ptr: unsafe.Pointer(unsafe.SliceData(items))}
}

// OfRecord returns a Map.
func OfRecord(r *Record) Value { return Value{head: head(Map), ptr: unsafe.Pointer(r)} }

// OfTime returns a Date. A nil or UTC location displays as UTC.
func OfTime(t time.Time) Value {
	v := Value{head: head(Date) | head(t.Nanosecond())<<32, num: uint64(t.Unix())}
	if loc := t.Location(); loc != time.UTC {
		v.ptr = unsafe.Pointer(loc)
	}
	return v
}

// OfObject wraps a host object.
func OfObject(o Object) Value {
	return Value{head: head(Opaque), ptr: unsafe.Pointer(&o)}
}

// Kind returns the kind.
func (v Value) Kind() Kind { return v.head.kind() }

// IsBound reports whether v is a value at all.
func (v Value) IsBound() bool { return v.Kind() != Unbound }

// Bool returns a Bool's truth; false for other kinds.
func (v Value) Bool() bool { return v.Kind() == Bool && v.num != 0 }

// Int returns an Int's number; meaningless for other kinds.
func (v Value) Int() int64 { return int64(v.num) }

// Float returns a Float's number; meaningless for other kinds.
func (v Value) Float() float64 { return floatFrom(v.num) }

// Str returns a String's text, "" for other kinds. It does not copy.
func (v Value) Str() string {
	if v.Kind() != String {
		return ""
	}
	return unsafe.String((*byte)(v.ptr), int(v.num))
}

// Bytes returns a Bytes value's content, nil for other kinds; read only.
func (v Value) Bytes() []byte {
	if v.Kind() != Bytes {
		return nil
	}
	return unsafe.Slice((*byte)(v.ptr), int(v.num))
}

// List returns a List's elements, nil for other kinds; read only.
func (v Value) List() []Value {
	if v.Kind() != List {
		return nil
	}
	return unsafe.Slice((*Value)(v.ptr), int(v.num))
}

// Len returns the length of a String or Bytes in bytes, of a List in elements.
func (v Value) Len() int { return int(v.num) }

// Record returns a Map's record, nil for other kinds.
func (v Value) Record() *Record {
	if v.Kind() != Map {
		return nil
	}
	return (*Record)(v.ptr)
}

// Object returns an Opaque value's object, nil for other kinds.
func (v Value) Object() Object {
	if v.Kind() != Opaque {
		return nil
	}
	return *(*Object)(v.ptr)
}

// Time returns a Date's instant in its display zone; the zero time for other
// kinds.
func (v Value) Time() time.Time {
	if v.Kind() != Date {
		return time.Time{}
	}
	t := time.Unix(int64(v.num), int64(v.head.aux()))
	if v.ptr != nil {
		return t.In((*time.Location)(v.ptr))
	}
	return t.UTC()
}

// Content says which markup a rendered text is, so that HTTP can choose the
// content type and templates know that it is safe. Zero is ordinary text.
type Content uint16

// Markup marks text as rendered from a template with the given content.
func (v Value) Markup(c Content) Value {
	if v.Kind() == String {
		v.head = v.head&^(0xffff<<16) | head(c)<<16
	}
	return v
}

// Content returns what Markup set, zero otherwise.
func (v Value) Content() Content {
	if v.Kind() != String {
		return 0
	}
	return Content(v.head.ext())
}

// lenient marks a Map whose missing keys read as null: what Parse made of text
// from outside, which programs test with `is empty` instead of failing.
const lenient = 1

// Lenient reports whether missing keys of a Map read as null.
func (v Value) Lenient() bool { return v.Kind() == Map && v.head.flag()&lenient != 0 }

// LenientOf returns a Map that is Lenient.
func LenientOf(r *Record) Value { return OfRecord(r).withFlag(lenient) }

// Flags of a String: what is known of where it comes from.
const (
	written = 1 << iota
	styled
	givenLines
)

// Written marks a String as the program's own: a constant of it, or a text that Log
// prints with the lines it is written with. What is made of it by any operation is not.
func (v Value) Written() Value { return v.withFlag(v.head.flag() | written) }

// IsWritten reports whether Written marked v.
func (v Value) IsWritten() bool { return v.Kind() == String && v.head.flag()&written != 0 }

// Styled marks a String whose codes for terminals a filter of a template has written.
func (v Value) Styled() Value { return v.withFlag(v.head.flag() | styled) }

// IsStyled reports whether Styled marked v.
func (v Value) IsStyled() bool { return v.Kind() == String && v.head.flag()&styled != 0 }

// GivenLines marks a String that a template rendered with values that have line ends.
func (v Value) GivenLines() Value { return v.withFlag(v.head.flag() | givenLines) }

// HasGivenLines reports whether GivenLines marked v.
func (v Value) HasGivenLines() bool { return v.Kind() == String && v.head.flag()&givenLines != 0 }

// withFlag returns v with its flag set.
func (v Value) withFlag(f uint8) Value {
	v.head = v.head&^(0xff<<8) | head(f)<<8
	return v
}

// same reports whether two values are the same words: a fast positive answer to
// equality, never a negative one. NaN is excluded by the callers.
func (v Value) same(w Value) bool {
	return v.Kind() == w.Kind() && v.num == w.num && v.ptr == w.ptr && v.head.aux() == w.head.aux()
}

// SetInt makes *v an Int. It leaves the pointer word alone when that is nil
// already, which saves a write barrier in counting loops.
func (v *Value) SetInt(n int64) {
	if v.ptr != nil {
		v.ptr = nil
	}
	v.head, v.num = head(Int), uint64(n)
}

// Unset makes *v unbound, like SetInt.
func (v *Value) Unset() {
	if v.ptr != nil {
		v.ptr = nil
	}
	v.head = head(Unbound)
}

// SetBool makes *v a Bool, like SetInt.
func (v *Value) SetBool(b bool) {
	if v.ptr != nil {
		v.ptr = nil
	}
	v.head = head(Bool)
	if b {
		v.num = 1
	} else {
		v.num = 0
	}
}
