package aronet

import (
	"context"
	"net"
	"strconv"
	"time"

	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// dialing is a Connect statement that waits for its connection.
type dialing struct {
	net     *Network
	name    string
	host    string
	port    int
	timeout time.Duration
	lines   bool
}

// Start implements vm.Op: the attempt has a goroutine of its own, which then
// continues the feature set.
func (d *dialing) Start(co *vm.Coroutine) bool {
	go func() { host.Resume(co, d.connect(), nil) }()
	return false
}

// connect opens the connection and makes its name known. It returns null when
// that fails or the application is shutting down: then handlers that reconnect
// for ever come to an end (03 §8.8).
func (d *dialing) connect() value.Value {
	n := d.net
	address := net.JoinHostPort(d.host, strconv.Itoa(d.port))
	sock, err := d.dial(address)
	if err != nil {
		if !n.isStopping() {
			n.diagnose("[Network] cannot connect to %s: %s", address, reasonOf(err))
		}
		return n.noConnection(d.name)
	}
	c := n.newConn(sock)
	c.name, c.lines = d.name, d.lines
	if d.lines {
		c.form = lineForm
	}
	if n.host != nil {
		c.release = n.host.Hold()
	}
	if !n.admit(c) {
		sock.Close()
		if c.release != nil {
			c.release()
		}
		return n.noConnection(d.name)
	}
	if d.name != "" {
		n.mu.Lock()
		n.outgoing[d.name] = c
		n.mu.Unlock()
		n.announce(d.name, c.self)
	}
	go c.run()
	return c.self
}

// dial gives up when the time is over or the shutdown begins.
func (d *dialing) dial(address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d.timeout)
	defer cancel()
	if d.net.host != nil {
		stopping := d.net.host.Stopping()
		go func() {
			select {
			case <-stopping:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// noConnection makes a name mean nothing after a failed attempt, unless an older
// connection of that name is still open.
func (n *Network) noConnection(name string) value.Value {
	if c := n.remembered(name); c == nil || !c.IsOpen() {
		n.announce(name, value.Nil)
	}
	return value.Nil
}

// isStopping reports whether nothing new may be opened.
func (n *Network) isStopping() bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.stopping || n.host != nil && n.host.IsStopping()
}
