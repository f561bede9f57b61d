//go:build unix

package aronet

import (
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"aro/pkg/host"
)

// The end of a connection that comes together with its last bytes is noticed, although
// the read that takes them is not followed by another one.
func TestEndThatComesWithTheLastBytes(t *testing.T) {
	gone := make(chan string, 100)
	var got atomic.Int64
	hold := make(chan struct{})
	s := newStage(t, handlersOf{
		// Bytes and end are both there before anything is read.
		onConnected:    func(host.Trigger) { <-hold },
		onData:         func(tr host.Trigger) { got.Add(int64(len(text(tr, "data")))) },
		onDisconnected: func(tr host.Trigger) { gone <- text(tr, "reason") },
	}, nil)
	address := s.open("x", listenOptions{})
	const clients = 50
	for range clients {
		c := dial(t, address)
		c.say("last words")
		c.Close()
	}
	close(hold)
	for range clients {
		if reason := next(t, gone); reason != "connection closed" {
			t.Error(reason)
		}
	}
	if n := got.Load(); n != clients*int64(len("last words")) {
		t.Errorf("%d bytes arrived", n)
	}
	s.sweep.mu.Lock()
	defer s.sweep.mu.Unlock()
	if len(s.sweep.list) > clients {
		t.Errorf("%d connections are watched", len(s.sweep.list))
	}
}

// The same for a client that waits for the answer to what it said before its end.
func TestAnswerAfterTheEndOfInput(t *testing.T) {
	s := newStage(t, handlersOf{onData: echo}, nil)
	address := s.open("x", listenOptions{})
	for i := range 50 {
		c := dial(t, address)
		want := fmt.Sprint("hello ", i)
		c.say(want)
		if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got := c.rest(); got != want {
			t.Fatalf("got %q", got)
		}
	}
}

// A read ends early at a byte that is sent out of band, and what follows it is read all
// the same.
func TestBytesBehindUrgentOnes(t *testing.T) {
	s := newStage(t, handlersOf{onData: echo}, nil)
	c := dial(t, s.open("x", listenOptions{}))
	raw, err := c.Conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		raw.Control(func(fd uintptr) {
			syscall.Write(int(fd), []byte("before"))
			err = syscall.Sendto(int(fd), []byte("!"), syscall.MSG_OOB, nil)
			syscall.Write(int(fd), []byte("behind"))
		})
		if err != nil {
			t.Skip(err)
		}
		c.hear("beforebehind")
	}
}

// Whoever cuts a connection off does not wait for its handler, and the client notices
// before that has ended.
func TestCuttingOffDoesNotWaitForTheHandler(t *testing.T) {
	running, release, gone := make(chan *Conn, 1), make(chan struct{}), make(chan string, 1)
	s := newStage(t, handlersOf{
		onData:         func(tr host.Trigger) { running <- connOfTrigger(tr); <-release },
		onDisconnected: func(tr host.Trigger) { gone <- text(tr, "reason") },
	}, nil)
	c := dial(t, s.open("x", listenOptions{}))
	c.say("go")
	conn := next(t, running)
	ended := make(chan struct{})
	go func() {
		conn.end(ending{reason: "cut off", hard: true})
		close(ended)
	}()
	next(t, ended)
	if got := c.rest(); got != "" {
		t.Errorf("got %q", got)
	}
	close(release)
	if reason := next(t, gone); reason != "cut off" {
		t.Error(reason)
	}
}

// A connection that has become silent is watched no longer.
func TestSilentConnectionsAreNotWatched(t *testing.T) {
	s := newStage(t, handlersOf{onData: echo}, nil)
	c := dial(t, s.open("x", listenOptions{}))
	for range 3 {
		c.say("ping")
		c.hear("ping")
		eventually(t, "nobody is watched", func() bool {
			s.sweep.mu.Lock()
			defer s.sweep.mu.Unlock()
			return len(s.sweep.list) == 0
		})
	}
}
