package value

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"
)

// JSON returns the compact JSON form.
func (v Value) JSON() string { return string(v.AppendJSON(nil)) }

// AppendJSON appends compact JSON: keys sorted bytewise, `/` written `\/`,
// integral floats without fraction, dates ISO, bytes base64, NaN and infinity
// null (01 §8.1, 03 §5.2). It allocates nothing but what b needs to grow.
func (v Value) AppendJSON(b []byte) []byte { return v.appendJSON(b, 0) }

func (v Value) appendJSON(b []byte, depth int) []byte {
	if depth > maxNesting {
		return append(b, "null"...)
	}
	switch v.Kind() {
	case Unbound, Null:
		return append(b, "null"...)
	case String:
		return appendQuoted(b, v.Str())
	case Int:
		return strconv.AppendInt(b, int64(v.num), 10)
	case Float:
		return appendJSONFloat(b, v.Float())
	case Bool:
		return strconv.AppendBool(b, v.num != 0)
	case List:
		b = append(b, '[')
		for i, e := range v.List() {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.appendJSON(b, depth+1)
		}
		return append(b, ']')
	case Map:
		r := v.Record()
		enc, vals := r.shape.encoding(), r.slots()
		b = append(b, '{')
		for i, slot := range enc.sorted {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, enc.quoted[slot]...)
			b = vals[slot].appendJSON(b, depth+1)
		}
		return append(b, '}')
	case Date:
		return append(appendISO(append(b, '"'), v), '"')
	case Bytes:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"')
	}
	return v.Object().Simple().appendJSON(b, depth)
}

func appendJSONFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	if f == 0 {
		return append(b, '0') // of -0, too: as an integer, it would lose its sign when it is read
	}
	// Without exponent a whole float reads back as an integer, which must hold it.
	if a := math.Abs(f); a < 1e-6 || a >= 1<<63 {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

// plain marks the bytes that JSON strings hold as they are.
var plain = func() (t [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\' && c != '/'
	}
	return t
}()

const hexDigits = "0123456789abcdef"

// appendQuoted appends s as a JSON string. Invalid UTF-8 becomes U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[start:i]...), "\uFFFD"...)
				i++
				start = i
				continue
			}
			i += n
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\', '/':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}
