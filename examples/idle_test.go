package examples_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// crowd opens n connections, each greeted by hello, from several addresses of
// loopback: one has too few ports. It returns fewer if the process may not have
// that many descriptors.
func crowd(t *testing.T, address string, n int, hello func(net.Conn, *bufio.Reader) error) []*tcpConn {
	t.Helper()
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil && limit.Cur < uint64(n)+200 {
		t.Logf("only %d descriptors: the crowd is smaller", limit.Cur)
		n = int(limit.Cur) - 200
	}
	conns := make([]*tcpConn, n)
	t.Cleanup(func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	})
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failed.Load() == nil; i = int(next.Add(1)) - 1 {
				d := net.Dialer{Timeout: aroproc.Patience}
				if runtime.GOOS == "linux" {
					d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i/5000))}
				}
				sock, err := d.Dial("tcp", address)
				if err == nil {
					r := bufio.NewReaderSize(sock, 256)
					conns[i] = &tcpConn{sock.(*net.TCPConn), t, r}
					err = hello(sock, r)
				}
				if err != nil {
					err = fmt.Errorf("connection %d of %d: %w", i, n, err)
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		t.Fatal(*err)
	}
	return conns
}

// everybody reads from all connections at once.
func everybody(t *testing.T, conns []*tcpConn, read func(*tcpConn) string, want string) {
	t.Helper()
	var wrong atomic.Int64
	var wg sync.WaitGroup
	for _, c := range conns {
		wg.Go(func() {
			c.SetReadDeadline(time.Now().Add(aroproc.Patience))
			if got := read(c); !strings.Contains(got, want) && wrong.Add(1) == 1 {
				t.Errorf("a client got %q, want %q", got, want)
			}
		})
	}
	wg.Wait()
	if n := wrong.Load(); n > 0 {
		t.Errorf("%d of %d clients did not get the message", n, len(conns))
	}
}

// upgrade makes a connection a WebSocket.
func upgrade(c net.Conn, r *bufio.Reader) error {
	fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	c.SetReadDeadline(time.Now().Add(aroproc.Patience))
	for first := true; ; first = false {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if first && !strings.HasPrefix(line, "HTTP/1.1 101 ") {
			return fmt.Errorf("answered %q", line)
		}
		if line == "\r\n" {
			return nil
		}
	}
}

// textFrame reads a message of at most 64 KiB, or says what is wrong.
func textFrame(c *tcpConn) string {
	var head [2]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return err.Error()
	}
	size := int(head[1])
	if size == 126 {
		var long [2]byte
		io.ReadFull(c.r, long[:])
		size = int(long[0])<<8 | int(long[1])
	}
	text := make([]byte, size)
	_, err := io.ReadFull(c.r, text)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// TestW06_IdleWebSockets: ten thousand idle browsers cost less than 24 KiB each,
// and hear what is said.
func TestW06_IdleWebSockets(t *testing.T) {
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http"})
	before := memory(t, p)
	n := 10_000
	if raceEnabled {
		n = 1000
	}
	conns := crowd(t, p.HTTP, n, upgrade)
	p.Until("all are connected", func() bool { return strings.Count(p.Stdout(), "A browser connected") == len(conns) })
	each := (memory(t, p) - before) / len(conns)
	t.Logf("%d WebSockets: %d bytes each", len(conns), each)
	if !raceEnabled && each > 24<<10 {
		t.Errorf("an idle WebSocket takes %d bytes, want at most 24 KiB", each)
	}
	do(t, form(p, "/messages", "message", "hello, crowd"))
	everybody(t, conns, textFrame, "hello, crowd")
}

// TestIdleSockets: ten thousand idle TCP clients cost less than 8 KiB each.
func TestIdleSockets(t *testing.T) {
	app := fixture(t, `(Application-Start: Hall) {
    Listen on port 9000 as <hall> with { framing: "lines" }.
    Return an <OK: status> for the <startup>.
}

(Pass On: DataReceived Handler) {
    Broadcast the <said> to the <hall> with "heard ${<event: text>}".
    Return an <OK: status> for the <line>.
}`)
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "tcp"})
	before := memory(t, p)
	n := 10_000
	if raceEnabled {
		n = 1000
	}
	conns := crowd(t, p.TCP, n, func(net.Conn, *bufio.Reader) error { return nil })
	// Whoever connects last is accepted last: then all the others are there.
	last := dialTCP(t, p.TCP)
	last.send("are you there\n")
	last.want("heard are you there\n")
	each := (memory(t, p) - before) / len(conns)
	t.Logf("%d TCP connections: %d bytes each", len(conns), each)
	if !raceEnabled && each > 8<<10 {
		t.Errorf("an idle connection takes %d bytes, want at most 8 KiB", each)
	}
	last.send("hello, crowd\n")
	everybody(t, conns, func(c *tcpConn) string {
		for {
			line, err := c.r.ReadString('\n')
			if err != nil {
				return err.Error()
			}
			if !strings.Contains(line, "are you there") {
				return line
			}
		}
	}, "heard hello, crowd")
}

// TestSleepers: a hundred thousand handlers that sleep take less than 100 MB,
// and a signal wakes them all within two seconds.
func TestSleepers(t *testing.T) {
	n := 100_000
	if raceEnabled {
		n = 10_000
	}
	app := fixture(t, fmt.Sprintf(`(Application-Start: Sleepers) {
    Compute the <line> from "n," * %d + "last".
    Split the <beds> from the <line> by /,/.
    Log "going to bed" to the <console>.
    parallel for each <bed> in <beds> with <concurrency: %d> {
        Log "the last one lies down" to the <console> when <bed> is "last".
        Wait for 60 seconds.
    }
    Log "everybody is up" to the <console>.
    Return an <OK: status> for the <startup>.
}`, n, n+1))
	p := aroproc.Start(t, aro, app, aroproc.Options{})
	p.Prints("going to bed")
	before := memory(t, p)
	p.Prints("the last one lies down")
	took := memory(t, p) - before
	t.Logf("%d sleepers: %d bytes each", n, took/n)
	if !raceEnabled && took > 100_000_000 {
		t.Errorf("%d sleepers take %d bytes, want 100 MB", n, took)
	}
	begun := time.Now()
	p.Signal(syscall.SIGTERM)
	p.Prints("everybody is up")
	woken := time.Since(begun)
	t.Logf("up after %v", woken)
	if !raceEnabled && woken > 2*time.Second {
		t.Errorf("everybody was up after %v, want 2 s", woken)
	}
	if code := p.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
