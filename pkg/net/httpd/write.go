package httpd

import (
	"net/http"
	"strconv"
	"sync"
)

// heads are buffers for an answer's head, and for a short body behind it.
var heads = sync.Pool{New: func() any { b := make([]byte, 0, 2<<10); return &b }}

// together is the longest body that is copied behind its head, to be sent with
// one call.
const together = 16 << 10

// write sends the answer of an exchange.
func (c *conn) write(x *Exchange, closing, keep bool) error {
	bp := heads.Get().(*[]byte)
	b := (*bp)[:0]
	defer func() {
		*bp = b[:0]
		heads.Put(bp)
	}()
	b = appendStatusLine(b, x.Status)
	for _, f := range x.fields {
		b = append(append(append(append(b, f.Name...), ": "...), f.Value...), "\r\n"...)
	}
	b = append(append(append(b, "Date: "...), *c.server.date.Load()...), "\r\n"...)
	switch {
	case closing:
		b = append(b, "Connection: close\r\n"...)
	case keep:
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	body := x.Body
	if x.Content != nil {
		body = x.Content
	}
	if bodiless(x.Status) {
		body = nil
	} else {
		if x.contentType != "" {
			b = append(append(append(b, "Content-Type: "...), x.contentType...), "\r\n"...)
		}
		b = append(strconv.AppendInt(append(b, "Content-Length: "...), int64(len(body)), 10), "\r\n"...)
	}
	if x.Method == http.MethodHead {
		body = nil
	}
	b = append(b, "\r\n"...)
	if len(body) <= together {
		b = append(b, body...)
		body = nil
	}
	if err := c.send(b); err != nil || body == nil {
		return err
	}
	return c.send(body)
}

// appendStatusLine appends the first line of an answer.
func appendStatusLine(b []byte, status int) []byte {
	b = strconv.AppendInt(append(b, "HTTP/1.1 "...), int64(status), 10)
	if text := http.StatusText(status); text != "" {
		b = append(append(b, ' '), text...)
	} else {
		b = strconv.AppendInt(append(b, " Status "...), int64(status), 10)
	}
	return append(b, "\r\n"...)
}

// send writes all of p to a client that keeps taking it.
func (c *conn) send(p []byte) error {
	if c.raw != nil && !c.secure && (direct || len(p) > together) {
		return c.sendRaw(p)
	}
	for {
		k := min(len(p), together)
		n, err := c.sock.Write(p[:k])
		if p = p[n:]; len(p) == 0 {
			return nil
		}
		if err != nil && c.expired(err) {
			return err
		}
		c.within(c.server.Limits.Write)
	}
}
