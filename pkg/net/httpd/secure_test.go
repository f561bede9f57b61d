package httpd

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"
)

// dialTLS starts a server with TLS and connects to it.
func dialTLS(t *testing.T, s *Server) (*tls.Conn, *bufio.Reader) {
	t.Helper()
	cert := httptest.NewUnstartedServer(nil)
	cert.StartTLS()
	cert.Close()
	s.TLS = &tls.Config{Certificates: cert.TLS.Certificates}
	raw, _ := dial(t, start(t, s))
	c := tls.Client(raw, &tls.Config{InsecureSkipVerify: true})
	return c, bufio.NewReader(c)
}

// TestClockOfClients: neither a process that stood still nor a step of the
// machine's clock makes clients late.
func TestClockOfClients(t *testing.T) {
	s := &Server{}
	s.tick()
	before := s.clock.Load()
	s.last = s.last.Add(-time.Hour)
	s.tick()
	if d := time.Duration(s.clock.Load() - before); d != 2*sweep {
		t.Errorf("after an hour of standing still clients are %v later, want %v", d, 2*sweep)
	}
}

// left is the number of connections that the server still has.
func (s *Server) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func big(x *Exchange) { x.Body = append(x.Body, make([]byte, 32<<20)...) }

// TestSecureSlowReader: over TLS a client that keeps taking some is alive however
// long it takes in all, one that takes nothing is not.
func TestSecureSlowReader(t *testing.T) {
	limits := Limits{Head: time.Second, Body: time.Second, Write: time.Second, Idle: 5 * time.Second}
	t.Run("slow", func(t *testing.T) {
		t.Parallel()
		// The limit leaves room for a machine that has other things to do: the
		// client may stand still for two seconds without having meant to.
		patient := limits
		patient.Write = 3 * time.Second
		c, r := dialTLS(t, &Server{Limits: patient, Handler: serve(big)})
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		for total := 0; total < 32<<20; {
			n, err := io.ReadFull(r, make([]byte, 1<<20))
			if total += n; err != nil && total < 32<<20 {
				t.Fatalf("ended after %d bytes: %v", total, err)
			}
			time.Sleep(150 * time.Millisecond) // it takes 4.8 s in all, but never stops
		}
	})
	t.Run("never", func(t *testing.T) {
		t.Parallel()
		s := &Server{Limits: limits, Handler: serve(big)}
		c, r := dialTLS(t, s)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		r.Peek(1)
		for end := time.Now().Add(15 * time.Second); s.left() > 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("a client that reads nothing is still served after 15 s")
			}
		}
		// The answer was cut off, in the midst of a record or, seldom, behind one. What the
		// client reads ends there.
		if n, err := io.Copy(io.Discard, r); n >= 32<<20 || err != nil && err != io.ErrUnexpectedEOF && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the client reads %d bytes and ends with %v, want less than the answer and an end without another alert", n, err)
		}
	})
	t.Run("no handshake", func(t *testing.T) {
		t.Parallel()
		s := &Server{Limits: limits, Handler: serve(big)}
		c, _ := dialTLS(t, s)
		raw := c.NetConn()
		io.WriteString(raw, "\x16\x03\x01\x02")
		if _, err := raw.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%v, want the connection closed", err)
		}
	})
	t.Run("drained while idle", func(t *testing.T) {
		t.Parallel()
		s := &Server{Limits: limits, Handler: serve(echo)}
		c, r := dialTLS(t, s)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if status, _, _ := read(t, r, "GET"); status != 200 {
			t.Fatal(status)
		}
		s.Drain()
		if _, err := r.ReadByte(); err != io.EOF {
			t.Errorf("%v, want the connection closed", err)
		}
	})
}

// told counts.
type told chan struct{}

// Gone implements Watcher.
func (c told) Gone() { c <- struct{}{} }

// TestWatch: a client that has sent its next request ahead is there; one that
// has closed is not.
func TestWatch(t *testing.T) {
	for name, row := range map[string]struct {
		behind string
		close  bool
	}{"waits": {}, "waits, with a request ahead": {behind: "GET /second HTTP/1.1\r\nHost: x\r\n\r\n"}, "closes": {close: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gone, entered := make(told, 1), make(chan struct{}, 1)
			address := start(t, &Server{Handler: serve(func(x *Exchange) {
				if x.Path == "/second" {
					return
				}
				x.Watch(gone)
				entered <- struct{}{}
				select {
				case <-gone:
					if !row.close {
						t.Error("the client is there")
					}
				case <-time.After(4 * sweep):
					if row.close {
						t.Error("the client has gone and nobody told")
					}
				}
				x.Unwatch()
			})})
			c, r := dial(t, address)
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"+row.behind)
			<-entered
			if row.close {
				c.Close()
				return
			}
			for range 1 + min(len(row.behind), 1) {
				if status, _, _ := read(t, r, "GET"); status != 200 {
					t.Error(status)
				}
			}
		})
	}
}
