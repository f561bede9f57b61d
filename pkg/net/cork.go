package aronet

import (
	"aro/pkg/host"
	"aro/pkg/vm"
)

// While the read loop of a TCP connection runs the handlers of its data, the
// connection is corked: what they send to it waits for the end of the chunk and is
// written by the read loop itself, in one call. An answer then costs no goroutine
// (a quarter of an echo), and the answers to many lines cost one call.
//
// Nobody notices: a handler that waits for something or computes for long uncorks
// its connection (host.Corked), what others send takes the held output with it,
// and what the socket does not take at once is left to the writer goroutine, so
// that a client that does not read cannot stop its own input.

// cork holds back what the handlers that run now send to their connection.
func (c *Conn) cork() {
	if c.in.direct() && !c.out.corked.Load() {
		c.out.corked.Store(true)
	}
}

// uncork hands what was held back to a writer goroutine and holds nothing back
// until the next cork.
func (c *Conn) uncork() {
	o := &c.out
	o.mu.Lock()
	owed := o.owed
	o.owed = false
	o.corked.Store(false)
	o.mu.Unlock()
	if owed {
		go c.write()
	}
}

// flush writes what was held back, on the goroutine of the read loop. room is
// used for output of several packets. It reports false if somebody else may be writing
// out of room, which then must not be used again.
//
// The lock is held while it writes: that does not wait, and so is shorter than another
// round of locking would be on average.
func (c *Conn) flush(room *chunk) bool {
	o := &c.out
	o.mu.Lock()
	o.corked.Store(false)
	if !o.owed {
		elsewhere := c.passed != nil && o.writing
		c.redeem()
		o.mu.Unlock()
		return !elsewhere
	}
	o.owed = false
	if c.passed != nil && len(o.queue)-o.next > 1 { // room holds what one of them is made of
		room = chunks.Get().(*chunk)
		defer chunks.Put(room)
	}
	if data := c.joined(room); data != nil {
		c.advance(c.reached(c.in.write(data)))
		if o.next == len(o.queue) && !o.closed {
			o.writing = false
			c.retire()
			o.mu.Unlock()
			return true
		}
	}
	c.redeem()
	o.mu.Unlock()
	go c.write() // which also sees what is wrong with the socket
	return true
}

// joined returns the bytes that come next if they are few enough for one write, in
// room if they are of several packets; nil otherwise. The caller holds o.mu, and
// nobody else takes anything out of the queue as long as o.writing says so.
func (c *Conn) joined(room *chunk) []byte {
	o := &c.out
	if o.cut {
		return nil
	}
	queue := o.queue[o.next:]
	if len(queue) == 1 {
		data := queue[0].bytes(c.form)[o.off:]
		if len(data) > len(room) {
			return nil
		}
		return data
	}
	data, off := room[:0], o.off
	for _, p := range queue {
		more := p.bytes(c.form)[off:]
		off = 0
		if len(data)+len(more) > len(room) {
			break
		}
		data = append(data, more...)
	}
	return data
}

// reached returns how many packets n written bytes belong to, and how far the last
// of them got, for advance. The caller holds o.mu.
func (c *Conn) reached(n int) (count, off int) {
	o := &c.out
	if o.cut {
		return 0, 0
	}
	n += o.off
	for _, p := range o.queue[o.next:] {
		size := len(p.bytes(c.form))
		if n < size {
			if n > 0 {
				return count + 1, n
			}
			break
		}
		n -= size
		count++
	}
	return count, 0
}

// answer is Send to a connection.
func (c *Conn) answer(call *vm.Call) error {
	v, err := payloadOf(call)
	if err != nil {
		return err
	}
	e, _ := host.RootTrigger(call).(*tcpEvent)
	var p *packet
	if whole := e != nil && c.form == rawForm && call.Site.Result.Raw == "" && e.is(v); whole && e.conn == c {
		p = e.pass() // what is passed on whole is not copied
	} else if whole && !e.lent {
		p = &packet{buf: e.data, fixed: true}
	} else if p, err = encode(v, call.Site.Result.Raw, asText); err != nil {
		return err
	}
	return c.enqueue(p, e != nil && e.conn == c)
}
