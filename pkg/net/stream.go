package aronet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// stream turns the messages of a server into domain events (03 §7.5). One
// goroutine holds the connection, and opens it again when it ends; another one
// runs the handlers, one message after the other. Between them is a queue with a
// limit: while handlers are behind, nothing more is read, and the server notices.
type stream struct {
	n    *Network
	name string // of the events
	o    *outgoing
	box  *inbox

	ctx    context.Context
	cancel context.CancelCauseFunc
	gone   func() // it is an event source no more

	retry    time.Duration // before the first attempt to come back; the server may change it
	lastID   string        // of the last event, which the server continues behind
	received atomic.Int64
	ended    atomic.Bool
}

// message is one message that waits for its handlers.
type message struct {
	data   []byte
	kind   string // the event: field of the server, "" without one
	binary bool
}

const maxStreams = 1000

// openStream is Stream and `Subscribe … from` with an address. It returns before
// the connection is there.
func (n *Network) openStream(c *vm.Call, address string) (value.Value, error) {
	name := c.Site.Result.Base
	if name == "" {
		return value.Value{}, errors.New("the events of a stream need a name: Stream the <name> from …")
	}
	u, err := addressFor(address, "http", "https", "ws", "wss")
	if err != nil {
		return value.Value{}, err
	}
	if err := n.mayConnect(); err != nil {
		return value.Value{}, err
	}
	o := n.requestFor(c, "GET", u)
	with := c.Arg(bytecode.SlotWith)
	if err := o.options(with, "retry"); err != nil {
		return value.Value{}, err
	}
	retry := n.Limits.Retry
	if v, ok := with.Property("retry"); ok {
		if retry, err = secondsOf("retry", v); err != nil {
			return value.Value{}, err
		}
	}
	h := hostOf(c)
	s := &stream{n: n, name: name, o: o, retry: retry, box: newInbox(n.Limits.StreamQueue)}
	if err := n.client.add(s); err != nil {
		return value.Value{}, err
	}
	if len(h.EventHandlers(name)) == 0 {
		n.diagnose("[Warning] nobody handles the messages of the stream '%s': there is no feature set with the activity '%s Handler'", name, name)
	}
	s.gone = h.Source()
	go s.receive()
	go s.deliver()
	return value.OfObject(s), nil
}

// add registers a stream, which ends with the network at the latest.
func (cl *webClient) add(s *stream) error {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	switch {
	case cl.draining:
		return host.ErrShutdown
	case len(cl.streams) >= maxStreams:
		return fmt.Errorf("%d streams are open already; close one with Close the <%s>", maxStreams, s.name)
	}
	s.ctx, s.cancel = context.WithCancelCause(cl.all)
	cl.streams[s] = struct{}{}
	cl.running.Add(2)
	return nil
}

func (cl *webClient) remove(s *stream) {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	delete(cl.streams, s)
}

// streamNamed returns an open stream of that name, nil when there is none.
func (cl *webClient) streamNamed(name string) *stream {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	for s := range cl.streams {
		if s.name == name {
			return s
		}
	}
	return nil
}

var errStreamClosed = errors.New("the stream was closed")

// Close ends the stream; a message whose handlers run is the last one.
func (s *stream) Close() { s.cancel(errStreamClosed) }

// finalError is a failure that trying again does not cure.
type finalError struct{ error }

// busyError is an answer that says when to come back.
type busyError struct {
	error
	after time.Duration
}

// receive keeps the stream connected until it is closed or fails for good.
func (s *stream) receive() {
	defer s.n.client.running.Done()
	defer s.box.close()
	delay, down := s.retry, false
	for {
		began, before := time.Now(), s.received.Load()
		err := s.connection()
		if s.ctx.Err() != nil {
			return
		}
		if final := new(finalError); errors.As(err, final) {
			s.n.diagnose("[Network] the stream '%s' has ended: %s", s.name, final.error)
			return
		}
		if s.received.Load() > before || time.Since(began) > max(delay, s.n.Limits.RetryMost) {
			delay, down = s.retry, false // it had worked
		}
		wait := jitter(delay)
		if busy := new(busyError); errors.As(err, busy) {
			wait = max(wait, min(busy.after, longestAfter))
		}
		if err != nil && !down {
			s.n.diagnose("[Network] the stream '%s' is interrupted: %s; connecting again until it works", s.name, err)
			down = true
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.ctx.Done():
			timer.Stop()
			return
		}
		delay = min(2*delay, max(s.retry, s.n.Limits.RetryMost))
	}
}

// longestAfter is how long a server may send its clients away.
const longestAfter = 5 * time.Minute

// jitter spreads clients that lost the same server: a time between half of d and d.
func jitter(d time.Duration) time.Duration {
	var b [2]byte
	value.RandomBytes(b[:])
	share := int64(b[0])<<8 | int64(b[1])
	return d/2 + time.Duration(float64(d/2)*float64(share)/65535)
}

// connection holds one connection until it ends. nil means that the server ended
// it in good order.
func (s *stream) connection() error {
	switch s.o.url.Scheme {
	case "ws", "wss":
		return s.webSocket()
	}
	return s.serverSent()
}

// connect runs the handshake of a connection with a time limit of its own: the
// context that f gets goes on afterwards.
func (s *stream) connect(f func(ctx context.Context) error) (cancel func(), err error) {
	ctx, stop := context.WithCancelCause(s.ctx)
	timer := time.AfterFunc(s.o.timeout, func() { stop(&noAnswerError{s.o.timeout}) })
	defer timer.Stop()
	if err := f(ctx); err != nil {
		guard, final, busy := new(guardError), new(finalError), new(busyError)
		switch {
		case errors.As(err, &guard):
			err = finalError{guard}
		case !errors.As(err, final) && !errors.As(err, busy):
			err = exchangeError(ctx, err)
		}
		stop(nil)
		return nil, err
	}
	return func() { stop(nil) }, nil
}

// refused judges the status of a handshake: what the client did wrong stays
// wrong, servers recover.
func refused(resp *http.Response) error {
	status := resp.StatusCode
	switch {
	case status == http.StatusNoContent:
		return finalError{errors.New("the server has nothing to send (HTTP 204)")}
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return busyError{statusError(status), time.Duration(max(0, min(seconds, 3600))) * time.Second}
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status >= 500:
		return busyError{statusError(status), 0}
	}
	return finalError{statusError(status)}
}

// put hands a message to the handlers; it waits while they are behind.
func (s *stream) put(m message) bool {
	s.received.Add(1)
	return s.box.put(s.ctx, m)
}

// deliver runs the handlers.
func (s *stream) deliver() {
	defer s.n.client.running.Done()
	defer func() {
		s.ended.Store(true)
		s.cancel(errStreamClosed)
		s.n.client.remove(s)
		s.gone()
	}()
	for {
		m, ok := s.box.get(s.ctx)
		if !ok {
			return
		}
		if sets := s.n.host.EventHandlers(s.name); len(sets) > 0 {
			s.n.deliver(sets, host.Payload{Event: m.event()})
		}
	}
}

// TypeName implements value.Object.
func (s *stream) TypeName() string { return "Stream" }

// Property implements value.Object.
func (s *stream) Property(name string) (value.Value, bool) {
	switch name {
	case "name":
		return value.OfString(s.name), true
	case "url":
		return value.OfString(redacted(s.o.url)), true
	case "isOpen":
		return value.OfBool(!s.ended.Load()), true
	case "received":
		return value.OfInt(s.received.Load()), true
	}
	return value.Value{}, false
}

// Simple implements value.Object: the address, without a password.
func (s *stream) Simple() value.Value { return value.OfString(redacted(s.o.url)) }

func redacted(u *url.URL) string { return u.Redacted() }
