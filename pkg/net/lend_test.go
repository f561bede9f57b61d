package aronet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// serve runs a program that listens as <x>, and returns its address.
func serve(t *testing.T, handlers string) (*program, string) {
	t.Helper()
	p := newProgram(t, `(Application-Start: Test) {
	Listen on port 0 as <x> with { host: "127.0.0.1" }.
	Log "listening" to the <console>.
	Keepalive the <application> for the <events>.
	Return an <OK: status> for the <startup>.
}
`+handlers)
	p.env.Store(true)
	p.start().prints("listening")
	return p, fmt.Sprintf("127.0.0.1:%d", p.listenerNamed("x").port)
}

// TestOnlyRelaysAreLent: whatever could keep what it is given gets a copy.
func TestOnlyRelaysAreLent(t *testing.T) {
	for _, body := range []string{
		`Send <event: data> to the <event: connection>.`,
		`Extract the <data> from the <packet: buffer>. Extract the <c> from the <packet: connection>. Send the <data> to the <c>.`,
		`Send <packet: message> to the <packet: connection>. Broadcast the <packet: bytes> to the <x>.`,
		`Send "got " ++ <event: data> to the <event: connection>.`,
		`Send { said: <event: data>, size: <event: size> } to the <event: connection>.`,
	} {
		if !lent(t, body, "") {
			t.Errorf("gets a copy: %s", body)
		}
	}
	for _, body := range []string{
		`Extract the <line> from the <event: data>. Store the <line> into the <line-repository>.`,
		`Extract the <data> from the <event: data>. Publish as <latest> <data>.`,
		`Emit a <Said: event> with { what: <event: data> }.`,
		`Log <event: data> to the <console>.`,
		`Extract the <name> from the <packet: data.name>. Send <name> to the <event: connection>.`,
		`Extract the <text> from the <event: data>. Extract the <name> from the <text: name>. Send <name> to the <event: connection>.`,
		`Extract the <text> from the <event: data>. Send "yes" to the <event: connection> when <text> matches <text>.`,
		`Split the <words> from <event: data> by " ". Send <words> to the <event: connection>.`,
		`Transform the <x: uppercase> from the <event: data>. Send <x> to the <event: connection>.`,
		`for each <i> in [1, 2, 3] { Send <event: data> to the <event: connection>. }`,
	} {
		if lent(t, body, "") {
			t.Errorf("is lent the buffer: %s", body)
		}
	}
	if lent(t, `Send <event: data> to the <event: connection>.`, `Log <event: size> to the <console>.`) {
		t.Error("one of two handlers decides for both")
	}
}

func lent(t *testing.T, body, another string) bool {
	t.Helper()
	source := "(One: DataReceived Handler) {\n" + body + "\n Return an <OK: status> for the <packet>.\n}\n"
	if another != "" {
		source += "(Another: DataReceived Handler) {\n" + another + "\n Return an <OK: status> for the <packet>.\n}\n"
	}
	p, _ := serve(t, source)
	defer p.stop()
	return p.lends(p.events.Load())
}

// TestLentBuffersAreNotMixedUp: clients that read late and in pieces, so that what they
// are sent waits in queues while others use the buffers, get what they sent. With a
// broadcast, other goroutines write out of the buffers when their handlers have ended.
func TestLentBuffersAreNotMixedUp(t *testing.T) {
	for _, broadcast := range []string{"", `Broadcast "!" to the <x>.`} {
		p, address := serve(t, `(Echo: DataReceived Handler) {
	Send <event: data> to the <event: connection>.
	`+broadcast+`
	Return an <OK: status> for the <packet>.
}`)
		var all sync.WaitGroup
		for client := range 4 {
			all.Go(func() { lateReader(t, address, client) })
		}
		all.Wait()
		if !p.lends(p.events.Load()) {
			t.Error("nothing was lent")
		}
	}
}

func lateReader(t *testing.T, address string, client int) {
	rng := rand.New(rand.NewPCG(uint64(client), 1))
	sent := make([]byte, 8<<20) // more than the buffers of the system take
	rand.NewChaCha8([32]byte{byte(client)}).Read(sent)
	for i := range sent {
		sent[i] |= 0x80 // no exclamation mark
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute)) // it is a lot, and the race detector looks on
	for rest := sent; len(rest) > 0; {
		n := min(1+rng.IntN(80_000), len(rest))
		if _, err := c.Write(rest[:n]); err != nil {
			t.Error(err)
			return
		}
		rest = rest[n:]
	}
	buf := make([]byte, 64<<10)
	for rest := sent; len(rest) > 0; {
		n, err := c.Read(buf)
		if err != nil {
			t.Errorf("client %d: %d bytes are missing: %v", client, len(rest), err)
			return
		}
		got := bytes.ReplaceAll(buf[:n], []byte("!"), nil)
		if !bytes.HasPrefix(rest, got) {
			t.Errorf("client %d got other bytes than it sent", client)
			return
		}
		rest = rest[len(got):]
	}
}

// TestLentDataIsSentSeveralTimes: before, behind and between other output, and to
// everybody, which another goroutine writes.
func TestLentDataIsSentSeveralTimes(t *testing.T) {
	const echo = `(Echo: DataReceived Handler) {
	Send "<" to the <event: connection>.
	Send <event: data> to the <event: connection>.
	Send "|" to the <event: connection>.
	Send <event: data> to the <event: connection>.
	%s
	Send <event: data> to the <event: connection>.
	Return an <OK: status> for the <packet>.
}`
	for broadcast, copies := range map[string]int{"": 2, "Broadcast <event: data> to the <x>.": 3} {
		_, address := serve(t, fmt.Sprintf(echo, broadcast))
		a, b := dial(t, address), dial(t, address)
		b.say("-") // both are there
		b.hear("<-|" + strings.Repeat("-", copies))
		if broadcast != "" {
			a.hear("-")
		}
		for i := range 200 {
			text := strings.Repeat(fmt.Sprint(i%10), 1+i*37%5000)
			a.say(text)
			a.hear("<" + text + "|" + strings.Repeat(text, copies))
			if broadcast != "" {
				b.hear(text)
			}
		}
	}
}

// TestLentDataThatIsKept: Send to what is no connection is an event, and its handlers
// keep what they are given.
func TestLentDataThatIsKept(t *testing.T) {
	p, address := serve(t, `(Relay: DataReceived Handler) {
	Send <event: data> to <elsewhere>.
	Send <event: data> to the <event: connection>.
	Return an <OK: status> for the <packet>.
}
(Keep: MessageSent Handler) {
	Extract the <line> from the <event: data>.
	Store the <line> into the <line-repository>.
	Return an <OK: status> for the <line>.
}
`)
	c := dial(t, address)
	var want []string
	for i := range 20 {
		text := fmt.Sprintf("line %02d", i)
		want = append(want, text)
		c.say(text)
		c.hear(text)
	}
	var got []string
	for _, row := range p.host.Repository("line-repository").Rows() {
		got = append(got, row.Text())
	}
	if strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("kept %q\n%s", got, p.stderr.String())
	}
	if p.lends(p.events.Load()) {
		t.Error("it is lent more")
	}
}

// TestLentBufferIsGivenUp: somebody else has taken the packet and may be writing it.
func TestLentBufferIsGivenUp(t *testing.T) {
	for _, writing := range []bool{false, true} {
		p := &packet{buf: []byte("data"), fixed: true}
		p.refs.Store(1)
		c := &Conn{passed: p}
		c.out.writing, c.out.queue = writing, []*packet{p}
		c.out.corked.Store(true)
		before := &p.buf[0]
		if free := c.flush(new(chunk)); free == writing {
			t.Errorf("writing %v, and the buffer may be used again: %v", writing, free)
		}
		if &p.buf[0] == before {
			t.Error("the packet still lies in the buffer")
		}
	}
}

// TestLentEventIsRenewed: nothing of one event is in the next.
func TestLentEventIsRenewed(t *testing.T) {
	e := &tcpEvent{conn: &Conn{}, kind: dataEvent, lent: true}
	traces := map[*host.Trace]bool{}
	for _, data := range []string{"one", "\xff"} {
		before := time.Now()
		e.renew([]byte(data))
		first, _ := e.Property("timestamp")
		again, _ := e.Property("timestamp")
		if first.Time().Before(before) || first.Time().After(time.Now()) || !again.Time().Equal(first.Time()) {
			t.Errorf("%q came at %v, then at %v; it is past %v", data, first.Time(), again.Time(), before)
		}
		if v, _ := e.Property("data"); (v.Kind() == value.String) != (data == "one") || v.Len() != len(data) {
			t.Errorf("%q is %v", data, v)
		}
		traces[e.Trace()] = true
	}
	if len(traces) != 2 {
		t.Error("two events have one trace")
	}
}

// TestIdleConnectionsHoldNoBuffer: neither the event that is used again nor its packet
// keeps one alive.
func TestIdleConnectionsHoldNoBuffer(t *testing.T) {
	p, address := serve(t, `(Echo: DataReceived Handler) {
	Send <event: data> to the <event: connection>.
	Return an <OK: status> for the <packet>.
}`)
	c := dial(t, address)
	for range 3 {
		c.say("hello")
		c.hear("hello")
	}
	p.mu.Lock()
	var conn *Conn
	for x := range p.live {
		conn = x
	}
	p.mu.Unlock()
	c.Close()
	p.stop() // the read loop has ended: what it leaves may be looked at
	e := conn.lent
	if e == nil || e.spare == nil {
		t.Fatalf("the event %v is not used again, or its packet", e)
	}
	if e.data != nil || e.passed != nil || e.spare.buf != nil || conn.passed != nil {
		t.Errorf("a buffer is held: %+v, %+v", e, e.spare)
	}
}
