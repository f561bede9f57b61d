package aronet

import "sync"

// group is a set of connections that is sent to far more often than it changes.
// The zero group is empty. All methods may be called concurrently.
type group struct {
	mu      sync.Mutex
	members map[*Conn]struct{}
	cached  []*Conn // the members, nil when they have changed since
}

// add puts a connection in and reports whether it is new.
func (g *group) add(c *Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.members[c]; ok {
		return false
	}
	if g.members == nil {
		g.members = make(map[*Conn]struct{})
	}
	g.members[c] = struct{}{}
	g.cached = nil
	return true
}

// remove takes a connection out and returns how many are left.
func (g *group) remove(c *Conn) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.members[c]; ok {
		delete(g.members, c)
		g.cached = nil
	}
	return len(g.members)
}

func (g *group) len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.members)
}

// list returns the members in no particular order. It costs nothing while the
// group does not change; the slice is shared and must not be written to.
func (g *group) list() []*Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cached == nil && len(g.members) > 0 {
		g.cached = make([]*Conn, 0, len(g.members))
		for c := range g.members {
			g.cached = append(g.cached, c)
		}
	}
	return g.cached
}

// send queues a packet for every member. Failures of single connections are theirs
// alone.
func (g *group) send(p *packet) {
	for _, c := range g.list() {
		c.send(p)
	}
}
