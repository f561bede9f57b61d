//go:build unix

package httpd

import (
	"io"
	"os"
	"syscall"

	"aro/pkg/net/socket"
)

// poller reads from a socket without holding a buffer while it waits, and writes to it.
type poller struct {
	try, put func(fd uintptr) bool // conn.try and conn.put, made once
	n        int                   // what try has read
	out      []byte                // what put has still to write
	err      error
}

// await waits for the first bytes of a request and reads them into a new buffer.
// A connection that is woken because the server drains looks once more whether a
// request has arrived: what was accepted is answered.
func (c *conn) await() error {
	if c.raw == nil || c.secure {
		return c.fill()
	}
	if c.poll.try == nil {
		c.poll.try = c.try
	}
	for {
		err := c.raw.Read(c.poll.try)
		if err != nil {
			if !c.expired(err) {
				continue
			}
			if !c.server.draining.Load() || c.raw.Control(func(fd uintptr) { c.try(fd) }) != nil || c.buf == nil {
				return err
			}
			c.wire.SetDeadline(noDeadline)
		}
		switch {
		case c.poll.err != nil:
			return os.NewSyscallError("read", c.poll.err)
		case c.poll.n == 0:
			return io.EOF
		}
		c.r, c.w = 0, c.poll.n
		return nil
	}
}

// try makes one attempt; false means that nothing has arrived.
func (c *conn) try(fd uintptr) bool {
	buf := inputs.Get().(*[inputSize]byte)
	for {
		c.poll.n, c.poll.err = socket.Read(fd, buf[:])
		switch c.poll.err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			inputs.Put(buf)
			return false
		}
		c.buf = buf[:]
		return true
	}
}

// direct says that sendRaw is for all answers.
const direct = true

// sendRaw writes all of p; each byte that the client takes counts as life.
func (c *conn) sendRaw(p []byte) error {
	if c.poll.put == nil {
		c.poll.put = c.put
	}
	c.poll.out, c.poll.err = p, nil
	for {
		err := c.raw.Write(c.poll.put)
		if err == nil {
			err = c.poll.err
		} else if !c.expired(err) {
			continue
		}
		c.poll.out = nil
		return err
	}
}

// put writes what the socket takes; false means that this was not all.
func (c *conn) put(fd uintptr) bool {
	rest, err := socket.Put(fd, c.poll.out)
	if 0 < len(rest) && len(rest) < len(c.poll.out) {
		c.within(c.server.Limits.Write)
	}
	c.poll.out, c.poll.err = rest, err
	return len(rest) == 0 || err != nil
}

// gone reports whether the client has closed its side, or the connection is
// broken. Nothing is read: what the client sent ahead stays where it is.
func (c *conn) gone() (gone bool) {
	if c.raw == nil {
		return false
	}
	var b [1]byte
	err := c.raw.Control(func(fd uintptr) {
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch err {
		case nil:
			gone = n == 0 || c.secure && ended(fd)
		case syscall.EAGAIN, syscall.EINTR:
		default:
			gone = true
		}
	})
	return gone && err == nil
}
