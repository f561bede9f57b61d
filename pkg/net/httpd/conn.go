package httpd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is a client's connection. It reads a head, lets the handler answer, writes
// the answer, and so on; it holds buffers only while a request is under way.
type conn struct {
	server *Server
	wire   net.Conn        // the socket itself
	raw    syscall.RawConn // of the socket, nil if it has none
	sock   net.Conn        // what is spoken through: the socket, or TLS on it
	secure bool
	handed bool // somebody else reads and writes now, with deadlines of their own

	until atomic.Int64 // when its time is up, by the server's clock; 0 for never
	idle  atomic.Int32 // whether something of a request has arrived: busy, …

	buf  []byte // what was read and not yet used is buf[r:w]
	r, w int
	x    Exchange
	frame
	poll poller
}

const (
	busy    = iota
	waiting // for a request after another
	fresh   // for the first request
)

// inputs are the buffers that requests are read into. Longer heads get a buffer of
// their own.
var inputs = sync.Pool{New: func() any { return new([inputSize]byte) }}

const inputSize = 4 << 10

// The first moment in time, as a deadline, ends every wait.
var past = time.Unix(1, 0)

// wake ends what the connection waits for; see expired.
func (c *conn) wake() { c.wire.SetDeadline(past) }

// expired tells whether a failed read or write has to be given up. It goes on
// when the time that was up belonged to something earlier.
func (c *conn) expired(err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	if until := c.until.Load(); until == 0 || c.server.clock.Load() < until {
		if c.idle.Load() != waiting || !c.server.draining.Load() {
			c.wire.SetDeadline(time.Time{})
			return false
		}
	}
	return true
}

func (c *conn) within(d time.Duration) { c.until.Store(c.server.clock.Load() + int64(d)) }

// serve runs the connection until it has ended.
func (c *conn) serve() {
	defer c.server.remove(c)
	defer c.release()
	if !c.open() {
		return
	}
	c.x.conn, c.x.in = c, c
	for first := true; c.next(first); first = false {
	}
	if !c.x.hijacked {
		c.sock.Close()
	}
}

// late counts a client that was too slow.
func (c *conn) late(err error, reason string) {
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.server.draining.Load() {
		c.server.refused(reason)
	}
}

// next serves one request; false means that there will be no other.
func (c *conn) next(first bool) bool {
	end, no, err := c.head(first)
	if err != nil {
		if first || c.w > c.r { // between two requests it was only idle
			c.late(err, "http_slow_head")
		}
		return false
	}
	if no == nil {
		text := string(c.buf[c.r:end])
		c.r = end
		if text == preface && first {
			c.until.Store(0)
			c.handed = true
			c.server.two.serve(c.server, &replay{Conn: c.sock, early: append([]byte(text), c.buf[c.r:c.w]...)})
			c.x.hijacked = true
			return false
		}
		r := &Request{Remote: c.remote(), Secure: c.secure}
		c.framing, no = r.parse(text)
		if no == nil {
			return c.answer(r)
		}
	}
	c.refuse(no)
	return false
}

// remote is the client's address, made once.
func (c *conn) remote() string {
	if c.address == "" {
		c.address = c.sock.RemoteAddr().String()
	}
	return c.address
}

// head waits for a whole head: buf[r:end].
func (c *conn) head(first bool) (end int, no *Refusal, err error) {
	if c.r == c.w {
		c.release()
		if first {
			c.idle.Store(fresh)
		} else {
			c.within(c.server.Limits.Idle)
			c.idle.Store(waiting)
			if c.server.draining.Load() {
				c.wake()
			}
		}
		err := c.await()
		c.idle.Store(busy)
		if err != nil {
			return 0, nil, err
		}
	}
	c.within(c.server.Limits.Head)
	for from := 0; ; {
		data := c.buf[c.r:c.w]
		for from == 0 && len(data) >= 2 && data[0] == '\r' && data[1] == '\n' {
			c.r += 2 // empty lines before a request are nothing (RFC 9112 §2.2)
			data = data[2:]
		}
		var n int
		if n, from, no = headEnd(data, from); n > 0 || no != nil {
			if no == nil {
				no = tooLong(data[:n])
			}
			return c.r + n, no, nil
		}
		if no = tooLong(data); no != nil {
			return 0, no, nil
		}
		if err := c.fill(); err != nil {
			return 0, nil, err
		}
	}
}

// tooLong checks the limits of what has arrived of a head.
func tooLong(data []byte) *Refusal {
	if len(data) > maxLine {
		if i := bytes.IndexByte(data[:maxLine+1], '\n'); i < 0 {
			return refuse(http.StatusRequestURITooLong, fmt.Sprintf("The request line is longer than %d bytes", maxLine))
		}
	}
	if len(data) > maxHead {
		return refuse(http.StatusRequestHeaderFieldsTooLarge, fmt.Sprintf("The header lines are longer than %d bytes", maxHead))
	}
	return nil
}

// fill reads more behind what is there.
func (c *conn) fill() error {
	if c.buf == nil {
		c.buf = inputs.Get().(*[inputSize]byte)[:]
	}
	if c.r > 0 && c.w == len(c.buf) {
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
	}
	if c.w == len(c.buf) {
		grown := make([]byte, 2*len(c.buf))
		copy(grown, c.buf)
		c.drop()
		c.buf = grown
	}
	n, err := c.read(c.buf[c.w:])
	c.w += n
	if n > 0 {
		return nil
	}
	return err
}

// read reads from the socket.
func (c *conn) read(p []byte) (int, error) {
	for {
		n, err := c.sock.Read(p)
		if err != nil && n == 0 && !c.expired(err) {
			continue
		}
		return n, err
	}
}

// release gives the input buffer back.
func (c *conn) release() {
	c.drop()
	c.buf, c.r, c.w = nil, 0, 0
}

func (c *conn) drop() {
	if len(c.buf) == inputSize {
		inputs.Put((*[inputSize]byte)(c.buf))
	}
}

// answer runs the handler and writes what it answered.
func (c *conn) answer(r *Request) bool {
	c.state, c.left = bodyAhead, c.length
	c.until.Store(0)
	x := &c.x
	x.begin(r)
	defer x.end()
	c.run(x, r)
	if x.hijacked {
		c.until.Store(0)
		return false
	}
	closing := x.Close || c.close || c.server.draining.Load() || !c.skip()
	c.within(c.server.Limits.Write)
	if err := c.write(x, closing, c.keep); err != nil {
		c.late(err, "http_slow_reader")
		return false
	}
	if closing && c.state != bodyDone {
		c.linger()
	}
	return !closing
}

// run calls the handler. A panic of it is an answer of 500 and the end of the
// connection: who knows what state it is in.
func (c *conn) run(x *Exchange, r *Request) {
	defer func() {
		if p := recover(); p != nil {
			c.server.Diagnose(fmt.Sprintf("[ERROR] %s %s: internal error: %v", r.Method, r.Path, p))
			if x.hijacked {
				c.sock.Close()
				return
			}
			x.Status, x.Close, x.Content, x.fields = http.StatusInternalServerError, true, nil, x.fields[:0]
			x.Body = append(x.Body[:0], `{"error":"Internal Server Error"}`...)
			x.Type("application/json")
		}
	}()
	c.server.Handler.Serve(x)
}

// refuse answers what is no request and ends the connection.
func (c *conn) refuse(no *Refusal) {
	c.server.refused("http_" + strconv.Itoa(no.Status))
	x := &c.x
	x.begin(&Request{Method: http.MethodGet})
	defer x.end()
	x.Status = no.Status
	x.Type("application/json")
	x.Body = fmt.Appendf(x.Body, `{"error":%q,"message":%q}`, http.StatusText(no.Status), no.Message)
	c.within(c.server.Limits.Write)
	if c.write(x, true, false) == nil {
		c.linger()
	}
}

// linger closes our side and reads for a while what the client still sends: a
// connection that is closed with unread bytes is reset, and the client would
// never see the answer.
func (c *conn) linger() {
	if t, ok := c.sock.(interface{ CloseWrite() error }); !ok || t.CloseWrite() != nil {
		return
	}
	c.until.Store(0)
	c.sock.SetReadDeadline(time.Now().Add(lingerTime))
	io.CopyN(io.Discard, c.sock, lingerBytes)
}

const (
	lingerTime  = 2 * time.Second
	lingerBytes = 64 << 20
)
