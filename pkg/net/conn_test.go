package aronet

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// echo sends every chunk back as it came.
func echo(t host.Trigger) {
	p, _ := encode(t.Field("data"), "", asText)
	connOfTrigger(t).send(p)
}

func TestEchoReturnsEveryByte(t *testing.T) {
	s := newStage(t, handlersOf{onData: echo}, nil)
	c := dial(t, s.open("echo", listenOptions{}))
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, data := range []string{"hi\n", "no newline", string(all), strings.Repeat("x", 300_000), "\xff\xfe", "é"} {
		go io.WriteString(c, data)
		c.hear(data)
	}
}

func TestEventsOfAConnectionComeInOrder(t *testing.T) {
	var mu sync.Mutex
	seen := map[string][]string{}
	done := make(chan string, 20)
	note := func(what string) func(host.Trigger) {
		return func(tr host.Trigger) {
			mu.Lock()
			seen[text(tr, "id")] = append(seen[text(tr, "id")], what+text(tr, "data"))
			mu.Unlock()
			if what == "gone" {
				done <- text(tr, "id")
			}
		}
	}
	s := newStage(t, handlersOf{
		onConnected:    func(tr host.Trigger) { time.Sleep(2 * time.Millisecond); note("new")(tr) },
		onData:         note("data "),
		onDisconnected: note("gone"),
	}, nil)
	address := s.open("x", listenOptions{lines: true})
	const clients = 10
	for range clients {
		c := dial(t, address)
		c.say("1\n2\n3\n4\n")
		c.Close()
	}
	for range clients {
		id := next(t, done)
		mu.Lock()
		if diff := cmp.Diff([]string{"new", "data 1", "data 2", "data 3", "data 4", "gone"}, seen[id]); diff != "" {
			t.Error(diff)
		}
		mu.Unlock()
	}
}

// A handler that waits delays its own connection only, and events of one
// connection never overlap.
func TestHandlersOfDifferentConnectionsOverlap(t *testing.T) {
	release := make(chan struct{})
	started := make(chan string, 10)
	s := newStage(t, handlersOf{onData: func(tr host.Trigger) {
		started <- text(tr, "data")
		if text(tr, "data") == "wait" {
			<-release
		}
	}}, nil)
	address := s.open("x", listenOptions{lines: true})
	a, b := dial(t, address), dial(t, address)
	a.say("wait\nlater\n")
	if got := next(t, started); got != "wait" {
		t.Fatal(got)
	}
	b.say("free\n")
	if got := next(t, started); got != "free" {
		t.Fatal(got)
	}
	select {
	case got := <-started:
		t.Fatalf("%q was handled while an earlier handler ran", got)
	default:
	}
	close(release)
	if got := next(t, started); got != "later" {
		t.Fatal(got)
	}
}

func TestGreetingPrecedesReplies(t *testing.T) {
	s := newStage(t, handlersOf{
		onConnected: func(tr host.Trigger) { connOfTrigger(tr).send(packetOfText("welcome ")) },
		onData:      echo,
	}, nil)
	c := dial(t, s.open("x", listenOptions{}))
	c.say("hello")
	c.hear("welcome hello")
}

func TestProperties(t *testing.T) {
	got := make(chan host.Trigger, 3)
	keep := func(tr host.Trigger) { got <- tr }
	s := newStage(t, handlersOf{onConnected: keep, onData: keep, onDisconnected: keep}, nil)
	address := s.open("main-server", listenOptions{})
	c := dial(t, address)
	c.say("a\xffb")
	c.Close()
	first := next(t, got)
	conn := connOfTrigger(first)
	port := value.OfString(address[strings.LastIndexByte(address, ':')+1:])
	for field, want := range map[string]string{
		"id": conn.id, "connectionId": conn.id, "connection": conn.id, "server": "main-server", "name": conn.id,
		"direction": "inbound", "remoteAddress": c.LocalAddr().String(), "localPort": port.Text(),
	} {
		if v := text(first, field); v != want {
			t.Errorf("connected: %s is %q, want %q", field, v, want)
		}
	}
	for field, want := range map[string]string{"protocol": "tcp", "id": conn.id, "connection": conn.id} {
		if v, _ := first.Entry("connection").Property(field); v.Text() != want {
			t.Errorf("connection: %s is %q, want %q", field, v.Text(), want)
		}
	}
	data := next(t, got)
	for field, want := range map[string]value.Kind{
		"data": value.Bytes, "bytes": value.Bytes, "buffer": value.Bytes, "message": value.String, "text": value.String,
		"size": value.Int, "timestamp": value.Date, "reason": value.Unbound,
	} {
		if v := data.Field(field); v.Kind() != want {
			t.Errorf("data: %s is %v of kind %d, want %d", field, v.Text(), v.Kind(), want)
		}
	}
	if v := text(data, "message"); v != "a\uFFFDb" {
		t.Errorf("message is %q", v)
	}
	if v, _ := data.Entry("packet").Property("size"); v.Int() != 3 {
		t.Errorf("packet size is %s", v.Text())
	}
	last := next(t, got)
	if v := text(last, "reason"); v != "connection closed" {
		t.Errorf("reason is %q", v)
	}
	if v, _ := last.Field("connection").Property("isOpen"); v.Bool() {
		t.Error("the connection of a disconnected event is open")
	}
	if v := last.Entry("event"); !strings.Contains(v.JSON(), `"connection":"`+conn.id+`"`) {
		t.Errorf("as JSON: %s", v.JSON())
	}
}

// T04: what was sent before the peer finished its side still gets out, then FIN.
func TestHalfClosedPeerGetsTheRest(t *testing.T) {
	big := strings.Repeat("0123456789", 200_000)
	s := newStage(t, handlersOf{onData: func(tr host.Trigger) { connOfTrigger(tr).send(packetOfText(big)) }}, nil)
	c := dial(t, s.open("x", listenOptions{}))
	c.say("go")
	c.Conn.(*net.TCPConn).CloseWrite()
	if got := c.rest(); got != big {
		t.Errorf("got %d bytes of %d", len(got), len(big))
	}
}

// A kick notice arrives although the peer is still talking and never reads before
// the connection is closed.
func TestCloseFlushesPendingOutput(t *testing.T) {
	gone := make(chan string, 1)
	s := newStage(t, handlersOf{
		onData: func(tr host.Trigger) {
			c := connOfTrigger(tr)
			c.send(packetOfText("You have been disconnected"))
			c.Close()
			if c.send(packetOfText("too late")) == nil {
				t.Error("a closed connection takes output")
			}
		},
		onDisconnected: func(tr host.Trigger) { gone <- text(tr, "reason") },
	}, nil)
	c := dial(t, s.open("x", listenOptions{}))
	c.say("one")
	c.say(strings.Repeat("more", 10_000))
	if got := c.rest(); got != "You have been disconnected" {
		t.Errorf("got %q", got)
	}
	if r := next(t, gone); r != "closed by server" {
		t.Errorf("reason %q", r)
	}
}

func TestResetIsAnOrdinaryEnd(t *testing.T) {
	gone := make(chan string, 1)
	ready := make(chan *Conn, 1)
	s := newStage(t, handlersOf{
		onConnected:    func(tr host.Trigger) { ready <- connOfTrigger(tr) },
		onDisconnected: func(tr host.Trigger) { gone <- text(tr, "reason") },
	}, nil)
	c := dial(t, s.open("x", listenOptions{}))
	conn := next(t, ready)
	conn.send(packetOfText("unread"))
	c.Conn.(*net.TCPConn).SetLinger(0)
	c.Close()
	if r := next(t, gone); r != "connection closed" {
		t.Errorf("reason %q", r)
	}
	if err := conn.send(packetOfText("x")); err == nil {
		t.Error("sending to a closed connection succeeds")
	}
}

func TestDataWithoutHandlerIsDropped(t *testing.T) {
	s := newStage(t, nil, nil)
	c := dial(t, s.open("x", listenOptions{}))
	go func() {
		c.Write(bytes.Repeat([]byte("x"), 3<<20))
		c.Conn.(*net.TCPConn).CloseWrite()
	}()
	if got := c.rest(); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestShutdownFlushesAndIsSilent(t *testing.T) {
	var gone atomic.Int32
	ready := make(chan *Conn, 1)
	s := newStage(t, handlersOf{
		onConnected:    func(tr host.Trigger) { ready <- connOfTrigger(tr) },
		onDisconnected: func(tr host.Trigger) { gone.Add(1) },
	}, nil)
	address := s.open("x", listenOptions{})
	c := dial(t, address)
	conn := next(t, ready)
	s.drain()
	if sock, err := net.Dial("tcp", address); err == nil {
		sock.Close()
		t.Error("connections are accepted while draining")
	}
	conn.send(packetOfText("farewell"))
	s.shutdown(time.Now().Add(time.Second))
	if got := c.rest(); got != "farewell" {
		t.Errorf("got %q", got)
	}
	if gone.Load() != 0 {
		t.Error("an event fired after Application-End")
	}
	if k := s.queued.Load(); k != 0 {
		t.Errorf("%d bytes are still accounted for", k)
	}
}

func TestFraming(t *testing.T) {
	long := strings.Repeat("y", 1000)
	for _, tc := range []struct {
		name   string
		writes []string
		want   []string
		reason string
	}{
		{"lines", []string{"a\nb\r\n\nc\n"}, []string{"a", "b", "", "c"}, "connection closed"},
		{"split", []string{"hel", "lo\nwor", "ld\n"}, []string{"hello", "world"}, "connection closed"},
		{"carriage return alone", []string{"a\rb\n"}, []string{"a\rb"}, "connection closed"},
		{"last line without end", []string{"a\nrest"}, []string{"a", "rest"}, "connection closed"},
		{"longest", []string{long + "\r\nx\n"}, []string{long, "x"}, "connection closed"},
		{"too long at once", []string{"a\n" + long + "y\n"}, []string{"a"}, "error: line too long"},
		{"too long in pieces", []string{"a\n", long[:600], long}, []string{"a"}, "error: line too long"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := make(chan string, 100)
			s := newStage(t, handlersOf{
				onData:         func(tr host.Trigger) { got <- text(tr, "data") },
				onDisconnected: func(tr host.Trigger) { got <- "!" + text(tr, "reason") },
			}, func(l *Limits) { l.Line = 1000 })
			c := dial(t, s.open("x", listenOptions{lines: true}))
			for _, w := range tc.writes {
				c.Write([]byte(w))
				time.Sleep(time.Millisecond) // only to make several reads likely
			}
			c.Conn.(*net.TCPConn).CloseWrite()
			for _, want := range append(tc.want, "!"+tc.reason) {
				if line := next(t, got); line != want {
					t.Fatalf("got %.40q, want %.40q", line, want)
				}
			}
		})
	}
}

func TestLinesAreSentWithLineEnds(t *testing.T) {
	s := newStage(t, handlersOf{onConnected: func(tr host.Trigger) {
		for _, line := range []string{"a", "b\n", ""} {
			connOfTrigger(tr).send(packetOfText(line))
		}
		connOfTrigger(tr).Close()
	}}, nil)
	if got := dial(t, s.open("x", listenOptions{lines: true})).rest(); got != "a\nb\n\n" {
		t.Errorf("got %q", got)
	}
}

// Every client gets every broadcast exactly once and in order.
func TestBroadcastReachesEverybodyOnce(t *testing.T) {
	const clients, messages = 200, 50
	ready := make(chan struct{}, clients)
	s := newStage(t, handlersOf{onConnected: func(host.Trigger) { ready <- struct{}{} }}, nil)
	address := s.open("x", listenOptions{})
	all := make([]client, clients)
	for i := range all {
		all[i] = dial(t, address)
	}
	for range all {
		next(t, ready)
	}
	var want strings.Builder
	for i := range messages {
		line := fmt.Sprintf("message %d\n", i)
		want.WriteString(line)
		s.allClients().send(packetOfText(line))
	}
	s.listenerNamed("x").Close()
	var wg sync.WaitGroup
	for _, c := range all {
		wg.Go(func() {
			if got, _ := io.ReadAll(c); string(got) != want.String() {
				t.Errorf("a client got %d bytes of %d", len(got), want.Len())
			}
		})
	}
	wg.Wait()
}
