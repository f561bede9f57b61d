package host

import "sync/atomic"

// stripes is how many places a counter has: a power of two.
const stripes = 8

// counter is a number that many cores add to. Each execution has a place of its own,
// and since the pool hands executions out by core, cores rarely meet in one, and not for
// long (see tally): one place for all of them took a third of an event's time with two
// cores.
type counter struct {
	_  [64]byte // the first byte is read whenever a place is looked up: is there a counter?
	at [stripes]struct {
		n atomic.Int64
		_ [56]byte // a cache line each
	}
}

// add adds to the place of an execution.
func (c *counter) add(stripe uint8, n int64) { c.at[stripe%stripes].n.Add(n) }

// tally adds one. The pool gives a core the same executions again and again, so two that
// have the same place would slow each other for seconds; who sees that another core was
// there at the same moment takes another place from then on.
func (e *Execution) tally(c *counter) {
	n := &c.at[e.stripe%stripes].n
	if old := n.Load(); !n.CompareAndSwap(old, old+1) {
		e.stripe++
		c.add(e.stripe, 1)
	}
}

// sum is what was added. It may miss what is added meanwhile.
func (c *counter) sum() (n int64) {
	for i := range c.at {
		n += c.at[i].n.Load()
	}
	return n
}

// flight counts the executions that a trigger from outside started. Both numbers
// only grow, so that reading one place after the other cannot miss a run that moves
// between them.
type flight struct {
	_            [64]byte // what lies before it is read by all
	begun, ended counter
}

// running returns how many have not ended; 0 only if there was a moment with none.
func (f *flight) running() int64 {
	ended := f.ended.sum() // first: what begins meanwhile only makes the difference larger
	return f.begun.sum() - ended
}
