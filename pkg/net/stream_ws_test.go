package aronet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// wsFeed is a WebSocket server whose connections the test handles itself.
func wsFeed(t testing.TB) (address string, calls chan *websocket.Conn) {
	calls = make(chan *websocket.Conn, 100)
	done := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		calls <- c
		<-done
	}))
	t.Cleanup(func() {
		close(done)
		s.Close()
	})
	return "ws" + strings.TrimPrefix(s.URL, "http"), calls
}

// TestWebSocketStream: text messages are events, the connection comes back after
// each kind of end, and goes with a word of farewell.
func TestWebSocketStream(t *testing.T) {
	address, calls := wsFeed(t)
	p := newProgram(t, tickProgram, "server", address)
	p.Limits.Message = 1000
	p.start()
	ctx := t.Context()
	say := func(c *websocket.Conn, text string) {
		t.Helper()
		if err := c.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	c := next(t, calls)
	for i := range 20 {
		say(c, fmt.Sprintf(`{"n":%d,"kind":"-"}`, i))
	}
	say(c, `{"event":"add","payload":"{\"n\":20}"}`)
	p.prints("20 add")
	ends := []func(){
		func() { c.Close(1000, "done") },
		func() { c.CloseNow() },
		func() { c.Close(1011, "broken") },
		func() { say(c, "\xff\xfe"); c.Read(ctx) },
		func() { say(c, strings.Repeat("x", 1001)); c.Read(ctx) },
	}
	for i, end := range ends {
		end()
		c = next(t, calls)
		say(c, fmt.Sprintf(`{"n":%d,"kind":"-"}`, 21+i))
		p.prints(fmt.Sprintf("\n%d ", 21+i))
	}
	go p.stop()
	_, _, err := c.Read(ctx)
	if closed := new(websocket.CloseError); !errors.As(err, closed) || closed.Code != codeGoingAway {
		t.Errorf("the farewell: %v", err)
	}
	p.wait()
	out, _, _ := strings.Cut(p.stdout.String(), "over")
	for i := range 26 {
		if strings.Count(out, fmt.Sprintf("\n%d ", i)) != 1 {
			t.Errorf("%d is missing, or there twice", i)
		}
	}
}

// TestWebSocketRefused: an address that is no WebSocket ends the stream.
func TestWebSocketRefused(t *testing.T) {
	address, _ := wsFeed(t)
	p := newProgram(t, tickProgram, "server", address+"/elsewhere").start()
	p.wait()
	if !strings.Contains(p.stderr.String(), "has ended: HTTP 404") {
		t.Errorf("stderr: %s", p.stderr.String())
	}
}

// TestWebSocketSilence: a server that answers no ping is left, and another
// connection is made; one that answers is kept.
func TestWebSocketSilence(t *testing.T) {
	address, calls := wsFeed(t)
	p := newProgram(t, tickProgram, "server", address)
	p.Limits.Ping, p.Limits.Silence = 20*time.Millisecond, 60*time.Millisecond
	p.start()
	next(t, calls) // nobody reads here, so nobody answers
	c := next(t, calls)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		for {
			if _, _, err := c.Read(context.Background()); err != nil {
				return
			}
		}
	}()
	for i := range 3 {
		if err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.Write(t.Context(), websocket.MessageText, []byte(fmt.Sprintf(`{"n":%d,"kind":"-"}`, i)))
		p.prints(fmt.Sprintf("%d ", i))
		select {
		case <-answered:
			t.Fatal("the connection was left although it answers")
		case <-time.After(100 * time.Millisecond): // several pings
		}
	}
	if len(calls) > 0 {
		t.Error("another connection was made")
	}
	p.stop()
	<-answered
}
