package aronet

import (
	"errors"
	"net"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// outbox is what a connection has still to write. Appending is all that a sender
// does; a writer goroutine is started by the first packet and ends when there is
// nothing left, so that idle connections have none.
type outbox struct {
	mu      sync.Mutex
	queue   []*packet // from next on
	next    int
	off     int // bytes of the first packet that have been written
	pending int // bytes, as charged by cost
	writing bool
	owed    bool // the read loop has something to flush, as if it were the writer
	last    bool // a close frame is in the queue or sent: nothing may follow

	corked atomic.Bool // the read loop runs handlers and flushes behind them: see cork; cleared under mu

	// What follows is set by the ending of the connection.
	closed  bool
	cut     bool // hard: the queue was dropped
	ending  ending
	flushed chan struct{} // closed when the writer is done for good
	grace   *time.Timer

	limit time.Time // the write deadline that is set; only the writer touches it
}

// Small packets are charged as if they were minCharge long and each place in a
// queue as slotCharge, so that many tiny messages are bounded too.
const (
	minCharge  = 64
	slotCharge = 16
)

// One write takes at most so much, which bounds how long a batch can take and
// keeps "no progress for ten seconds" meaning what it says.
const (
	maxBatch      = 64
	maxBatchBytes = 256 << 10
)

var (
	errClosed = errors.New("the connection is closed")
	errSlow   = errors.New("the connection was closed: it reads too slowly")
)

func (c *Conn) cost(p *packet) int { return max(len(p.bytes(c.form)), minCharge) }

// send queues a packet. It never waits. A connection whose queue is full is
// closed: it reads too slowly.
func (c *Conn) send(p *packet) error { return c.enqueue(p, false) }

// enqueue is send; own says that the event of this very connection is being handled.
func (c *Conn) enqueue(p *packet, own bool) error {
	o := &c.out
	cost := c.cost(p)
	o.mu.Lock()
	if o.closed || o.last {
		o.mu.Unlock()
		return errClosed
	}
	if o.pending+cost > c.net.Limits.Queue {
		o.mu.Unlock()
		c.tooSlow()
		return errSlow
	}
	start := c.push(p, cost)
	if own && start && o.corked.Load() {
		o.owed, start = true, false
	}
	if o.owed && (!own || o.pending > len(chunk{})) {
		// Others do not wait for the handlers of this connection, and much is not held back.
		o.owed, start = false, true
	}
	o.mu.Unlock()
	if start {
		go c.write()
	}
	if c.net.queued.Load() > c.net.Limits.QueueTotal {
		c.net.relieve()
	}
	return nil
}

// push appends a packet and reports whether a writer has to be started. The
// caller holds o.mu.
func (c *Conn) push(p *packet, cost int) (start bool) {
	o := &c.out
	o.queue = append(o.queue, p)
	o.pending += cost
	o.last = p.closes
	held := int64(slotCharge)
	if p.refs.Add(1) == 1 {
		held += int64(max(len(p.buf), minCharge))
	}
	c.net.queued.Add(held)
	start = !o.writing
	o.writing = true
	return start
}

// drop undoes the accounting of a packet that left a queue.
func (n *Network) drop(p *packet) {
	held := int64(slotCharge)
	if p.refs.Add(-1) == 0 {
		held += int64(max(len(p.buf), minCharge))
	}
	n.queued.Add(-held)
}

// close marks the connection closed and prepares its ending. It reports whether
// it was open, and whether the caller must start the writer.
func (c *Conn) close(e ending) (first, write bool) {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if first = !o.closed; first {
		o.closed, o.ending = true, e
		o.flushed = make(chan struct{})
	}
	if e.hard {
		if !o.cut {
			o.cut = true
			for _, p := range o.queue[o.next:] {
				c.net.drop(p)
			}
			o.queue, o.next, o.pending = nil, 0, 0
			if !o.writing {
				o.done()
			}
		}
		c.open.Store(false)
		return first, false
	}
	if !first {
		return false, false
	}
	write = !o.writing
	if !c.websocket {
		c.sock.SetReadDeadline(past) // wakes the read loop
	} else if !o.last {
		// The read loop goes on until the peer has answered.
		p := closeFrame(e.code, "")
		c.push(p, c.cost(p))
	}
	o.writing = true
	o.grace = time.AfterFunc(c.net.Limits.Grace, func() { c.end(ending{hard: true}) })
	c.open.Store(false)
	return true, write
}

var past = time.Unix(1, 0)

// done tells finish that the writer will not touch the socket any more. The
// caller holds o.mu.
func (o *outbox) done() {
	select {
	case <-o.flushed:
	default:
		close(o.flushed)
	}
}

// batch is the room for one write.
type batch struct {
	room [maxBatch][]byte
	bufs net.Buffers
	alone
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// to writes the batch.
func (b *batch) to(c *Conn) error {
	if len(b.bufs) == 1 {
		return b.write(c, b.bufs[0])
	}
	_, err := b.bufs.WriteTo(c.sock)
	return err
}

// write is the writer goroutine.
func (c *Conn) write() {
	b := batches.Get().(*batch)
	defer batches.Put(b)
	o := &c.out
	for {
		o.mu.Lock()
		count, off := c.gather(b)
		if count == 0 {
			o.writing = false
			closed := o.closed
			o.mu.Unlock()
			if closed {
				c.flushed()
			}
			return
		}
		o.mu.Unlock()
		c.extend(time.Now())
		err := b.to(c)
		clear(b.room[:])
		if err != nil {
			c.failed(err)
			return
		}
		o.mu.Lock()
		c.advance(count, off)
		o.mu.Unlock()
	}
}

// flushed ends the output of a closed connection. FIN follows at once, but for a
// WebSocket, whose read loop waits for the answer to the close frame first.
func (c *Conn) flushed() {
	if !c.websocket {
		closeWrite(c.sock)
	}
	c.out.mu.Lock()
	c.out.done()
	c.out.mu.Unlock()
}

// gather fills b with the bytes that come next and returns how many packets they
// belong to, and how far the last of them gets, 0 for its end. The caller holds
// o.mu.
func (c *Conn) gather(b *batch) (count, off int) {
	o := &c.out
	b.bufs = b.room[:0]
	size, start := 0, o.off
	for _, p := range o.queue[o.next:] {
		if count == maxBatch || size == maxBatchBytes {
			break
		}
		data := p.bytes(c.form)
		from := start
		start = 0
		rest := data[from:]
		if len(rest) > maxBatchBytes-size {
			rest = rest[:maxBatchBytes-size]
			off = from + len(rest)
		}
		b.bufs = append(b.bufs, rest)
		size += len(rest)
		count++
	}
	return count, off
}

// advance takes what was written out of the queue. The caller holds o.mu.
func (c *Conn) advance(count, off int) {
	o := &c.out
	if o.cut {
		return
	}
	o.off = off
	if off > 0 {
		count--
	}
	for i := range count {
		p := o.queue[o.next+i]
		o.queue[o.next+i] = nil
		o.pending -= c.cost(p)
		c.net.drop(p)
	}
	if o.next += count; o.next == len(o.queue) {
		o.next = 0
		if cap(o.queue) > maxBatch {
			o.queue = nil // a burst is over; idle connections stay small
		} else {
			o.queue = o.queue[:0]
		}
	} else if o.next >= 1024 && o.next*2 >= len(o.queue) {
		o.queue = append([]*packet(nil), o.queue[o.next:]...)
		o.next = 0
	}
}

// extend sets the write deadline when less than nine tenths of the stall time are
// left: once a second or so for a busy connection, since setting it costs as much
// as everything else around a small write.
func (c *Conn) extend(now time.Time) {
	stall := c.net.Limits.Stall
	if c.out.limit.Sub(now) < stall-stall/10 {
		c.out.limit = now.Add(stall)
		c.sock.SetWriteDeadline(c.out.limit)
	}
}

// failed ends the connection after a failed write. The peer is gone (also RST and
// a broken pipe, which are ordinary ends of a connection), or too slow.
func (c *Conn) failed(err error) {
	c.out.mu.Lock()
	c.out.writing = false
	c.out.mu.Unlock()
	if errors.Is(err, os.ErrDeadlineExceeded) && c.IsOpen() {
		c.tooSlow()
	} else {
		c.end(ending{reason: "connection closed", code: codeAbnormal, hard: true})
	}
	c.out.mu.Lock()
	c.out.done()
	c.out.mu.Unlock()
}

// tooSlow ends a connection that does not read what it is sent.
func (c *Conn) tooSlow() {
	if c.end(ending{reason: "timeout", code: codeAbnormal, hard: true}) {
		c.net.refused("slow_client")
		c.net.diagnose("[Network] %s (%s) was disconnected: it reads too slowly", c.remote, c.id)
	}
}

// relieve closes the connections with the longest queues until the process holds
// a good deal less than it may, so that it does not start again with the next
// packet (05 W05). Packets that others share are freed with their last receiver.
func (n *Network) relieve() {
	if !n.relief.TryLock() {
		return
	}
	defer n.relief.Unlock()
	type queue struct {
		c       *Conn
		pending int
	}
	var longest []queue
	n.mu.RLock()
	for _, c := range n.byID {
		c.out.mu.Lock()
		if c.out.pending > 0 {
			longest = append(longest, queue{c, c.out.pending})
		}
		c.out.mu.Unlock()
	}
	n.mu.RUnlock()
	sort.Slice(longest, func(i, j int) bool { return longest[i].pending > longest[j].pending })
	for _, q := range longest {
		if n.queued.Load() <= n.Limits.QueueTotal/8*7 {
			return
		}
		q.c.tooSlow()
	}
}
