//go:build linux

package load

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestResponseSize(t *testing.T) {
	for _, c := range []struct {
		name, response string
		more           string // behind it
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ""},
		{"length in lower case, not first", "HTTP/1.1 200 OK\r\ndate: x\r\ncontent-length: 5\r\n\r\nhello", "HTTP"},
		{"empty", "HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", ""},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n", "x"},
	} {
		n, err := responseSize([]byte(c.response + c.more))
		if err != nil || n != len(c.response) {
			t.Errorf("%s: %d of %d, %v", c.name, n, len(c.response), err)
		}
		for i := range c.response {
			if n, err := responseSize([]byte(c.response[:i])); n != 0 || err != nil {
				t.Errorf("%s, the first %d bytes: %d, %v", c.name, i, n, err)
			}
		}
	}
	for _, bad := range []string{"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"} {
		if n, err := responseSize([]byte(bad)); err == nil {
			t.Errorf("%q: %d", bad, n)
		}
	}
}

func TestFrames(t *testing.T) {
	long := strings.Repeat("x", 300)
	stream := []byte("\x81\x05hello\x81\x00" + "\x81\x7e\x01\x2c" + long + "\x81\x02ok")
	for _, step := range []int{1, 2, 3, 7, len(stream)} {
		f := new(frames)
		for i := 0; i < len(stream); i += step {
			if err := f.feed(stream[i:min(i+step, len(stream))]); err != nil {
				t.Fatal(err)
			}
		}
		if f.n != 4 {
			t.Errorf("%d frames in steps of %d, want 4", f.n, step)
		}
	}
	if err := new(frames).feed([]byte("\x88\x00")); err == nil {
		t.Error("a close frame is taken for a message")
	}
}

func TestHTTP(t *testing.T) {
	seen := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		select {
		case seen <- r.Method + " " + r.URL.Path + " " + string(b):
		default:
		}
		w.Write(bytes.Repeat([]byte("x"), 10_000)) // chunked
	}))
	defer srv.Close()
	addr := srv.Listener.Addr().String()
	r, err := HTTP(addr, Post(addr, "/messages", "message=a"), 3, 50*time.Millisecond)
	if err != nil || r.Done < 3 {
		t.Fatal(r, err)
	}
	if got := <-seen; got != "POST /messages message=a" {
		t.Errorf("the server saw %q", got)
	}
}

func TestEcho(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); io.Copy(c, c) }()
		}
	}()
	for _, window := range []int{1, 8} {
		if r, err := Echo(l.Addr().String(), 2, window, 64, 50*time.Millisecond); err != nil || r.Done < 2 {
			t.Error(window, r, err)
		}
	}
}

func TestLoopbackOnly(t *testing.T) {
	l, err := newLoop()
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if _, err := l.dial("192.0.2.1:80"); err == nil || !strings.Contains(err.Error(), "not on this machine") {
		t.Error(err)
	}
}
