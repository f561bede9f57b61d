package aronet

import (
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// connOf returns the connection that a value is or contains: a connection, an
// event or row with a connection entry. The connection may be closed.
func (n *Network) connOf(v value.Value) *Conn {
	if c := asConn(v); c != nil {
		return c
	}
	if v.Kind() != value.Map && v.Kind() != value.Opaque {
		return nil
	}
	p, ok := v.Property("connection")
	if !ok {
		return nil
	}
	if p.Kind() == value.String {
		return n.find(p.Str())
	}
	return asConn(p)
}

func asConn(v value.Value) *Conn {
	c, _ := v.Object().(*Conn)
	return c
}

func asListener(v value.Value) *Listener {
	l, _ := v.Object().(*Listener)
	return l
}

// addressee is the one connection that a value or name in a statement means:
// a connection, a value with a connection entry, an id, the name of an outgoing
// connection. nil when it means none; a closed one is returned too.
func (n *Network) addressee(v value.Value, base string) *Conn {
	if c := n.connOf(v); c != nil {
		// A variable may hold the connection that broke while the application has
		// long opened another one under that name.
		if !c.IsOpen() && c.name != "" && c.name == base {
			if again := n.remembered(base); again != nil {
				return again
			}
		}
		return c
	}
	if v.Kind() == value.String {
		if c := n.find(v.Str()); c != nil {
			return c
		}
		return n.remembered(v.Str())
	}
	if !v.IsBound() {
		return n.remembered(base)
	}
	return nil
}

// objectConn is the connection that the object of a statement means.
// `<websocket-connection: x>` may also name a variable that holds an id, or be an
// id itself (03 §10.4).
func (n *Network) objectConn(c *vm.Call) *Conn {
	s := c.Site
	return n.named(s.Object, s.ObjectIsExpr, c.Arg(bytecode.SlotObject), c.Arg(bytecode.SlotObjectSpec))
}

// resultConn is the same for the result.
func (n *Network) resultConn(c *vm.Call) *Conn {
	if c.Has(bytecode.SlotSink) {
		return n.addressee(c.Arg(bytecode.SlotSink), "")
	}
	return n.named(c.Site.Result, false, c.Arg(bytecode.SlotResult), c.Arg(bytecode.SlotResultSpec))
}

func (n *Network) named(noun bytecode.Noun, expr bool, v, spec value.Value) *Conn {
	base := noun.Base
	if expr {
		base = ""
	}
	if c := n.addressee(v, base); c != nil {
		return c
	}
	if noun.Raw == "" || expr {
		return nil
	}
	if c := n.addressee(spec, ""); c != nil {
		return c
	}
	return n.find(noun.Raw)
}

// isWebSocketName reports whether a noun means all WebSockets.
func isWebSocketName(name string) bool {
	return name == "ws" || strings.Contains(name, "websocket") && !strings.HasPrefix(name, "websocket-connection")
}

// isSocketName reports whether a noun means all accepted TCP connections.
func isSocketName(name string) bool {
	switch name {
	case "socket-server", "socket", "sockets", "clients":
		return true
	}
	return false
}

// audience is what Broadcast reaches: one or several groups.
type audience struct {
	one       *group // nil, or the only one
	groups    []*group
	websocket bool
	about     string // to peers; "" for connections of this process
}

// audienceOf finds the listener or the WebSockets that a value or noun names;
// false when it names neither.
func (n *Network) audienceOf(v value.Value, base string) (audience, bool) {
	if l := asListener(v); l != nil {
		return audience{one: &l.group, about: aboutListener + l.name}, true
	}
	for _, name := range []string{v.Str(), base} {
		if name == "" {
			continue
		}
		if l := n.listenerNamed(name); l != nil {
			return audience{one: &l.group, about: aboutListener + name}, true
		}
		if isWebSocketName(name) {
			return audience{one: &n.sockets, websocket: true, about: aboutWebSockets}, true
		}
		if isSocketName(name) {
			return n.allClients(), true
		}
	}
	return audience{}, false
}

// allClients are the accepted TCP connections of all listeners.
func (n *Network) allClients() audience {
	a := audience{about: aboutClients}
	for _, l := range n.allListeners() {
		a.groups = append(a.groups, &l.group)
	}
	return a
}

// send queues a packet for everybody. Failures of single connections are theirs
// alone.
func (a audience) send(p *packet) {
	if a.one != nil {
		a.one.send(p)
	}
	for _, g := range a.groups {
		g.send(p)
	}
}
