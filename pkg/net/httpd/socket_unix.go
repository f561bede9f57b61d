//go:build unix

package httpd

import (
	"io"
	"os"
	"syscall"
)

// poller reads from a socket without holding a buffer while it waits.
type poller struct {
	try func(fd uintptr) bool // conn.try, made once
	n   int
	err error
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
		c.poll.n, c.poll.err = syscall.Read(int(fd), buf[:])
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

// sendRaw writes a long text; each byte that the client takes counts as life.
func (c *conn) sendRaw(p []byte) error {
	var failure error
	for {
		err := c.raw.Write(func(fd uintptr) bool {
			for len(p) > 0 {
				n, err := syscall.Write(int(fd), p[:min(len(p), 1<<20)])
				switch {
				case n > 0:
					p = p[n:]
					c.within(c.server.Limits.Write)
				case err == syscall.EINTR:
				case err == syscall.EAGAIN:
					return false
				default:
					failure = os.NewSyscallError("write", err)
					return true
				}
			}
			return true
		})
		if err == nil {
			return failure
		}
		if c.expired(err) {
			return err
		}
	}
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
