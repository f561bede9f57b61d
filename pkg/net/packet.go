package aronet

import (
	"encoding/binary"
	"errors"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"aro/pkg/vm/value"
)

// packet is something to send, encoded once and shared by all receivers. One
// buffer holds every form of it:
//
//	… WebSocket header | data | newline
//	   10 bytes at most   n      for framing "lines"
//
// It is immutable but for the reference count, which only serves the accounting
// of memory: the garbage collector frees it.
type packet struct {
	buf    []byte
	head   uint8 // where the WebSocket frame begins
	fixed  bool  // a control frame: buf is the frame
	closes bool  // a close frame: nothing may follow it
	refs   atomic.Int32
}

const headroom = 10

// form says how a connection wants its packets.
type form uint8

const (
	rawForm form = iota
	lineForm
	frameForm
)

// bytes returns what goes over the wire; read only.
func (p *packet) bytes(f form) []byte {
	if p.fixed {
		return p.buf
	}
	end := len(p.buf) - 1
	switch f {
	case lineForm:
		if end == headroom || p.buf[end-1] != '\n' {
			end++
		}
		return p.buf[headroom:end]
	case frameForm:
		return p.buf[p.head:end]
	}
	return p.buf[headroom:end]
}

// binary reports whether WebSockets get it as a binary frame.
func (p *packet) binary() bool { return p.buf[p.head] == 0x82 }

// data returns the payload without framing.
func (p *packet) data() []byte { return p.bytes(rawForm) }

// finish completes a packet whose buffer holds headroom and data.
func finish(buf []byte, bin bool) *packet {
	n := len(buf) - headroom
	op := byte(0x81)
	if bin || !utf8.Valid(buf[headroom:]) {
		op = 0x82 // a text frame with invalid UTF-8 would end the connection
	}
	head := headroom - 2
	switch {
	case n < 126:
		buf[head+1] = byte(n)
	case n < 1<<16:
		head = headroom - 4
		buf[head+1] = 126
		binary.BigEndian.PutUint16(buf[head+2:], uint16(n))
	default:
		head = 0
		buf[1] = 127
		binary.BigEndian.PutUint64(buf[2:], uint64(n))
	}
	buf[head] = op
	return &packet{buf: append(buf, '\n'), head: uint8(head)}
}

// control returns a control frame, which must not exceed 125 bytes.
func control(op byte, payload []byte) *packet {
	buf := append(make([]byte, 0, 2+len(payload)), 0x80|op, byte(len(payload)))
	return &packet{buf: append(buf, payload...), fixed: true, closes: op == opClose}
}

// closeFrame returns a close frame. Code 0 is a frame without a code.
func closeFrame(code int, reason string) *packet {
	if code == 0 {
		return control(opClose, nil)
	}
	for len(reason) > 123 {
		_, n := utf8.DecodeLastRuneInString(reason)
		reason = reason[:len(reason)-n]
	}
	return control(opClose, append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...))
}

// dialect says how values without an encoding of their own are sent: numbers,
// booleans and dates as their text, or as JSON to WebSockets (03 §8.5, §10.3).
type dialect bool

const (
	asText dialect = false
	asJSON dialect = true
)

var errNothing = errors.New("there is nothing to send: the value is null")

// encode makes the packet of a value. spec is the qualifier of the result noun:
// JSON, text or bytes force a form, anything else is a remark.
func encode(v value.Value, spec string, d dialect) (*packet, error) {
	for v.Kind() == value.Opaque {
		v = v.Object().Simple()
	}
	if v.Kind() <= value.Null {
		return nil, errNothing
	}
	room := 64
	switch v.Kind() {
	case value.String, value.Bytes:
		room = v.Len() + 1
	case value.Map, value.List:
		room = 512
	}
	buf := make([]byte, headroom, headroom+room)
	switch strings.ToLower(spec) {
	case "json":
		return finish(v.AppendJSON(buf), false), nil
	case "text":
		return finish(v.AppendText(buf), false), nil
	case "bytes":
		if v.Kind() == value.String {
			return finish(append(buf, v.Str()...), true), nil
		}
	}
	switch v.Kind() {
	case value.Bytes:
		return finish(append(buf, v.Bytes()...), true), nil
	case value.String:
		return finish(append(buf, v.Str()...), false), nil
	case value.Map, value.List:
		return finish(v.AppendJSON(buf), false), nil
	}
	if d == asJSON {
		return finish(v.AppendJSON(buf), false), nil
	}
	return finish(v.AppendText(buf), false), nil
}
