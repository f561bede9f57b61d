package aronet

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// webSocket holds one connection of a WebSocket stream.
func (s *stream) webSocket() error {
	var conn *websocket.Conn
	cancel, err := s.connect(func(ctx context.Context) error {
		header := s.o.header.Clone()
		host := header.Get("Host")
		header.Del("Host")
		if header.Get("User-Agent") == "" {
			header.Set("User-Agent", userAgent)
		}
		s.o.carry(header)
		hc := &http.Client{Transport: s.n.client.pool(poolKind{guarded: s.o.guarded, streams: true}), CheckRedirect: s.o.follow}
		c, resp, err := websocket.Dial(ctx, s.o.url.String(), &websocket.DialOptions{
			HTTPClient: hc, HTTPHeader: header, Host: host, CompressionMode: websocket.CompressionDisabled})
		switch {
		case err == nil:
			conn = c
			return nil
		case resp != nil && resp.StatusCode != http.StatusSwitchingProtocols:
			return refused(resp)
		case resp != nil:
			return finalError{errors.New("the address does not speak WebSocket")}
		}
		return err
	})
	if err != nil {
		return err
	}
	defer cancel()
	defer conn.CloseNow()
	conn.SetReadLimit(int64(s.n.Limits.Message))

	// The end of the stream is said to the server; who does not answer is cut off.
	life, cut := context.WithCancel(s.n.client.all)
	defer cut()
	bye := context.AfterFunc(s.ctx, func() {
		late := time.AfterFunc(s.n.Limits.Grace, cut)
		defer late.Stop()
		conn.Close(codeGoingAway, "")
	})
	defer bye()
	w := &watch{s: s, conn: conn, stop: make(chan struct{})}
	w.heard.Store(time.Now().UnixNano())
	go w.run()
	defer close(w.stop)
	for {
		w.reading.Store(true)
		kind, data, err := conn.Read(life)
		w.reading.Store(false)
		w.heard.Store(time.Now().UnixNano())
		if err != nil {
			if w.silent.Load() {
				return errors.New("the server does not answer any more")
			}
			return readProblem(err)
		}
		if kind == websocket.MessageText && !utf8.Valid(data) {
			conn.Close(codeInvalid, "")
			return errors.New("the server sent text that is not UTF-8")
		}
		if !s.put(message{data: data, binary: kind == websocket.MessageBinary}) {
			return nil
		}
	}
}

// readProblem says why a WebSocket ended, nil when the server closed it in good
// order.
func readProblem(err error) error {
	if closed := new(websocket.CloseError); errors.As(err, closed) {
		switch closed.Code {
		case codeNormal, codeGoingAway:
			return nil
		}
		return errors.New("the server closed the connection: " + closed.Code.String())
	}
	if errors.Is(err, websocket.ErrMessageTooBig) {
		return errors.New("a message is too large")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the server closed the connection")
	}
	reason := exchangeReason(err)
	for inner := errors.Unwrap(err); inner != nil && reason == err.Error(); inner = errors.Unwrap(err) {
		err = inner // what the library says around it is of no use to the user
		reason = exchangeReason(err)
	}
	return errors.New(reason)
}

// watch pings a server that has been silent and ends the connection when it stays
// so: a peer that vanished sends no sign of it. While the handlers are behind
// nobody reads, and silence means nothing.
type watch struct {
	s       *stream
	conn    *websocket.Conn
	heard   atomic.Int64 // Unix nanoseconds
	reading atomic.Bool
	silent  atomic.Bool // run has ended the connection
	stop    chan struct{}
}

func (w *watch) run() {
	limits := &w.s.n.Limits
	tick := time.NewTicker(limits.Ping)
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
		}
		if !w.reading.Load() || time.Since(time.Unix(0, w.heard.Load())) < limits.Ping {
			continue
		}
		ctx, cancel := context.WithTimeout(w.s.ctx, max(limits.Silence-limits.Ping, time.Millisecond))
		before := w.heard.Load()
		err := w.conn.Ping(ctx)
		cancel()
		if err != nil && w.reading.Load() && w.heard.Load() == before {
			w.silent.Store(true)
			w.conn.CloseNow()
			return
		}
	}
}
