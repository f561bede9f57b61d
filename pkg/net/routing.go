package aronet

import (
	"slices"
	"sync"
	"sync/atomic"

	"aro/pkg/host"
	"aro/pkg/net/contract"
)

// routing is the contract as the HTTP server uses it. It does not change once it is
// in use; a reload puts another one in its place. A request looks once.
type routing struct {
	contract *contract.Contract // nil without one
	router   *contract.Router
	handlers map[*contract.Operation]*host.Set
	docs     *docsPage
	schemes  map[string]*scheme // how to verify credentials, by the names of the contract; nil: presence only
}

// newRouting compiles a contract's paths, nil for no contract. serves adds who
// serves them.
func newRouting(c *contract.Contract) *routing {
	rt := &routing{contract: c}
	if c != nil {
		rt.router = contract.NewRouter(c)
	}
	return rt
}

// serves finds the feature sets that serve the operations.
func (rt *routing) serves(h *host.Host) {
	rt.handlers = make(map[*contract.Operation]*host.Set)
	if rt.contract == nil {
		return
	}
	for _, op := range rt.contract.Operations {
		if set := handlerFor(h, op.ID); set != nil {
			rt.handlers[op] = set
		}
	}
}

// equip makes what options of the server mean for this contract.
func (rt *routing) equip(s *httpServer, o *httpOptions) (err error) {
	if o.security.IsBound() {
		if rt.schemes, err = rt.securityOf(s, o.security); err != nil {
			return err
		}
	}
	if rt.contract != nil || o.websocket != "" { // else it is not started
		rt.docs, err = rt.newDocs(o.docsPath)
	}
	return err
}

// connectionEvents are the feature sets for the events of connections.
type connectionEvents struct {
	tcp, ws handlers

	relay  sync.Once
	relays atomic.Bool // see Network.lends
}

// handlers are the feature sets for the events of one kind of connection.
type handlers struct{ connected, data, disconnected []*host.Set }

// eventsOf collects them from the program that the host runs now.
func eventsOf(h *host.Host) *connectionEvents {
	sets := func(kind host.Kind, event, domain string) []*host.Set {
		list := h.ConnectionHandlers(kind, event)
		return append(list[:len(list):len(list)], h.EventHandlers(domain)...)
	}
	return &connectionEvents{
		tcp: handlers{
			connected:    sets(host.SocketEvent, host.Connected, ""),
			data:         sets(host.SocketEvent, host.Data, ""),
			disconnected: sets(host.SocketEvent, host.Disconnected, ""),
		},
		ws: handlers{
			connected:    sets(host.WebSocketEvent, host.Connected, "websocket.connected"),
			data:         sets(host.WebSocketEvent, host.Message, "websocket.message"),
			disconnected: sets(host.WebSocketEvent, host.Disconnected, "websocket.disconnected"),
		},
	}
}

// unreached returns the handlers of connections that no event reaches, by name and
// activity.
func unreached(h *host.Host) (names []string) {
	for _, kind := range []host.Kind{host.SocketEvent, host.WebSocketEvent} {
		for _, set := range h.ConnectionHandlers(kind, "") {
			names = append(names, set.Name+": "+set.Activity)
		}
	}
	return names
}

// warnUnreached tells of such handlers, but for those that were told of before.
func warnUnreached(h *host.Host, before []string) {
	for _, name := range unreached(h) {
		if !slices.Contains(before, name) {
			h.Diagnose("[Warning] [%s] never runs: its name says neither connect, disconnect nor message", name)
		}
	}
}

// Reload makes another contract, nil for none, and another program of the host the
// ones that requests and connections meet. swap is called in between, to give the
// host its program; it is not called when the contract does not fit the options with
// which the http-server was started, and nothing changes then. Connections stay open.
// What a server is started with stays too: port, path of WebSockets, options.
func (n *Network) Reload(c *contract.Contract, swap func()) error {
	s := n.http
	s.mu.Lock()
	defer s.mu.Unlock()
	rt := newRouting(c)
	if s.running {
		if err := rt.equip(s, &s.httpOptions); err != nil {
			return err
		}
	}
	before := unreached(s.h)
	swap()
	warnUnreached(s.h, before)
	rt.serves(s.h)
	s.routing.Store(rt)
	n.events.Store(eventsOf(s.h))
	return nil
}

// Contract is the one that requests meet now, nil without one.
func (n *Network) Contract() *contract.Contract {
	if n.http == nil {
		return n.contract
	}
	return n.http.routing.Load().contract
}
