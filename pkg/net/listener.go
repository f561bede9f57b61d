package aronet

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"aro/pkg/vm/value"
)

// Listener accepts TCP connections under an endpoint name that the whole
// application knows. It is a value of the language (03 §8.1).
type Listener struct {
	net   *Network
	ln    net.Listener
	name  string
	host  string
	port  int
	lines bool
	max   int // accepted connections at a time, 0 for no limit of its own
	self  value.Value
	group group // its open connections

	stop    chan struct{} // closed when it stops accepting
	stopped atomic.Bool
	closed  bool // under Network.mu
	uses    atomic.Int64
	release func() // lets the process go
}

// listenOptions are what a program can say about a listener.
type listenOptions struct {
	host  string
	lines bool
	max   int
}

const defaultHost = "0.0.0.0"

// listen opens a listener. hold is called when it is open and returns what is
// called when the listener and all its connections are gone.
func (n *Network) listen(name string, port int, o listenOptions, hold func() func()) (*Listener, error) {
	if port < 0 || port > 65535 {
		return nil, fmt.Errorf("%d is no port", port)
	}
	if !n.env.Swap(true) {
		if s := os.Getenv("ARO_SOCKET_PORT"); s != "" {
			p, err := strconv.ParseUint(s, 10, 16)
			if err != nil {
				return nil, fmt.Errorf("ARO_SOCKET_PORT is no port: %s", s)
			}
			port = int(p)
		}
	}
	if o.host == "" {
		o.host = defaultHost
	}
	bind := o.host
	if bind == defaultHost {
		bind = "" // IPv6 as well, where there is any
	}
	n.mu.RLock()
	taken, stopping := n.listeners[name] != nil, n.stopping
	n.mu.RUnlock()
	switch {
	case taken:
		return nil, fmt.Errorf("a listener named '%s' is open already", name)
	case stopping:
		return nil, errors.New("the application is shutting down")
	}
	ln, _, err := open(name, bind, port)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on port %d: %s", port, reasonOf(err))
	}
	if a, ok := ln.Addr().(*net.TCPAddr); ok {
		port = a.Port
	}
	l := &Listener{net: n, ln: ln, name: name, host: o.host, port: port, lines: o.lines, max: o.max, stop: make(chan struct{})}
	l.self = value.OfObject(l)
	n.mu.Lock()
	taken, stopping = n.listeners[name] != nil, n.stopping
	if !taken && !stopping {
		n.listeners[name] = l
	}
	n.mu.Unlock()
	if taken || stopping {
		ln.Close()
		return nil, fmt.Errorf("a listener named '%s' is open already", name)
	}
	if hold != nil {
		l.release = hold()
	}
	l.uses.Store(1)
	go l.accept()
	return l, nil
}

// Accepting is given up for a while when it fails, as it does when the process
// has no descriptors left: trying again at once would only burn the CPU.
const (
	shortestPause = 5 * time.Millisecond
	longestPause  = time.Second
)

// accept is the goroutine of the listener.
func (l *Listener) accept() {
	defer l.unuse()
	pause := time.Duration(0)
	for {
		sock, err := l.ln.Accept()
		if err != nil {
			if l.stopped.Load() {
				return
			}
			if pause == 0 {
				l.net.diagnose("[Network] '%s' cannot accept connections at the moment: %s", l.name, reasonOf(err))
			}
			pause = min(max(2*pause, shortestPause), longestPause)
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
				continue
			case <-l.stop:
				timer.Stop()
				return
			}
		}
		pause = 0
		c := l.net.newConn(sock)
		c.inbound, c.listener, c.lines = true, l, l.lines
		if l.lines {
			c.form = lineForm
		}
		if !l.net.admit(c) {
			sock.Close()
			continue
		}
		go c.run()
	}
}

// unuse is called by the accept goroutine and by every connection at its end. A
// listener holds the process until the last of them: its handlers shall have run.
func (l *Listener) unuse() {
	if l.uses.Add(-1) == 0 && l.release != nil {
		l.release()
	}
}

// stopAccepting refuses new connections and leaves the others alone.
func (l *Listener) stopAccepting() {
	if !l.stopped.Swap(true) {
		close(l.stop)
		l.ln.Close()
	}
}

// Close closes the listener and its connections. Closing it again does nothing.
func (l *Listener) Close() {
	n := l.net
	l.stopAccepting()
	n.mu.Lock()
	if l.closed {
		n.mu.Unlock()
		return
	}
	l.closed = true
	if n.listeners[l.name] == l {
		delete(n.listeners, l.name)
	}
	n.mu.Unlock()
	for _, c := range l.group.list() {
		c.end(ending{reason: "server stopped"})
	}
}

// isOpen reports whether the listener has not been closed.
func (l *Listener) isOpen() bool {
	l.net.mu.RLock()
	defer l.net.mu.RUnlock()
	return !l.closed
}

// TypeName implements value.Object.
func (l *Listener) TypeName() string { return "SocketServer" }

var listenerFields = []string{"connectionCount", "host", "name", "port", "type"}

// Simple implements value.Object.
func (l *Listener) Simple() value.Value { return mapOf(l, listenerFields) }

// Property implements value.Object.
func (l *Listener) Property(name string) (value.Value, bool) {
	switch name {
	case "port":
		return value.OfInt(int64(l.port)), true
	case "host":
		return value.OfString(l.host), true
	case "name":
		return value.OfString(l.name), true
	case "connectionCount":
		return value.OfInt(int64(l.group.len())), true
	case "type":
		return value.OfString("socket-server"), true
	case "isOpen":
		return value.OfBool(l.isOpen()), true
	}
	return value.Value{}, false
}

// listenerNamed returns the open listener of that name, or nil.
func (n *Network) listenerNamed(name string) *Listener {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.listeners[name]
}

// allListeners returns the open listeners.
func (n *Network) allListeners() []*Listener {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.listenersLocked()
}

func (n *Network) listenersLocked() []*Listener {
	list := make([]*Listener, 0, len(n.listeners))
	for _, l := range n.listeners {
		list = append(list, l)
	}
	return list
}
