package httpd

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// preface is the head that an HTTP/2 connection begins with.
const preface = "PRI * HTTP/2.0\r\n\r\n"

// twos serves the connections that speak HTTP/2, with net/http's server. It is
// started by the first of them.
type twos struct {
	mu     sync.Mutex
	server *http.Server
	conns  chan net.Conn
	closed chan struct{}
}

// serve hands a connection over.
func (t *twos) serve(s *Server, c net.Conn) {
	t.mu.Lock()
	if t.closed == nil {
		var p http.Protocols
		p.SetHTTP2(true)
		p.SetUnencryptedHTTP2(true)
		t.conns, t.closed = make(chan net.Conn), make(chan struct{})
		t.server = &http.Server{
			Handler: adapter{s}, Protocols: &p, IdleTimeout: s.Limits.Idle, ReadHeaderTimeout: s.Limits.Head,
			MaxHeaderBytes: maxHead, ErrorLog: discardLog, HTTP2: &http.HTTP2Config{
				MaxConcurrentStreams: 250, WriteByteTimeout: s.Limits.Write,
				SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second,
			},
		}
		go t.server.Serve(t)
	}
	t.mu.Unlock()
	select {
	case t.conns <- c:
	case <-t.closed:
		c.Close()
	}
}

// Accept implements net.Listener.
func (t *twos) Accept() (net.Conn, error) {
	select {
	case c := <-t.conns:
		return c, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (t *twos) Close() error { return nil }

// Addr implements net.Listener.
func (t *twos) Addr() net.Addr { return &net.TCPAddr{} }

func (t *twos) shutdown(ctx context.Context) {
	t.mu.Lock()
	server := t.server
	if server != nil {
		close(t.closed)
	}
	t.mu.Unlock()
	if server != nil && server.Shutdown(ctx) != nil {
		server.Close()
	}
}

// replay is a connection of which something was read already.
type replay struct {
	net.Conn
	early []byte
}

// Read implements net.Conn.
func (r *replay) Read(p []byte) (int, error) {
	if len(r.early) > 0 {
		n := copy(p, r.early)
		r.early = r.early[n:]
		return n, nil
	}
	return r.Conn.Read(p)
}

// adapter lets the handler answer a request of net/http's server.
type adapter struct{ s *Server }

// ServeHTTP implements http.Handler.
func (a adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &Request{Method: r.Method, Target: r.RequestURI, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
		Host: r.Host, Remote: r.RemoteAddr, Secure: r.TLS != nil, Fields: FieldsOf(r.Header)}
	x := &Exchange{in: &stream{w, r, a.s.Limits.Body}}
	x.begin(q)
	defer x.end()
	if q.Fields.Len() > maxLines {
		a.s.refused("http_431")
		x.Status = http.StatusRequestHeaderFieldsTooLarge
	} else if len(q.Target) > maxLine {
		a.s.refused("http_414")
		x.Status = http.StatusRequestURITooLong
	} else {
		a.s.Handler.Serve(x)
	}
	h := w.Header()
	for _, f := range x.fields {
		name := http.CanonicalHeaderKey(f.Name)
		h[name] = append(h[name], f.Value)
	}
	if bodiless(x.Status) {
		w.WriteHeader(x.Status)
		return
	}
	if x.contentType != "" {
		h["Content-Type"] = []string{x.contentType}
	}
	body := x.Body
	if x.Content != nil {
		body = x.Content
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(x.Status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// stream is the body of a request over HTTP/2.
type stream struct {
	w    http.ResponseWriter
	r    *http.Request
	slow time.Duration
}

func (s *stream) has() bool {
	return s.r.Body != nil && s.r.Body != http.NoBody && s.r.ContentLength != 0
}

func (s *stream) body(limit int64) ([]byte, error) {
	if s.r.ContentLength > limit {
		return nil, ErrTooLarge
	}
	rc := http.NewResponseController(s.w)
	defer rc.SetReadDeadline(time.Time{})
	rc.SetReadDeadline(time.Now().Add(s.slow))
	buf := make([]byte, 0, min(max(s.r.ContentLength, 4<<10), 64<<10)+1)
	for mark := 0; ; {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := s.r.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return nil, ErrTooLarge
		case err == io.EOF:
			return buf, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, ErrTimeout
		case err != nil:
			return nil, ErrBody
		}
		if len(buf)-mark >= 1<<10 {
			mark = len(buf)
			rc.SetReadDeadline(time.Now().Add(s.slow))
		}
	}
}
