package examples_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// TestW09_Storm: a network comes back, and five thousand browsers at once. Each opens a
// connection, asks for what it has missed and makes it a WebSocket, as the page of
// the message board does, all of them without the pause that the page makes. Nobody is
// refused, and all hear what is said next.
func TestW09_Storm(t *testing.T) {
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http"})
	n := 5000
	if raceEnabled {
		n = 500
	}
	conns := crowd(t, p.HTTP, n, upgrade)
	n = len(conns)
	p.Until("all are connected", func() bool { return strings.Count(p.Stdout(), "A browser connected") == n })
	for _, c := range conns {
		c.SetLinger(0) // a reset, as when a network breaks
		c.Close()
	}

	again := make([]*tcpConn, n)
	t.Cleanup(func() {
		for _, c := range again {
			if c != nil {
				c.Close()
			}
		}
	})
	failed := make(chan error, n)
	lightning := make(chan struct{})
	var wg sync.WaitGroup
	for i := range again {
		wg.Go(func() {
			<-lightning
			d := net.Dialer{Timeout: aroproc.Patience}
			if runtime.GOOS == "linux" {
				d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(2+i/5000))}
			}
			sock, err := d.Dial("tcp", p.HTTP)
			if err != nil {
				failed <- err
				return
			}
			again[i] = &tcpConn{sock.(*net.TCPConn), t, bufio.NewReaderSize(sock, 256)}
			if err = missed(again[i]); err == nil {
				err = upgrade(sock, again[i].r)
			}
			if err != nil {
				failed <- fmt.Errorf("client %d: %w", i, err)
			}
		})
	}
	begun := time.Now()
	close(lightning)
	wg.Wait()
	took := time.Since(begun)
	close(failed)
	for err := range failed {
		t.Errorf("%d of %d failed, one with: %v", len(failed)+1, n, err)
		return
	}
	t.Logf("%d clients are back after %v", n, took)
	if !raceEnabled && took > 10*time.Second {
		t.Errorf("%d clients took %v, want at most 10 s", n, took)
	}
	p.Until("all are back", func() bool { return strings.Count(p.Stdout(), "A browser connected") == 2*n })
	do(t, form(p, "/messages", "message", "the storm is over"))
	everybody(t, again, textFrame, "the storm is over")
	p.Until("the first connections have ended", func() bool { return strings.Count(p.Stdout(), "A browser left") == n })
}

// missed asks for the messages and leaves the connection open.
func missed(c *tcpConn) error {
	io.WriteString(c, "GET /messages HTTP/1.1\r\nHost: x\r\n\r\n")
	c.SetReadDeadline(time.Now().Add(aroproc.Patience))
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", res.Status)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
