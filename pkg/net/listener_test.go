package aronet

import (
	"errors"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aro/pkg/host"
	"aro/pkg/vm/value"
)

func TestListenerNamesAndPorts(t *testing.T) {
	s := newStage(t, nil, nil)
	s.env.Store(true)
	l, err := s.listen("a", 0, listenOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.listen("a", 0, listenOptions{}, nil); err == nil || !strings.Contains(err.Error(), "named 'a' is open already") {
		t.Errorf("same name: %v", err)
	}
	if _, err := s.listen("b", l.port, listenOptions{}, nil); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("same port: %v", err)
	}
	if _, err := s.listen("c", 65536, listenOptions{}, nil); err == nil {
		t.Error("port 65536 is accepted")
	}
	if _, err := s.listen("b", 0, listenOptions{}, nil); err != nil {
		t.Errorf("a second listener: %v", err)
	}
	if got := l.Simple().JSON(); !strings.Contains(got, `"connectionCount":0,"host":"0.0.0.0","name":"a","port":`) {
		t.Errorf("as JSON: %s", got)
	}
	l.Close()
	l.Close()
	if _, err := s.listen("a", l.port, listenOptions{}, nil); err != nil {
		t.Errorf("after closing: %v", err)
	}
}

func TestPortFromEnvironment(t *testing.T) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := probe.Addr().(*net.TCPAddr).Port
	probe.Close()
	t.Setenv("ARO_SOCKET_PORT", strings.TrimPrefix(probe.Addr().String(), "127.0.0.1:"))
	s := newStage(t, nil, nil)
	first, err := s.listen("a", 0, listenOptions{host: "127.0.0.1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.listen("b", 0, listenOptions{host: "127.0.0.1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if first.port != port || second.port == port {
		t.Errorf("ports %d, %d; the environment says %d", first.port, second.port, port)
	}
}

func TestClosingAListenerClosesItsConnectionsOnly(t *testing.T) {
	ready, on, gone := catcher()
	s := newStage(t, on, nil)
	var releases sync.WaitGroup
	releases.Add(1)
	s.env.Store(true)
	l, err := s.listen("a", 0, listenOptions{host: "127.0.0.1"}, func() func() { return sync.OnceFunc(releases.Done) })
	if err != nil {
		t.Fatal(err)
	}
	conns, clients := s.pair(l.ln.Addr().String(), ready, 2)
	others, _ := s.pair(s.open("b", listenOptions{}), ready, 1)
	conns[0].send(packetOfText("bye"))
	l.Close()
	if got := clients[0].rest() + clients[1].rest(); got != "bye" {
		t.Errorf("got %q", got)
	}
	for range conns {
		if r := next(t, gone); r != "server stopped" {
			t.Errorf("reason %q", r)
		}
	}
	if !others[0].IsOpen() {
		t.Error("a connection of another listener was closed")
	}
	releases.Wait() // the process is let go when the last handler has run
}

// W10: too many connections are turned away; those that are there stay.
func TestConnectionLimits(t *testing.T) {
	for _, tc := range []struct {
		name   string
		limits func(*Limits)
		o      listenOptions
	}{
		{"total", func(l *Limits) { l.Connections = 2 }, listenOptions{}},
		{"per address", func(l *Limits) { l.PerAddress, l.LoopbackCount = 2, true }, listenOptions{}},
		{"of the listener", func(*Limits) {}, listenOptions{max: 2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ready, on, gone := catcher()
			s := newStage(t, on, tc.limits)
			address := s.open("x", tc.o)
			conns, clients := s.pair(address, ready, 2)
			if got := dial(t, address).rest(); got != "" {
				t.Errorf("got %q", got)
			}
			clients[0].Close()
			next(t, gone)
			eventually(t, "there is room again", func() bool { return s.hasRoom("127.0.0.1:1") && s.listenerNamed("x").group.len() == 1 })
			more, _ := s.pair(address, ready, 1)
			if !conns[1].IsOpen() || !more[0].IsOpen() {
				t.Error("a connection within the limit was closed")
			}
		})
	}
}

func TestLoopbackIsNotCountedPerAddress(t *testing.T) {
	ready, on, _ := catcher()
	s := newStage(t, on, func(l *Limits) { l.PerAddress = 1 })
	s.pair(s.open("x", listenOptions{}), ready, 3)
}

// fullListener fails as accept does when the process has no descriptors left,
// until more is closed.
type fullListener struct {
	net.Listener
	mu    sync.Mutex
	full  bool
	tries int
}

func (l *fullListener) Accept() (net.Conn, error) {
	l.mu.Lock()
	l.tries++
	full := l.full
	l.mu.Unlock()
	if full {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestAcceptBacksOffAndRecovers(t *testing.T) {
	ready, on, _ := catcher()
	s := newStage(t, on, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	full := &fullListener{Listener: ln, full: true}
	l := &Listener{net: s.Network, ln: full, name: "x", stop: make(chan struct{})}
	l.uses.Store(1)
	begin := time.Now()
	go l.accept()
	tries := func() int {
		full.mu.Lock()
		defer full.mu.Unlock()
		return full.tries
	}
	eventually(t, "it tries again", func() bool { return tries() >= 5 })
	if d := time.Since(begin); d < 75*time.Millisecond {
		t.Errorf("five attempts within %v", d)
	}
	full.mu.Lock()
	full.full = false
	full.mu.Unlock()
	s.pair(ln.Addr().String(), ready, 1)
	if got := strings.Count(s.stderr.String(), "cannot accept connections"); got != 1 {
		t.Errorf("%d lines about it: %s", got, s.stderr.String())
	}
	l.Close()
}

func TestConnect(t *testing.T) {
	got := make(chan string, 10)
	s := newStage(t, handlersOf{
		onConnected:    func(tr host.Trigger) { got <- "connected " + text(tr, "direction") + " " + text(tr, "name") },
		onData:         func(tr host.Trigger) { got <- "data " + text(tr, "data") },
		onDisconnected: func(tr host.Trigger) { got <- "gone " + text(tr, "reason") },
	}, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	peers := make(chan net.Conn, 2)
	go func() {
		for {
			peer, err := ln.Accept()
			if err != nil {
				return
			}
			peers <- peer
		}
	}()
	d := &dialing{net: s.Network, name: "backend", host: "localhost", port: ln.Addr().(*net.TCPAddr).Port, timeout: patience, lines: true}
	c := asConn(d.connect())
	if c == nil {
		t.Fatalf("no connection: %s", s.stderr.String())
	}
	peer := client{next(t, peers), t}
	peer.SetDeadline(time.Now().Add(patience))
	peer.say("one\ntwo\n")
	for _, want := range []string{"connected outbound backend", "data one", "data two"} {
		if what := next(t, got); what != want {
			t.Errorf("got %q, want %q", what, want)
		}
	}
	if s.remembered("backend") != c || asConn(s.host.Handle("backend")) != c {
		t.Error("the name does not lead to the connection")
	}
	c.send(packetOfText("line"))
	c.Close()
	if all := peer.rest(); all != "line\n" {
		t.Errorf("the peer got %q", all)
	}
	peer.Close()
	if what := next(t, got); what != "gone disconnect requested" {
		t.Error(what)
	}

	again := asConn(d.connect()) // what a handler of the disconnect does
	peer = client{next(t, peers), t}
	if again == nil || asConn(s.host.Handle("backend")) != again || s.addressee(c.self, "backend") != again {
		t.Error("the name does not lead to the new connection")
	}
	next(t, got)
	peer.Close()
	if what := next(t, got); what != "gone connection closed" {
		t.Error(what)
	}
}

// T05: what cannot be reached is null and one line on stderr.
func TestConnectFails(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := ln.Addr().(*net.TCPAddr).Port
	ln.Close()
	for _, tc := range []struct{ host, want string }{
		{"127.0.0.1", "connection refused"},
		{"no-such-host.invalid", ""},
		{"bad host name", ""},
	} {
		s := newStage(t, nil, nil)
		d := &dialing{net: s.Network, name: "x", host: tc.host, port: closed, timeout: 2 * time.Second}
		if v := d.connect(); !v.IsEmpty() || !v.IsBound() {
			t.Errorf("%s: %s", tc.host, v.Text())
		}
		if v := s.host.Handle("x"); !v.IsBound() || !v.IsEmpty() {
			t.Errorf("%s: the name means %s", tc.host, v.Text())
		}
		if line := s.stderr.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, "cannot connect to "+tc.host) || !strings.Contains(line, tc.want) {
			t.Errorf("%s: stderr %q", tc.host, line)
		}
	}
}

func TestNoConnectionWhileStopping(t *testing.T) {
	s := newStage(t, nil, nil)
	address := s.open("x", listenOptions{})
	_, port, _ := net.SplitHostPort(address)
	p, _ := portOf(value.OfString(port))
	s.Network.mu.Lock()
	s.stopping = true // as drain does, but the listener still accepts
	s.Network.mu.Unlock()
	d := &dialing{net: s.Network, name: "y", host: "127.0.0.1", port: p, timeout: patience}
	if v := d.connect(); !v.IsEmpty() {
		t.Errorf("got %s", v.Text())
	}
	if s.stderr.String() != "" {
		t.Errorf("stderr %q", s.stderr.String())
	}
}

func TestReasonsOfErrors(t *testing.T) {
	for want, err := range map[string]error{
		"connection refused": &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"unknown host":       &net.DNSError{IsNotFound: true},
		"timed out":          &net.OpError{Op: "dial", Err: timeoutError{}},
		"plain":              errors.New("plain"),
	} {
		if got := reasonOf(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

type timeoutError struct{}

func (timeoutError) Error() string   { return "i/o timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
