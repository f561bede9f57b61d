package aronet

import "strings"

// Peers are the processes of the same application on other machines. All methods may
// be called concurrently.
type Peers interface {
	// Tell sends data to all others, at most once. It must not keep data.
	Tell(about string, data []byte) error
	// Hear says who gets what others tell; it is called once. f must not keep data, and is
	// called by one goroutine: what one process tells comes in order.
	Hear(f func(about string, data []byte)) error
}

// What peers tell each other about: whose connections a packet is for.
const (
	aboutWebSockets = "websockets"
	aboutClients    = "clients"
	aboutListener   = "listener " // and its name
	aboutChannel    = "channel "  // and its name
)

// Join makes Broadcast, Publish and Send to groups reach the connections of all
// processes. It must be called before the program runs.
func (n *Network) Join(p Peers) error {
	n.peers = p
	return p.Hear(n.hear)
}

// tell passes a packet on to the peers: a byte that says whether it is binary, and its
// data.
func (n *Network) tell(about string, p *packet) error {
	if n.peers == nil || about == "" {
		return nil
	}
	data := p.data()
	kind := byte('t')
	if p.binary() {
		kind = 'b'
	}
	return n.peers.Tell(about, append(append(make([]byte, 0, 1+len(data)), kind), data...))
}

// hear sends what a peer has told to the connections of this process.
func (n *Network) hear(about string, data []byte) {
	if len(data) == 0 {
		return
	}
	var to audience
	switch {
	case about == aboutWebSockets:
		to.groups = []*group{&n.sockets}
	case about == aboutClients:
		to = n.allClients()
	case strings.HasPrefix(about, aboutListener):
		if l := n.listenerNamed(about[len(aboutListener):]); l != nil {
			to.groups = []*group{&l.group}
		}
	case strings.HasPrefix(about, aboutChannel):
		members := n.channels.members(about[len(aboutChannel):])
		if len(members) == 0 {
			return
		}
		p := heard(data)
		for _, c := range members {
			c.send(p)
		}
		return
	}
	if len(to.groups) > 0 {
		to.send(heard(data))
	}
}

func heard(data []byte) *packet {
	buf := make([]byte, headroom, headroom+len(data))
	return finish(append(buf, data[1:]...), data[0] == 'b')
}
