package httpd

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// discardLog swallows what net/http says about broken clients: it concerns
// nobody who runs the program.
var discardLog = log.New(io.Discard, "", 0)

var noDeadline time.Time

// Upgrades reports whether the client asks to change the protocol of the
// connection and the connection can.
func (x *Exchange) Upgrades() bool { return x.conn != nil && x.conn.upgrade }

// Standard lets a handler of net/http answer, one that may hijack the connection.
// It must be called at most once, and nothing else set of the answer.
func (x *Exchange) Standard(serve func(http.ResponseWriter, *http.Request)) {
	w := &standard{x: x, header: make(http.Header)}
	serve(w, x.Request.Standard())
	if !x.hijacked {
		w.WriteHeader(http.StatusOK)
	}
}

// standard is the http.ResponseWriter of an exchange.
type standard struct {
	x      *Exchange
	header http.Header
	wrote  bool
}

// Header implements http.ResponseWriter.
func (w *standard) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *standard) WriteHeader(status int) {
	if w.wrote {
		return
	}
	w.wrote = true
	w.x.Status = status
	for name, values := range w.header {
		switch name {
		case "Content-Type":
			w.x.Type(values[0])
		case "Content-Length", "Date":
		default:
			for i, v := range values {
				if i == 0 {
					w.x.Set(name, v)
				} else {
					w.x.Add(name, v)
				}
			}
		}
	}
}

// Write implements http.ResponseWriter.
func (w *standard) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.x.Body = append(w.x.Body, p...)
	return len(p), nil
}

// Hijack implements http.Hijacker.
func (w *standard) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	x := w.x
	if x.conn == nil || w.wrote {
		return nil, nil, errors.New("httpd: the connection cannot be hijacked")
	}
	x.hijacked = true
	c := x.conn
	c.until.Store(0)
	c.handed = true
	c.wire.SetDeadline(noDeadline)
	early := append([]byte(nil), c.buf[c.r:c.w]...)
	c.release()
	x.end()
	c.server.remove(c)
	var in io.Reader = c.sock
	size := 16
	if len(early) > 0 {
		in = io.MultiReader(bytes.NewReader(early), c.sock)
		size = len(early)
	}
	br := bufio.NewReaderSize(in, size)
	br.Peek(len(early)) // so that Buffered tells
	return c.sock, bufio.NewReadWriter(br, bufio.NewWriterSize(c.sock, 16)), nil
}
