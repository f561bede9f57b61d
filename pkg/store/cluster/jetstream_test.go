package cluster

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

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
