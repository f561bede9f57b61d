package aronet

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"
	"unicode/utf8"
)

// wsSocket is what coder/websocket takes for the network connection. Reading goes
// through. What the package writes, which is one complete control frame per
// Write, joins the queue of the connection. Closing is left to the Conn.
type wsSocket struct {
	net.Conn
	c       *Conn
	early   []byte // arrived together with the handshake
	failure error  // of the last Read: the stream has ended
	sent    int    // code of the close frame that the package wrote
	invalid bool   // the peer's close frame was no valid UTF-8
}

// Read implements net.Conn.
func (s *wsSocket) Read(p []byte) (n int, err error) {
	if len(s.early) > 0 {
		n = copy(p, s.early)
		if s.early = s.early[n:]; len(s.early) == 0 {
			s.early = nil
		}
	} else if n, err = s.Conn.Read(p); err != nil {
		s.failure = err
	}
	if n > 0 {
		s.c.heard.Store(time.Now().UnixNano())
	}
	return n, err
}

// Write implements net.Conn. It never fails and never waits: a frame for a
// connection that is closing is dropped.
func (s *wsSocket) Write(frame []byte) (int, error) {
	if len(frame) < 2 {
		return len(frame), nil
	}
	p := control(frame[0]&15, frame[2:])
	if p.closes && len(frame) >= 4 {
		s.sent = int(binary.BigEndian.Uint16(frame[2:]))
		if !utf8.Valid(frame[4:]) {
			// An echo of what the peer gave as its reason.
			s.invalid = true
			p = closeFrame(codeInvalid, "")
		}
	}
	s.c.send(p)
	return len(frame), nil
}

// Close implements net.Conn and does nothing.
func (s *wsSocket) Close() error { return nil }

// watch sends pings to a silent peer and ends the connection when it stays silent
// or does not get on with a message. It is a timer, not a goroutine.
func (c *Conn) watch() *time.Timer {
	l := &c.net.Limits
	jitter := time.Duration(rand.Int64N(int64(l.Ping)/20 + 1)) // spreads what connected at once
	var t *time.Timer
	ready := make(chan struct{})
	t = time.AfterFunc(l.Ping+jitter, func() {
		<-ready
		if !c.IsOpen() {
			return
		}
		now := time.Now().UnixNano()
		silence := time.Duration(now - c.heard.Load())
		next := l.Ping - silence
		if began := c.message.Load(); began != 0 {
			left := l.Silence - time.Duration(now-began)
			if left <= 0 {
				silence = l.Silence
			}
			next = min(next, left)
		}
		switch {
		case silence >= l.Silence:
			c.end(ending{reason: "timeout", code: codeGoingAway})
			return
		case silence >= l.Ping:
			c.send(control(opPing, nil))
			next = min(l.Ping, l.Silence-silence)
		}
		t.Reset(max(next, time.Millisecond) + jitter)
	})
	close(ready)
	return t
}

// addressOf returns the address without its port, the zero Addr for none.
func addressOf(remote string) netip.Addr {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}
