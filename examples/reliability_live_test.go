package examples_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// ---- WebSocket --------------------------------------------------------------

// handshake sends an upgrade request with more headers and returns the answer.
func handshake(t *testing.T, p *aroproc.Process, path, headers string) (*tcpConn, *http.Response) {
	t.Helper()
	c := dialTCP(t, p.HTTP)
	return c, c.upgrade(p, path, headers)
}

// upgrade makes a WebSocket of a connection, or not: the answer says which.
func (c *tcpConn) upgrade(p *aroproc.Process, path, headers string) *http.Response {
	c.t.Helper()
	if !strings.Contains(headers, "Sec-WebSocket-Version") {
		headers += "Sec-WebSocket-Version: 13\r\n"
	}
	if !strings.Contains(headers, "Sec-WebSocket-Key") {
		headers += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	}
	c.send("GET " + path + " HTTP/1.1\r\nHost: " + p.HTTP + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + headers + "\r\n")
	c.SetReadDeadline(time.Now().Add(aroproc.Patience))
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return res
}

func TestW01_Origins(t *testing.T) {
	t.Parallel()
	p := target(t)
	for _, row := range []struct {
		path, headers string
		want          int
	}{
		{"/ws", "", 101},
		{"/ws?a=b", "", 101},
		{"/ws", "Origin: http://" + p.HTTP + "\r\n", 101},
		{"/ws", "Origin: http://evil.example\r\n", 403},
		{"/ws", "Origin: http://127.0.0.1:1\r\n", 403},
		{"/ws", "Origin: http://" + p.HTTP + ".evil.example\r\n", 403},
		{"/ws", "Origin: null\r\n", 403},
		{"/ws", "Origin: nonsense\r\n", 403},
		{"/ws", "Sec-WebSocket-Version: 8\r\n", 426},
		{"/ws", "Sec-WebSocket-Key: short\r\n", 400},
		{"/nowhere", "", 404},
	} {
		_, res := handshake(t, p, row.path, row.headers)
		if res.StatusCode != row.want {
			t.Errorf("%s with %q: %d, want %d", row.path, row.headers, res.StatusCode, row.want)
		}
		if row.want == 101 && res.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
			t.Errorf("accept: %q", res.Header.Get("Sec-WebSocket-Accept"))
		}
		if row.want == 426 && res.Header.Get("Sec-WebSocket-Version") != "13" {
			t.Errorf("426 without the right version: %v", res.Header)
		}
	}
	if a := get(t, p, "/ws"); a.code != 426 || a.header.Get("Upgrade") != "websocket" {
		t.Errorf("plain GET of the WebSocket path: %v", a)
	}
	open := fixture(t, strings.Replace(wsEcho, `websocket: "/ws"`, `websocket: "/ws", origins: ["https://app.example"]`, 1))
	p = aroproc.Start(t, aro, open, aroproc.Options{Ready: "http"})
	for origin, want := range map[string]int{"https://app.example": 101, "http://app.example": 403, "https://app.example:444": 403, "https://other.example": 403} {
		if _, res := handshake(t, p, "/ws", "Origin: "+origin+"\r\n"); res.StatusCode != want {
			t.Errorf("allowed origins, %s: %d, want %d", origin, res.StatusCode, want)
		}
	}
}

const wsEcho = `(Application-Start: Echo) {
    Start the <http-server> with { websocket: "/ws" }.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(Echo Message: WebSocket Event Handler) {
    Send <event: data> to the <event: connection>.
    Return an <OK: status> for the <echo>.
}
`

const (
	fin  = 0x80
	rsv1 = 0x40
	rsv2 = 0x20
	rsv3 = 0x10
)

// frame is one masked client frame; b0 holds flags and opcode.
func frame(b0 byte, payload string) string {
	head := []byte{b0}
	switch n := len(payload); {
	case n < 126:
		head = append(head, 0x80|byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 0x80|126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 0x80|127), uint64(n))
	}
	key := []byte{0x12, 0x34, 0x56, 0x78}
	body := []byte(payload)
	for i := range body {
		body[i] ^= key[i%4]
	}
	return string(head) + string(key) + string(body)
}

func closing(code int, reason string) string {
	return frame(fin|8, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}

// received describes the next server frame: "text hi", "close 1002", "pong x",
// "binary …", "end" for the end of the stream.
func (c *tcpConn) received() string {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(aroproc.Patience))
	var h [2]byte
	if _, err := io.ReadFull(c.r, h[:]); err != nil {
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			return "silence"
		}
		return "end"
	}
	n := uint64(h[1] & 127)
	switch n {
	case 126:
		var b [2]byte
		io.ReadFull(c.r, b[:])
		n = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		io.ReadFull(c.r, b[:])
		n = binary.BigEndian.Uint64(b[:])
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(c.r, body); err != nil {
		return "end"
	}
	if h[0]&fin == 0 || h[0]&0x70 != 0 || h[1]&0x80 != 0 {
		return fmt.Sprintf("bad frame % x", h)
	}
	switch h[0] & 15 {
	case 1:
		return "text " + string(body)
	case 2:
		return "binary " + string(body)
	case 8:
		if len(body) < 2 {
			return "close"
		}
		return fmt.Sprintf("close %d", binary.BigEndian.Uint16(body))
	case 9:
		return "ping " + string(body)
	case 10:
		return "pong " + string(body)
	}
	return fmt.Sprintf("opcode %d", h[0]&15)
}

func TestW02_Frames(t *testing.T) {
	t.Parallel()
	p := target(t)
	type row struct {
		name, send string
		want       []string
	}
	big := strings.Repeat("*", 65536)
	rows := []row{
		{"1.1 empty text", frame(fin|1, ""), []string{"text "}},
		{"1.1 text", frame(fin|1, "hi"), []string{"text hi"}},
		{"1.1 125 bytes", frame(fin|1, big[:125]), []string{"text " + big[:125]}},
		{"1.1 126 bytes", frame(fin|1, big[:126]), []string{"text " + big[:126]}},
		{"1.1 127 bytes", frame(fin|1, big[:127]), []string{"text " + big[:127]}},
		{"1.1 65535 bytes", frame(fin|1, big[:65535]), []string{"text " + big[:65535]}},
		{"1.1 65536 bytes", frame(fin|1, big), []string{"text " + big}},
		{"1.2 binary", frame(fin|2, "\x00\xff\xfe"), []string{"binary \x00\xff\xfe"}},
		{"2.1 empty ping", frame(fin|9, ""), []string{"pong "}},
		{"2.2 ping", frame(fin|9, "x"), []string{"pong x"}},
		{"2.4 ping of 125 bytes", frame(fin|9, big[:125]), []string{"pong " + big[:125]}},
		{"2.5 ping of 126 bytes", frame(fin|9, big[:126]), []string{"close 1002"}},
		{"2.7 unasked pong", frame(fin|10, "x") + frame(fin|1, "a"), []string{"text a"}},
		{"2.10 ten pings", strings.Repeat(frame(fin|9, "p"), 10), slices.Repeat([]string{"pong p"}, 10)},
		{"3.1 rsv1", frame(fin|rsv1|1, "x"), []string{"close 1002"}},
		{"3.2 rsv2", frame(fin|rsv2|1, "x"), []string{"close 1002"}},
		{"3.3 rsv3", frame(fin|rsv3|1, "x"), []string{"close 1002"}},
		{"3.4 rsv on ping", frame(fin|rsv1|9, "x"), []string{"close 1002"}},
		{"3.5 rsv after text", frame(fin|1, "a") + frame(fin|rsv3|2, "x"), []string{"text a", "close 1002"}},
		{"5.1 fragmented ping", frame(9, "x") + frame(fin, "y"), []string{"close 1002"}},
		{"5.2 fragmented pong", frame(10, "x") + frame(fin, "y"), []string{"close 1002"}},
		{"5.3 two fragments", frame(1, "a") + frame(fin, "b"), []string{"text ab"}},
		{"5.6 ping between", frame(1, "a") + frame(fin|9, "p") + frame(fin, "b"), []string{"pong p", "text ab"}},
		{"5.8 many fragments", frame(1, "a") + strings.Repeat(frame(0, "b"), 50) + frame(fin, "c"), []string{"text a" + strings.Repeat("b", 50) + "c"}},
		{"5.9 stray continuation", frame(fin, "x"), []string{"close 1002"}},
		{"5.12 stray, not final", frame(0, "x") + frame(fin|1, "y"), []string{"close 1002"}},
		{"5.18 text in fragments", frame(1, "a") + frame(fin|1, "b"), []string{"close 1002"}},
		{"6.2 utf8 split", frame(1, "\xce") + frame(fin, "\xba"), []string{"text κ"}},
		{"6.2 utf8 split twice", frame(1, "\xf0\x9f") + frame(0, "\x98") + frame(fin, "\x80"), []string{"text 😀"}},
		{"7.1 close 1000", closing(1000, ""), []string{"close 1000", "end"}},
		{"7.1 text after close", closing(1000, "") + frame(fin|1, "late"), []string{"close 1000", "end"}},
		{"7.1 text, then close", frame(fin|1, "a") + closing(1000, "bye"), []string{"text a", "close 1000", "end"}},
		{"7.3 one byte", frame(fin|8, "\x03"), []string{"close 1002"}},
		{"7.3 long reason", closing(1000, big[:123]), []string{"close 1000", "end"}},
		{"7.3 too long", closing(1000, big[:124]), []string{"close 1002"}},
		{"7.5 bad utf8 reason", closing(1000, "\xed\xa0\x80"), []string{"close 1007"}},
		{"9 half a megabyte", frame(fin|1, strings.Repeat(big, 8)), []string{"text " + strings.Repeat(big, 8)}},
		{"9 fragments of 4 KiB", frame(1, "") + strings.Repeat(frame(0, big[:4096]), 16) + frame(fin, ""), []string{"text " + big}},
		{"unmasked", "\x81\x02hi", []string{"close 1002"}},
	}
	for op := range 16 {
		if op >= 3 && op <= 7 || op >= 11 {
			rows = append(rows, row{fmt.Sprintf("4 opcode %d", op), frame(fin|byte(op), "x"), []string{"close 1002"}})
			rows = append(rows, row{fmt.Sprintf("4 opcode %d after text", op), frame(fin|1, "a") + frame(fin|byte(op), ""), []string{"text a", "close 1002"}})
		}
	}
	for _, s := range []string{"\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited", "\xff", "\xfe", "\xc0\xaf", "\x80", "a\xbf", "\xf4\x90\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf8\x88\x80\x80\x80", "\xc1\x81", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "hello\xffworld"} {
		rows = append(rows, row{fmt.Sprintf("6 invalid %q", s), frame(fin|1, s), []string{"close 1007"}})
		rows = append(rows, row{fmt.Sprintf("6 invalid %q in fragments", s), frame(1, "ok"+s[:len(s)/2]) + frame(fin, s[len(s)/2:]), []string{"close 1007"}})
	}
	for _, s := range []string{"κόσμε", "\x00", "\x7f", "\u0080", "߿", "ࠀ", "\ud7ff", "\ue000", "\ufffd", "\uffff", "\U00010000", "\U0010ffff"} {
		rows = append(rows, row{fmt.Sprintf("6 valid %q", s), frame(fin|1, s), []string{"text " + s}})
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535} {
		rows = append(rows, row{fmt.Sprintf("7.9 close %d", code), closing(code, ""), []string{"close 1002"}})
	}
	for _, code := range []int{1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		rows = append(rows, row{fmt.Sprintf("7.7 close %d", code), closing(code, ""), []string{fmt.Sprintf("close %d", code), "end"}})
	}
	for _, r := range rows {
		c, res := handshake(t, p, "/ws", "")
		if res.StatusCode != 101 {
			t.Fatal(res.Status)
		}
		go io.WriteString(c, r.send)
		for i, want := range r.want {
			if got := c.received(); got != want {
				t.Errorf("%s: frame %d is %.60q, want %.60q", r.name, i+1, got, want)
				break
			}
		}
		c.Close()
	}
	// An empty close is answered by one without a code, or with 1000.
	c, _ := handshake(t, p, "/ws", "")
	c.send(frame(fin|8, ""))
	if got := c.received(); got != "close" && got != "close 1000" {
		t.Errorf("empty close: %q", got)
	}
	// Chopped: one byte at a time.
	c, _ = handshake(t, p, "/ws", "")
	for _, b := range []byte(frame(fin|1, "chopped")) {
		c.Write([]byte{b})
	}
	if got := c.received(); got != "text chopped" {
		t.Errorf("chopped: %q", got)
	}
	alive(t, p)
}

func TestW03_MessageLimit(t *testing.T) {
	t.Parallel()
	p := target(t)
	mib := strings.Repeat("m", 1<<20)
	c, _ := handshake(t, p, "/ws", "")
	go io.WriteString(c, frame(fin|1, mib))
	if got := c.received(); got != "text "+mib {
		t.Errorf("one MiB: %.60q", got)
	}
	c, _ = handshake(t, p, "/ws", "")
	go io.WriteString(c, frame(fin|1, mib+"!"))
	if got := c.received(); got != "close 1009" {
		t.Errorf("one MiB and a byte: %.60q", got)
	}
	c, _ = handshake(t, p, "/ws", "")
	go io.WriteString(c, frame(1, "")+strings.Repeat(frame(0, mib[:1000]), 1100))
	if got := c.received(); got != "close 1009" {
		t.Errorf("many fragments: %.60q", got)
	}
	// Announced as 256 GiB: refused when the limit is reached, if not before.
	c, _ = handshake(t, p, "/ws", "")
	go io.WriteString(c, "\x81\xff\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x00"+mib+mib)
	if got := c.received(); got != "close 1009" {
		t.Errorf("a frame of 256 GiB: %.60q", got)
	}
	c, _ = handshake(t, p, "/ws", "")
	c.send("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x12\x34\x56\x78")
	if got := c.received(); got != "close 1002" && got != "close 1009" {
		t.Errorf("a negative length: %.60q", got)
	}
	alive(t, p)
}

// TestW04: a client that stops reading delays nobody and is closed.
func TestW04_SlowClient(t *testing.T) {
	t.Parallel()
	slowClient(t, "/shout", func(p *aroproc.Process) (stuck *tcpConn, quick []func() string) {
		stuck, _ = handshake(t, p, "/ws", "")
		for range 10 {
			c, _ := handshake(t, p, "/ws", "")
			quick = append(quick, func() string { return strings.TrimPrefix(c.received(), "text ") })
		}
		return stuck, quick
	})
}

// TestT02: the same over TCP.
func TestT02_SlowClient(t *testing.T) {
	t.Parallel()
	slowClient(t, "/shout-tcp", func(p *aroproc.Process) (stuck *tcpConn, quick []func() string) {
		stuck = dialTCP(t, p.TCP)
		for range 10 {
			c := dialTCP(t, p.TCP)
			c.send("hello")
			c.want("hello")
			quick = append(quick, func() string {
				c.SetReadDeadline(time.Now().Add(aroproc.Patience))
				buf := make([]byte, 256<<10)
				if _, err := io.ReadFull(c.r, buf); err != nil {
					return err.Error()
				}
				return string(buf)
			})
		}
		return stuck, quick
	})
}

func slowClient(t *testing.T, path string, connect func(*aroproc.Process) (*tcpConn, []func() string)) {
	p := target(t)
	stuck, quick := connect(p)
	text := strings.Repeat("s", 256<<10)
	var slowest time.Duration
	start := time.Now()
	for round := 0; time.Since(start) < 14*time.Second; round++ {
		began := time.Now()
		req, _ := http.NewRequest("POST", "http://"+p.HTTP+path, strings.NewReader(text))
		req.Header.Set("Content-Type", "text/plain")
		if a := do(t, req); a.code != 200 {
			t.Fatalf("round %d: %v", round, a)
		}
		for i, next := range quick {
			if got := next(); got != text {
				t.Fatalf("round %d: quick client %d got %.40q of %d bytes", round, i, got, len(got))
			}
		}
		slowest = max(slowest, time.Since(began))
		time.Sleep(50 * time.Millisecond) // the pace of the broadcasts
	}
	if slowest > 5*time.Second {
		t.Errorf("a stuck client delayed the others by %v", slowest)
	}
	stuck.SetReadDeadline(time.Now().Add(aroproc.Patience))
	if n, err := io.Copy(io.Discard, stuck.r); err != nil {
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Errorf("the stuck client is still connected after %d bytes", n)
		}
	}
	alive(t, p)
}

// ---- TCP --------------------------------------------------------------------

func TestT01_LongLine(t *testing.T) {
	t.Parallel()
	p := aroproc.Start(t, aro, "chat", aroproc.Options{Ready: "tcp"})
	c := dialTCP(t, p.TCP)
	c.line()
	go io.WriteString(c, strings.Repeat("l", 3<<20))
	c.SetReadDeadline(time.Now().Add(aroproc.Patience))
	if _, err := io.Copy(io.Discard, c.r); err != nil {
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Error("a line of 3 MiB does not end the connection")
		}
	}
	d := dialTCP(t, p.TCP)
	if got := d.line(); got != "Welcome! What is your name?" {
		t.Errorf("another client: %q", got)
	}
}

func TestT03_Parallel(t *testing.T) {
	t.Parallel()
	p := target(t)
	sleeper := dialTCP(t, p.TCP)
	sleeper.send("sleep")
	start := time.Now()
	var wg sync.WaitGroup
	for i := range 200 {
		c := dialTCP(t, p.TCP)
		wg.Go(func() {
			for n := range 5 {
				text := fmt.Sprintf("<%d %d>", i, n)
				c.send(text)
				c.want(text)
			}
		})
	}
	wg.Wait()
	others := time.Since(start)
	sleeper.send("after")
	sleeper.want("sleptafter")
	if slept := time.Since(start); slept < 900*time.Millisecond {
		t.Errorf("the second event of a connection overtook the first: %v", slept)
	}
	if others > 10*time.Second {
		t.Errorf("the others took %v", others)
	}
}

func TestT04_HalfClosed(t *testing.T) {
	t.Parallel()
	p := target(t)
	c := dialTCP(t, p.TCP)
	c.send("much")
	c.CloseWrite()
	if got := c.end(); len(got) != 64*1000+3 || !strings.HasSuffix(got, "END") {
		t.Errorf("a half-closed client got %d bytes, want 64003", len(got))
	}
	for range 50 {
		d := dialTCP(t, p.TCP)
		d.send("much")
		d.SetLinger(0)
		d.Close() // with a reset
	}
	e := dialTCP(t, p.TCP)
	e.send("still here")
	e.want("still here")
}

// ---- start and stop ---------------------------------------------------------

// TestS01: SIGTERM under load resets nobody.
func TestS01_Drain(t *testing.T) {
	t.Parallel()
	p := target(t)
	sockets := []*wsClient{listen(t, p), listen(t, p)}
	peer := dialTCP(t, p.TCP)
	peer.send("hello")
	peer.want("hello")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var answered atomic.Int64
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				a, err := try(mustGet("http://" + p.HTTP + "/echo?log=1"))
				if err != nil {
					// Refused, or reset in the kernel's queue: the handler's count
					// tells whether the application had accepted it.
					return
				}
				if a.code == 503 {
					if a.header.Get("Connection") != "close" && !strings.Contains(a.body, "Service Unavailable") {
						t.Errorf("503: %v", a)
					}
					return
				}
				if a.code != 200 {
					t.Error(a)
				}
				answered.Add(1)
			}
		})
	}
	slow := make(chan error, 1)
	wg.Go(func() {
		a, err := try(mustGet("http://" + p.HTTP + "/slow"))
		if err == nil && a.code != 200 {
			err = fmt.Errorf("%v", a)
		}
		slow <- err
	})
	// The slow request must be inside its handler; it says so nowhere.
	time.Sleep(200 * time.Millisecond)
	began := time.Now()
	code := p.Stop()
	close(stop)
	wg.Wait()
	if code != 0 || time.Since(began) > 10*time.Second {
		t.Errorf("exit code %d after %v", code, time.Since(began))
	}
	if ran := int64(strings.Count(p.Stdout(), "echoed\n")); ran != answered.Load() || ran == 0 {
		t.Errorf("%d requests were accepted, %d answered", ran, answered.Load())
	}
	if err := <-slow; err != nil {
		t.Errorf("the request in flight: %v", err)
	}
	for _, s := range sockets {
		if code := s.closed(t); code != 1001 {
			t.Errorf("WebSocket closed with %d, want 1001", code)
		}
	}
	if got := peer.end(); got != "bye" {
		t.Errorf("the TCP client heard %q, want the farewell", got)
	}
	if !strings.Contains(p.Stdout(), "ended\n") {
		t.Error("Application-End did not run")
	}
}

func mustGet(url string) *http.Request {
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		panic(err)
	}
	return req
}

// TestS01: the second signal ends the process at once.
func TestS01_SecondSignal(t *testing.T) {
	t.Parallel()
	app := fixture(t, `(Application-Start: Stubborn) {
    Listen on port 9000 as <line>.
    Return an <OK: status> for the <startup>.
}
(Application-End: Success) {
    Log "ending" to the <console>.
    Wait for 60 seconds.
    Return an <OK: status> for the <shutdown>.
}
`)
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "tcp"})
	p.Signal(syscall.SIGTERM)
	p.Prints("ending")
	began := time.Now()
	p.Signal(syscall.SIGTERM)
	p.Wait()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("ended %v after the second signal", took)
	}
}

// TestS03: what cannot start says why in a line, with exit code 1, at once.
func TestS03_CannotStart(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		app  string
		want string
	}{
		"HTTP port": {"statuspost", "address already in use"},
		"TCP port":  {"echo", "address already in use"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", ":0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			port := l.Addr().(*net.TCPAddr).Port
			began := time.Now()
			p := aroproc.Start(t, aro, row.app, aroproc.Options{Port: port, SockPort: port})
			code := p.Wait()
			out := p.Stdout() + p.Stderr()
			if code != 1 || !strings.Contains(out, row.want) || !strings.Contains(out, fmt.Sprint(port)) {
				t.Errorf("exit code %d: %s", code, out)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// ---- pages ------------------------------------------------------------------

// TestX01: no value becomes markup or script, in any place of a page.
func TestX01_Contexts(t *testing.T) {
	t.Parallel()
	b := launch(t)
	p := target(t)
	w, err := b.Open("http://" + p.HTTP + "/echo")
	must(t, err)
	must(t, w.BeforeLoad(`window.hacked = false; window.hack = () => { window.hacked = true; alert("hacked") }`))
	payloads := []string{
		`<img src=x onerror=hack()>`, `<script>hack()</script>`, `"><script>hack()</script>`, `'><script>hack()</script>`,
		`" onmouseover="hack()`, `' onmouseover='hack()`, `x onmouseover=hack() y`, `x onclick=hack()`, `x/onfocus=hack()/autofocus`,
		`javascript:hack()`, `JaVaScRiPt:hack()`, " javascript:hack()", "java\nscript:hack()", "\x01javascript:hack()", `data:text/html,<script>hack()</script>`, `vbscript:hack()`,
		`</script><script>hack()</script>`, `</textarea><script>hack()</script>`, `</title><script>hack()</script>`, `</style><script>hack()</script>`,
		`--><script>hack()</script>`, `--!><script>hack()</script>`, `<!--<script>`, `hack()`, `1;hack()`, `";hack();"`, `';hack();'`, `\";hack();//`, "\u2028hack()", "*/hack()/*",
		`red; background: url(javascript:hack())`, `red;}</style><script>hack()</script>`, `expression(hack())`, `<svg onload=hack()>`, `<a href=javascript:hack()>x</a>`,
		`{{ <text> }}`, `${hack()}`, "`hack()`", `&lt;img src=x onerror=hack()&gt;`, `&#x6a;avascript:hack()`, "\x00<script>hack()</script>", `<iframe srcdoc="<script>parent.hack()</script>">`,
	}
	for _, text := range payloads {
		u := "http://" + p.HTTP + "/show?text=" + url.QueryEscape(text)
		if a, err := try(mustGet(u)); err != nil || a.code != 200 {
			t.Errorf("%q: %v %v", text, err, a)
			continue
		}
		must(t, w.Go(u))
		if err := w.Eval(nil, `document.querySelectorAll("a, p").forEach(e => { e.click(); e.dispatchEvent(new Event("mouseover")); e.dispatchEvent(new Event("focus")) })`); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		must(t, w.Until(`location.href !== "about:blank" && document.readyState === "complete"`))
		var got struct {
			Hacked, End bool
			Text        string
		}
		must(t, w.Eval(&got, `({ hacked: !!window.hacked, end: !!document.getElementById("end"), text: (document.getElementById("text") || {}).textContent || "" })`))
		if got.Hacked {
			t.Errorf("%q ran", text)
		}
		if onPage := strings.HasPrefix(text, "\x00") || got.Text == ""; !onPage && strings.ReplaceAll(got.Text, "\ufffd", "") != strings.Trim(text, "\x00") && !strings.Contains(text, "\x01") {
			t.Errorf("%q is shown as %q", text, got.Text)
		}
	}
	for _, problem := range w.Problems() {
		if strings.Contains(problem, "hacked") {
			t.Errorf("a dialog opened: %.300s", problem)
		}
	}
}

// TestX02: a value is never read as a template.
func TestX02_TemplateInjection(t *testing.T) {
	t.Parallel()
	p := target(t)
	for _, text := range []string{`{{ <text> }}`, `{{ 7 * 7 }}`, `{{ <now> }}`, `{{ Include the <template: static/plain.txt>. }}`, `{{ for each <x> in <y> { }}`, `{{`, `}}`, `${7*7}`, `{{ } }}`, `<template: index.html>`} {
		a := do(t, mustGet("http://"+p.HTTP+"/show?text="+url.QueryEscape(text)))
		if shown := strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(text); a.code != 200 || !strings.Contains(a.body, shown) || strings.Contains(a.body, ">49<") || !strings.Contains(a.body, `<p id="end">`) {
			t.Errorf("%q: %v", text, a)
		}
	}
}

// ---- events -----------------------------------------------------------------

func run(t *testing.T, main string, more ...string) (stdout, stderr string, code int) {
	t.Helper()
	return aroproc.Run(t, aro, "run", fixture(t, main, more...))
}

// TestE01: of ten handlers one fails, nine finish.
func TestE01_OneOfTenFails(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`(Application-Start: Ten) {
    Create the <order> with { id: 7 }.
    Emit an <OrderPlaced: event> with <order>.
    Return an <OK: status> for the <startup>.
}
`)
	for i := range 10 {
		fmt.Fprintf(&b, "(Handler %d: OrderPlaced Handler) {\n", i)
		if i == 4 {
			b.WriteString("    Compute the <x> from 1 / 0.\n")
		}
		fmt.Fprintf(&b, "    Log \"handler %d done\" to the <console>.\n    Return an <OK: status> for the <order>.\n}\n", i)
	}
	stdout, stderr, code := run(t, b.String())
	for i := range 10 {
		if done := strings.Contains(stdout, fmt.Sprintf("handler %d done\n", i)); done == (i == 4) {
			t.Errorf("handler %d done: %t", i, done)
		}
	}
	if n := strings.Count(stderr, "[ERROR]"); n != 1 || !strings.Contains(stderr, "[ERROR] [Handler 4: OrderPlaced Handler]") || code != 0 {
		t.Errorf("exit code %d, %d errors:\n%s", code, n, stderr)
	}
}

// TestE03: events that cause each other without end are stopped. The condition
// never fails, but that is not to be seen in the text: a circle without any is
// refused when the program is compiled.
func TestE03_EventCycle(t *testing.T) {
	t.Parallel()
	began := time.Now()
	_, stderr, code := run(t, `(Application-Start: Cycle) {
    Create the <x> with { n: 0 }.
    Emit a <Ping: event> with <x>.
    Return an <OK: status> for the <startup>.
}
(Answer Ping: Ping Handler) {
    Create the <x> with { n: 1 }.
    Emit a <Pong: event> with <x> when <event: x> exists.
    Return an <OK: status> for the <ping>.
}
(Answer Pong: Pong Handler) {
    Create the <x> with { n: 2 }.
    Emit a <Ping: event> with <x>.
    Return an <OK: status> for the <pong>.
}
`)
	if code != 0 || !strings.Contains(stderr, "Ping") || !strings.Contains(stderr, "Pong") || !strings.Contains(stderr, "100") {
		t.Errorf("exit code %d after %v: %.2000s", code, time.Since(began), stderr)
	}
	if n := strings.Count(stderr, "[ERROR]"); n > 3 {
		t.Errorf("%d errors for one cycle", n)
	}
}

// TestE03: so is an observer that stores into its own repository.
func TestE03_ObserverCycle(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := run(t, `(Application-Start: Cycle) {
    Create the <row> with { n: 1 }.
    Store the <row> into the <loop-repository>.
    Log "stored" to the <console>.
    Return an <OK: status> for the <startup>.
}
(Again: loop-repository Observer) {
    Create the <row> with { n: <now> }.
    Store the <row> into the <loop-repository>.
    Return an <OK: status> for the <row>.
}
`)
	if !strings.Contains(stderr, "100") || !strings.Contains(stderr, "Again") {
		t.Errorf("exit code %d\n%s\n%.2000s", code, stdout, stderr)
	}
}

// TestE06: nothing a user can nest overflows the stack.
func TestE06_Recursion(t *testing.T) {
	t.Parallel()
	_, stderr, code := run(t, `(Application-Start: Deep) {
    Application.Again the <x> from 1.
    Return an <OK: status> for the <startup>.
}
(Again: Action takes <n: Integer>) {
    Compute the <m> from <n> + 1.
    Application.Again the <x> from <m>.
    Return an <OK: status> with <x>.
}
`)
	if code != 1 || strings.Contains(stderr, "goroutine") || strings.Contains(stderr, "stack overflow") {
		t.Errorf("endless recursion: exit code %d\n%.2000s", code, stderr)
	}
	deep := func(open, inner, shut string, n int) string {
		return "(Application-Start: Deep) {\n    Create the <x> with " + strings.Repeat(open, n) + inner + strings.Repeat(shut, n) + ".\n    Return an <OK: status> for the <startup>.\n}\n"
	}
	for name, src := range map[string]string{
		"parentheses":    deep("(", "1", ")", 200000),
		"lists":          deep("[", "1", "]", 200000),
		"maps":           deep("{ a: ", "1", " }", 200000),
		"not":            deep("not ", "true", "", 200000),
		"minus":          deep("- ", "1", "", 200000),
		"sums":           deep("1 + ", "1", "", 200000),
		"open only":      deep("(", "", "", 200000),
		"strings":        deep(`"${`, "1", `}"`, 20000),
		"comments":       strings.Repeat("(* ", 200000) + deep("", "1", "", 1),
		"loops":          "(Application-Start: Deep) {\n" + strings.Repeat("for each <x> in [1] {\n", 20000) + strings.Repeat("}\n", 20000) + "}\n",
		"types":          "(Application-Start: Deep) {\n    Create the <x: " + strings.Repeat("List<", 100000) + "Int" + strings.Repeat(">", 100000) + "> with 1.\n}\n",
		"property paths": "(Application-Start: Deep) {\n    Create the <x> with <a: " + strings.Repeat("b.", 100000) + "b>.\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			stdout, stderr, code := aroproc.Run(t, aro, "check", fixture(t, src))
			if code != 0 && code != 1 || strings.Contains(stdout+stderr, "goroutine ") || strings.Contains(stdout+stderr, "panic") {
				t.Errorf("exit code %d: %.300s %.600s", code, stdout, stderr)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	// Templates and schemas.
	loops := strings.Repeat("{{ for each <x> in [1] { }}", 20000) + strings.Repeat("{{ } }}", 20000)
	self := `{{ Include the <template: self.html>. }}`
	for name, text := range map[string]string{"loops": loops, "self": self} {
		app := fixture(t, `(Application-Start: Page) {
    Transform the <page> from the <template: `+name+`.html>.
    Return an <OK: status> for the <startup>.
}
`, filepath.Join("templates", name+".html"), text)
		_, stderr, code := aroproc.Run(t, aro, "run", app)
		if code > 1 || strings.Contains(stderr, "goroutine ") {
			t.Errorf("template %s: exit code %d %.600s", name, code, stderr)
		}
	}
}
