package aronet

import (
	"errors"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// Verbs returns the verbs that address connections, to be added to host.Verbs.
func (n *Network) Verbs() []*host.Verb {
	return append(n.clientVerbs(), []*host.Verb{
		{Verb: bytecode.Verb{Name: "listen", Aliases: []string{"await"}, Role: bytecode.RoleServer, Preps: []string{"on", "for", "to"},
			Doc:    "Opens a TCP listener under a name.",
			Result: bytecode.Binds, Object: bytecode.TryObject}, Do: n.listenVerb},
		{Verb: bytecode.Verb{Name: "connect", Role: bytecode.RoleServer, Preps: []string{"to", "with", "on"},
			Doc: "Opens a TCP connection under a name; null when that fails.", Blocking: true,
			Result: bytecode.Rebinds, Object: bytecode.SystemObject}, Do: n.connectVerb},
		{Verb: bytecode.Verb{Name: "send", Aliases: []string{"dispatch"}, Role: bytecode.RoleResponse, Preps: []string{"to", "via", "with"},
			Doc: "Sends a value to a connection.", Blocking: true, WalkResult: true,
			Result: bytecode.Consumes, Object: bytecode.SystemObject}, Do: n.sendVerb},
		{Verb: bytecode.Verb{Name: "broadcast", Role: bytecode.RoleResponse, Preps: []string{"to", "via"},
			Doc: "Sends a value to all connections of a listener, or to all WebSockets.", WalkResult: true,
			Result: bytecode.Consumes, Object: bytecode.TryObject}, Do: n.broadcastVerb},
		{Verb: bytecode.Verb{Name: "close", Aliases: []string{"disconnect", "terminate"}, Role: bytecode.RoleServer,
			Doc: "Closes a connection or a listener.", Blocking: true, WalkResult: true, ResultSpec: true,
			Result: bytecode.Consumes, Object: bytecode.LabelObject}, Do: n.closeVerb},
		{Verb: bytecode.Verb{Name: "subscribe", Role: bytecode.RoleServer, Preps: []string{"to", "from"},
			Doc: "Adds a connection to a channel; from an address, opens a stream.", WalkResult: true, ResultSpec: true,
			Result: bytecode.Consumes, Object: bytecode.TryObject}, Do: n.subscribeVerb},
		{Verb: bytecode.Verb{Name: "unsubscribe", Role: bytecode.RoleServer, Preps: []string{"from"},
			Doc: "Takes a connection out of a channel.", WalkResult: true, ResultSpec: true,
			Result: bytecode.Consumes, Object: bytecode.TryObject}, Do: n.unsubscribeVerb},
		{Verb: bytecode.Verb{Name: "publish", Aliases: []string{"export", "expose", "share"}, Role: bytecode.RoleExport, Preps: []string{"to", "with"},
			Doc: "Sends a value to the members of a channel.", WalkResult: true,
			Result: bytecode.Consumes, Object: bytecode.TryObject}, Do: n.publishVerb},
	}...)
}

// hostOf returns the host that runs a statement.
func hostOf(c *vm.Call) *host.Host { return c.Co.Owner.(*host.Execution).Host }

// payloadOf returns what a statement sends: what with gives, the value in sink
// position, or the variable that the result names (03 §8.5).
func payloadOf(c *vm.Call) (value.Value, error) {
	for _, slot := range [...]bytecode.Slot{bytecode.SlotWith, bytecode.SlotSink, bytecode.SlotResult} {
		if !c.Has(slot) {
			continue
		}
		if v := c.Arg(slot); v.IsBound() || slot != bytecode.SlotResult {
			return v, nil
		}
	}
	if name := c.Site.Result.Base; name != "" {
		return value.Value{}, errors.New("there is nothing to send: '" + name + "' is not bound and there is no 'with'")
	}
	return value.Value{}, errors.New("there is nothing to send")
}

// packetOf encodes what a statement sends.
func packetOf(c *vm.Call, d dialect) (*packet, error) {
	v, err := payloadOf(c)
	if err != nil {
		return nil, err
	}
	return encode(v, c.Site.Result.Raw, d)
}
