// Package record is the binary form of values and of what writes did to rows: what
// the durable engine keeps in files and the cluster engine sends to other machines.
package record

import (
	"encoding/binary"
	"math"
	"time"

	"aro/pkg/vm/value"
	"aro/pkg/vm/value/calendar"
)

// The form of values. A value is a tag and what the table says; lengths
// and counts are unsigned varints.
//
//	tag            then
//	tagUnbound, tagNull, tagFalse, tagTrue
//	tagInt         zigzag varint
//	tagFloat       its 8 bytes
//	tagString      length, bytes
//	tagMarkup      extension as a string, then as tagString
//	tagBytes       length, bytes
//	tagList        count, values
//	tagMap         count, then key and value of each, in the order of the keys
//	tagLenientMap  as tagMap: missing keys read as null
//	tagDate        zigzag varint of Unix seconds, varint of nanoseconds
//	tagZoned       as tagDate, then name of the zone and its offset in seconds
//	tagRange, tagDistance  two values: the ends
//	tagRecurrence  the pattern as a string, then the start
//
// Everything else that is opaque, a connection for instance, is written as the
// simple value that stands for it: its id.
const (
	tagUnbound byte = iota
	tagNull
	tagFalse
	tagTrue
	tagInt
	tagFloat
	tagString
	tagMarkup
	tagBytes
	tagList
	tagMap
	tagLenientMap
	tagDate
	tagZoned
	tagRange
	tagDistance
	tagRecurrence
)

// maxNesting bounds values within values, in both directions: what is deeper is
// written as null. Programs cannot parse or build anything near it.
const maxNesting = 10_000

// AppendValue writes a value of any kind.
func AppendValue(b []byte, v value.Value) []byte { return appendValue(b, v, 0) }

func appendValue(b []byte, v value.Value, depth int) []byte {
	if depth > maxNesting {
		return append(b, tagNull)
	}
	switch v.Kind() {
	case value.Null:
		return append(b, tagNull)
	case value.Bool:
		if v.Bool() {
			return append(b, tagTrue)
		}
		return append(b, tagFalse)
	case value.Int:
		return binary.AppendVarint(append(b, tagInt), v.Int())
	case value.Float:
		return binary.LittleEndian.AppendUint64(append(b, tagFloat), math.Float64bits(v.Float()))
	case value.String:
		if c := v.Content(); c != 0 {
			return AppendString(AppendString(append(b, tagMarkup), c.Ext()), v.Str())
		}
		return AppendString(append(b, tagString), v.Str())
	case value.Bytes:
		return append(binary.AppendUvarint(append(b, tagBytes), uint64(v.Len())), v.Bytes()...)
	case value.List:
		b = binary.AppendUvarint(append(b, tagList), uint64(v.Len()))
		for _, e := range v.List() {
			b = appendValue(b, e, depth+1)
		}
		return b
	case value.Map:
		tag := tagMap
		if v.Lenient() {
			tag = tagLenientMap
		}
		rec := v.Record()
		n := rec.Len()
		b = binary.AppendUvarint(append(b, tag), uint64(n))
		for i := range n {
			k, e := rec.At(i)
			b = appendValue(AppendString(b, k), e, depth+1)
		}
		return b
	case value.Date:
		return appendDate(b, v.Time())
	case value.Opaque:
		return appendObject(b, v.Object(), depth)
	}
	return append(b, tagUnbound)
}

// AppendString writes a length and that many bytes.
func AppendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendDate(b []byte, t time.Time) []byte {
	tag := tagDate
	if t.Location() != time.UTC {
		tag = tagZoned
	}
	b = binary.AppendVarint(append(b, tag), t.Unix())
	b = binary.AppendUvarint(b, uint64(t.Nanosecond()))
	if tag == tagZoned {
		_, offset := t.Zone()
		b = binary.AppendVarint(AppendString(b, t.Location().String()), int64(offset))
	}
	return b
}

func appendObject(b []byte, o value.Object, depth int) []byte {
	switch o := o.(type) {
	case *calendar.Range:
		return appendValue(appendValue(append(b, tagRange), o.Start, depth+1), o.End, depth+1)
	case *calendar.Distance:
		return appendValue(appendValue(append(b, tagDistance), o.From, depth+1), o.To, depth+1)
	case *calendar.Recurrence:
		return appendValue(AppendString(append(b, tagRecurrence), o.Pattern), o.Start, depth+1)
	}
	return appendValue(b, o.Simple(), depth+1)
}
