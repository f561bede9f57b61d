package aronet

import (
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"aro/pkg/vm/value"
)

// Conn is one connection. It implements value.Object: it is a value of the
// language with the properties of 03 §8.2, and its id where text is wanted.
//
// What identifies it never changes. Sending and closing may be called from any
// goroutine; reading belongs to the read loop alone.
type Conn struct {
	net       *Network
	sock      net.Conn
	raw       syscall.RawConn // of sock, nil if it has none
	in        *input          // what reads sock, and writes to it what goes at once; TCP only
	arrived   time.Time       // when in read last what is not lent; of the read loop, as in
	passed    *packet         // that goes out of the read buffer; of the read loop
	lent      *tcpEvent       // that is used again and again; of the read loop
	partial   []byte          // the beginning of a line; of the read loop
	id        string
	self      value.Value // the connection as a value, always the same one
	name      string      // of `Connect … as`, else ""
	remote    string
	addr      netip.Addr
	localPort int
	path      string // of the WebSocket handshake
	inbound   bool
	websocket bool
	lines     bool      // framing "lines"
	form      form      // how packets are written
	listener  *Listener // that accepted it, else nil
	release   func()    // lets the process go: outgoing connections

	open atomic.Bool
	out  outbox

	channels map[string]struct{} // under Network.channels.mu

	heard   atomic.Int64 // WebSocket: when bytes arrived last, Unix nanoseconds
	message atomic.Int64 // WebSocket: when the unfinished message began, 0 for none
}

// newConn describes a connection; it is not registered yet.
func (n *Network) newConn(sock net.Conn) *Conn {
	c := &Conn{net: n, sock: sock, id: value.NewUUID(), remote: sock.RemoteAddr().String()}
	c.self = value.OfObject(c)
	if a, err := netip.ParseAddrPort(c.remote); err == nil {
		c.addr = a.Addr().Unmap()
		c.remote = netip.AddrPortFrom(c.addr, a.Port()).String()
	}
	if s, ok := sock.(syscall.Conn); ok {
		c.raw, _ = s.SyscallConn()
	}
	if a, ok := sock.LocalAddr().(*net.TCPAddr); ok {
		c.localPort = a.Port
	}
	c.open.Store(true)
	return c
}

// ending is how a connection ends. The first ending of a connection counts.
type ending struct {
	reason string // what <event: reason> says
	code   int    // the WebSocket close code: sent, or received, or 1006
	hard   bool   // at once; else pending output is flushed first
}

// end closes the connection. It does not wait: output is flushed and the closing
// handshake done in the background, within Limits.Grace. Ending it again with
// hard cuts that short. It reports whether the connection was open.
func (c *Conn) end(e ending) bool {
	first, write := c.close(e)
	if first {
		c.net.leave(c)
		c.net.countEnding(e)
	}
	if e.hard {
		c.hangUp()
	}
	if write {
		go c.write()
	}
	return first
}

// hangUp ends both directions at once and does not wait. Close would: for the read loop
// of a TCP connection, which runs handlers within the read (see input).
func (c *Conn) hangUp() {
	if c.websocket {
		c.sock.Close()
		return
	}
	if s, ok := c.sock.(interface{ CloseRead() error }); ok {
		s.CloseRead()
	}
	closeWrite(c.sock)
	go c.sock.Close()
}

// ended returns how the connection ended; it must have.
func (c *Conn) ended() ending {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.out.ending
}

// Close ends the connection as the Close statement does.
func (c *Conn) Close() {
	reason := "closed by server"
	if !c.inbound {
		reason = "disconnect requested"
	}
	c.end(ending{reason: reason, code: codeNormal})
}

// IsOpen reports whether the connection takes output.
func (c *Conn) IsOpen() bool { return c.open.Load() }

// ID returns the id, unique in the process and not to be guessed.
func (c *Conn) ID() string { return c.id }

// finish is the end of the read loop: the disconnected event has been handled.
// It waits for pending output and for the peer to see all of it, then closes the
// socket: closing while input is unread would reset the connection and could
// take the last output with it. The grace timer bounds the wait by closing the
// socket under it.
func (c *Conn) finish() {
	c.out.mu.Lock()
	flushed, cut, timer := c.out.flushed, c.out.cut, c.out.grace
	c.out.mu.Unlock()
	if !cut {
		<-flushed
		if c.websocket {
			closeWrite(c.sock)
		}
		c.sock.SetReadDeadline(time.Time{})
		discard(c.sock)
	}
	c.sock.Close()
	if timer != nil {
		timer.Stop()
	}
	c.net.gone(c)
}

// discard reads until the peer has closed its side.
func discard(sock net.Conn) {
	buf := chunks.Get().(*chunk)
	defer chunks.Put(buf)
	for {
		if _, err := sock.Read(buf[:]); err != nil {
			return
		}
	}
}

// closeWrite sends FIN and leaves the other direction open.
func closeWrite(sock net.Conn) {
	if s, ok := sock.(interface{ CloseWrite() error }); ok {
		s.CloseWrite()
	}
}

// TypeName implements value.Object.
func (c *Conn) TypeName() string { return "Connection" }

// Simple implements value.Object.
func (c *Conn) Simple() value.Value { return value.OfString(c.id) }

// Property implements value.Object.
func (c *Conn) Property(name string) (value.Value, bool) {
	switch name {
	case "id", "connectionId":
		return value.OfString(c.id), true
	case "connection":
		return c.self, true
	case "remoteAddress":
		return value.OfString(c.remote), true
	case "localPort":
		return value.OfInt(int64(c.localPort)), true
	case "server":
		if c.listener != nil {
			return value.OfString(c.listener.name), true
		}
		return value.OfString(""), true
	case "name":
		if c.name != "" {
			return value.OfString(c.name), true
		}
		return value.OfString(c.id), true
	case "direction":
		if c.inbound {
			return inbound, true
		}
		return outbound, true
	case "protocol":
		if c.websocket {
			return websocketWord, true
		}
		return tcpWord, true
	case "isOpen":
		return value.OfBool(c.IsOpen()), true
	case "path":
		if c.websocket {
			return value.OfString(c.path), true
		}
	}
	return value.Value{}, false
}

var (
	inbound       = value.OfString("inbound")
	outbound      = value.OfString("outbound")
	tcpWord       = value.OfString("tcp")
	websocketWord = value.OfString("websocket")
)
