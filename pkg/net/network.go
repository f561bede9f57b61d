// Package aronet connects a program to the network: TCP listeners and clients,
// WebSockets, channels, the HTTP server, and the verbs that address them.
//
// # Connections
//
// A Conn is one connection, TCP or WebSocket, accepted or outgoing. It is a value
// of the language. Each connection has one goroutine, its read loop, which also
// runs the handlers of its events: so the events of one connection are handled
// strictly in order (connected, data …, disconnected) and those of different ones
// in parallel. A second goroutine exists only while the connection has output.
//
// # Output
//
// Sending never blocks: it puts a reference to an encoded packet into the queue
// of each receiver. The packet is encoded once however many receivers there are.
// Queues are bounded in bytes, for each connection and for the process; who reads
// too slowly is closed and delays nobody else.
//
// # Requests and streams
//
// A request has a goroutine for as long as it takes; its statement is suspended
// meanwhile. A stream has two, one for its connection and one for its handlers.
//
// # Locks
//
// Network.mu guards the registries, outbox.mu one queue, group.mu one set of
// members. Network.mu may be held while taking a group's lock, nothing is taken
// while holding an outbox's, and none is held during I/O or while a handler runs.
package aronet

import (
	"crypto/x509"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"aro/pkg/host"
	"aro/pkg/net/contract"
	"aro/pkg/vm/value"
)

// Limits are the bounds of 03 §16 and 05 W05, W10. They must not change once the
// network is in use.
type Limits struct {
	Queue         int           // bytes waiting for one connection
	QueueTotal    int64         // bytes waiting for all connections of the process
	Stall         time.Duration // a write without progress for so long ends the connection
	Grace         time.Duration // for flushing and the closing handshake
	Line          int           // longest line with framing "lines"
	Message       int           // longest WebSocket message
	Ping          time.Duration // silence before a ping
	Silence       time.Duration // silence that ends a WebSocket; also the longest time for one message
	Dial          time.Duration
	Connections   int // accepted connections in total
	PerAddress    int // accepted connections per remote address, loopback not counted
	LoopbackCount bool

	Request     time.Duration // for a whole exchange
	Probe       time.Duration
	Redirects   int
	Answer      int           // bytes of an answer
	Retry       time.Duration // before a stream connects again, doubling …
	RetryMost   time.Duration // … up to this
	StreamQueue int           // bytes of messages whose handlers have not started
	PublicOnly  bool          // requests go to public addresses only
}

// DefaultLimits returns the documented bounds, the total number of connections
// lowered to 80 % of the descriptors that the process may open.
func DefaultLimits() Limits {
	l := Limits{
		Queue: 16 << 20, QueueTotal: 256 << 20, Stall: 10 * time.Second, Grace: time.Second,
		Line: 1 << 20, Message: 1 << 20, Ping: 30 * time.Second, Silence: 60 * time.Second, Dial: 30 * time.Second,
		Connections: 100_000, PerAddress: 1000,
		Request: 30 * time.Second, Probe: 2 * time.Second, Redirects: 10, Answer: 64 << 20,
		Retry: 3 * time.Second, RetryMost: 30 * time.Second, StreamQueue: 4 << 20,
	}
	l.PublicOnly, _ = strconv.ParseBool(os.Getenv("ARO_PUBLIC_ONLY"))
	if n := descriptors(); n > 0 {
		l.Connections = min(l.Connections, n/5*4)
	}
	return l
}

// Network is everything of one program that is connected. Its methods may be
// called concurrently once Attach has returned.
type Network struct {
	Limits   Limits
	Resolver *net.Resolver // of guarded requests; nil: the system's

	Live *Live // of an application that is worked on; nil otherwise

	host     *host.Host
	contract *contract.Contract // nil without one
	events   atomic.Pointer[connectionEvents]
	http     *httpServer
	queued   atomic.Int64 // bytes that the queues keep alive
	sweep    sweep
	relief   sync.Mutex  // held by the goroutine that looks for the longest queues
	env      atomic.Bool // ARO_SOCKET_PORT has been used

	client *webClient
	roots  *x509.CertPool                 // who vouches for servers; nil: whom the system trusts
	public func(addr netip.AddrPort) bool // what the guard lets pass; nil: isPublic

	peers    Peers // nil without a cluster
	sockets  group // open WebSockets
	channels channels

	mu        sync.RWMutex
	byID      map[string]*Conn // open connections
	live      map[*Conn]struct{}
	perAddr   map[netip.Addr]int
	accepted  int                  // live connections that were accepted
	outgoing  map[string]*Conn     // the latest of each name, open or not
	listeners map[string]*Listener // open ones
	stopping  bool                 // accepts nothing new
	ended     atomic.Bool          // Application-End is over: no more events
	idle      chan struct{}        // closed when live runs empty after the end
}

// New returns a network without connections.
func New() *Network {
	n := &Network{
		Limits:    DefaultLimits(),
		byID:      make(map[string]*Conn),
		live:      make(map[*Conn]struct{}),
		perAddr:   make(map[netip.Addr]int),
		outgoing:  make(map[string]*Conn),
		listeners: make(map[string]*Listener),
	}
	n.client = newWebClient(n)
	return n
}

// Attach joins the network to the host that runs the program. It must be called
// once, before Run.
func (n *Network) Attach(h *host.Host) {
	n.host = h
	n.events.Store(eventsOf(h))
	warnUnreached(h, nil)
	h.Register("socket-server", socketServer{n})
	h.Provide("http", httpService{n})
	h.SetRemote(remote{n})
	h.OnDrain(n.drain)
	h.OnClose(n.shutdown)
	n.attachHTTP(h)
}

// deliver runs the handlers of one event on this goroutine, the read loop of the
// connection that raised it, and returns when all have ended.
func (n *Network) deliver(sets []*host.Set, t host.Trigger) {
	if len(sets) > 0 && !n.ended.Load() {
		n.host.Deliver(sets, t)
	}
}

// admit registers a new connection, or refuses it: because the application is
// shutting down, its listener was closed, or there are too many.
func (n *Network) admit(c *Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopping {
		return false
	}
	if c.inbound {
		if host.MemoryPressure() != host.Relaxed {
			n.refused("memory")
			return false
		}
		if n.full(c.addr, n.Limits.Connections, n.Limits.PerAddress, n.Limits.LoopbackCount) {
			n.refused("too_many_connections")
			return false
		}
		if l := c.listener; l != nil {
			if l.closed {
				return false
			}
			if l.max > 0 && l.group.len() >= l.max {
				n.refused("too_many_connections")
				return false
			}
			l.group.add(c)
		}
		n.accepted++
		n.perAddr[c.addr]++
	}
	if c.websocket {
		n.sockets.add(c)
	}
	if c.listener != nil {
		c.listener.uses.Add(1)
	}
	n.byID[c.id] = c
	n.live[c] = struct{}{}
	return true
}

// longestHold is how long a message waits for memory at most.
const longestHold = time.Second

// ease holds a read loop back while memory is short (05 E08): who sends has to wait,
// and notices when the buffers of the system are full.
func (n *Network) ease(c *Conn) {
	if host.MemoryPressure() == host.Relaxed {
		return
	}
	n.refused("memory_held")
	for end := time.Now().Add(longestHold); host.MemoryPressure() != host.Relaxed && c.IsOpen() && time.Now().Before(end); {
		time.Sleep(longestHold / 50)
	}
}

// full reports whether another connection from an address is one too many.
// Loopback addresses are not counted by default: there, all clients of a reverse
// proxy look like one.
func (n *Network) full(addr netip.Addr, total, each int, loopback bool) bool {
	if total > 0 && n.accepted >= total {
		return true
	}
	return each > 0 && n.perAddr[addr] >= each && (loopback || !addr.IsLoopback())
}

// leave takes a connection that has just closed out of everything that sends.
func (n *Network) leave(c *Conn) {
	n.mu.Lock()
	delete(n.byID, c.id)
	n.mu.Unlock()
	if c.websocket {
		n.sockets.remove(c)
	}
	if c.listener != nil {
		c.listener.group.remove(c)
	}
	n.channels.leave(c)
}

// gone is called once at the very end of a connection: its socket is closed and
// its last handler has ended.
func (n *Network) gone(c *Conn) {
	n.mu.Lock()
	delete(n.live, c)
	if c.inbound {
		n.accepted--
		if n.perAddr[c.addr]--; n.perAddr[c.addr] <= 0 {
			delete(n.perAddr, c.addr)
		}
	}
	if n.idle != nil && len(n.live) == 0 {
		close(n.idle)
		n.idle = nil
	}
	n.mu.Unlock()
	if c.listener != nil {
		c.listener.unuse()
	}
	if c.release != nil {
		c.release()
	}
}

// find returns the open connection with an id, or nil.
func (n *Network) find(id string) *Conn {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.byID[id]
}

// remembered returns the latest outgoing connection of a name, open or not.
func (n *Network) remembered(name string) *Conn {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.outgoing[name]
}

// drain stops accepting; what is connected stays so until shutdown.
func (n *Network) drain() {
	n.mu.Lock()
	n.stopping = true
	list := n.listenersLocked()
	n.mu.Unlock()
	for _, l := range list {
		l.stopAccepting()
	}
	n.client.drain()
}

// shutdown closes everything after Application-End: pending output is flushed
// until the deadline, what is left then is cut off. No event fires any more.
func (n *Network) shutdown(deadline time.Time) {
	n.ended.Store(true)
	n.drain()
	defer n.client.shutdown(deadline)
	n.mu.Lock()
	list := n.listenersLocked()
	n.mu.Unlock()
	for _, l := range list {
		l.Close()
	}
	n.mu.Lock()
	var done chan struct{}
	conns := make([]*Conn, 0, len(n.live))
	for c := range n.live {
		conns = append(conns, c)
	}
	if len(conns) > 0 {
		done = make(chan struct{})
		n.idle = done
	}
	n.mu.Unlock()
	for _, c := range conns {
		c.end(ending{reason: "server stopped", code: codeGoingAway})
	}
	if done == nil {
		return
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		for _, c := range conns {
			c.end(ending{reason: "server stopped", hard: true})
		}
	}
}

// CloseWebSockets ends all WebSockets with code 1001, as stopping the HTTP server
// does. It does not wait for the clients' answers.
func (n *Network) CloseWebSockets() {
	for _, c := range n.sockets.list() {
		c.end(ending{reason: "server stopped", code: codeGoingAway})
	}
}

// announce makes a value known under a name to the whole application.
func (n *Network) announce(name string, v value.Value) {
	if name != "" && n.host != nil {
		n.host.SetHandle(name, v)
	}
}

// diagnose writes a line to stderr.
func (n *Network) diagnose(format string, args ...any) {
	if n.host != nil {
		n.host.Diagnose(format, args...)
	}
}
