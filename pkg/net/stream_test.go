package aronet

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

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
