package aronet

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
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

var errShutdown = errors.New("the application is shutting down")

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
	cl.timer = time.AfterFunc(earlyTime, func() { cl.cancelEarly(errShutdown) })
	for s := range cl.streams {
		s.cancel(errShutdown)
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
	cl.cancelAll(errShutdown)
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
	t = &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
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

// outgoing is one request that a program makes.
type outgoing struct {
	method    string
	url       *url.URL
	header    http.Header // what the program set
	body      []byte
	timeout   time.Duration
	redirects int // how many are followed; none: the redirect is the answer
	limit     int // bytes of the answer's body
	guarded   bool
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do makes one exchange. Any status is an answer; an error means that there was
// none, and its text is for the user.
func (cl *webClient) do(o *outgoing) (*answer, error) {
	ctx, cancel := context.WithTimeoutCause(cl.life(), o.timeout, &noAnswerError{o.timeout})
	defer cancel()
	r, err := o.request(ctx)
	if err != nil {
		return nil, err
	}
	hc := http.Client{Transport: cl.pool(poolKind{guarded: o.guarded}), CheckRedirect: o.follow}
	resp, err := hc.Do(r)
	if err != nil {
		return nil, exchangeError(ctx, err)
	}
	defer resp.Body.Close()
	body, err := readBody(resp, o.limit)
	if err != nil {
		return nil, exchangeError(ctx, err)
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// touch asks like do and leaves the body unread.
func (cl *webClient) touch(o *outgoing) (status int, err error) {
	ctx, cancel := context.WithTimeoutCause(cl.life(), o.timeout, &noAnswerError{o.timeout})
	defer cancel()
	r, err := o.request(ctx)
	if err != nil {
		return 0, err
	}
	hc := http.Client{Transport: cl.pool(poolKind{guarded: o.guarded}), CheckRedirect: o.follow}
	resp, err := hc.Do(r)
	if err != nil {
		return 0, exchangeError(ctx, err)
	}
	resp.Body.Close()
	return resp.StatusCode, nil
}

// request builds the request as net/http wants it.
func (o *outgoing) request(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if o.body != nil {
		body = bytes.NewReader(o.body)
	}
	r, err := http.NewRequestWithContext(ctx, o.method, o.url.String(), body)
	if err != nil {
		return nil, host.InvalidAddress(o.url.Redacted())
	}
	for name, values := range o.header {
		if name == "Host" {
			r.Host = values[0]
			continue
		}
		r.Header[name] = values
	}
	if _, set := r.Header["User-Agent"]; !set {
		r.Header.Set("User-Agent", userAgent)
	}
	return r, nil
}

const userAgent = "ARO-HTTP-Client/1.0"

// errRedirects says that an answer led on and on.
type errRedirects int

func (e errRedirects) Error() string { return fmt.Sprintf("more than %d redirects", int(e)) }

// follow decides about a redirect. What the program set for one host does not
// reach another one: net/http takes off cookies and Authorization only, and not
// for a subdomain or another port (05 X06).
func (o *outgoing) follow(r *http.Request, via []*http.Request) error {
	switch {
	case o.redirects == 0:
		return http.ErrUseLastResponse
	case len(via) > o.redirects:
		return errRedirects(o.redirects)
	}
	elsewhere := !sameOrigin(r.URL, via[0].URL)
	for _, before := range via[1:] {
		elsewhere = elsewhere || !sameOrigin(before.URL, via[0].URL)
	}
	if elsewhere {
		for name := range o.header {
			if !harmless[name] {
				r.Header.Del(name)
			}
		}
		r.Header.Del("Authorization")
		r.Host = ""
	}
	return nil
}

// harmless are the headers that say nothing about who asks.
var harmless = map[string]bool{"Accept": true, "Accept-Language": true, "Content-Type": true, "User-Agent": true}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOfURL(a) == portOfURL(b)
}

func portOfURL(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http" || u.Scheme == "ws":
		return "80"
	}
	return "443"
}

// sizeError is an answer that is larger than its statement takes.
type sizeError struct{ limit int }

func (e *sizeError) Error() string {
	return fmt.Sprintf("the answer is larger than %s; with { max-size: bytes } takes larger ones", bytesText(e.limit))
}

func bytesText(n int) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// readBody reads a whole body, inflated if it was compressed: the limit holds for
// what reaches memory. A length that the server announces is believed only as far
// as it saves growing.
func readBody(resp *http.Response, limit int) ([]byte, error) {
	if resp.ContentLength > int64(limit) {
		return nil, &sizeError{limit}
	}
	const believed = 1 << 20
	buf := bytes.NewBuffer(make([]byte, 0, max(512, min(resp.ContentLength+1, believed))))
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, int64(limit)+1))
	switch {
	case err != nil:
		return nil, err
	case n > int64(limit):
		return nil, &sizeError{limit}
	}
	return buf.Bytes(), nil
}
