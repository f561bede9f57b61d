package aronet

import (
	"context"
	"strings"
	"sync"

	"aro/pkg/vm/value"
)

// inbox is the queue between the connection of a stream and its handlers: one
// puts, one gets. It is bounded in messages and in bytes; a message that is
// larger than all of it waits until the queue is empty.
type inbox struct {
	limit int
	some  chan struct{} // there may be a message, or the end
	room  chan struct{} // there may be room

	mu     sync.Mutex
	queue  []message
	bytes  int
	closed bool
}

const inboxMessages = 1024

func newInbox(limit int) *inbox {
	return &inbox{limit: limit, some: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// put waits for room; false means that ctx ended.
func (b *inbox) put(ctx context.Context, m message) bool {
	for {
		b.mu.Lock()
		fits := len(b.queue) == 0 || b.bytes+len(m.data) <= b.limit && len(b.queue) < inboxMessages
		if fits {
			b.queue = append(b.queue, m)
			b.bytes += len(m.data)
		}
		b.mu.Unlock()
		if fits {
			signal(b.some)
			return true
		}
		select {
		case <-b.room:
		case <-ctx.Done():
			return false
		}
	}
}

// get waits for a message; false means the end: ctx ended, or the queue is closed
// and empty.
func (b *inbox) get(ctx context.Context) (message, bool) {
	for {
		if ctx.Err() != nil {
			return message{}, false
		}
		b.mu.Lock()
		if len(b.queue) > 0 {
			m := b.queue[0]
			b.queue[0] = message{}
			if b.queue = b.queue[1:]; len(b.queue) == 0 {
				b.queue = nil
			}
			b.bytes -= len(m.data)
			b.mu.Unlock()
			signal(b.room)
			return m, true
		}
		closed := b.closed
		b.mu.Unlock()
		if closed {
			return message{}, false
		}
		select {
		case <-b.some:
		case <-ctx.Done():
		}
	}
}

// close lets get come to an end.
func (b *inbox) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	signal(b.some)
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// event is the payload of a message: a JSON object itself, other text under data.
// An envelope {event, payload: "<json>"} is opened; the kind of a message is
// added as kind.
func (m message) event() value.Value {
	kind := m.kind
	v := value.OfBytes(m.data)
	if !m.binary {
		v = value.OfString(strings.ToValidUTF8(string(m.data), "\uFFFD"))
		if parsed, err := value.ParseJSON(v.Str()); err == nil && parsed.Kind() == value.Map {
			v = parsed
			if event, payload, ok := envelope(parsed); ok && kind == "" {
				kind, v = event, payload
			}
		}
	}
	if v.Kind() != value.Map {
		v = value.MapOf("data", v)
	}
	if kind != "" {
		v = value.OfRecord(v.Record().With("kind", value.OfString(kind)))
	}
	return v
}

// envelope opens {event: "name", payload: "{…}"}: the payload is JSON in a text.
func envelope(v value.Value) (kind string, payload value.Value, ok bool) {
	event, ok1 := v.Record().Get("event")
	text, ok2 := v.Record().Get("payload")
	if !ok1 || !ok2 || event.Kind() != value.String || text.Kind() != value.String {
		return "", value.Value{}, false
	}
	payload, err := value.ParseJSON(text.Str())
	if err != nil {
		payload = text
	}
	return event.Str(), payload, true
}
