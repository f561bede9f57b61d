package aronet

import (
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// tcpEvent is what happened on a TCP connection. It is the trigger of the
// handlers and at the same time the value of <event> (and <packet>); its
// properties are computed when they are read (03 §8.3). It never changes, and
// data belongs to it alone, unless it is lent: see lend.
type tcpEvent struct {
	conn   *Conn
	kind   eventKind
	at     time.Time // zero in a lent event that nobody has asked yet
	data   []byte
	text   bool // data is valid UTF-8
	reason string
	trace  host.LazyTrace
	lent   bool    // data lies in the read buffer
	kept   bool    // it must stay there
	passed *packet // that data was sent back in, from where it lies
	spare  *packet // for passed
}

type eventKind uint8

const (
	connectedEvent eventKind = iota
	dataEvent
	disconnectedEvent
)

func newDataEvent(c *Conn, data []byte, at time.Time) *tcpEvent {
	return &tcpEvent{conn: c, kind: dataEvent, at: at, data: data, text: utf8.Valid(data)}
}

// is reports whether a value is the very data of the event.
func (e *tcpEvent) is(v value.Value) bool {
	if v.Len() != len(e.data) || len(e.data) == 0 {
		return false
	}
	switch v.Kind() {
	case value.String:
		return unsafe.StringData(v.Str()) == unsafe.SliceData(e.data)
	case value.Bytes:
		return unsafe.SliceData(v.Bytes()) == unsafe.SliceData(e.data)
	}
	return false
}

// Trace implements host.Traced.
func (e *tcpEvent) Trace() *host.Trace {
	return e.trace.Get(func() *host.Trace { return host.NewTrace("", "") })
}

// Uncork implements host.Corked.
func (e *tcpEvent) Uncork() { e.conn.uncork() }

// Entry implements host.Trigger.
func (e *tcpEvent) Entry(name string) value.Value {
	switch name {
	case "event":
		return value.OfObject(e)
	case "connection":
		return e.conn.self
	case "packet":
		if e.kind == dataEvent {
			return value.OfObject(e)
		}
	}
	return value.Value{}
}

// Field implements host.Trigger.
func (e *tcpEvent) Field(name string) value.Value {
	v, _ := e.Property(name)
	return v
}

// TypeName implements value.Object.
func (e *tcpEvent) TypeName() string { return "SocketEvent" }

// Property implements value.Object.
func (e *tcpEvent) Property(name string) (value.Value, bool) {
	switch name {
	case "connection", "connectionId", "id", "remoteAddress", "localPort", "server", "name", "direction":
		return e.conn.Property(name)
	case "timestamp":
		if e.lent && e.at.IsZero() {
			e.at = time.Now() // its handlers run one after the other and wait for nothing
		}
		return value.OfTime(e.at.UTC()), true
	}
	switch e.kind {
	case dataEvent:
		return e.payload(name)
	case disconnectedEvent:
		if name == "reason" {
			return value.OfString(e.reason), true
		}
	}
	return value.Value{}, false
}

func (e *tcpEvent) payload(name string) (value.Value, bool) {
	switch name {
	case "data":
		if e.text {
			return textOf(e.data), true
		}
		return value.OfBytes(e.data), true
	case "message", "text":
		if e.text {
			return textOf(e.data), true
		}
		return value.OfString(strings.ToValidUTF8(string(e.data), "\uFFFD")), true
	case "bytes", "buffer":
		return value.OfBytes(e.data), true
	case "size":
		return value.OfInt(int64(len(e.data))), true
	}
	return value.Value{}, false
}

var (
	tcpFields  = []string{"connection", "connectionId", "direction", "id", "localPort", "name", "remoteAddress", "server", "timestamp"}
	dataFields = []string{"data", "size"}
)

// Simple implements value.Object: a map of the properties, the payload once.
func (e *tcpEvent) Simple() value.Value {
	names := tcpFields
	switch e.kind {
	case dataEvent:
		names = append(names[:len(names):len(names)], dataFields...)
	case disconnectedEvent:
		names = append(names[:len(names):len(names)], "reason")
	}
	return mapOf(e, names)
}

// mapOf builds a map of some properties of an object.
func mapOf(o value.Object, names []string) value.Value {
	b := value.NewBuilder(len(names))
	for _, name := range names {
		if v, ok := o.Property(name); ok {
			b.Set(name, v)
		}
	}
	return b.Value()
}
