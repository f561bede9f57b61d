package aronet

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// stage is a network attached to a host whose program consists of handlers
// written in Go.
type stage struct {
	*Network
	t      testing.TB
	stderr *lockedBuffer

	mu   sync.Mutex
	args map[string]value.Value // what the pseudo verb (arg) returns
}

// handlersOf maps an activity to what its feature set does.
type handlersOf map[string]func(t host.Trigger)

const (
	onConnected    = "ClientConnected Handler"
	onData         = "DataReceived Handler"
	onDisconnected = "ClientDisconnected Handler"
)

// newStage starts a network; adjust may change its limits. Everything is shut
// down at the end of the test.
func newStage(t testing.TB, on handlersOf, adjust func(*Limits), more ...*bytecode.Chunk) *stage {
	s := &stage{Network: New(), t: t, stderr: new(lockedBuffer), args: map[string]value.Value{}}
	s.Limits.LoopbackCount = false
	if adjust != nil {
		adjust(&s.Limits)
	}
	p := &bytecode.Program{Chunks: more}
	for activity := range on {
		name := activity
		if activity == onWSConnected || activity == onWSMessage || activity == onWSDisconnected {
			activity = "WebSocket Event Handler"
		}
		p.Chunks = append(p.Chunks, &bytecode.Chunk{
			Name: name, Activity: activity, MaxRegs: 1,
			Code:  []bytecode.Ins{{Op: bytecode.ACT, A: bytecode.NoReg}, {Op: bytecode.END}},
			Sites: []bytecode.Site{{Verb: "(probe)", Extra: bytecode.NoReg, Stmt: -1}},
		})
	}
	verbs := append(s.Verbs(),
		&host.Verb{Verb: bytecode.Verb{Name: "(probe)"}, Do: func(c *vm.Call) (value.Value, error) {
			on[c.Chunk().Name](c.Co.Owner.(*host.Execution).Trigger)
			return value.Value{}, nil
		}},
		&host.Verb{Verb: bytecode.Verb{Name: "(arg)"}, Do: func(c *vm.Call) (value.Value, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.args[c.Site.Unit], nil
		}})
	h := host.New(p, host.Config{Stdout: io.Discard, Stderr: s.stderr, Verbs: verbs})
	s.Attach(h)
	t.Cleanup(func() { s.shutdown(time.Now().Add(time.Second)) })
	return s
}

// open opens a listener on a free port and returns its address.
func (s *stage) open(name string, o listenOptions) string {
	s.t.Helper()
	s.env.Store(true)
	o.host = "127.0.0.1"
	l, err := s.listen(name, 0, o, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", l.port)
}

// client is the other end of a connection.
type client struct {
	net.Conn
	t testing.TB
}

func dial(t testing.TB, address string) client {
	t.Helper()
	sock, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sock.Close() })
	sock.SetDeadline(time.Now().Add(patience))
	return client{sock, t}
}

func (c client) say(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.Conn, text); err != nil {
		c.t.Fatal(err)
	}
}

// hear reads exactly what is expected.
func (c client) hear(want string) {
	c.t.Helper()
	buf := make([]byte, len(want))
	k, err := io.ReadFull(c.Conn, buf)
	if string(buf[:k]) != want {
		c.t.Fatalf("got %q (%v), want %q", buf[:k], err, want)
	}
}

// rest reads until the end of the stream.
func (c client) rest() string {
	c.t.Helper()
	all, err := io.ReadAll(c.Conn)
	if err != nil {
		c.t.Fatalf("after %q: %v", all, err)
	}
	return string(all)
}

// eventually waits for a condition that nothing signals.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never happened: %s", what)
}

// next takes the next element from a channel.
func next[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// text returns a field of the event as text, "" where there is none.
func text(tr host.Trigger, field string) string {
	if v := tr.Field(field); v.IsBound() {
		return v.Text()
	}
	return ""
}

func connOfTrigger(tr host.Trigger) *Conn { return tr.Field("connection").Object().(*Conn) }

func packetOfText(s string) *packet {
	p, err := encode(value.OfString(s), "", asText)
	if err != nil {
		panic(err)
	}
	return p
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

const (
	onWSConnected    = "On connect"
	onWSMessage      = "On message"
	onWSDisconnected = "On disconnect"
)
