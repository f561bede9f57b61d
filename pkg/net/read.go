package aronet

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// chunk is what one read can take: 64 KiB, one data event with framing "raw".
type chunk [64 << 10]byte

// chunks are the read buffers. A connection takes one when bytes have arrived and
// gives it back before it waits again, so idle connections hold none.
var chunks = sync.Pool{New: func() any { return new(chunk) }}

// run is the read loop of a TCP connection that has been admitted: its events,
// one after the other, and its end. It returns when the connection is gone.
func (c *Conn) run() {
	n := c.net
	if sets := n.events.Load().tcp.connected; len(sets) > 0 {
		n.deliver(sets, &tcpEvent{conn: c, kind: connectedEvent, at: time.Now()})
	}
	c.read()
	if sets := n.events.Load().tcp.disconnected; len(sets) > 0 {
		n.deliver(sets, &tcpEvent{conn: c, kind: disconnectedEvent, at: time.Now(), reason: c.ended().reason})
	}
	c.finish()
}

// read raises data events until the connection is closed, and closes it when the
// peer has.
func (c *Conn) read() {
	c.in = newInput(c)
	c.in.each(c.take, c.interrupted)
}

// take handles what one read brought, and reports whether to read on.
func (c *Conn) take(buf *chunk, data []byte, err error) bool {
	kept := false
	if len(data) > 0 {
		c.net.ease(c)
		// Nothing that handlers see may alias the buffer, which others use next.
		if c.lines {
			c.arrived = time.Now()
			c.partial = c.splitLines(c.partial, data)
		} else if events := c.net.events.Load(); c.net.lends(events) && c.in.direct() && c.IsOpen() {
			kept = c.lend(events, data)
		} else {
			c.arrived = time.Now()
			c.received(bytes.Clone(data))
		}
	}
	if err != nil && c.IsOpen() {
		if errors.Is(err, io.EOF) && len(c.partial) > 0 {
			c.arrived = time.Now()
			c.received(c.partial)
		}
		c.readFailed(err)
	}
	if c.flush(buf) && !kept {
		chunks.Put(buf)
	}
	return c.IsOpen()
}

// interrupt makes the read loop read once more. What closes the connection interrupts
// it too, and for good.
func (c *Conn) interrupt() {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if !c.out.closed {
		c.sock.SetReadDeadline(past)
	}
}

// interrupted undoes interrupt, and reports whether to read on.
func (c *Conn) interrupted() bool {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if c.out.closed {
		return false
	}
	c.sock.SetReadDeadline(time.Time{})
	return true
}

// received raises the event for data that nobody else refers to.
func (c *Conn) received(data []byte) {
	if sets := c.net.events.Load().tcp.data; len(sets) > 0 && c.IsOpen() {
		c.cork()
		c.net.deliver(sets, newDataEvent(c, data, c.arrived))
	}
}

// splitLines raises an event for each line that data completes, without its line
// end, and returns the beginning of the next line. partial is that of the last
// call. A line that is too long closes the connection.
func (c *Conn) splitLines(partial, data []byte) []byte {
	longest := c.net.Limits.Line
	for c.IsOpen() {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			if len(partial)+len(data) > longest+1 { // a \r may still belong to the line end
				break
			}
			return append(partial, data...)
		}
		line := append(partial, data[:i]...)
		if k := len(line); k > 0 && line[k-1] == '\r' {
			line = line[:k-1]
		}
		if len(line) > longest {
			break
		}
		partial, data = nil, data[i+1:]
		c.received(line)
	}
	if c.IsOpen() {
		c.end(ending{reason: "error: line too long"})
	}
	return nil
}

// readFailed closes the connection after a failed read, which is mostly its
// ordinary end.
func (c *Conn) readFailed(err error) {
	switch {
	case errors.Is(err, io.EOF):
		c.end(ending{reason: "connection closed"})
	case errors.Is(err, os.ErrDeadlineExceeded):
		// Closed by us in this moment, or nothing.
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ETIMEDOUT),
		errors.Is(err, os.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		c.end(ending{reason: "connection closed", hard: true})
	default:
		c.end(ending{reason: "error: " + reasonOf(err), hard: true})
	}
}
