package aronet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"aro/pkg/host"
	"aro/pkg/net/contract"
	"aro/pkg/net/httpd"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// The limits of 03 §16 and 05 §1.
const (
	maxBody    = 10 << 20
	stopTime   = 2 * time.Second
	acceptLast = 5 * time.Millisecond
)

// httpServer is the service <http-server>: it routes requests by the contract to
// feature sets.
type httpServer struct {
	n       *Network
	h       *host.Host
	routing atomic.Pointer[routing]
	cross   *http.CrossOriginProtection

	mu       sync.Mutex
	started  bool // ever, for auto-start
	running  bool
	server   *httpd.Server
	listener net.Listener
	shared   atomic.Bool   // others will accept from it, or do already
	served   chan struct{} // closed when nothing is accepted any more
	gone     func()
	state    value.Value

	httpOptions
	packed     packedFiles
	gate       *gate
	redirector *redirector
}

// UseContract gives the HTTP server its contract; nil when the application has
// none. It must be called before Attach.
func (n *Network) UseContract(c *contract.Contract) { n.contract = c }

func (n *Network) attachHTTP(h *host.Host) {
	s := &httpServer{n: n, h: h, cross: http.NewCrossOriginProtection()}
	rt := newRouting(n.contract)
	rt.serves(h)
	s.routing.Store(rt)
	n.http = s
	h.Register("http-server", s)
	h.SetSessions(sessionsOf{s})
	h.OnDrain(s.drain)
	h.OnClose(func(deadline time.Time) { s.shut(time.Until(deadline)) })
}

// handlerFor finds the feature set that serves an operation: by exact name, else
// ignoring case, blanks, hyphens and underscores (03 §3.3).
func handlerFor(h *host.Host, id string) *host.Set {
	if s := h.Named(id); s != nil {
		return s
	}
	for _, s := range h.Sets() {
		if contract.SameName(s.Name, id) {
			return s
		}
	}
	return nil
}

// MissingHandlers lists the operations that no feature set serves, as the text
// that ends the start; "" when all are served.
func (n *Network) MissingHandlers(h *host.Host) string {
	if n.contract == nil {
		return ""
	}
	return n.contract.MissingHandlers(func(id string) bool { return handlerFor(h, id) != nil })
}

// Start implements host.Service.
func (s *httpServer) Start(c *vm.Call, options value.Value) (value.Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return value.Value{}, errors.New("the http-server is running already")
	}
	var err error
	if s.httpOptions, err = httpOptionsOf(options, s.defaultWebSocket()); err != nil {
		return value.Value{}, err
	}
	s.sessions.h, s.sessions.tls = s.h, s.tls != nil
	rt := *s.routing.Load()
	if err := rt.equip(s, &s.httpOptions); err != nil {
		return value.Value{}, err
	}
	s.routing.Store(&rt)
	s.started = true
	s.gate = &gate{limit: s.atOnce, wait: queueTime}
	if rt.contract == nil && s.websocket == "" {
		s.h.Diagnose("No openapi.yaml found - HTTP server disabled")
		return value.Value{}, nil
	}
	port, err := s.port(options)
	if err != nil {
		return value.Value{}, err
	}
	secure, err := s.tlsConfig()
	if err != nil {
		return value.Value{}, err
	}
	l, shared, err := s.listen("http", port)
	if err != nil {
		return value.Value{}, err
	}
	if s.redirector, err = s.startRedirect(l.Addr().(*net.TCPAddr).Port, secure); err != nil {
		l.Close()
		return value.Value{}, err
	}
	s.warnUnverified(&rt)
	s.listener = l
	s.shared.Store(shared)
	var handler httpd.Handler = s
	if s.n.Live != nil {
		handler = liveHandler{s, s.n.Live}
	}
	s.server = s.newServer(handler, secure.config())
	s.running = true
	s.gone = s.h.Source()
	s.state = s.describe(l.Addr().(*net.TCPAddr))
	s.served = make(chan struct{})
	go func(server *httpd.Server, served chan struct{}) {
		defer close(served)
		server.Serve(l)
	}(s.server, s.served)
	return s.state, nil
}

// listen opens a port of the http-server.
func (s *httpServer) listen(name string, port int) (l net.Listener, shared bool, err error) {
	if l, shared, err = open(name, s.bind, port); err != nil {
		return nil, false, fmt.Errorf("Cannot start the http-server on port %d: %s", port, bindReason(err))
	}
	return l, shared, nil
}

func (s *httpServer) newServer(h httpd.Handler, secure *tls.Config) *httpd.Server {
	return &httpd.Server{
		Handler:  h,
		TLS:      secure,
		Limits:   httpd.Defaults,
		Diagnose: func(text string) { s.h.Diagnose("%s", text) },
		Refused:  s.h.Refused,
	}
}

// AutoStart starts the server when Keepalive is reached, the contract has paths
// and nobody started it (03 §3.5).
func (s *httpServer) AutoStart(c *vm.Call) error {
	s.mu.Lock()
	rt := s.routing.Load()
	needed := !s.started && rt.contract != nil && len(rt.contract.Operations) > 0
	s.mu.Unlock()
	if !needed {
		return nil
	}
	v, err := s.Start(c, value.EmptyMap)
	if err == nil && v.IsBound() {
		s.h.SetHandle("http-server", v)
	}
	return err
}

// defaultWebSocket is the upgrade path of a server that was not told one: that of
// an operation with a 101 response, /ws if the program handles or addresses
// WebSockets, else none (03 §10.1).
func (s *httpServer) defaultWebSocket() string {
	if c := s.routing.Load().contract; c != nil {
		for _, op := range c.Operations {
			if op.WebSocket {
				return op.Path
			}
		}
	}
	for _, e := range []string{host.Connected, host.Message, host.Disconnected} {
		if len(s.h.ConnectionHandlers(host.WebSocketEvent, e)) > 0 {
			return "/ws"
		}
	}
	if s.h.Uses("websocket") {
		return "/ws"
	}
	return ""
}

// port finds the port: environment, statement, contract (03 §3.5).
func (s *httpServer) port(options value.Value) (int, error) {
	if text := os.Getenv("ARO_HTTP_PORT"); text != "" {
		p, err := strconv.Atoi(text)
		if err != nil || p < 0 || p > 65535 {
			return 0, fmt.Errorf("ARO_HTTP_PORT must be a port number, got %q", text)
		}
		return p, nil
	}
	v := options
	if p, ok := options.Property("port"); ok && v.Kind() == value.Map {
		v = p
	}
	if v.IsNumber() || v.Kind() == value.String {
		n, ok := v.AsNumber()
		if !ok || n != math.Trunc(n) || n < 0 || n > 65535 {
			return 0, fmt.Errorf("a port is a number from 0 to 65535, got %s", v.Text())
		}
		return int(n), nil
	}
	if c := s.routing.Load().contract; c != nil {
		return c.Port, nil
	}
	return contract.DefaultPort, nil
}

// bindReason is what a user can act on of a failed listen.
func bindReason(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "address already in use"
	case errors.Is(err, syscall.EACCES):
		return "permission denied (ports below 1024 need privileges)"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}

func (s *httpServer) describe(addr *net.TCPAddr) value.Value {
	var routes []value.Value
	if c := s.routing.Load().contract; c != nil {
		for _, p := range c.Paths() {
			routes = append(routes, value.OfString(p))
		}
	}
	v := value.MapOf("type", value.OfString("http-server"), "port", value.OfInt(int64(addr.Port)),
		"host", value.OfString(addr.IP.String()), "hostname", value.OfString(addr.IP.String()),
		"routes", value.OfList(routes), "routeCount", value.OfInt(int64(len(routes))))
	if s.tls != nil {
		v = value.OfRecord(v.Record().With("secure", value.True))
	}
	if s.redirector != nil {
		v = value.OfRecord(v.Record().With("redirectPort", value.OfInt(int64(s.redirector.port()))))
	}
	return v
}

// Describe implements host.Service.
func (s *httpServer) Describe() value.Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Stop implements host.Service: running requests get stopTime to finish.
func (s *httpServer) Stop(*vm.Call) error {
	s.shut(stopTime)
	return nil
}

// drain begins the shutdown: requests that come from now on are answered 503 and
// their connections closed; the listener stays open until the server stops, so
// that nobody who connects in between is reset. Where another process takes over the
// socket nothing is accepted any more, and what comes on connections that are there is
// still served.
func (s *httpServer) drain() {
	s.mu.Lock()
	server, listener := s.server, s.listener
	s.mu.Unlock()
	switch {
	case server == nil:
	case s.shared.Load():
		listener.(*net.TCPListener).SetDeadline(time.Now()) // from now on, who connects is the next process's
		server.Wind(windTime)
	default:
		server.Drain()
	}
}

// windTime is how long clients of a shared socket have for a last request on a
// connection that they have open already.
const windTime = time.Second

func (s *httpServer) shut(wait time.Duration) {
	s.mu.Lock()
	server, listener, served, red := s.server, s.listener, s.served, s.redirector
	s.server, s.running, s.redirector = nil, false, nil
	gone := s.gone
	s.gone = nil
	s.state = value.Value{}
	s.mu.Unlock()
	if server == nil {
		return
	}
	// Accept what has connected, then nothing more; only then look who is left.
	listener.(*net.TCPListener).SetDeadline(time.Now().Add(acceptLast))
	<-served
	s.n.CloseWebSockets()
	ctx, cancel := context.WithTimeout(context.Background(), max(wait, 50*time.Millisecond))
	defer cancel()
	red.stop(ctx)
	server.Shutdown(ctx)
	gone()
}
