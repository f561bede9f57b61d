package examples_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// tiny connects with a window that takes next to nothing, so that the server is left
// with what it has to say.
func tiny(t *testing.T, addr string) *tcpConn {
	t.Helper()
	d := net.Dialer{Timeout: aroproc.Patience, Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return newTCP(t, c)
}

// TestH02: of an answer nobody takes, the connection is closed after ten seconds and the
// memory is free again; a client that takes some of it, now and then, gets all.
func TestH02_SlowReader(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector a gigabyte of answers is three; CI runs it without")
	}
	t.Parallel()
	p := target(t)
	memory(t, p) // skips where nobody says
	alive(t, p)
	client.CloseIdleConnections()
	const clients, size = 20, 6 << 20
	question := fmt.Sprintf("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", size)
	body := strings.Repeat("r", size)
	slow := tiny(t, p.HTTP)
	go io.WriteString(slow, question+body)
	if _, err := slow.r.Peek(1); err != nil {
		t.Fatal(err)
	}
	before := descriptors(t, p)
	begun := time.Now()
	var peaks []int
	taken := 0
	for round := range 2 {
		var conns []*tcpConn
		var sent sync.WaitGroup
		for range clients {
			c := tiny(t, p.HTTP)
			conns = append(conns, c)
			sent.Go(func() { io.WriteString(c, question+body) })
		}
		sent.Wait()
		if n := descriptors(t, p); n < before+clients {
			t.Fatalf("round %d: %d descriptors with %d clients, %d before", round, n, clients, before)
		}
		peak := 0
		for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(250 * time.Millisecond) {
			peak = max(peak, memory(t, p))
			slow.SetReadDeadline(time.Now().Add(aroproc.Patience))
			n, err := io.ReadFull(slow.r, make([]byte, 32<<10)) // the slow one goes on
			if taken += n; err != nil {
				t.Fatalf("who takes some of an answer every quarter of a second is cut off after %d bytes: %v", taken, err)
			}
			if descriptors(t, p) <= before {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("after a minute %d of %d clients that take nothing are connected", descriptors(t, p)-before, clients)
			}
		}
		peaks = append(peaks, peak)
		for _, c := range conns { // the end comes before the end of the answer
			c.SetReadDeadline(time.Now().Add(aroproc.Patience))
			if n, _ := io.Copy(io.Discard, c.r); n >= size {
				t.Errorf("a client that took nothing got %d bytes", n)
			}
			c.Close()
		}
	}
	if took := time.Since(begun); took < 15*time.Second {
		t.Errorf("two rounds of ten seconds took %v", took)
	}
	slow.SetReadDeadline(time.Now().Add(aroproc.Patience))
	if res, err := io.CopyN(io.Discard, slow.r, int64(size-taken)); err != nil {
		t.Errorf("the rest of the answer: %d bytes, %v", res, err)
	}
	if peaks[1] > peaks[0]*3/2+32<<20 {
		t.Errorf("%d slow readers, twice: %d MiB, then %d MiB", clients, peaks[0]>>20, peaks[1]>>20)
	}
	t.Logf("%d slow readers of %d MiB each, twice: at most %d MiB, then %d MiB", clients, size>>20, peaks[0]>>20, peaks[1]>>20)
	alive(t, p)
}

// TestW04_Delay: among a thousand clients, one that stops reading does not change how long a
// message takes to the others. Phases with and without it alternate, so that what else
// the machine does strikes both; the figure is logged, and what must hold is what a
// server that waits for the stuck one, ten seconds, could not reach.
func TestW04_Delay(t *testing.T) {
	t.Parallel()
	p := target(t)
	const clients, listeners, rounds, messages = 1000, 40, 3, 30
	var quiet sync.WaitGroup
	defer quiet.Wait()
	for range clients - listeners {
		c, _ := handshake(t, p, "/ws", "")
		quiet.Go(func() { io.Copy(io.Discard, c.r) })
		defer c.Close()
	}
	var heard []*tcpConn
	for range listeners {
		c, _ := handshake(t, p, "/ws", "")
		heard = append(heard, c)
	}
	text := strings.Repeat("d", 16<<10)
	shout := func() (took []time.Duration) {
		begun := time.Now()
		req, _ := http.NewRequest("POST", "http://"+p.HTTP+"/shout", strings.NewReader(text))
		req.Header.Set("Content-Type", "text/plain")
		if a := do(t, req); a.code != 200 {
			t.Fatal(a)
		}
		for _, c := range heard {
			if got := c.received(); got != "text "+text {
				t.Fatalf("got %.40q", got)
			}
			took = append(took, time.Since(begun))
		}
		return took
	}
	shout()
	var without, with []time.Duration
	for range rounds {
		for range messages {
			without = append(without, shout()...)
		}
		stuck := tiny(t, p.HTTP)
		stuck.upgrade(p, "/ws", "")
		for range messages {
			with = append(with, shout()...)
		}
		stuck.Close()
	}
	at := func(d []time.Duration, part float64) time.Duration {
		slices.Sort(d)
		return d[int(part*float64(len(d)-1))]
	}
	t.Logf("%d messages to %d clients: without a stuck one median %v, p99 %v; with one %v, %v",
		rounds*messages, clients, at(without, 0.5), at(without, 0.99), at(with, 0.5), at(with, 0.99))
	if a, b := at(without, 0.5), at(with, 0.5); b > 2*a+5*time.Millisecond {
		t.Errorf("half of the messages take %v with a stuck client, %v without", b, a)
	}
	if b := at(with, 1); b > 5*time.Second {
		t.Errorf("a message took %v", b)
	}
}

// TestW08: a hundred clients that read at their own pace get each message once and in
// order, all that one feature set sends while they are connected.
func TestW08_Order(t *testing.T) {
	t.Parallel()
	p := target(t)
	const clients, messages = 100, 400
	var all sync.WaitGroup
	for i := range clients {
		c, _ := handshake(t, p, "/ws", "")
		all.Go(func() {
			pace := rand.New(rand.NewPCG(8, uint64(i)))
			for n := range messages {
				if pace.IntN(20) == 0 { // a client that is slow now and then: what is promised does not depend on it
					time.Sleep(time.Duration(pace.IntN(30)) * time.Millisecond)
				}
				if got, want := c.received(), fmt.Sprintf("text message %d", n); got != want {
					t.Errorf("client %d got %q, want %q", i, got, want)
					return
				}
			}
		})
	}
	for n := range messages {
		req, _ := http.NewRequest("POST", "http://"+p.HTTP+"/shout", bytes.NewReader(fmt.Appendf(nil, "message %d", n)))
		req.Header.Set("Content-Type", "text/plain")
		if a := do(t, req); a.code != 200 {
			t.Fatalf("message %d: %v", n, a)
		}
	}
	all.Wait()
}
