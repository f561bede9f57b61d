package value

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth bounds nesting, so that hostile input cannot exhaust the stack.
const maxJSONDepth = 512

// ParseJSON reads one JSON text. Strings without escapes alias s: the caller
// hands over text that is never written to again. Numbers without fraction and
// exponent are Ints, others Floats; what fits neither is an error, so no digit
// is lost in silence. Duplicate keys: the last one wins. Lone surrogates become
// U+FFFD, invalid UTF-8 is an error.
func ParseJSON(s string) (Value, error) { return parseJSON(decoder{s: s}) }

// ParseMessage is ParseJSON for text that a program parses itself: the maps in it
// are Lenient.
func ParseMessage(s string) (Value, error) { return parseJSON(decoder{s: s, flag: lenient}) }

func parseJSON(d decoder) (Value, error) {
	s := d.s
	d.space()
	v, err := d.value(0)
	if err != nil {
		return Value{}, err
	}
	d.space()
	if d.i < len(s) {
		return Value{}, d.fail("unexpected text after the value")
	}
	return v, nil
}

type decoder struct {
	s    string
	i    int
	flag uint8 // of every map
}

func (d *decoder) fail(msg string) error {
	return fmt.Errorf("invalid JSON at offset %d: %s", d.i, msg)
}

func (d *decoder) space() {
	for d.i < len(d.s) {
		switch d.s[d.i] {
		case ' ', '\t', '\n', '\r':
			d.i++
		default:
			return
		}
	}
}

func (d *decoder) value(depth int) (Value, error) {
	if d.i >= len(d.s) {
		return Value{}, d.fail("unexpected end")
	}
	switch c := d.s[d.i]; c {
	case '{':
		return d.object(depth + 1)
	case '[':
		return d.array(depth + 1)
	case '"':
		s, err := d.str()
		return OfString(s), err
	case 't':
		return d.word("true", True)
	case 'f':
		return d.word("false", False)
	case 'n':
		return d.word("null", Nil)
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return d.number()
		}
	}
	return Value{}, d.fail("unexpected character")
}

func (d *decoder) word(w string, v Value) (Value, error) {
	if len(d.s)-d.i < len(w) || d.s[d.i:d.i+len(w)] != w {
		return Value{}, d.fail("unexpected character")
	}
	d.i += len(w)
	return v, nil
}

var errDepth = errors.New("invalid JSON: nested more than 512 levels deep")

func (d *decoder) array(depth int) (Value, error) {
	if depth > maxJSONDepth {
		return Value{}, errDepth
	}
	d.i++
	d.space()
	if d.i < len(d.s) && d.s[d.i] == ']' {
		d.i++
		return OfList(nil), nil
	}
	items := make([]Value, 0, 4)
	for {
		v, err := d.value(depth)
		if err != nil {
			return Value{}, err
		}
		items = append(items, v)
		d.space()
		if d.i >= len(d.s) {
			return Value{}, d.fail("unexpected end in a list")
		}
		switch d.s[d.i] {
		case ',':
			d.i++
			d.space()
		case ']':
			d.i++
			return OfList(items), nil
		default:
			return Value{}, d.fail("expected ',' or ']'")
		}
	}
}

func (d *decoder) object(depth int) (Value, error) {
	if depth > maxJSONDepth {
		return Value{}, errDepth
	}
	d.i++
	d.space()
	if d.i < len(d.s) && d.s[d.i] == '}' {
		d.i++
		return d.mapOf(EmptyMap), nil
	}
	// Most maps have a few keys: they are collected on the stack, so that the record
	// is one allocation of its size. big takes over for others.
	var (
		room  [8]Value
		n     int
		shape = EmptyShape
		big   *Builder
	)
	for {
		if d.i >= len(d.s) || d.s[d.i] != '"' {
			return Value{}, d.fail("expected a quoted key")
		}
		key, err := d.str()
		if err != nil {
			return Value{}, err
		}
		d.space()
		if d.i >= len(d.s) || d.s[d.i] != ':' {
			return Value{}, d.fail("expected ':'")
		}
		d.i++
		d.space()
		v, err := d.value(depth)
		if err != nil {
			return Value{}, err
		}
		if big != nil {
			big.Set(key, v)
		} else if i := shape.Slot(key); i >= 0 {
			room[i] = v
		} else if next := shape.with(key); next != nil && n < len(room) {
			shape, room[n] = next, v
			n++
		} else {
			big = &Builder{shape: shape, vals: append(make([]Value, 0, 2*len(room)), room[:n]...)}
			big.Set(key, v)
		}
		d.space()
		if d.i >= len(d.s) {
			return Value{}, d.fail("unexpected end in an object")
		}
		switch d.s[d.i] {
		case ',':
			d.i++
			d.space()
		case '}':
			d.i++
			return d.mapOf(OfRecord(recordOf(big, shape, room[:n]))), nil
		default:
			return Value{}, d.fail("expected ',' or '}'")
		}
	}
}

func recordOf(big *Builder, shape *Shape, few []Value) *Record {
	if big != nil {
		return big.Record()
	}
	return BuildRecord(shape, few)
}

func (d *decoder) mapOf(v Value) Value {
	return v.withFlag(d.flag)
}

func (d *decoder) number() (Value, error) {
	s, start := d.s, d.i
	if s[d.i] == '-' {
		d.i++
	}
	digits := d.i
	for d.i < len(s) && s[d.i] >= '0' && s[d.i] <= '9' {
		d.i++
	}
	if n := d.i - digits; n == 0 || n > 1 && s[digits] == '0' {
		return Value{}, d.fail("invalid number")
	}
	integral := true
	if d.i < len(s) && s[d.i] == '.' {
		integral = false
		d.i++
		frac := d.i
		for d.i < len(s) && s[d.i] >= '0' && s[d.i] <= '9' {
			d.i++
		}
		if d.i == frac {
			return Value{}, d.fail("invalid number")
		}
	}
	if d.i < len(s) && (s[d.i] == 'e' || s[d.i] == 'E') {
		integral = false
		d.i++
		if d.i < len(s) && (s[d.i] == '+' || s[d.i] == '-') {
			d.i++
		}
		exp := d.i
		for d.i < len(s) && s[d.i] >= '0' && s[d.i] <= '9' {
			d.i++
		}
		if d.i == exp {
			return Value{}, d.fail("invalid number")
		}
	}
	if integral {
		n, err := strconv.ParseInt(s[start:d.i], 10, 64)
		if err != nil {
			return Value{}, d.fail("number out of range")
		}
		return OfInt(n), nil
	}
	f, err := strconv.ParseFloat(s[start:d.i], 64)
	if err != nil || math.IsInf(f, 0) {
		return Value{}, d.fail("number out of range")
	}
	return OfFloat(f), nil
}

// str reads a string; d.i stands on its opening quote.
func (d *decoder) str() (string, error) {
	s := d.s
	start := d.i + 1
	for i := start; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			d.i = i + 1
			return s[start:i], nil
		case c == '\\' || c >= utf8.RuneSelf:
			d.i = start
			return d.slowStr()
		case c < 0x20:
			d.i = i
			return "", d.fail("control character in a string")
		}
	}
	d.i = len(s)
	return "", d.fail("string without end")
}

// slowStr reads a string that holds escapes or non-ASCII text, copying it only
// when it has escapes.
func (d *decoder) slowStr() (string, error) {
	s, start := d.s, d.i
	var buf []byte
	flushed := start
	for d.i < len(s) {
		c := s[d.i]
		switch {
		case c == '"':
			end := d.i
			d.i++
			if buf == nil {
				return s[start:end], nil
			}
			return string(append(buf, s[flushed:end]...)), nil
		case c == '\\':
			if buf == nil {
				buf = make([]byte, 0, 2*(d.i-start)+16)
			}
			buf = append(buf, s[flushed:d.i]...)
			var err error
			if buf, err = d.escape(buf); err != nil {
				return "", err
			}
			flushed = d.i
		case c < 0x20:
			return "", d.fail("control character in a string")
		case c < utf8.RuneSelf:
			d.i++
		default:
			r, n := utf8.DecodeRuneInString(s[d.i:])
			if r == utf8.RuneError && n == 1 {
				return "", d.fail("invalid UTF-8")
			}
			d.i += n
		}
	}
	return "", d.fail("string without end")
}

func (d *decoder) escape(buf []byte) ([]byte, error) {
	s := d.s
	if d.i+1 >= len(s) {
		return nil, d.fail("string without end")
	}
	c := s[d.i+1]
	d.i += 2
	switch c {
	case '"', '\\', '/':
		return append(buf, c), nil
	case 'b':
		return append(buf, '\b'), nil
	case 'f':
		return append(buf, '\f'), nil
	case 'n':
		return append(buf, '\n'), nil
	case 'r':
		return append(buf, '\r'), nil
	case 't':
		return append(buf, '\t'), nil
	case 'u':
		r, ok := d.hex4()
		if !ok {
			return nil, d.fail("invalid \\u escape")
		}
		if utf16.IsSurrogate(r) {
			if d.i+1 < len(s) && s[d.i] == '\\' && s[d.i+1] == 'u' {
				mark := d.i
				d.i += 2
				low, ok := d.hex4()
				if !ok {
					return nil, d.fail("invalid \\u escape")
				}
				if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
					return utf8.AppendRune(buf, full), nil
				}
				d.i = mark
			}
			r = utf8.RuneError
		}
		return utf8.AppendRune(buf, r), nil
	}
	d.i--
	return nil, d.fail("invalid escape")
}

func (d *decoder) hex4() (rune, bool) {
	if d.i+4 > len(d.s) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(d.s[d.i : d.i+4]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	d.i += 4
	return r, true
}
