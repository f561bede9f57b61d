package aronet

import "sync"

// channels are the named groups of 03 §9: process-wide, in memory, a set of open
// connections each. A channel exists as long as it has members. The zero value is
// ready to use.
type channels struct {
	mu  sync.Mutex
	all map[string]*group
}

// join subscribes a connection; doing it again changes nothing. It reports false
// for a closed connection.
func (ch *channels) join(name string, c *Conn) bool {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	// The connection closes before it leaves its channels, so whoever finds it open
	// here will be found by leave.
	if !c.IsOpen() {
		return false
	}
	g := ch.all[name]
	if g == nil {
		if ch.all == nil {
			ch.all = make(map[string]*group)
		}
		g = new(group)
		ch.all[name] = g
	}
	if g.add(c) {
		if c.channels == nil {
			c.channels = make(map[string]struct{})
		}
		c.channels[name] = struct{}{}
	}
	return true
}

// part undoes a subscription, if there is one.
func (ch *channels) part(name string, c *Conn) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.remove(name, c)
	delete(c.channels, name)
}

// leave undoes all subscriptions of a closed connection.
func (ch *channels) leave(c *Conn) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	for name := range c.channels {
		ch.remove(name, c)
	}
	c.channels = nil
}

func (ch *channels) remove(name string, c *Conn) {
	if g := ch.all[name]; g != nil && g.remove(c) == 0 {
		delete(ch.all, name)
	}
}

// members returns the subscribers of a channel; read only.
func (ch *channels) members(name string) []*Conn {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if g := ch.all[name]; g != nil {
		return g.list()
	}
	return nil
}
