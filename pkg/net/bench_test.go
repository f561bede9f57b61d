package aronet

import (
	"io"
	"testing"
	"time"

	"aro/pkg/vm/value"
)

// BenchmarkBroadcast measures deliveries of one message to 200 WebSockets, from
// encoding to the last byte written: the clock stops when the queues are empty.
func BenchmarkBroadcast(b *testing.B) {
	const clients = 200
	s := newStage(b, nil, nil)
	address := s.serveWS()
	for range clients {
		c := dialWS(b, address)
		c.SetDeadline(time.Time{})
		go io.Copy(io.Discard, c.in)
	}
	eventually(b, "all are there", func() bool { return s.sockets.len() == clients })
	v := value.MapOf("id", value.OfInt(1), "message", str("a message of ordinary length, as people write them"))
	a := audience{groups: []*group{&s.sockets}, websocket: true}
	for b.Loop() {
		p, _ := encode(v, "", asJSON)
		a.send(p)
		if s.queued.Load() > 1<<20 {
			eventually(b, "queues are short", func() bool { return s.queued.Load() < 1<<18 })
		}
	}
	eventually(b, "queues are empty", func() bool { return s.queued.Load() == 0 })
	b.ReportMetric(float64(clients)*float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}

func TestHandlerWhoseNameSaysNothing(t *testing.T) {
	c := chunkOf(&statement{})
	c.Name, c.Activity = "Whatever", "Socket Event Handler"
	s := newStage(t, nil, nil, c)
	if got := s.stderr.String(); got != "[Warning] [Whatever: Socket Event Handler] never runs: its name says neither connect, disconnect nor message\n" {
		t.Errorf("stderr %q", got)
	}
}
