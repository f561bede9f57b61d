package httpd

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// alpnACME is what the authority speaks that checks whether a name is ours: the
// handshake with the right certificate is all it wants.
const alpnACME = "acme-tls/1"

// open finds out what kind of socket it is and finishes the handshake of a TLS
// connection. It reports false when the connection has ended or speaks HTTP/2,
// which net/http serves.
func (c *conn) open() bool {
	if s, ok := c.wire.(syscall.Conn); ok {
		c.raw, _ = s.SyscallConn()
	}
	if c.server.TLS == nil {
		return true
	}
	t := tls.Server(&below{Conn: c.wire, c: c}, c.server.TLS)
	if err := t.Handshake(); err != nil {
		c.server.refused("tls_handshake")
		c.misdialled(err)
		c.wire.Close()
		return false
	}
	switch t.ConnectionState().NegotiatedProtocol {
	case "h2":
		c.until.Store(0)
		c.handed = true
		c.wire.SetDeadline(noDeadline)
		c.server.two.serve(c.server, t)
		return false
	case alpnACME:
		t.Close()
		return false
	}
	c.sock, c.secure = t, true
	return true
}

// misdialled answers a client that speaks plain HTTP to a TLS port: people type
// addresses without "https".
func (c *conn) misdialled(err error) {
	var e tls.RecordHeaderError
	if !errors.As(err, &e) || e.Conn == nil {
		return
	}
	switch string(e.RecordHeader[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "PATCH", "DELET":
	default:
		return
	}
	const text = "This port speaks https: put https:// in front of the address.\n"
	c.wire.SetDeadline(time.Now().Add(lingerTime))
	c.wire.Write([]byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text))
	c.until.Store(0)
	if t, ok := c.wire.(*net.TCPConn); ok && t.CloseWrite() == nil {
		var rest [512]byte
		for {
			if _, err := t.Read(rest[:]); err != nil {
				return
			}
		}
	}
}

// below is the socket that TLS reads and writes. It goes on where a deadline
// turns out to be none (see expired), because TLS does not survive a write that
// was cut off: behind one that was, nothing is written any more, or the client
// would take TLS's farewell for the rest of the record and speak of a bad MAC.
type below struct {
	net.Conn
	c   *conn
	cut error // what ended a write, for the ones behind it; writes come one at a time
}

// Read implements net.Conn.
func (b *below) Read(p []byte) (int, error) {
	for {
		n, err := b.Conn.Read(p)
		if err != nil && n == 0 && !b.c.handed && !b.c.expired(err) {
			continue
		}
		return n, err
	}
}

// Write implements net.Conn. A client that took some of it within its time is
// alive and gets that time again.
func (b *below) Write(p []byte) (int, error) {
	if b.cut != nil {
		return 0, b.cut
	}
	for sent := 0; ; {
		n, err := b.Conn.Write(p[sent:])
		sent += n
		switch {
		case err == nil || b.c.handed:
			return sent, err
		case n > 0 && errors.Is(err, os.ErrDeadlineExceeded):
			b.c.within(b.c.server.Limits.Write)
			b.Conn.SetDeadline(noDeadline)
		case b.c.expired(err):
			b.cut = err
			return sent, err
		}
	}
}
