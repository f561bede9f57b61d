package aronet

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// pair connects n clients and returns both ends.
func (s *stage) pair(address string, ready <-chan *Conn, n int) (conns []*Conn, clients []client) {
	s.t.Helper()
	for range n {
		clients = append(clients, dial(s.t, address))
		conns = append(conns, next(s.t, ready))
	}
	return conns, clients
}

func catcher() (chan *Conn, handlersOf, chan string) {
	ready, gone := make(chan *Conn, 1000), make(chan string, 1000)
	return ready, handlersOf{
		onConnected:    func(tr host.Trigger) { ready <- connOfTrigger(tr) },
		onDisconnected: func(tr host.Trigger) { gone <- text(tr, "reason") },
	}, gone
}

// W04: one client that does not read is closed when its queue is full; the others
// get everything while it hangs.
func TestSlowReaderIsClosedAndDelaysNobody(t *testing.T) {
	ready, on, gone := catcher()
	s := newStage(t, on, func(l *Limits) { l.Queue = 1 << 20 })
	address := s.open("x", listenOptions{})
	conns, clients := s.pair(address, ready, 5)
	message := strings.Repeat("z", 64<<10)
	p := packetOfText(message)
	const rounds = 400 // 25 MiB: more than socket buffers and queue take
	sent := 0
	for range rounds {
		s.allClients().send(p)
		sent++
		for _, c := range clients[1:] {
			c.hear(message)
		}
		if !conns[0].IsOpen() {
			break
		}
	}
	if conns[0].IsOpen() {
		t.Fatalf("the slow client is still connected after %d messages", sent)
	}
	if r := next(t, gone); r != "timeout" {
		t.Errorf("reason %q", r)
	}
	if !strings.Contains(s.stderr.String(), "reads too slowly") {
		t.Errorf("stderr: %q", s.stderr.String())
	}
	for _, c := range conns[1:] {
		if !c.IsOpen() {
			t.Error("a client that reads was closed")
		}
	}
	eventually(t, "queues are empty", func() bool { return s.queued.Load() == 0 })
}

func TestStalledWriteTimesOut(t *testing.T) {
	ready, on, gone := catcher()
	s := newStage(t, on, func(l *Limits) { l.Stall = 50 * time.Millisecond })
	conns, _ := s.pair(s.open("x", listenOptions{}), ready, 1)
	if err := conns[0].send(packetOfText(strings.Repeat("z", 15<<20))); err != nil {
		t.Fatal(err)
	}
	if r := next(t, gone); r != "timeout" {
		t.Errorf("reason %q", r)
	}
}

func TestQueueIsBoundedInBytes(t *testing.T) {
	n := New()
	n.Limits.Queue = 1000
	a, b := net.Pipe()
	defer b.Close()
	c := n.newConn(a)
	c.out.writing = true // no writer: everything stays in the queue
	for i := range 3 {
		if err := c.send(packetOfText(strings.Repeat("x", 300))); err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
	}
	if err := c.send(packetOfText(strings.Repeat("x", 101))); err != errSlow {
		t.Errorf("the packet that does not fit: %v", err)
	}
	if c.IsOpen() || c.ended().reason != "timeout" || n.queued.Load() != 0 || len(c.out.queue) != 0 {
		t.Errorf("open %v, %+v, %d bytes held", c.IsOpen(), c.ended(), n.queued.Load())
	}
	if err := c.send(packetOfText("x")); err != errClosed {
		t.Errorf("after the end: %v", err)
	}
}

// W05: payloads are held once; over the limit of the process the longest queues
// go first.
func TestProcessLimitClosesLongestQueuesFirst(t *testing.T) {
	n := New()
	n.Limits.QueueTotal = 100_000
	var conns []*Conn
	for range 10 {
		a, b := net.Pipe()
		defer b.Close()
		c := n.newConn(a)
		c.out.writing = true
		if !n.admit(c) {
			t.Fatal("not admitted")
		}
		conns = append(conns, c)
	}
	shared := packetOfText(strings.Repeat("s", 10_000))
	for _, c := range conns {
		c.send(shared)
	}
	if held := n.queued.Load(); held > 11_000 {
		t.Errorf("a shared packet is charged %d bytes", held)
	}
	for range 7 {
		conns[3].send(packetOfText(strings.Repeat("a", 10_000)))
	}
	conns[5].send(packetOfText(strings.Repeat("b", 20_000)))
	for i, c := range conns {
		if open := c.IsOpen(); open != (i != 3) {
			t.Errorf("connection %d: open is %v", i, open)
		}
	}
	if held := n.queued.Load(); held > n.Limits.QueueTotal {
		t.Errorf("%d bytes are held", held)
	}
	for _, c := range conns {
		c.end(ending{hard: true})
	}
	if held := n.queued.Load(); held != 0 {
		t.Errorf("%d bytes are held after the end", held)
	}
}

// A packet is encoded once; what a further receiver costs does not depend on its
// size.
func TestBroadcastDoesNotCopyPayload(t *testing.T) {
	n := New()
	var conns []*Conn
	for i := range 100 {
		a, b := net.Pipe()
		defer b.Close()
		c := n.newConn(a)
		c.out.writing = true
		c.out.queue = make([]*packet, 0, 64)
		c.form = form(i % 3)
		conns = append(conns, c)
	}
	v := value.OfString(strings.Repeat("p", 100_000))
	allocs := testing.AllocsPerRun(10, func() {
		p, err := encode(v, "", asText)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range conns {
			c.send(p)
		}
	})
	if allocs > 4 {
		t.Errorf("a broadcast to 100 connections allocates %v times", allocs)
	}
	first := &conns[0].out.queue[0].buf[headroom]
	for _, c := range conns {
		b := c.out.queue[0].bytes(c.form)
		if c.form != frameForm && &b[0] != first {
			t.Fatal("a receiver has a copy")
		}
	}
}

func TestPacketForms(t *testing.T) {
	for _, tc := range []struct {
		v        value.Value
		spec     string
		d        dialect
		raw, err string
		op       byte
	}{
		{v: value.OfString("hé"), raw: "hé", op: 0x81},
		{v: value.OfString(""), raw: "", op: 0x81},
		{v: value.OfString("x\n"), raw: "x\n", op: 0x81},
		{v: value.OfString("x"), spec: "JSON", raw: `"x"`, op: 0x81},
		{v: value.OfBytes([]byte{0, 0xff}), raw: "\x00\xff", op: 0x82},
		{v: value.OfString("\xff"), raw: "\xff", op: 0x82},
		{v: value.OfString("b"), spec: "bytes", raw: "b", op: 0x82},
		{v: value.MapOf("b", value.OfInt(1), "a", value.OfFloat(3)), raw: `{"a":3,"b":1}`, op: 0x81},
		{v: value.MapOf("a", value.OfInt(1)), spec: "text", raw: `["a": 1]`, op: 0x81},
		{v: value.OfList([]value.Value{value.OfInt(1)}), raw: "[1]", op: 0x81},
		{v: value.OfInt(42), raw: "42", op: 0x81},
		{v: value.OfFloat(3), raw: "3.0", op: 0x81},
		{v: value.OfFloat(3), d: asJSON, raw: "3", op: 0x81},
		{v: value.True, raw: "true", op: 0x81},
		{v: value.OfTime(time.Unix(0, 0).UTC()), raw: "1970-01-01T00:00:00Z", op: 0x81},
		{v: value.Nil, err: errNothing.Error()},
	} {
		p, err := encode(tc.v, tc.spec, tc.d)
		if err != nil {
			if err.Error() != tc.err {
				t.Errorf("%s: %v", tc.v.Text(), err)
			}
			continue
		}
		if got := string(p.data()); got != tc.raw {
			t.Errorf("%s as %q: %q, want %q", tc.v.Text(), tc.spec, got, tc.raw)
		}
		line := tc.raw
		if !strings.HasSuffix(line, "\n") {
			line += "\n"
		}
		if got := string(p.bytes(lineForm)); got != line {
			t.Errorf("line %q, want %q", got, line)
		}
		if got := p.bytes(frameForm); got[0] != tc.op || int(got[1]) != len(tc.raw) || string(got[2:]) != tc.raw {
			t.Errorf("frame %q", got)
		}
	}
	for _, n := range []int{125, 126, 65535, 65536} {
		f := packetOfText(strings.Repeat("x", n)).bytes(frameForm)
		op, payload, err := readFrame(bytes.NewReader(f))
		if err != nil || op != 0x81 || len(payload) != n {
			t.Errorf("frame of %d bytes: %x, %d bytes, %v", n, op, len(payload), err)
		}
	}
}

// A large packet goes out in several writes, between others, intact.
func TestLargePackets(t *testing.T) {
	ready, on, _ := catcher()
	s := newStage(t, on, nil)
	conns, clients := s.pair(s.open("x", listenOptions{}), ready, 1)
	var want bytes.Buffer
	for i, size := range []int{1, maxBatchBytes - 1, maxBatchBytes, maxBatchBytes + 1, 3*maxBatchBytes + 7, 2, 100} {
		part := strings.Repeat(string(rune('a'+i)), size)
		want.WriteString(part)
		if err := conns[0].send(packetOfText(part)); err != nil {
			t.Fatal(err)
		}
	}
	for range 1000 {
		want.WriteString("tiny")
		conns[0].send(packetOfText("tiny"))
	}
	conns[0].Close()
	if got := clients[0].rest(); got != want.String() {
		t.Errorf("got %d bytes, want %d", len(got), want.Len())
	}
}

// Senders, closers and the writer work on one outbox at the same time. What a
// sender got no error for arrives, in its order, unless the connection was closed.
func TestHammerOutbox(t *testing.T) {
	ready, on, _ := catcher()
	s := newStage(t, on, nil)
	address := s.open("x", listenOptions{})
	const senders, rounds, each = 8, 10, 200
	for range rounds {
		conns, clients := s.pair(address, ready, 1)
		var wg sync.WaitGroup
		for k := range senders {
			wg.Go(func() {
				for i := range each {
					conns[0].send(packetOfText(string(rune('a'+k)) + string(rune('0'+i%10))))
				}
			})
		}
		go func() {
			wg.Wait()
			conns[0].Close()
		}()
		got := clients[0].rest()
		if len(got) != senders*each*2 {
			t.Fatalf("got %d bytes", len(got))
		}
		last := map[byte]int{}
		for i := 0; i < len(got); i += 2 {
			k := got[i]
			if int(got[i+1]-'0') != last[k]%10 {
				t.Fatal("out of order")
			}
			last[k]++
		}
	}
	eventually(t, "queues are empty", func() bool { return s.queued.Load() == 0 })
}

// Connections come, join, are sent to and end in every way while others do.
func TestHammerRegistries(t *testing.T) {
	s := newStage(t, handlersOf{onConnected: func(tr host.Trigger) {
		c := connOfTrigger(tr)
		c.net.channels.join("lobby", c)
		c.send(packetOfText("hello"))
	}}, nil)
	address := s.open("x", listenOptions{})
	stop := make(chan struct{})
	var background, wg sync.WaitGroup
	background.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				p := packetOfText("news")
				s.allClients().send(p)
				for _, c := range s.channels.members("lobby") {
					c.send(p)
				}
			}
		}
	})
	for k := range 8 {
		wg.Go(func() {
			for i := range 25 {
				c, err := net.Dial("tcp", address)
				if err != nil {
					t.Error(err)
					return
				}
				c.SetDeadline(time.Now().Add(patience))
				io.ReadFull(c, make([]byte, 5))
				switch (i + k) % 3 {
				case 0:
					c.(*net.TCPConn).SetLinger(0)
				case 1:
					for _, conn := range s.listenerNamed("x").group.list() {
						if conn.remote == c.LocalAddr().String() {
							conn.Close()
						}
					}
				}
				c.Close()
			}
		})
	}
	wg.Wait()
	close(stop)
	background.Wait()
	eventually(t, "all connections are gone", func() bool {
		s.Network.mu.RLock()
		defer s.Network.mu.RUnlock()
		return len(s.live) == 0 && len(s.byID) == 0 && s.accepted == 0 && len(s.perAddr) == 0
	})
	if s.listenerNamed("x").group.len() != 0 || s.channels.members("lobby") != nil {
		t.Error("closed connections are still members")
	}
	eventually(t, "queues are empty", func() bool { return s.queued.Load() == 0 })
}
