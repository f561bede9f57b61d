package aronet

import (
	"bytes"
	"net"
	"strconv"
	"sync/atomic"
)

// strictConn holds a client to the letter of HTTP/1.1 where net/http forgives:
// lines that end in a bare LF, folded header lines, a length together with
// chunked, chunked in HTTP/1.0. Two parties that read such a request differently
// can be made to see two requests (05 H05), so it is answered 400 and the
// connection closed. The connection sees to that by handing net/http a malformed
// line in place of the offending one.
//
// It follows the requests in the stream: a few comparisons for each header line,
// nothing for bodies but counting. What it cannot follow it passes on, for
// net/http to refuse.
type strictConn struct {
	net.Conn
	raw atomic.Bool // no longer HTTP: an upgraded connection

	state   strictState
	line    []byte // beginning of a header line, from earlier reads; bounded
	first   bool   // the line is the request line
	old     bool   // HTTP/1.0
	length  int64  // of the body, -1 without
	chunked bool
	upgrade bool
	left    int64 // bytes of the body or chunk still to come
	inject  []byte
}

type strictState uint8

const (
	strictHead    strictState = iota // lines of a request's head
	strictBody                       // left bytes
	strictChunk                      // the line with a chunk's size
	strictTrailer                    // lines behind the last chunk
	strictOpaque                     // passed on as it is
	strictBroken                     // the stream has ended for us
)

// malformed is a line that net/http answers with 400.
const malformed = "!\r\n\r\n"

// maxStrictLine is beyond the limit for a head: net/http refuses before it.
const maxStrictLine = 128 << 10

func newStrictConn(c net.Conn) *strictConn {
	return &strictConn{Conn: c, first: true, length: -1}
}

// Read implements net.Conn.
func (c *strictConn) Read(p []byte) (int, error) {
	if c.raw.Load() {
		return c.Conn.Read(p)
	}
	if len(c.inject) > 0 {
		n := copy(p, c.inject)
		c.inject = c.inject[n:]
		return n, nil
	}
	if c.state == strictBroken {
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Read(p)
	if n > 0 && c.state != strictOpaque {
		if keep, bad := c.follow(p[:n]); bad {
			c.state, c.inject = strictBroken, []byte(malformed)
			if keep == 0 {
				m := copy(p, c.inject)
				c.inject = c.inject[m:]
				return m, nil
			}
			return keep, nil
		}
	}
	return n, err
}

// follow reads on in the stream. bad is set when a line is an offence; keep is
// then how many of the bytes come before it.
func (c *strictConn) follow(data []byte) (keep int, bad bool) {
	for i := 0; i < len(data); {
		switch c.state {
		case strictBody:
			n := min(c.left, int64(len(data)-i))
			c.left -= n
			i += int(n)
			if c.left == 0 {
				if c.chunked {
					c.state = strictChunk
				} else {
					c.nextRequest()
				}
			}
			continue
		case strictOpaque:
			return 0, false
		}
		end := bytes.IndexByte(data[i:], '\n')
		if end < 0 {
			if len(c.line)+len(data)-i > maxStrictLine {
				c.state = strictOpaque
				return 0, false
			}
			c.line = append(c.line, data[i:]...)
			return 0, false
		}
		line := data[i : i+end]
		if len(c.line) > 0 {
			line = append(c.line, line...)
			c.line = line[:0]
		}
		if !c.take(line) {
			return i, true
		}
		i += end + 1
	}
	return 0, false
}

// take reads one line without its LF; false means an offence.
func (c *strictConn) take(line []byte) bool {
	if len(line) == 0 || line[len(line)-1] != '\r' {
		return false
	}
	line = line[:len(line)-1]
	switch c.state {
	case strictChunk:
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseInt(string(bytes.TrimSpace(size)), 16, 62)
		switch {
		case err != nil || n < 0:
			c.state = strictOpaque
		case n == 0:
			c.state = strictTrailer
		default:
			c.state, c.left = strictBody, n+2
		}
		return true
	case strictTrailer:
		if len(line) == 0 {
			c.nextRequest()
		}
		return true
	}
	if c.first {
		if len(line) == 0 {
			return true // net/http decides about blank lines between requests
		}
		c.first = false
		c.old = bytes.HasSuffix(line, []byte("HTTP/1.0"))
		return true
	}
	if len(line) == 0 {
		return c.headEnds()
	}
	return c.header(line)
}

func (c *strictConn) header(line []byte) bool {
	switch line[0] {
	case ' ', '\t':
		return false // folded
	case 'c', 'C', 't', 'T', 'u', 'U':
	default:
		return true
	}
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return true
	}
	switch {
	case bytes.EqualFold(name, []byte("content-length")):
		n, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 62)
		if err != nil || n < 0 || c.length >= 0 && c.length != n {
			return false
		}
		c.length = n
	case bytes.EqualFold(name, []byte("transfer-encoding")):
		c.chunked = true
	case bytes.EqualFold(name, []byte("upgrade")):
		c.upgrade = true
	}
	return true
}

// headEnds looks at the head as a whole.
func (c *strictConn) headEnds() bool {
	switch {
	case c.chunked && (c.length >= 0 || c.old):
		return false
	case c.upgrade:
		c.state = strictOpaque // what follows may be frames
	case c.chunked:
		c.state = strictChunk
	case c.length > 0:
		c.state, c.left = strictBody, c.length
	default:
		c.nextRequest()
	}
	return true
}

func (c *strictConn) nextRequest() {
	c.state, c.first, c.old = strictHead, true, false
	c.length, c.chunked, c.upgrade = -1, false, false
}

// plain returns the connection below, for one that is no longer HTTP.
func (c *strictConn) plain() net.Conn {
	c.raw.Store(true)
	return c.Conn
}

// drainListener accepts strict connections. When it drains it takes what clients
// have connected already and then closes, so that nobody is reset in between.
type drainListener struct{ *net.TCPListener }

// Accept implements net.Listener.
func (l drainListener) Accept() (net.Conn, error) {
	c, err := l.TCPListener.Accept()
	if err != nil {
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			l.TCPListener.Close()
			return nil, net.ErrClosed
		}
		return nil, err
	}
	return newStrictConn(c), nil
}
