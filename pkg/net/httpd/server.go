package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server serves connections of one listener. Its fields are set before Serve.
type Server struct {
	Handler Handler
	TLS     *tls.Config // nil for plain connections
	Limits  Limits
	// Diagnose gets what an operator should know; nothing that a client can cause
	// is among it, but for a panic of the handler.
	Diagnose func(text string)
	// Refused hears why a connection was closed or a request not passed on; nil:
	// nobody does. It is called from any goroutine.
	Refused func(reason string)

	draining atomic.Bool
	mu       sync.Mutex
	conns    map[*conn]struct{}
	empty    chan struct{} // closed when the last one has gone; nil while nobody waits
	sweeper  *time.Timer

	clock atomic.Int64 // nanoseconds that clients could have been served; see tick
	last  time.Time    // of the last tick
	date  atomic.Pointer[string]
	two   twos
}

// Limits are the times a client has.
type Limits struct {
	Head  time.Duration // for a head, from the connection or its first byte on
	Body  time.Duration // for each KiB of a body
	Write time.Duration // to take a byte of an answer
	Idle  time.Duration // between two requests
}

// Defaults are the limits of 03 §16 and 05 §1.
var Defaults = Limits{Head: 10 * time.Second, Body: 10 * time.Second, Write: 10 * time.Second, Idle: 120 * time.Second}

// sweep is how often clients are looked after: limits are exact to that.
const sweep = 500 * time.Millisecond

// Serve accepts connections until the listener is closed or its deadline has
// come, which ends it without resetting anybody who has connected already.
func (s *Server) Serve(l net.Listener) {
	var pause time.Duration
	for {
		sock, err := l.Accept()
		if err != nil {
			var ne net.Error
			if errors.Is(err, net.ErrClosed) || errors.As(err, &ne) && ne.Timeout() {
				l.Close()
				return
			}
			// Out of descriptors, most likely: wait for some to come back.
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			time.Sleep(pause)
			continue
		}
		pause = 0
		c := &conn{server: s, wire: sock, sock: sock}
		s.add(c)
		go c.serve()
	}
}

func (s *Server) refused(reason string) {
	if s.Refused != nil {
		s.Refused(reason)
	}
}

func (s *Server) add(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns = make(map[*conn]struct{})
	}
	s.conns[c] = struct{}{}
	if s.sweeper == nil {
		s.tick()
		s.sweeper = time.AfterFunc(sweep, s.look)
	}
	c.until.Store(s.clock.Load() + int64(s.Limits.Head))
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if len(s.conns) == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// tick moves the clock on. It never goes by more than two sweeps: when the process
// itself stood still (stopped, suspended, starved on a busy machine) its clients
// could not be served and are not late for it. A step of the machine's clock does
// not move it at all.
func (s *Server) tick() {
	now := time.Now()
	if s.last.IsZero() {
		s.clock.Store(1) // 0 is never, for those who keep a moment of it
	} else {
		s.clock.Add(int64(min(now.Sub(s.last), 2*sweep)))
	}
	s.last = now
	if text := now.UTC().Format(http.TimeFormat); s.date.Load() == nil || *s.date.Load() != text {
		s.date.Store(&text)
	}
}

// look wakes the connections whose time is up, every half second while there are
// any. One timer for all of them: setting deadlines of their own for each phase
// of each request costs a tenth of serving it.
func (s *Server) look() {
	s.tick()
	now := s.clock.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if until := c.until.Load(); until != 0 && now >= until {
			c.wake()
		}
		c.x.watch.look(c)
	}
	if len(s.conns) == 0 {
		s.sweeper = nil
		return
	}
	s.sweeper.Reset(sweep)
}

// Drain ends connections behind their next answer, idle ones at once.
func (s *Server) Drain() {
	s.draining.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.idle.Load() == waiting {
			c.wake()
		}
	}
}

// Wind ends connections behind their next answer, and idle ones not yet: it returns when
// there are none any more, or after the time.
func (s *Server) Wind(most time.Duration) {
	s.draining.Store(true)
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(most / 100) {
		s.mu.Lock()
		n := len(s.conns)
		s.mu.Unlock()
		if n == 0 {
			return
		}
	}
}

// Shutdown drains and waits until all requests are answered, then closes what is
// left of the connections. The listener must have been closed.
func (s *Server) Shutdown(ctx context.Context) {
	s.Drain()
	s.two.shutdown(ctx)
	s.mu.Lock()
	for c := range s.conns {
		if c.idle.Load() == fresh {
			c.until.Store(s.clock.Load()) // a moment more for the request to arrive
		}
	}
	var empty chan struct{}
	if len(s.conns) > 0 {
		empty = make(chan struct{})
		s.empty = empty
	}
	s.mu.Unlock()
	if empty != nil {
		select {
		case <-empty:
		case <-ctx.Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.wire.Close()
	}
	if s.sweeper != nil {
		s.sweeper.Stop()
	}
}
