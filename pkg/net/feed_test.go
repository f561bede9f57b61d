package aronet

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// feed is a server of events whose connections the test answers itself.
type feed struct {
	*httptest.Server
	t     testing.TB
	calls chan *feedCall
	done  chan struct{}
}

// feedCall is one connection to a feed. What the test does to it runs on the
// goroutine of the connection.
type feedCall struct {
	t    testing.TB
	r    *http.Request
	w    http.ResponseWriter
	work chan func()
	over bool
}

func newFeed(t testing.TB) *feed {
	f := &feed{t: t, calls: make(chan *feedCall, 100), done: make(chan struct{})}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &feedCall{t: t, r: r, w: w, work: make(chan func())}
		f.calls <- c
		for !c.over {
			select {
			case do := <-c.work:
				do()
			case <-r.Context().Done():
				return
			case <-f.done:
				return
			}
		}
	}))
	t.Cleanup(func() {
		close(f.done)
		f.Server.Close()
	})
	return f
}

func (f *feed) next() *feedCall { f.t.Helper(); return next(f.t, f.calls) }

// do runs something on the connection, if that is still there.
func (c *feedCall) do(work func()) {
	done := make(chan struct{})
	select {
	case c.work <- func() { work(); close(done) }:
		<-done
	case <-c.r.Context().Done():
	}
}

// say answers with an event stream, or continues it.
func (c *feedCall) say(text string) {
	c.do(func() {
		if c.w.Header().Get("Content-Type") == "" {
			c.w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		}
		io.WriteString(c.w, text)
		c.w.(http.Flusher).Flush()
	})
}

// end ends the connection in good order, and lose in bad.
func (c *feedCall) end() { c.do(func() { c.over = true }) }

func (c *feedCall) lose() {
	c.do(func() {
		conn, _, _ := http.NewResponseController(c.w).Hijack()
		conn.Close()
		c.over = true
	})
}

// refuse answers with a status.
func (c *feedCall) refuse(code int) {
	c.do(func() {
		c.w.WriteHeader(code)
		c.over = true
	})
}
