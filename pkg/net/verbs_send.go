package aronet

import (
	"errors"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// sendVerb is Send: to one connection, to everybody a listener or `websocket`
// stands for, or, when the destination is something else, a MessageSent event.
// It returns when the bytes are queued.
func (n *Network) sendVerb(c *vm.Call) (value.Value, error) {
	if conn := n.objectConn(c); conn != nil {
		return value.Value{}, conn.answer(c)
	}
	s, v := c.Site, c.Arg(bytecode.SlotObject)
	base := s.Object.Base
	if s.ObjectIsExpr || v.IsBound() && v.Kind() != value.List {
		// The value says where to; its name only does if it is no text.
		if v.Kind() == value.String || s.ObjectIsExpr {
			base = ""
		}
	}
	if a, ok := n.audienceOf(v, base); ok {
		p, err := packetOf(c, dialect(a.websocket))
		if err != nil {
			return value.Value{}, err
		}
		a.send(p)
		return value.Value{}, n.tell(a.about, p)
	}
	if v.IsBound() && v.IsEmpty() {
		return value.Value{}, errors.New("the destination is empty")
	}
	if wasConnection(v, s.Object.Base) {
		return value.Value{}, errClosed
	}
	data, err := payloadOf(c)
	if err != nil {
		return value.Value{}, err
	}
	if e, _ := host.RootTrigger(c).(*tcpEvent); e != nil && e.lent {
		e.kept = true // the handlers of that event may do with it what they like
	}
	if !v.IsBound() {
		v = value.OfString(s.Object.Base)
	}
	return hostOf(c).Raise(c, "MessageSent", value.MapOf("destination", v, "data", data))
}

// wasConnection guesses that a destination which is no open connection was meant
// to be one: an id, or a noun that says so and is not bound.
func wasConnection(v value.Value, base string) bool {
	switch v.Kind() {
	case value.String:
		return isID(v.Str())
	case value.Unbound:
		return base == "client" || base == "connection" || strings.HasSuffix(base, "-connection")
	}
	return false
}

// isID reports whether text has the form of a connection id.
func isID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, ch := range []byte(s) {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if ch != '-' {
				return false
			}
		case (ch < '0' || ch > '9') && (ch < 'a' || ch > 'f'):
			return false
		}
	}
	return true
}

// broadcastVerb is Broadcast. The packet is encoded once for all receivers; the
// sender is one of them. No receiver is no error (03 §8.6, §10.3).
func (n *Network) broadcastVerb(c *vm.Call) (value.Value, error) {
	v := c.Arg(bytecode.SlotObject)
	a, known := n.audienceOf(v, c.Site.Object.Base)
	p, err := packetOf(c, dialect(a.websocket))
	if err != nil {
		return value.Value{}, err
	}
	switch {
	case known:
		a.send(p)
		return value.Value{}, n.tell(a.about, p)
	case n.connOf(v) != nil:
		n.connOf(v).send(p)
	default:
		n.allClients().send(p)
		return value.Value{}, n.tell(aboutClients, p)
	}
	return value.Value{}, nil
}
