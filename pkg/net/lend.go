package aronet

import (
	"bytes"
	"slices"
	"time"
	"unicode/utf8"

	"aro/pkg/host"
)

// What a handler sees may outlive its event, so the bytes of a data event are usually
// copied out of the read buffer. Where all handlers of data do nothing but send and
// return (Chunk.Relays), the event is lent the buffer instead, and what they send back
// whole is written from it. That is a fifth of an echo in large chunks: the copy is
// memory that the processor's caches have not seen, and that the collector has to free.
//
// None of the three verbs keeps a value: Send and Broadcast encode it, and what Return
// says ends with the run; a plugin's verb in their place gets it as JSON. A packet that
// is still queued behind the handlers gets bytes of its own.

// lends reports whether data events may be lent the buffer. Somebody who follows runs
// may keep what he sees.
func (n *Network) lends(e *connectionEvents) bool {
	e.relay.Do(func() {
		e.relays.Store(!n.host.Followed() && !slices.ContainsFunc(e.tcp.data, keeps))
	})
	return e.relays.Load()
}

func keeps(s *host.Set) bool {
	chunk := s.Code.Chunk
	return chunk.Ready() != nil || !chunk.Relays("send", "broadcast", "return")
}

// lend raises the event for data that lies in the read buffer. It reports whether the
// buffer has to be left to the event: when Send had no connection to send to, and raised
// an event of its own. Such a program is not lent anything again.
//
// The event itself is lent too: the same one each time, and with it the packet that its
// data went back in, if that has left the queue by then. These are the two allocations
// of an echo.
func (c *Conn) lend(events *connectionEvents, data []byte) (kept bool) {
	e := c.lent
	if e == nil {
		e = &tcpEvent{conn: c, kind: dataEvent, lent: true}
		c.lent = e
	}
	e.renew(data)
	c.cork()
	c.net.deliver(events.tcp.data, e)
	c.passed = e.passed
	if e.kept {
		c.lent = nil
		events.relays.Store(false)
		return true
	}
	e.data, e.passed = nil, nil // a connection that is idle keeps no buffer
	return false
}

// renew makes a lent event that of other data. Nobody has it any more.
func (e *tcpEvent) renew(data []byte) {
	e.data, e.text, e.at = data, utf8.Valid(data), time.Time{}
	e.trace.Forget()
}

// pass returns the packet for sending an event's data, whole, to its own connection.
func (e *tcpEvent) pass() *packet {
	if e.passed == nil {
		if e.passed = e.spare; e.passed != nil {
			e.spare = nil
			e.passed.buf = e.data
		} else {
			e.passed = &packet{buf: e.data, fixed: true}
		}
	}
	return e.passed
}

// retire is called when no queue has the packet any more.
func (c *Conn) retire() {
	if c.passed != nil && c.lent != nil {
		c.passed.buf = nil
		c.lent.spare = c.passed
	}
	c.passed = nil
}

// redeem gives a packet that is still queued bytes of its own. The caller holds out.mu,
// and is the writer, or gives the buffer up.
func (c *Conn) redeem() {
	if p := c.passed; p != nil && p.refs.Load() > 0 {
		p.buf = bytes.Clone(p.buf)
	}
	c.passed = nil
}
