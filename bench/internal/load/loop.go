//go:build linux

// Package load puts work on a server: HTTP requests, WebSocket clients, TCP
// messages. It is one epoll loop on system calls, so that it costs less than what
// it measures and the server stays the bottleneck.
package load

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"
	"time"
)

// Result is what a load of some seconds has seen.
type Result struct {
	PerSecond float64 // requests, deliveries or messages
	Done      float64 // their number
	P50, P99  float64 // milliseconds
}

// loop waits for connections that have something to read.
type loop struct {
	ep     int
	events []syscall.EpollEvent
	buf    []byte
	fds    []int
}

func newLoop() (*loop, error) {
	ep, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return &loop{ep: ep, events: make([]syscall.EpollEvent, 512), buf: make([]byte, 256<<10)}, nil
}

// close closes all connections.
func (l *loop) close() {
	for _, fd := range l.fds {
		syscall.Close(fd)
	}
	syscall.Close(l.ep)
}

// dial connects without watching: add does that.
func (l *loop) dial(addr string) (int, error) {
	a, err := net.ResolveTCPAddr("tcp4", addr)
	if err != nil {
		return 0, err
	}
	if !a.IP.IsLoopback() {
		return 0, fmt.Errorf("%s is not on this machine", addr)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	l.fds = append(l.fds, fd)
	to := syscall.SockaddrInet4{Port: a.Port}
	copy(to.Addr[:], a.IP.To4())
	if err := syscall.Connect(fd, &to); err != nil {
		return 0, fmt.Errorf("connect to %s: %w", addr, err)
	}
	return fd, syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
}

func (l *loop) add(fd int) error {
	if err := syscall.SetNonblock(fd, true); err != nil {
		return err
	}
	return syscall.EpollCtl(l.ep, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
}

// stall is how long nothing may happen.
const stall = 3 * time.Second

// run calls f with what a connection received until d is over.
func (l *loop) run(began time.Time, d time.Duration, f func(fd int, b []byte) error) error {
	last := began
	for {
		now := time.Now()
		if now.Sub(began) >= d {
			return nil
		}
		n, err := syscall.EpollWait(l.ep, l.events, 100)
		if err == syscall.EINTR {
			continue
		} else if err != nil {
			return err
		}
		if n > 0 {
			last = now
		} else if now.Sub(last) > stall {
			return errors.New("the server answers nothing any more")
		}
		for _, e := range l.events[:n] {
			fd := int(e.Fd)
			n, err := syscall.Read(fd, l.buf)
			if err == syscall.EAGAIN || err == syscall.EINTR {
				continue
			}
			if n <= 0 {
				return fmt.Errorf("the server closed a connection: %v", err)
			}
			if err := f(fd, l.buf[:n]); err != nil {
				return err
			}
		}
	}
}

// write writes all of b, waiting where the connection is full.
func write(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := syscall.Write(fd, b)
		switch {
		case err == syscall.EAGAIN:
			time.Sleep(100 * time.Microsecond)
		case err == syscall.EINTR:
		case err != nil:
			return err
		default:
			b = b[n:]
		}
	}
	return nil
}

// latencies keeps the first million of them.
type latencies []int64

func (l *latencies) add(ns int64) {
	if len(*l) < 1e6 {
		*l = append(*l, ns)
	}
}

func (l latencies) percentile(p float64) float64 {
	if len(l) == 0 {
		return 0
	}
	slices.Sort(l)
	return float64(l[int(p*float64(len(l)-1))]) / 1e6
}

func (l latencies) result(done int64, began time.Time) Result {
	return Result{PerSecond: float64(done) / time.Since(began).Seconds(), Done: float64(done), P50: l.percentile(.5), P99: l.percentile(.99)}
}
