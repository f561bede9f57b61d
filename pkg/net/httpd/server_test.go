package httpd

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a connection that only reads, from memory.
type script struct {
	net.Conn
	data  []byte
	small bool // a byte at a time
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	if s.small {
		p = p[:1]
	}
	n := copy(p, s.data)
	s.data = s.data[n:]
	return n, nil
}

type serve func(x *Exchange)

func (f serve) Serve(x *Exchange) { f(x) }

// echo answers with what it was asked.
func echo(x *Exchange) {
	x.Type("text/plain")
	body, err := x.ReadBody(1 << 20)
	if err != nil {
		x.Status, x.Close = http.StatusBadRequest, true
	}
	x.Body = fmt.Appendf(x.Body, "%s %s %s", x.Method, x.Target, body)
}

// start serves on a port of loopback until the test ends.
func start(t *testing.T, s *Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if s.Limits == (Limits{}) {
		s.Limits = Defaults
	}
	if s.Diagnose == nil {
		s.Diagnose = func(text string) { t.Error(text) }
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l)
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.Shutdown(ctx)
	})
	return l.Addr().String()
}

func dial(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c, bufio.NewReader(c)
}

func read(t *testing.T, r *bufio.Reader, method string) (status int, body string, res *http.Response) {
	t.Helper()
	res, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b), res
}

// TestStream: requests are found in a stream however it is cut, one behind the
// other, with bodies that the handler reads and bodies that it leaves.
func TestStream(t *testing.T) {
	address := start(t, &Server{Handler: serve(func(x *Exchange) {
		if x.Path == "/left" {
			x.Body = append(x.Body, "left"...)
			return
		}
		echo(x)
	})})
	long := strings.Repeat("x", 40<<10)
	text := "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" +
		"POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" +
		"POST /left HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\nGET /3 " +
		"\r\nPOST /4 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e=1\r\nde\r\n0\r\nT: 1\r\n\r\n" +
		"GET /5 HTTP/1.1\r\nHost: x\r\nLong: " + long + "\r\n\r\n" +
		"POST /6 HTTP/1.1\r\nHost: x\r\nContent-Length: 40960\r\n\r\n" + long +
		"GET /7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	want := []string{"GET /1 ", "POST /2 hello", "left", "POST /4 abcde", "GET /5 ", "POST /6 " + long, "GET /7 "}
	for _, size := range []int{1 << 20, 4096, 1000, 61, 7} {
		c, r := dial(t, address)
		go func() {
			for rest := text; rest != ""; {
				n := min(size, len(rest))
				if _, err := io.WriteString(c, rest[:n]); err != nil {
					return
				}
				rest = rest[n:]
			}
		}()
		for i, w := range want {
			if _, body, _ := read(t, r, "GET"); body != w {
				t.Fatalf("pieces of %d, answer %d: %.40q, want %.40q", size, i, body, w)
			}
		}
		if _, err := r.ReadByte(); err != io.EOF {
			t.Errorf("after the last answer: %v", err)
		}
	}
}

// TestLimits: who does not go on in time is ended, others are not.
func TestLimits(t *testing.T) {
	limits := Limits{Head: 600 * time.Millisecond, Body: 600 * time.Millisecond, Write: 600 * time.Millisecond, Idle: 600 * time.Millisecond}
	address := start(t, &Server{Limits: limits, Handler: serve(func(x *Exchange) {
		if x.Path == "/big" {
			x.Body = append(x.Body, make([]byte, 64<<20)...)
			return
		}
		body, err := x.ReadBody(100)
		x.Body = fmt.Append(x.Body, len(body), err)
		if err == ErrTimeout {
			x.Status, x.Close = http.StatusRequestTimeout, true
		}
	})})
	for name, row := range map[string]struct {
		send string
		want int // status, 0 for none
	}{
		"no request":   {"", 0},
		"half a head":  {"GET / HTTP/1.1\r\nHo", 0},
		"half a body":  {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", 408},
		"half a chunk": {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", 408},
		"idle":         {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, r := dial(t, address)
			io.WriteString(c, row.send)
			if row.want != 0 {
				if status, body, _ := read(t, r, "GET"); status != row.want {
					t.Errorf("%d %s, want %d", status, body, row.want)
				}
			}
			if _, err := r.ReadByte(); err != io.EOF {
				t.Errorf("not closed: %v", err)
			}
		})
	}
	t.Run("never reads", func(t *testing.T) {
		t.Parallel()
		c, r := dial(t, address)
		io.WriteString(c, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
		r.Peek(1)
		time.Sleep(4 * time.Second) // the client's silence is what is tested
		if n, err := io.Copy(io.Discard, r); err == nil && n > 60<<20 {
			t.Errorf("%d bytes were kept for a client that read none for four seconds", n)
		}
	})
}

// TestSlowReader: a client that takes its time, but never stops, gets everything.
// Each pause is a tenth of the limit, so that a busy machine does not matter; all
// of them are longer than it.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	limits := Defaults
	limits.Write = 3 * time.Second
	address := start(t, &Server{Limits: limits, Handler: serve(func(x *Exchange) { x.Body = append(x.Body, make([]byte, 64<<20)...) })})
	c, r := dial(t, address)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	piece := make([]byte, 4<<20)
	for total := 0; total < 64<<20; {
		n, err := io.ReadFull(r, piece)
		if total += n; err != nil && total < 64<<20 {
			t.Fatalf("ended after %d bytes: %v", total, err)
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// TestDrain: what was accepted is answered, what is idle ends at once.
func TestDrain(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	s := &Server{Handler: serve(func(x *Exchange) {
		if x.Path == "/slow" {
			close(arrived)
			<-leave
		}
		x.Body = append(x.Body, x.Path...)
	})}
	address := start(t, s)
	idle, idleR := dial(t, address)
	io.WriteString(idle, "GET /idle HTTP/1.1\r\nHost: x\r\n\r\n")
	read(t, idleR, "GET")
	slow, slowR := dial(t, address)
	io.WriteString(slow, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	<-arrived
	s.Drain()
	if _, err := idleR.ReadByte(); err != io.EOF {
		t.Errorf("the idle connection: %v", err)
	}
	close(leave)
	if status, body, res := read(t, slowR, "GET"); status != 200 || body != "/slow" || !res.Close {
		t.Errorf("%d %q, close %t", status, body, res.Close)
	}
	late, lateR := dial(t, address)
	io.WriteString(late, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n")
	if status, _, res := read(t, lateR, "GET"); status != 200 || !res.Close {
		t.Errorf("a late request: %d, close %t", status, res.Close)
	}
}

func TestPanic(t *testing.T) {
	var told sync.Map
	address := start(t, &Server{Diagnose: func(text string) { told.Store(text, true) }, Handler: serve(func(x *Exchange) { panic("at the disco") })})
	c, r := dial(t, address)
	io.WriteString(c, "GET /p HTTP/1.1\r\nHost: x\r\n\r\n")
	if status, body, _ := read(t, r, "GET"); status != 500 || strings.Contains(body, "disco") {
		t.Errorf("%d %s", status, body)
	}
	if _, ok := told.Load("[ERROR] GET /p: internal error: at the disco"); !ok {
		t.Error("nobody was told")
	}
}

// TestHTTP2: the same handler answers over HTTP/2, with and without TLS, and
// HTTP/1.1 over TLS.
func TestHTTP2(t *testing.T) {
	cert := httptest.NewUnstartedServer(nil)
	cert.StartTLS()
	defer cert.Close()
	secure := &tls.Config{Certificates: cert.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}}
	for name, row := range map[string]struct {
		tls   bool
		one   bool
		proto string
	}{
		"h2c": {proto: "HTTP/2.0"}, "h2": {tls: true, proto: "HTTP/2.0"}, "TLS": {tls: true, one: true, proto: "HTTP/1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Server{Handler: serve(func(x *Exchange) {
				if x.Secure != row.tls || x.Fields.Get("x-one") != "1" || x.Upgrades() {
					t.Errorf("secure %t, X-One %q", x.Secure, x.Fields.Get("x-one"))
				}
				x.Set("X-Two", "2")
				echo(x)
			})}
			scheme := "http://"
			if row.tls {
				s.TLS, scheme = secure, "https://"
			}
			address := start(t, s)
			var p http.Protocols
			p.SetHTTP1(row.one)
			p.SetHTTP2(!row.one)
			p.SetUnencryptedHTTP2(!row.one)
			tr := &http.Transport{Protocols: &p, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
			defer tr.CloseIdleConnections()
			for i := range 3 {
				req, _ := http.NewRequest("POST", scheme+address+"/p?q=1", strings.NewReader("body"))
				req.Header.Set("X-One", "1")
				res, err := (&http.Client{Transport: tr}).Do(req)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if res.Proto != row.proto || res.StatusCode != 200 || string(body) != "POST /p?q=1 body" || res.Header.Get("X-Two") != "2" {
					t.Errorf("request %d: %s %s %q", i, res.Proto, res.Status, body)
				}
			}
		})
	}
}

// TestHammer: many clients, most of them rude, while the server drains.
func TestHammer(t *testing.T) {
	s := &Server{Handler: serve(echo)}
	address := start(t, s)
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			for k := range 40 {
				c, err := net.Dial("tcp", address)
				if err != nil {
					return
				}
				switch (i + k) % 4 {
				case 0:
					io.WriteString(c, "GET / HTTP/1.1\r\nHo")
				case 1:
					io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab")
				case 2:
					io.WriteString(c, "\x16\x03\x01")
				default:
					r := bufio.NewReader(c)
					for range 5 {
						io.WriteString(c, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab")
						res, err := http.ReadResponse(r, nil)
						if err != nil {
							break
						}
						if body, err := io.ReadAll(res.Body); err == nil && string(body) != "POST /x ab" {
							t.Errorf("somebody else's answer: %q", body)
						}
						if res.Close {
							break
						}
					}
				}
				c.Close()
				if i == 0 && k == 30 {
					s.Drain()
				}
			}
		})
	}
	wg.Wait()
}
