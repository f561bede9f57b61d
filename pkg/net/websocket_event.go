package aronet

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// wsEvent is what happened on a WebSocket: trigger of the handlers and value of
// <event>, like tcpEvent (03 §10.2).
type wsEvent struct {
	conn    *Conn
	kind    eventKind
	binary  bool
	at      time.Time
	request *http.Request // connected: the handshake
	data    []byte        // message
	ending  ending        // disconnected
	trace   host.LazyTrace
}

// Trace implements host.Traced. What connects belongs to whom the handshake names.
func (e *wsEvent) Trace() *host.Trace {
	return e.trace.Get(func() *host.Trace {
		if e.request == nil || len(e.request.Header["Traceparent"]) != 1 {
			return host.NewTrace("", "")
		}
		return host.NewTrace(e.request.Header.Get("Traceparent"), strings.Join(e.request.Header["Tracestate"], ","))
	})
}

// Entry implements host.Trigger.
func (e *wsEvent) Entry(name string) value.Value {
	switch name {
	case "event":
		return value.OfObject(e)
	case "websocket-connection", "connection":
		return e.conn.self
	case "websocket-message":
		if e.kind == dataEvent {
			return mapOf(e, messageFields)
		}
	}
	return value.Value{}
}

// Field implements host.Trigger.
func (e *wsEvent) Field(name string) value.Value {
	v, _ := e.Property(name)
	return v
}

// TypeName implements value.Object.
func (e *wsEvent) TypeName() string { return "WebSocketEvent" }

// Property implements value.Object.
func (e *wsEvent) Property(name string) (value.Value, bool) {
	switch name {
	case "id", "connectionId", "connection", "path", "remoteAddress":
		return e.conn.Property(name)
	case "timestamp":
		return value.OfTime(e.at.UTC()), true
	}
	switch e.kind {
	case connectedEvent:
		switch name {
		case "queryParameters":
			return queryMap(e.request.URL), true
		case "headers":
			return value.OfObject(wsHeaders(e.request.Header)), true
		}
	case dataEvent:
		return e.payload(name)
	case disconnectedEvent:
		switch name {
		case "reason":
			return value.OfString(e.ending.reason), true
		case "code":
			return value.OfInt(int64(e.ending.code)), true
		}
	}
	return value.Value{}, false
}

// payload: data, message and text are the same for a text frame. The data of a
// binary frame is bytes, so that sending it back makes a binary frame again.
func (e *wsEvent) payload(name string) (value.Value, bool) {
	switch name {
	case "data":
		if e.binary {
			return value.OfBytes(e.data), true
		}
		return textOf(e.data), true
	case "message", "text":
		if e.binary {
			return value.OfString(strings.ToValidUTF8(string(e.data), "\uFFFD")), true
		}
		return textOf(e.data), true
	case "binary":
		return value.OfBool(e.binary), true
	case "bytes":
		return value.OfBytes(e.data), true
	}
	return value.Value{}, false
}

var (
	messageFields = []string{"text", "connectionId", "timestamp"}
	wsFields      = [...][]string{
		connectedEvent:    {"connection", "connectionId", "headers", "id", "path", "queryParameters", "remoteAddress", "timestamp"},
		dataEvent:         {"binary", "connection", "connectionId", "data", "id", "message", "path", "remoteAddress", "timestamp"},
		disconnectedEvent: {"code", "connection", "connectionId", "id", "path", "reason", "remoteAddress", "timestamp"},
	}
)

// Simple implements value.Object.
func (e *wsEvent) Simple() value.Value { return mapOf(e, wsFields[e.kind]) }

// queryMap decodes a query string; of repeated keys the last one counts.
func queryMap(u *url.URL) value.Value {
	b := value.NewBuilder(4)
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		k, v, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(k)
		if err != nil || key == "" {
			continue
		}
		if v, err = url.QueryUnescape(v); err == nil {
			b.Set(key, value.OfString(v))
		}
	}
	return b.Value()
}

// wsHeaders are the headers of a handshake; names are found in any case.
type wsHeaders http.Header

// TypeName implements value.Object.
func (h wsHeaders) TypeName() string { return "Headers" }

// Property implements value.Object.
func (h wsHeaders) Property(name string) (value.Value, bool) {
	values := http.Header(h).Values(name)
	if len(values) == 0 {
		return value.Value{}, false
	}
	return value.OfString(strings.Join(values, ", ")), true
}

// Simple implements value.Object: a map with names in lower case.
func (h wsHeaders) Simple() value.Value {
	b := value.NewBuilder(len(h))
	for name, values := range h {
		b.Set(strings.ToLower(name), value.OfString(strings.Join(values, ", ")))
	}
	return b.Value()
}
