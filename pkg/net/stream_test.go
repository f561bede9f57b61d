package aronet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"aro/pkg/vm/value"
)

// TestSSEReader: the events of the HTML standard's own examples, and what servers
// get wrong.
func TestSSEReader(t *testing.T) {
	long := strings.Repeat("x", 40)
	for _, tc := range []struct{ name, in, want string }{
		{"lines joined", "data: YHOO\ndata: +2\ndata: 10\n\n", "[YHOO|+2|10]"},
		{"comments and ids", ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n", "[first event #1][second event][ third event]"},
		{"empty data", "data\n\ndata\ndata\n\ndata:\n", "[][|]"},
		{"one blank is not data", "data:test\n\ndata: test\n\n", "[test][test]"},
		{"kinds", "event: add\ndata: 1\n\ndata: 2\n\nevent: x\n\ndata: 3\n\n", "[add:1][2][3]"},
		{"line ends", "data: a\r\n\r\ndata: b\r\rdata: c\n\ndata: d\r\ndata: e\r\n\r\n", "[a][b][c][d|e]"},
		{"byte order mark", "\xEF\xBB\xBFdata: a\n\n\xEF\xBB\xBFdata: b\n\n", "[a]"},
		{"half a mark", "\xEF\xBBdata: a\n\ndata: b\n\n", "[b]"},
		{"cut off", "data: a\n\ndata: lost\n", "[a]"},
		{"unknown fields", "foo: 1\n{\"json\": 1}\nDATA: x\ndata: a\n\n", "[a]"},
		{"colons", "data: a: b\n\n:::\n\n", "[a: b]"},
		{"ids that are no header", "id: a\x00b\ndata: 1\n\nid: ok\ndata: 2\n\nid: a\x01b\ndata: 3\n\n", "[1][2 #ok][3 #ok]"},
		{"long line", "data: " + long + "\ndata: tail\n\ndata: b\n\n", "![b]"},
		{"many lines", strings.Repeat("data: 0123456\n", 9) + "\ndata: b\n\n", "![b]"},
		{"just fits", "data: " + long[:32] + "\n\n", "[" + long[:32] + "]"},
		{"a long comment", ":" + long + long + "\ndata: a\n\ndata: b\n\n", "![b]"},
		{"not UTF-8", "data: \xff\n\n", "[\xff]"},
		{"retry", "retry: 50\n\nretry: 2000\n\nretry: 2s\n\nretry: -1\n\nretry:\n\nretry: 99999999\n\ndata: a\n\n", "(100ms)(2s)(10m0s)[a]"},
		{"nothing", "", ""},
		{"no event at all", "<html>\n<body>\n\n</body>\n\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got strings.Builder
			e := newSSEReader(strings.NewReader(tc.in), 32)
			e.oversized = func() { got.WriteString("!") }
			e.retry = func(d time.Duration) { fmt.Fprintf(&got, "(%v)", d) }
			for {
				m, err := e.next()
				if err != nil {
					break
				}
				got.WriteString("[")
				if m.kind != "" {
					got.WriteString(m.kind + ":")
				}
				got.WriteString(strings.ReplaceAll(string(m.data), "\n", "|"))
				if e.id != "" {
					got.WriteString(" #" + e.id)
				}
				got.WriteString("]")
			}
			if got.String() != tc.want {
				t.Errorf("got %s, want %s", got.String(), tc.want)
			}
		})
	}
}

// FuzzSSEReader: no input makes the reader keep more than its limit, and cutting
// the input in two reads changes nothing.
func FuzzSSEReader(f *testing.F) {
	for _, s := range []string{"data: a\n\n", "event: x\r\ndata: a\rdata: b\n\nid: 1\n", "\xEF\xBB\xBFdata\n\n", ": c\nretry: 5\n\n"} {
		f.Add([]byte(s), 3)
	}
	read := func(r io.Reader) (out []string) {
		e := newSSEReader(r, 16)
		for {
			m, err := e.next()
			if err != nil {
				return out
			}
			out = append(out, m.kind+"\x00"+string(m.data)+"\x00"+e.id)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		whole := read(strings.NewReader(string(data)))
		cut = max(0, min(cut, len(data)))
		parts := read(io.MultiReader(strings.NewReader(string(data[:cut])), strings.NewReader(string(data[cut:]))))
		if fmt.Sprint(whole) != fmt.Sprint(parts) {
			t.Fatalf("%q and %q", whole, parts)
		}
		for _, m := range whole {
			if len(strings.Split(m, "\x00")[1]) > 17 {
				t.Fatalf("a message of %d bytes", len(m))
			}
		}
	})
}

// TestMessageEvents: what handlers see of a message.
func TestMessageEvents(t *testing.T) {
	for _, tc := range []struct {
		m    message
		want string
	}{
		{message{data: []byte(`{"a":1}`)}, `{"a":1}`},
		{message{data: []byte(`{"a":1}`), kind: "add"}, `{"a":1,"kind":"add"}`},
		{message{data: []byte(`{"kind":"own"}`), kind: "add"}, `{"kind":"add"}`},
		{message{data: []byte(`plain`)}, `{"data":"plain"}`},
		{message{data: []byte(`plain`), kind: "add"}, `{"data":"plain","kind":"add"}`},
		{message{data: []byte(`[1,2]`)}, `{"data":"[1,2]"}`},
		{message{data: []byte(`{"a":`)}, `{"data":"{\"a\":"}`},
		{message{data: []byte("\xffx")}, `{"data":"` + "\uFFFD" + `x"}`},
		{message{data: nil}, `{"data":""}`},
		{message{data: []byte(`{"event":"add","payload":"{\"a\":1}"}`)}, `{"a":1,"kind":"add"}`},
		{message{data: []byte(`{"event":"add","payload":"text"}`)}, `{"data":"text","kind":"add"}`},
		{message{data: []byte(`{"event":"add","payload":{"a":1}}`)}, `{"event":"add","payload":{"a":1}}`},
		{message{data: []byte{1, 2}, binary: true}, `{"data":"AQI="}`},
	} {
		if got := tc.m.event().JSON(); got != tc.want {
			t.Errorf("%q: got %s, want %s", tc.m.data, got, tc.want)
		}
	}
}

// TestInbox: what waits is bounded in bytes and in messages, keeps its order, and
// whoever puts or gets can be called off.
func TestInbox(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := newInbox(10)
	put := func(s string) bool { return b.put(ctx, message{data: []byte(s)}) }
	if !put("longer than all of it") {
		t.Fatal("an empty queue takes anything")
	}
	blocked := make(chan bool)
	go func() { blocked <- put("1") }()
	if m, _ := b.get(ctx); len(m.data) != 21 {
		t.Fatal("wrong message")
	}
	if !next(t, blocked) {
		t.Fatal("there was room")
	}
	for _, s := range []string{"2", "3", "4567890"} {
		put(s)
	}
	go func() { blocked <- put("x") }()
	select {
	case <-blocked:
		t.Fatal("more than fits")
	case <-time.After(20 * time.Millisecond): // the other way round it fails at once
	}
	cancel()
	if next(t, blocked) {
		t.Error("put went on after the end")
	}
	b.close()
	var got []string
	for {
		m, ok := b.get(context.Background())
		if !ok {
			break
		}
		got = append(got, string(m.data))
	}
	if fmt.Sprint(got) != "[1 2 3 4567890]" {
		t.Error(got)
	}
	if _, ok := b.get(ctx); ok {
		t.Error("a message out of nowhere")
	}
	many := newInbox(1 << 20)
	for range inboxMessages {
		many.put(context.Background(), message{})
	}
	if many.put(ctx, message{}) {
		t.Error("more messages than are allowed")
	}
}

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

const tickProgram = `
(Application-Start: Test) {
    Extract the <server> from the <parameter: server>.
    Stream the <tick> from <server> with { headers: { X-Key: "k" } }.
    Log "open" to the <console>.
    Keepalive the <application> for the <events>.
    Log "over" to the <console>.
    Return an <OK: status> for the <application>.
}
(Show: tick Handler) {
    Log "${<event: n>} ${<event: kind>}" to the <console>.
}
`

// TestEventStream: messages become events in their order, and the stream comes
// back where it was, as the server wants it.
func TestEventStream(t *testing.T) {
	f := newFeed(t)
	p := newProgram(t, tickProgram, "server", f.URL).start()
	c := f.next()
	p.prints("open")
	h := c.r.Header
	if h.Get("X-Key") != "k" || h.Get("Accept") != "text/event-stream" || h.Get("Accept-Encoding") != "" || h.Get("Last-Event-ID") != "" {
		t.Errorf("the request: %v", h)
	}
	for i := range 50 {
		c.say(fmt.Sprintf("id: %d\nevent: a\ndata: {\"n\":%d}\n\n", i, i))
	}
	p.prints("49 a")
	c.say("data: {\"n\":\"lost\"}\n")
	c.end()
	c = f.next()
	if got := c.r.Header.Get("Last-Event-ID"); got != "49" {
		t.Errorf("last id %q", got)
	}
	c.say("event: b\ndata: {\"n\":50}\n\n")
	p.prints("50 b")
	// A connection that breaks, and servers that are not ready.
	c.lose()
	for _, code := range []int{503, 500, 429, 408} {
		f.next().refuse(code)
	}
	c = f.next()
	c.say("event: c\ndata: {\"n\":51}\n\n")
	p.prints("51 c")
	p.stop()
	select {
	case <-c.r.Context().Done():
	case <-time.After(patience):
		t.Error("the connection outlives the program")
	}
	var want strings.Builder
	want.WriteString("open\n")
	for i := range 52 {
		fmt.Fprintf(&want, "%d %s\n", i, [3]string{"a", "b", "c"}[max(0, i-49)])
	}
	if got, _, _ := strings.Cut(p.stdout.String(), "over\n"); got != want.String() {
		t.Errorf("got %s", got)
	}
	if n := strings.Count(p.stderr.String(), "is interrupted"); n != 1 {
		t.Errorf("%d complaints, want one for the outage:\n%s", n, p.stderr.String())
	}
}

// TestStreamEnds: what trying again does not cure ends the stream, and with it a
// Keepalive that has nothing else to wait for.
func TestStreamEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		answer func(*feedCall)
		want   string
	}{
		"not found":    {func(c *feedCall) { c.refuse(404) }, "HTTP 404: Not Found"},
		"unauthorized": {func(c *feedCall) { c.refuse(401) }, "HTTP 401: Unauthorized"},
		"enough":       {func(c *feedCall) { c.refuse(204) }, "HTTP 204"},
		"no event stream": {func(c *feedCall) {
			c.do(func() { c.w.Header().Set("Content-Type", "text/html") })
			c.refuse(200)
		}, "no event stream but text/html"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFeed(t)
			p := newProgram(t, tickProgram, "server", f.URL).start()
			tc.answer(f.next())
			p.wait()
			if errs := p.stderr.String(); !strings.Contains(errs, "the stream 'tick' has ended: ") || !strings.Contains(errs, tc.want) {
				t.Errorf("stderr: %s", errs)
			}
			if !strings.Contains(p.stdout.String(), "over") {
				t.Error("Keepalive was not released")
			}
			if len(f.calls) > 0 {
				t.Error("it tried again")
			}
		})
	}
}

// TestStreamStatement: what is wrong with the statement itself fails it.
func TestStreamStatement(t *testing.T) {
	for source, want := range map[string]string{
		`Stream the <t> from "http://".`:                                           "names no host",
		`Stream the <t> from the <url: "ftp://example.com/">.`:                     "Invalid URL",
		`Stream the <t> from "http://localhost/" with { retry: 0 }.`:               "Invalid value '0' for retry",
		`Stream the <t> from "http://localhost/" with { again: 1 }.`:               "unknown option 'again'; the options are retry, headers",
		`Subscribe the <t> from "x".`:                                              "Invalid URL 'x'",
		`Stream the <t> from "http://localhost/" with { headers: { A: "a\nb" } }.`: "line break",
	} {
		if out := newProgram(t, source).play(); !strings.Contains(out, want) {
			t.Errorf("%s\n%s\nwant %s", source, out, want)
		}
	}
}

// TestStreamForms: Subscribe is a synonym, a stream is a value, can be closed, and
// nobody to handle its messages is worth a word.
func TestStreamForms(t *testing.T) {
	f := newFeed(t)
	p := newProgram(t, `
(Application-Start: Test) {
    Extract the <server> from the <parameter: server>.
    Stream the <one> from the <url: server>.
    Subscribe the <two> from <server>.
    Log "${<one>} ${<one: isOpen>} ${<one: name>}" to the <console>.
    Close the <one>.
    Close the <two>.
    Keepalive the <application> for the <events>.
    Log <one: isOpen> to the <console>.
    Return an <OK: status> for the <application>.
}`, "server", f.URL)
	if got, want := p.play(), f.URL+" true one\nfalse\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"one", "two"} {
		if !strings.Contains(p.stderr.String(), "nobody handles the messages of the stream '"+name+"'") {
			t.Errorf("stderr: %s", p.stderr.String())
		}
	}
}

// TestStreamBackOff: the pauses double up to the limit, are spread, and a server
// that names one is obeyed.
func TestStreamBackOff(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		d := jitter(time.Second)
		if d < time.Second/2 || d > time.Second {
			t.Fatal(d)
		}
		seen[d] = true
	}
	if len(seen) < 50 {
		t.Errorf("only %d different pauses", len(seen))
	}
	f := newFeed(t)
	p := newProgram(t, tickProgram, "server", f.URL)
	p.Limits.Retry, p.Limits.RetryMost = 10*time.Millisecond, 80*time.Millisecond
	p.start()
	var at []time.Time
	for range 6 {
		f.next().refuse(500)
		at = append(at, time.Now())
	}
	for i, least := range []time.Duration{5, 10, 20, 40, 40} {
		if d := at[i+1].Sub(at[i]); d < least*time.Millisecond {
			t.Errorf("pause %d took %v", i, d)
		}
	}
	c := f.next()
	c.say("retry: 300\nevent: a\ndata: {\"n\":1}\n\n")
	p.prints("1 ")
	c.end()
	began := time.Now()
	f.next()
	if d := time.Since(began); d < 150*time.Millisecond {
		t.Errorf("the server asked for 300 ms, it took %v", d)
	}
}

// TestStreamQueue: while a handler is behind, the stream reads no more than its
// queue holds.
func TestStreamQueue(t *testing.T) {
	f := newFeed(t)
	gate := newFeed(t)
	p := newProgram(t, `
(Application-Start: Test) {
    Extract the <server> from the <parameter: server>.
    Stream the <tick> from <server>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <application>.
}
(Slow: tick Handler) {
    Extract the <gate> from the <parameter: gate>.
    Request the <r> from <gate>.
    Log <event: n> to the <console>.
}`, "server", f.URL, "gate", gate.URL)
	p.Limits.StreamQueue = 64 << 10
	p.start()
	c := f.next()
	var sent sync.WaitGroup
	const messages = 100
	pad := strings.Repeat("x", 30<<10)
	sent.Go(func() {
		for i := range messages {
			c.say(fmt.Sprintf("data: {\"n\":%d,\"pad\":%q}\n\n", i, pad))
		}
	})
	for i := range messages {
		call := gate.next()
		s := p.client.streamNamed("tick")
		if i == 0 {
			eventually(t, "the queue is full", func() bool { return s.received.Load() >= 3 })
		}
		// The one that is handled, those in the queue, and the one that waits for room.
		if n := int(s.received.Load()); n > i+4 {
			t.Fatalf("%d messages were read while number %d is handled", n, i)
		}
		call.refuse(200)
	}
	sent.Wait()
	p.prints("99\n")
	var want strings.Builder
	for i := range messages {
		fmt.Fprintf(&want, "%d\n", i)
	}
	if p.stdout.String() != want.String() {
		t.Error("the order is lost")
	}
}

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

// TestRequestsOverlap: a handler that waits for an answer holds up no other one.
func TestRequestsOverlap(t *testing.T) {
	f := newFeed(t)
	p := newProgram(t, `
(Application-Start: Test) {
    Extract the <server> from the <parameter: server>.
    Emit a <Go: event> with { n: 1 }.
    Log "all" to the <console>.
    Return an <OK: status> for the <application>.
}
(First: Go Handler) { Request the <r> from <server>. Log "first" to the <console>. }
(Second: Go Handler) { Request the <r> from <server>. Log "second" to the <console>. }
(Third: Go Handler) { Log "third" to the <console>. }
`, "server", f.URL).start()
	a, b := f.next(), f.next() // both at once
	p.prints("third")
	if out := p.stdout.String(); strings.Contains(out, "all") || strings.Contains(out, "first") {
		t.Errorf("the answers are not there yet: %s", out)
	}
	a.refuse(200)
	b.refuse(200)
	p.wait()
	if out := p.stdout.String(); !strings.Contains(out, "first") || !strings.Contains(out, "second") || !strings.Contains(out, "all\n") {
		t.Error(out)
	}
}

// TestShutdownEndsRequests: a request without an answer does not keep an
// application from ending; Application-End can still make its own.
func TestShutdownEndsRequests(t *testing.T) {
	f := newFeed(t)
	p := newProgram(t, `
(Application-Start: Test) {
    Extract the <server> from the <parameter: server>.
    Stream the <tick> from <server>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <application>.
}
(Hang: tick Handler) {
    Extract the <server> from the <parameter: server>.
    Log "asking" to the <console>.
    Request the <r> from "${<server>}/hang".
    Log "never" to the <console>.
}
(Application-End: Success) {
    Extract the <server> from the <parameter: server>.
    Request the <r> from "${<server>}/bye".
    Log <r: status> to the <console>.
}
`, "server", f.URL).start()
	f.next().say("data: x\n\n")
	p.prints("asking")
	hanging := f.next()
	began := time.Now()
	p.host.Shutdown("SIGTERM")
	bye := f.next()
	if bye.r.URL.Path != "/bye" {
		t.Fatal(bye.r.URL.Path)
	}
	bye.refuse(202)
	p.wait()
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
	if out := p.stdout.String(); !strings.Contains(out, "202") || strings.Contains(out, "never") {
		t.Errorf("%s", out)
	}
	if errs := p.stderr.String(); !strings.Contains(errs, "shutting down") {
		t.Errorf("stderr: %s", errs)
	}
	<-hanging.r.Context().Done()
}

var _ value.Tester = (*reply)(nil)
