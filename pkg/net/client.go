package aronet

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"aro/pkg/host"
)

// webClient is everything that goes out: one pool of connections for requests, one
// for streams, and what ends them. Certificates are always checked.
type webClient struct {
	n *Network

	// all is the life of the network. early ends sooner: it is that of the
	// exchanges that began before the shutdown and hold it up.
	all, early             context.Context
	cancelAll, cancelEarly context.CancelCauseFunc

	mu       sync.Mutex
	pools    map[poolKind]*http.Transport
	streams  map[*stream]struct{}
	running  sync.WaitGroup // goroutines of streams
	draining bool
	timer    *time.Timer
}

// poolKind tells pools of connections apart: what is opened with the guard is
// never used without it, and the other way round.
type poolKind struct{ guarded, streams bool }

// earlyTime is how long an exchange that runs when the shutdown begins may go
// on: a bit less than the time for handlers (03 §2.4).
const earlyTime = 1500 * time.Millisecond

// The pools. A program that opens more connections to one host at once waits for
// one of these; the wait counts as time of the exchange.
const (
	connsPerHost = 256
	idleConns    = 128
	idlePerHost  = 32
	headerLimit  = 256 << 10 // of an answer
)

func newWebClient(n *Network) *webClient {
	cl := &webClient{n: n, pools: make(map[poolKind]*http.Transport), streams: make(map[*stream]struct{})}
	cl.all, cl.cancelAll = context.WithCancelCause(context.Background())
	cl.early, cl.cancelEarly = context.WithCancelCause(cl.all)
	return cl
}

// life is what bounds an exchange that begins now.
func (cl *webClient) life() context.Context {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.draining {
		return cl.all
	}
	return cl.early
}

// drain ends the streams, and soon the exchanges that are under way.
func (cl *webClient) drain() {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.draining {
		return
	}
	cl.draining = true
	cl.timer = time.AfterFunc(earlyTime, func() { cl.cancelEarly(host.ErrShutdown) })
	for s := range cl.streams {
		s.cancel(host.ErrShutdown)
	}
}

// shutdown ends everything. It returns when the streams have said goodbye, at the
// deadline at the latest.
func (cl *webClient) shutdown(deadline time.Time) {
	cl.drain()
	done := make(chan struct{})
	go func() {
		cl.running.Wait()
		close(done)
	}()
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
	cl.cancelAll(host.ErrShutdown)
	cl.mu.Lock()
	defer cl.mu.Unlock()
	cl.timer.Stop()
	for _, t := range cl.pools {
		t.CloseIdleConnections()
	}
}

// pool returns the connections of a kind.
func (cl *webClient) pool(kind poolKind) *http.Transport {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	t := cl.pools[kind]
	if t != nil {
		return t
	}
	dialer := &net.Dialer{Timeout: cl.n.Limits.Dial}
	dial := dialer.DialContext
	if err := cl.n.mayConnect(); err != nil {
		dial = func(context.Context, string, string) (net.Conn, error) { return nil, err }
	}
	t = &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cl.n.roots},
		TLSHandshakeTimeout:    cl.n.Limits.Dial,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idlePerHost,
		MaxConnsPerHost:        connsPerHost,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: headerLimit,
		ForceAttemptHTTP2:      true,
	}
	if kind.guarded {
		dialer.Control = cl.n.guard
		if cl.n.Resolver != nil {
			dialer.Resolver = cl.n.Resolver
		}
		t.Proxy = nil // the guard would see the proxy's address instead of the target's
	}
	if kind.streams {
		t.MaxConnsPerHost = 0       // streams are counted where they are opened
		t.DisableCompression = true // a compressor holds messages back
		t.HTTP2 = &http.HTTP2Config{SendPingTimeout: cl.n.Limits.Ping, PingTimeout: cl.n.Limits.Ping}
	}
	cl.pools[kind] = t
	return t
}
