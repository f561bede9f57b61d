package aronet

import (
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// echoWS sends every message back.
func echoWS(t host.Trigger) {
	p, _ := encode(t.Field("data"), "", asText)
	connOfTrigger(t).send(p)
}

// W02, W03: what raw frames are answered with.
func TestWebSocketFrames(t *testing.T) {
	mega := strings.Repeat("m", 1<<20)
	bad := "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"
	text := func(s string) frame { return frame{op: 1, payload: s} }
	type test struct {
		name string
		send []frame
		want []string
	}
	tests := []test{
		{"text", []frame{text("hi")}, []string{`text "hi"`}},
		{"empty text", []frame{text("")}, []string{`text ""`}},
		{"binary", []frame{{op: 2, payload: "\x00\xff"}}, []string{`binary "\x00\xff"`}},
		{"UTF-8", []frame{text("κόσμε")}, []string{`text "κόσμε"`}},
		{"two in order", []frame{text("1"), text("2")}, []string{`text "1"`, `text "2"`}},
		{"fragments", []frame{{op: 1, payload: "a", fragment: true}, {payload: "b", fragment: true}, {payload: "c"}}, []string{`text "abc"`}},
		{"fragments of nothing", []frame{{op: 1, fragment: true}, {fragment: true}, {}}, []string{`text ""`}},
		{"character over fragments", []frame{{op: 1, payload: "\xce", fragment: true}, {payload: "\xba"}}, []string{`text "κ"`}},
		{"ping between fragments", []frame{{op: 1, payload: "a", fragment: true}, {op: 9, payload: "p"}, {payload: "b"}}, []string{`pong "p"`, `text "ab"`}},
		{"ping", []frame{{op: 9}}, []string{`pong ""`}},
		{"ping 125", []frame{{op: 9, payload: strings.Repeat("p", 125)}}, []string{fmt.Sprintf("pong %q", strings.Repeat("p", 125))}},
		{"ping 126", []frame{{op: 9, payload: strings.Repeat("p", 126)}}, []string{"close 1002", "end"}},
		{"fragmented ping", []frame{{op: 9, fragment: true}}, []string{"close 1002", "end"}},
		{"pong unasked", []frame{{op: 10, payload: "x"}, text("on")}, []string{`text "on"`}},
		{"continuation of nothing", []frame{{op: 0, payload: "x"}}, []string{"close 1002", "end"}},
		{"text within fragments", []frame{{op: 1, payload: "a", fragment: true}, text("b")}, []string{"close 1002", "end"}},
		{"good then bad", []frame{text("a"), {op: 3}}, []string{`text "a"`, "close 1002", "end"}},
		{"invalid UTF-8", []frame{text(bad)}, []string{"close 1007", "end"}},
		{"invalid UTF-8 over fragments", []frame{{op: 1, payload: bad[:12], fragment: true}, {payload: bad[12:]}}, []string{"close 1007", "end"}},
		{"invalid UTF-8 in binary", []frame{{op: 2, payload: "\xff"}}, []string{`binary "\xff"`}},
		{"unmasked", []frame{{op: 1, payload: "x", unmasked: true}}, []string{"close 1002", "end"}},
		{"unmasked close", []frame{{op: 8, unmasked: true}}, []string{"close 1002", "end"}},
		{"longest", []frame{text(mega)}, []string{described("text", []byte(mega))}},
		{"too long", []frame{text(mega + "x")}, []string{"close 1009", "end"}},
		{"too long in fragments", []frame{{op: 1, payload: mega, fragment: true}, {payload: "x"}}, []string{"close 1009", "end"}},
		{"impossible length", []frame{{op: 1, payload: "x", length: 1 << 63}}, []string{"close 1002", "end"}},
		{"close", []frame{closing(1000, "")}, []string{"close 1000", "end"}},
		{"close without code", []frame{{op: 8}}, []string{"close", "end"}},
		{"close with one byte", []frame{{op: 8, payload: "\x03"}}, []string{"close 1002", "end"}},
		{"close with long reason", []frame{closing(1000, strings.Repeat("r", 123))}, []string{"close 1000", "end"}},
		{"close of 126 bytes", []frame{closing(1000, strings.Repeat("r", 124))}, []string{"close 1002", "end"}},
		{"close with invalid UTF-8", []frame{closing(1000, "\xed\xa0\x80")}, []string{"close 1007", "end"}},
		{"data after close", []frame{closing(1000, ""), text("late")}, []string{"close 1000", "end"}},
	}
	for _, rsv := range []byte{1, 2, 4} {
		tests = append(tests, test{fmt.Sprintf("reserved bit %d", rsv), []frame{{op: 1, payload: "x", rsv: rsv}}, []string{"close 1002", "end"}})
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		tests = append(tests, test{fmt.Sprintf("opcode %d", op), []frame{{op: op, payload: "x"}}, []string{"close 1002", "end"}})
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		tests = append(tests, test{fmt.Sprintf("close code %d", code), []frame{closing(code, "ok")}, []string{fmt.Sprintf("close %d", code), "end"}})
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		tests = append(tests, test{fmt.Sprintf("close code %d", code), []frame{closing(code, "")}, []string{"close 1002", "end"}})
	}
	for _, n := range []int{125, 126, 127, 128, 65535, 65536} {
		s := strings.Repeat("s", n)
		tests = append(tests, test{fmt.Sprintf("size %d", n), []frame{text(s)}, []string{described("text", []byte(s))}})
	}
	s := newStage(t, handlersOf{onWSMessage: echoWS}, nil)
	address := s.serveWS()
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c := dialWS(t, address)
			for _, f := range tc.send {
				c.Write(f.bytes()) // the server may have closed already
			}
			c.expect(tc.want...)
			c.Close()
		})
	}
}

// TestWebSocketIsThereWhenAnswered: who has read the answer to the handshake is among
// those who get a broadcast.
func TestWebSocketIsThereWhenAnswered(t *testing.T) {
	s := newStage(t, handlersOf{}, nil)
	address := s.serveWS()
	var answered atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 40 {
				c := dialWS(t, address)
				n := answered.Add(1)
				if there := int64(s.sockets.len()); there < n {
					t.Errorf("%d have the answer, %d are there", n, there)
				}
				t.Cleanup(func() { c.Close() })
			}
		})
	}
	wg.Wait()
}

func TestWebSocketFramesInPieces(t *testing.T) {
	s := newStage(t, handlersOf{onWSMessage: echoWS}, nil)
	c := dialWS(t, s.serveWS())
	for _, b := range (frame{op: 1, payload: strings.Repeat("y", 200)}).bytes() {
		c.Write([]byte{b})
	}
	c.expect(described("text", []byte(strings.Repeat("y", 200))))
}

func TestWebSocketOrigins(t *testing.T) {
	for _, tc := range []struct {
		host, origin, proto string
		allowed             []string
		ok                  bool
	}{
		{host: "a.example", ok: true},
		{host: "a.example", origin: "http://a.example", ok: true},
		{host: "a.example", origin: "HTTP://A.Example", ok: true},
		{host: "a.example:80", origin: "http://a.example", ok: true},
		{host: "a.example:8080", origin: "http://a.example:8080", ok: true},
		{host: "[::1]:8080", origin: "http://[::1]:8080", ok: true},
		{host: "a.example:8080", origin: "http://a.example", ok: false},
		{host: "a.example", origin: "http://a.example:8080", ok: false},
		{host: "a.example", origin: "https://a.example", ok: false},
		{host: "a.example", origin: "https://a.example", proto: "https", ok: true},
		{host: "a.example", origin: "http://a.example", proto: "https", ok: false},
		{host: "a.example", origin: "http://evil.example", ok: false},
		{host: "a.example", origin: "http://a.example.evil.example", ok: false},
		{host: "a.example", origin: "http://evil.example/a.example", ok: false},
		{host: "a.example", origin: "null", ok: false},
		{host: "a.example", origin: "a.example", ok: false},
		{host: "a.example", origin: "http://evil.example", allowed: []string{"*"}, ok: true},
		{host: "a.example", origin: "null", allowed: []string{"*"}, ok: true},
		{host: "a.example", origin: "https://b.example", allowed: []string{"https://b.example/"}, ok: true},
		{host: "a.example", origin: "https://b.example:443", allowed: []string{"https://b.example"}, ok: true},
		{host: "a.example", origin: "http://b.example", allowed: []string{"https://b.example"}, ok: false},
		{host: "a.example", origin: "https://b.example:444", allowed: []string{"https://b.example"}, ok: false},
		{host: "a.example", origin: "http://b.example", allowed: []string{"b.example"}, ok: true},
		{host: "a.example", origin: "http://a.example", allowed: []string{"https://b.example"}, ok: true},
	} {
		r := httptest.NewRequest("GET", "/ws", nil)
		r.Host = tc.host
		if tc.origin != "" {
			r.Header.Set("Origin", tc.origin)
		}
		if tc.proto != "" {
			r.Header.Set("X-Forwarded-Proto", tc.proto)
		}
		if got := originAllowed(r, tc.allowed); got != tc.ok {
			t.Errorf("host %s, origin %s, allowed %v: %v", tc.host, tc.origin, tc.allowed, got)
		}
	}
}

func TestWebSocketHandshakes(t *testing.T) {
	s := newStage(t, nil, func(l *Limits) { l.PerAddress, l.LoopbackCount = 2, true })
	address := s.serveWS()
	_, resp := handshake(t, address, "/ws", "Sec-WebSocket-Version: 8")
	if resp.StatusCode != 426 || resp.Header.Get("Sec-WebSocket-Version") != "13" {
		t.Errorf("version 8: %s, %v", resp.Status, resp.Header)
	}
	if _, resp := handshake(t, address, "/ws", "Origin: http://evil.example"); resp.StatusCode != 403 {
		t.Errorf("foreign origin: %s", resp.Status)
	}
	_, resp = handshake(t, address, "/ws", "Origin: http://"+address, "Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Extensions: permessage-deflate")
	if resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Protocol")+resp.Header.Get("Sec-WebSocket-Extensions") != "" {
		t.Errorf("own origin: %s, %v", resp.Status, resp.Header)
	}
	dialWS(t, address)
	eventually(t, "both are counted", func() bool { return s.sockets.len() == 2 })
	if _, resp := handshake(t, address, "/ws"); resp.StatusCode != 503 {
		t.Errorf("one too many: %s", resp.Status)
	}
	s.drain()
	if _, resp := handshake(t, address, "/ws"); resp.StatusCode != 503 {
		t.Errorf("while stopping: %s", resp.Status)
	}
}

func TestWebSocketEvents(t *testing.T) {
	got := make(chan host.Trigger, 10)
	keep := func(tr host.Trigger) { got <- tr }
	s := newStage(t, handlersOf{onWSConnected: keep, onWSMessage: keep, onWSDisconnected: keep, "websocket.message Handler": keep}, nil)
	c, _ := handshake(t, s.serveWS(), "/ws?room=a%20b&x=1&x=2", "X-Token: t")
	first := next(t, got)
	conn := connOfTrigger(first)
	for _, tc := range [][2]string{
		{"id", conn.id}, {"connectionId", conn.id}, {"connection", conn.id}, {"path", "/ws"}, {"remoteAddress", c.LocalAddr().String()},
		{"queryParameters", `["room": "a b", "x": "2"]`}, {"message", ""}, {"reason", ""},
	} {
		if v := text(first, tc[0]); v != tc[1] {
			t.Errorf("connected: %s is %q, want %q", tc[0], v, tc[1])
		}
	}
	if v, _ := first.Field("headers").Property("x-token"); v.Text() != "t" {
		t.Errorf("header is %q", v.Text())
	}
	if v, _ := first.Entry("websocket-connection").Property("protocol"); v.Text() != "websocket" {
		t.Errorf("protocol is %q", v.Text())
	}
	c.write(frame{op: 1, payload: "hi"}, frame{op: 2, payload: "\x00"}, closing(4001, "bye"))
	for range 2 { // the WebSocket handler and the domain event
		tr := next(t, got)
		for _, field := range []string{"message", "text", "data"} {
			if v := text(tr, field); v != "hi" {
				t.Errorf("%s is %q", field, v)
			}
		}
		if tr.Field("binary").Bool() || string(tr.Field("bytes").Bytes()) != "hi" || text(tr, "id") != conn.id {
			t.Error("a text message looks wrong")
		}
		if v, _ := tr.Entry("websocket-message").Property("text"); v.Text() != "hi" {
			t.Errorf("websocket-message: %q", v.Text())
		}
	}
	for range 2 {
		if tr := next(t, got); !tr.Field("binary").Bool() || tr.Field("data").Kind() != value.Bytes {
			t.Error("a binary message looks wrong")
		}
	}
	if last := next(t, got); text(last, "reason") != "bye" || text(last, "code") != "4001" {
		t.Errorf("reason %q, code %q", text(last, "reason"), text(last, "code"))
	}
}

func TestWebSocketReasons(t *testing.T) {
	for _, tc := range []struct {
		name   string
		end    func(s *stage, conn *Conn, c wsClient)
		reason string
		code   string
	}{
		{"close frame", func(_ *stage, _ *Conn, c wsClient) { c.write(closing(1001, "")) }, "client closed", "1001"},
		{"no code", func(_ *stage, _ *Conn, c wsClient) { c.write(frame{op: 8}) }, "client closed", "1005"},
		{"stream ended", func(_ *stage, _ *Conn, c wsClient) { c.Close() }, "connection closed", "1006"},
		{"reset", func(_ *stage, _ *Conn, c wsClient) { c.Conn.(*net.TCPConn).SetLinger(0); c.Close() }, "connection closed", "1006"},
		{"within a frame", func(_ *stage, _ *Conn, c wsClient) {
			c.Write((frame{op: 1, payload: "xxxx"}).bytes()[:7])
			c.Close()
		}, "connection closed", "1006"},
		{"by server", func(_ *stage, conn *Conn, c wsClient) {
			conn.Close()
			c.expect("close 1000")
			c.write(closing(1000, ""))
			c.expect("end")
		}, "closed by server", "1000"},
		{"server stopped", func(s *stage, _ *Conn, c wsClient) {
			s.CloseWebSockets()
			c.expect("close 1001")
			c.write(closing(1001, ""))
		}, "server stopped", "1001"},
		{"too big", func(_ *stage, _ *Conn, c wsClient) {
			c.Write((frame{op: 1, payload: strings.Repeat("x", 1<<20+1)}).bytes())
		}, "message too big", "1009"},
		{"protocol", func(_ *stage, _ *Conn, c wsClient) { c.write(frame{op: 1, unmasked: true}) }, "protocol error", "1002"},
		{"UTF-8", func(_ *stage, _ *Conn, c wsClient) {
			c.write(frame{op: 1, payload: "\xff"})
			c.expect("close 1007")
			c.Close()
		}, "error: invalid UTF-8", "1007"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ready, gone := make(chan *Conn, 1), make(chan [2]string, 2)
			s := newStage(t, handlersOf{
				onWSConnected:    func(tr host.Trigger) { ready <- connOfTrigger(tr) },
				onWSDisconnected: func(tr host.Trigger) { gone <- [2]string{text(tr, "reason"), text(tr, "code")} },
			}, nil)
			c := dialWS(t, s.serveWS())
			tc.end(s, next(t, ready), c)
			if got := next(t, gone); got != [2]string{tc.reason, tc.code} {
				t.Errorf("got %v", got)
			}
		})
	}
}

// The closing handshake is bounded although the peer never answers.
func TestWebSocketCloseWithoutAnswer(t *testing.T) {
	ready, gone := make(chan *Conn, 1), make(chan string, 1)
	s := newStage(t, handlersOf{
		onWSConnected:    func(tr host.Trigger) { ready <- connOfTrigger(tr) },
		onWSDisconnected: func(tr host.Trigger) { gone <- text(tr, "reason") },
	}, func(l *Limits) { l.Grace = 30 * time.Millisecond })
	c := dialWS(t, s.serveWS())
	next(t, ready).Close()
	if r := next(t, gone); r != "closed by server" {
		t.Errorf("reason %q", r)
	}
	c.expect("close 1000", "end")
}

func TestWebSocketPingAndSilence(t *testing.T) {
	gone := make(chan string, 1)
	s := newStage(t, handlersOf{onWSDisconnected: func(tr host.Trigger) { gone <- text(tr, "reason") }},
		func(l *Limits) { l.Ping, l.Silence = 100*time.Millisecond, 300*time.Millisecond })
	c := dialWS(t, s.serveWS())
	for range 5 { // longer than the silence that is allowed
		c.expect(`ping ""`)
		c.write(frame{op: 10})
	}
	if r := next(t, gone); r != "timeout" {
		t.Errorf("reason %q", r)
	}
}

// W03: fragments that go on for ever end the connection.
func TestWebSocketMessageWithoutEnd(t *testing.T) {
	gone := make(chan string, 1)
	s := newStage(t, handlersOf{onWSDisconnected: func(tr host.Trigger) { gone <- text(tr, "reason") }},
		func(l *Limits) { l.Ping, l.Silence = 50*time.Millisecond, 200*time.Millisecond })
	c := dialWS(t, s.serveWS())
	c.write(frame{op: 1, payload: "x", fragment: true})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				c.Write((frame{payload: "x", fragment: true}).bytes())
			}
		}
	})
	if r := next(t, gone); r != "timeout" {
		t.Errorf("reason %q", r)
	}
	close(stop)
	wg.Wait()
}

func TestWebSocketBroadcast(t *testing.T) {
	const clients, messages = 200, 30
	ready := make(chan struct{}, clients)
	s := newStage(t, handlersOf{onWSConnected: func(host.Trigger) { ready <- struct{}{} }}, nil)
	address := s.serveWS()
	all := make([]wsClient, clients)
	for i := range all {
		all[i] = dialWS(t, address)
		next(t, ready)
	}
	var want []string
	for i := range messages {
		v := value.MapOf("n", value.OfInt(int64(i)))
		want = append(want, described("text", []byte(v.JSON())))
		p, _ := encode(v, "", asJSON)
		audience{groups: []*group{&s.sockets}}.send(p)
	}
	s.CloseWebSockets()
	want = append(want, "close 1001")
	var wg sync.WaitGroup
	for _, c := range all {
		wg.Go(func() {
			var got []string
			for range want {
				got = append(got, c.next())
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			c.Write(closing(1001, "").bytes())
			io.Copy(io.Discard, c.in)
		})
	}
	wg.Wait()
}

func TestWebSocketSlowReader(t *testing.T) {
	ready, gone := make(chan *Conn, 2), make(chan string, 2)
	s := newStage(t, handlersOf{
		onWSConnected:    func(tr host.Trigger) { ready <- connOfTrigger(tr) },
		onWSDisconnected: func(tr host.Trigger) { gone <- text(tr, "reason") },
	}, func(l *Limits) { l.Queue = 1 << 20 })
	address := s.serveWS()
	dialWS(t, address)
	slow := next(t, ready)
	quick := dialWS(t, address)
	p := packetOfText(strings.Repeat("w", 64<<10))
	want := described("text", []byte(p.data()))
	for i := 0; slow.IsOpen(); i++ {
		if i == 1000 {
			t.Fatal("the slow client stays")
		}
		audience{groups: []*group{&s.sockets}}.send(p)
		quick.expect(want)
	}
	if r := next(t, gone); r != "timeout" {
		t.Errorf("reason %q", r)
	}
}

// Frames that arrive in one segment with the handshake are not lost.
func TestWebSocketEarlyFrames(t *testing.T) {
	s := newStage(t, handlersOf{onWSMessage: echoWS}, nil)
	c := dial(t, s.serveWS())
	c.say("GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" +
		string(frame{op: 1, payload: "early"}.bytes()))
	buf := make([]byte, 0, 4096)
	for !strings.Contains(string(buf), "\x81\x05early") {
		k, err := c.Read(buf[len(buf):cap(buf)])
		if err != nil {
			t.Fatalf("%v after %q", err, buf)
		}
		buf = buf[:len(buf)+k]
	}
}

// Clients come and go in every way while everything is broadcast.
func TestHammerWebSockets(t *testing.T) {
	s := newStage(t, handlersOf{onWSMessage: echoWS}, nil)
	address := s.serveWS()
	stop := make(chan struct{})
	var background, wg sync.WaitGroup
	background.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				audience{groups: []*group{&s.sockets}}.send(packetOfText("news"))
				time.Sleep(100 * time.Microsecond)
			}
		}
	})
	for k := range 6 {
		wg.Go(func() {
			for i := range 15 {
				c := dialWS(t, address)
				c.Write((frame{op: 1, payload: "mine"}).bytes())
				for got := ""; got != `text "mine"`; {
					if got = c.next(); got != `text "mine"` && got != `text "news"` {
						t.Errorf("got %s", got)
						return
					}
				}
				switch (i + k) % 4 {
				case 0:
					c.Write(closing(1000, "").bytes())
				case 1:
					c.Write((frame{op: 1, unmasked: true}).bytes())
				case 2:
					c.Conn.(*net.TCPConn).SetLinger(0)
				}
				c.Close()
			}
		})
	}
	wg.Wait()
	close(stop)
	background.Wait()
	eventually(t, "all connections are gone", func() bool {
		s.Network.mu.RLock()
		defer s.Network.mu.RUnlock()
		return len(s.live) == 0 && s.accepted == 0
	})
	eventually(t, "queues are empty", func() bool { return s.queued.Load() == 0 })
}
