//go:build linux

package load

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"syscall"
	"time"
)

// frames counts the text frames in a stream of bytes from a server.
type frames struct {
	rest int // payload still to come
	head []byte
	n    int64
}

func (f *frames) feed(b []byte) error {
	for len(b) > 0 {
		if f.rest > 0 {
			k := min(f.rest, len(b))
			f.rest -= k
			b = b[k:]
			if f.rest == 0 {
				f.n++
			}
			continue
		}
		f.head = append(f.head, b[0])
		b = b[1:]
		if len(f.head) < 2 || f.head[1] == 126 && len(f.head) < 4 {
			continue
		}
		switch n := f.head[1]; {
		case f.head[0] != 0x81 || n > 126:
			return fmt.Errorf("not a text frame of a broadcast: % x", f.head)
		case n == 126:
			f.rest = int(binary.BigEndian.Uint16(f.head[2:]))
		default:
			f.rest = int(n)
		}
		f.head = f.head[:0]
		if f.rest == 0 {
			f.n++
		}
	}
	return nil
}

// upgrade opens a WebSocket on a connection.
func (l *loop) upgrade(fd int, addr, path string) error {
	var key [16]byte
	rand.Read(key[:])
	if err := write(fd, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n",
		path, addr, base64.StdEncoding.EncodeToString(key[:]))); err != nil {
		return err
	}
	var head []byte
	for !bytes.HasSuffix(head, headEnd) {
		n, err := syscall.Read(fd, l.buf)
		if n <= 0 {
			return fmt.Errorf("the server closed a handshake: %v", err)
		}
		head = append(head, l.buf[:n]...)
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101")) {
		return fmt.Errorf("no WebSocket: %.200q", head)
	}
	return nil
}

// Broadcast has n WebSocket clients on /ws and posts messages, so that window of
// them are under way; one is until every client has it, so nothing gets lost. The
// result counts deliveries; its latencies are from a post to the last client.
func Broadcast(addr string, n, window int, d time.Duration) (Result, error) {
	l, err := newLoop()
	if err != nil {
		return Result{}, err
	}
	defer l.close()
	clients := make([]*frames, 1<<16)
	for range n {
		fd, err := l.dial(addr)
		if err == nil {
			err = l.upgrade(fd, addr, "/ws")
		}
		if err == nil {
			err = l.add(fd)
		}
		if err != nil {
			return Result{}, err
		}
		clients[fd] = new(frames)
	}
	type poster struct {
		fd   int
		buf  []byte
		busy bool
	}
	posters := make([]*poster, 1<<16)
	var order []*poster
	for range window {
		fd, err := l.dial(addr)
		if err == nil {
			err = l.add(fd)
		}
		if err != nil {
			return Result{}, err
		}
		posters[fd] = &poster{fd: fd}
		order = append(order, posters[fd])
	}
	request := Post(addr, "/messages", "message=hello+everybody%2C+this+is+a+message+of+ordinary+length")
	// A server may count a client as its own a little after the handshake; posts
	// that it misses would never be complete.
	time.Sleep(100 * time.Millisecond)
	var sent, complete, delivered int64
	var at [256]int64 // when post number i was sent, modulo
	var seen latencies
	began := time.Now()
	pump := func() error {
		for complete < sent && delivered >= (complete+1)*int64(n) {
			seen.add(int64(time.Since(began)) - at[complete%int64(len(at))])
			complete++
		}
		for _, p := range order {
			if sent-complete >= int64(window) || p.busy {
				continue
			}
			p.busy = true
			at[sent%int64(len(at))] = int64(time.Since(began))
			sent++
			if err := write(p.fd, request); err != nil {
				return err
			}
		}
		return nil
	}
	if err := pump(); err != nil {
		return Result{}, err
	}
	err = l.run(began, d, func(fd int, b []byte) error {
		if c := clients[fd]; c != nil {
			before := c.n
			if err := c.feed(b); err != nil {
				return err
			}
			delivered += c.n - before
		} else {
			p := posters[fd]
			p.buf = append(p.buf, b...)
			size, err := responseSize(p.buf)
			if err != nil {
				return err
			}
			if size > 0 {
				p.buf, p.busy = p.buf[:0], false
			}
		}
		return pump()
	})
	return seen.result(delivered, began), err
}
