package aronet

import (
	"bytes"
	"slices"

	"aro/pkg/host"
)

// What a handler sees may outlive its event, so the bytes of a data event are usually
// copied out of the read buffer. Where all handlers of data do nothing but send and
// return (Chunk.Relays), the event is lent the buffer instead, and what they send back
// whole is written from it. That is a fifth of an echo in large chunks: the copy is
// memory that the processor's caches have not seen, and that the collector has to free.
//
// None of the three verbs keeps a value: Send and Broadcast encode it, and what Return
// says ends with the run; a plugin's verb in their place gets it as JSON. A packet that is still queued behind the handlers gets bytes
// of its own.

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
func (c *Conn) lend(events *connectionEvents, data []byte) (kept bool) {
	e := newDataEvent(c, data, c.arrived)
	e.lent = true
	c.cork()
	c.net.deliver(events.tcp.data, e)
	c.passed = e.passed
	if e.kept {
		events.relays.Store(false)
	}
	return e.kept
}

// pass returns the packet for sending an event's data, whole, to its own connection.
func (e *tcpEvent) pass() *packet {
	if e.passed == nil {
		e.passed = &packet{buf: e.data, fixed: true}
	}
	return e.passed
}

// redeem gives a packet that is still queued bytes of its own. The caller holds out.mu,
// and is the writer, or gives the buffer up.
func (c *Conn) redeem() {
	if p := c.passed; p != nil && p.refs.Load() > 0 {
		p.buf = bytes.Clone(p.buf)
	}
	c.passed = nil
}
