package cluster

import (
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"aro/cmd/aro-broker/brokers"
	"aro/pkg/store"
	"aro/pkg/store/storetest"
)

// startBroker starts a server on a free port that ends with the test.
func startBroker(t testing.TB, o *server.Options) *server.Server {
	t.Helper()
	if o.StoreDir == "" {
		o.StoreDir = t.TempDir()
	}
	o.Host, o.JetStream, o.NoSigs, o.NoLog = "127.0.0.1", true, true, true
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(15 * time.Second) {
		t.Fatal("the server does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

var spaces atomic.Int64

// connect opens an engine over a server; an empty space is a new one.
func connect(t testing.TB, url, space string, o Options) *Engine {
	t.Helper()
	if space == "" {
		space = fmt.Sprint("space", spaces.Add(1))
	}
	a, err := ParseAddress(url)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Connect(a, space, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	return mustOpen(t, l, o)
}

// TestJetStream runs the conformance suite over a server. What needs a clock of its own
// is run over a log in memory: a server lives in real time.
func TestJetStream(t *testing.T) {
	url := startBroker(t, &server.Options{}).ClientURL()
	storetest.RunConformanceWith(t, storetest.Engines{
		Open:     func() store.Engine { return connect(t, url, "", Options{Patience: 20 * time.Second}) },
		InBubble: func() store.Engine { return mustOpen(t, newMemlog().client(), Options{Beat: time.Hour}) },
	})
}

// TestAddress: what is written is understood, and what is not is said.
func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"nats://localhost":             "{nats://localhost  0}",
		"nats://a:1,b:2,c/board":       "{nats://a:1,nats://b:2,nats://c board 0}",
		"tls://a/board?replicas=3":     "{tls://a board 3}",
		"nats://u:p@a:4222?replicas=1": "{nats://u:p@a:4222  1}",
		"localhost:4222":               "begins with neither",
		"nats://":                      "a host is missing",
		"nats://a,,b":                  "a host is missing",
		"nats://a/b.c":                 "letters, digits",
		"nats://a?replicas=9":          "from 1 to 5",
		"nats://a?replica=3":           "no option replica",
	} {
		type plain Address
		a, err := ParseAddress(in)
		got := fmt.Sprint(plain(a))
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	a, err := ParseAddress("nats://u:secret@a:4222")
	if err != nil || strings.Contains(a.String(), "secret") {
		t.Error(a, err)
	}
	for _, name := range []string{"message-repository", "a.b*>c", "=é", ""} {
		if back, ok := untoken(token(name)); !ok || back != name || strings.ContainsAny(token(name), ".*> ") {
			t.Errorf("%q is %q and back %q", name, token(name), back)
		}
	}
}

// TestNoBroker: the message says what to do.
func TestNoBroker(t *testing.T) {
	s := startBroker(t, &server.Options{})
	url := s.ClientURL()
	s.Shutdown()
	s.WaitForShutdown()
	a, err := ParseAddress(url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = Connect(a, "x", func(error) {}); err == nil || !strings.Contains(err.Error(), "start one with") {
		t.Error(err)
	}
}

func mustConnect(t testing.TB, url, space string, warn func(error)) *JetStream {
	t.Helper()
	a, err := ParseAddress(url)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Connect(a, space, warn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// TestLeases: one process at a time leads, each task for itself, and another one when it
// has gone.
func TestLeases(t *testing.T) {
	url := startBroker(t, &server.Options{}).ClientURL()
	a, b := mustConnect(t, url, "leases", func(error) {}), mustConnect(t, url, "leases", func(error) {})
	for range 3 {
		if !a.Leads("tick") || b.Leads("tick") {
			t.Fatal("the first one leads, and only that one")
		}
		if !b.Leads("other") || a.Leads("other") {
			t.Fatal("each task for itself")
		}
	}
	a.Close()
	began := time.Now()
	for !b.Leads("tick") {
		if time.Since(began) > 3*leaseTime {
			t.Fatal("nobody leads any more")
		}
		time.Sleep(50 * time.Millisecond) // between two questions
	}
	if d := time.Since(began); d < leaseTime/4 {
		t.Errorf("it leads after %v, while the other one may believe that it does", d)
	}
}

// TestTell: others hear what one tells, in order, and it does not hear itself.
func TestTell(t *testing.T) {
	url := startBroker(t, &server.Options{}).ClientURL()
	a, b := mustConnect(t, url, "tell", func(error) {}), mustConnect(t, url, "tell", func(error) {})
	got := make(chan string, 1000)
	if err := a.Hear(func(about string, data []byte) { t.Error("heard itself") }); err != nil {
		t.Fatal(err)
	}
	if err := b.Hear(func(about string, data []byte) { got <- about + ":" + string(data) }); err != nil {
		t.Fatal(err)
	}
	if err := b.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		if err := a.Tell("channel a.b*", fmt.Appendf(nil, "%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 500 {
		if s := <-got; s != fmt.Sprintf("channel a.b*:%d", i) {
			t.Fatalf("message %d is %s", i, s)
		}
	}
	if err := a.Tell("x", make([]byte, 2<<20)); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Error(err)
	}
}

// TestBrokerAway: while the server is away rows are read, writes are refused in time, and
// when it is back with what it had, everything goes on.
func TestBrokerAway(t *testing.T) {
	o := &server.Options{StoreDir: t.TempDir()}
	s := startBroker(t, o)
	var warned atomic.Int32
	open := func() *Engine {
		l := mustConnect(t, s.ClientURL(), "away", func(error) { warned.Add(1) })
		return mustOpen(t, l, Options{Patience: 500 * time.Millisecond, Warn: func(error) {}})
	}
	a, b := open(), open()
	defer a.Close()
	defer b.Close()
	if err := wait(a, func(r store.Repository) { r.Store(row("x", 1)) }); err != nil {
		t.Fatal(err)
	}
	agree(t, a, b)
	o.Port = s.Addr().(*net.TCPAddr).Port
	s.Shutdown()
	s.WaitForShutdown()
	began := time.Now()
	if err := wait(a, func(r store.Repository) { r.Store(row("y", 1)) }); err == nil || !strings.Contains(err.Error(), "was not confirmed") {
		t.Error(err)
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("refused after %v", d)
	}
	if a.Repository("r").Count() != 1 {
		t.Error("rows cannot be read")
	}
	startBroker(t, o)
	for deadline := time.Now().Add(20 * time.Second); ; {
		err := wait(a, func(r store.Repository) { r.Store(row("z", 1)) })
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	agree(t, a, b)
	if err := wait(b, func(r store.Repository) { r.Store(row("w", 1)) }); err != nil {
		t.Error(err)
	}
	agree(t, a, b)
	if got := contents(a); strings.Count(got, `"x"`) != 1 || strings.Count(got, `"z"`) != 1 || strings.Count(got, `"w"`) != 1 {
		t.Error(got)
	}
	if warned.Load() == 0 {
		t.Error("nobody was told")
	}
}

// TestLinearizableServers: writes of three nodes over three servers have one order, also
// while one server after the other ends and comes back.
func TestLinearizableServers(t *testing.T) {
	b, err := brokers.Start(brokers.Options{Servers: 3, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	var engines []store.Engine
	for range 3 {
		engines = append(engines, connect(t, b.Address(), "order", Options{Patience: time.Minute, Warn: func(error) {}}))
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i = (i + 1) % 3 {
			b.End(i)
			if err := b.Begin(i); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Second): // until it has what it missed
			}
		}
	}()
	storetest.RunLinearizable(t, engines...)
	close(stop)
	<-stopped
	for _, e := range engines {
		e.Close()
	}
}
