package host

import (
	"fmt"
	"runtime"
	"slices"
	"sync"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// collected gathers the elements that pass the filter of a parallel loop, and
// their positions.
type collected struct {
	items   []value.Value
	indexes []int
}

// TypeName, Property and Simple implement value.Object; no program ever sees one.
func (*collected) TypeName() string                    { return "List" }
func (*collected) Property(string) (value.Value, bool) { return value.Value{}, false }
func (*collected) Simple() value.Value                 { return value.Nil }

func collector(*vm.Call) (value.Value, error) { return value.OfObject(&collected{}), nil }

func collect(c *vm.Call) (value.Value, error) {
	to := c.Arg(bytecode.SlotObject).Object().(*collected)
	to.items = append(to.items, c.Arg(bytecode.SlotWith))
	to.indexes = append(to.indexes, int(c.Arg(bytecode.SlotAt).Int()))
	return value.Value{}, nil
}

// parallel runs the body of a parallel loop once for each element, at most limit
// at a time, and returns whether one of them returned (01 §4.2). Bodies run on as
// many goroutines as there are processors; one that waits leaves its goroutine to
// the next. The first error stops the loop: bodies that run are cancelled, and the
// statement fails when they have ended.
func parallel(c *vm.Call) (value.Value, error) {
	fork, err := c.Fork()
	if err != nil {
		return value.Value{}, err
	}
	b := &branches{fork: fork, parent: executionOf(c)}
	if list := c.Arg(bytecode.SlotObject); list.Kind() == value.Opaque {
		b.items, b.indexes = list.Object().(*collected).items, list.Object().(*collected).indexes
	} else {
		b.items = list.List()
	}
	n := len(b.items)
	if n == 0 {
		return value.False, nil
	}
	if b.parent.Depth >= maxDepth {
		return value.Value{}, cycleError(b.parent)
	}
	b.limit = min(n, max(4, 4*runtime.GOMAXPROCS(0)))
	if l := c.Arg(bytecode.SlotLimit); l.Kind() == value.Int {
		b.limit = min(n, max(1, int(min(l.Int(), int64(n)))))
	}
	for range min(b.limit, runtime.GOMAXPROCS(0)) - 1 {
		go b.work()
	}
	b.work()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over() {
		b.state = ended
		return b.outcome()
	}
	return c.Suspend(b)
}

// branches is one parallel loop that runs. The parent is suspended in it, so its
// registers stay as they are.
type branches struct {
	fork    vm.Fork
	parent  *Execution
	items   []value.Value
	indexes []int // nil: the positions in items
	limit   int

	mu       sync.Mutex
	next     int
	running  []*branchRun
	err      error
	returned *Response
	state    int // 0, awaited: the parent is suspended, ended: it has its answer
}

// branchRun is one body that runs.
type branchRun struct {
	of   *branches
	e    *Execution
	at   int  // in running
	left bool // its goroutine went on to other work: its end continues the loop
	over bool
}

// over reports whether nothing runs and nothing is left to start; b.mu is held.
func (b *branches) over() bool {
	return len(b.running) == 0 && (b.next == len(b.items) || b.stopped())
}

func (b *branches) stopped() bool { return b.err != nil || b.returned != nil }

// outcome is what the statement gets; b.mu is held.
func (b *branches) outcome() (value.Value, error) {
	if b.returned != nil && b.err == nil {
		b.parent.Reply = *b.returned
	}
	return value.OfBool(b.returned != nil), b.err
}

// Start implements vm.Op.
func (b *branches) Start(co *vm.Coroutine) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over() {
		b.state = ended
		co.Reply(b.outcome())
		return true
	}
	b.state = awaited
	return false
}

// work starts bodies as long as the limit allows, and runs each until it ends or
// waits.
func (b *branches) work() {
	for {
		b.mu.Lock()
		if b.stopped() || b.next == len(b.items) || len(b.running) >= b.limit {
			b.mu.Unlock()
			return
		}
		k := b.next
		b.next++
		run := &branchRun{of: b, e: b.start(k), at: len(b.running)}
		b.running = append(b.running, run)
		b.mu.Unlock()

		run.e.finished = run.ended
		run.e.drive()

		b.mu.Lock()
		run.left = !run.over
		b.mu.Unlock()
	}
}

// start makes the execution of one body; b.mu is held.
func (b *branches) start(k int) *Execution {
	p := b.parent
	e := p.Host.newExecution(p.Code(), p.Set, p.Trigger, p)
	e.branch, e.root = true, e
	e.Depth++
	index := k
	if b.indexes != nil {
		index = b.indexes[k]
	}
	b.fork.Branch(&e.Coroutine, b.items[k], index)
	waitsMu.Lock()
	e.line.outer = p.root
	w := p.root.line.wait()
	if w.branches == nil {
		w.branches = make(map[*Execution]struct{})
	}
	w.branches[e] = struct{}{}
	waitsMu.Unlock()
	return e
}

// ended notes the outcome of a body and, when its goroutine has gone on, starts
// the next ones or continues the loop's statement.
func (r *branchRun) ended(e *Execution) {
	b := r.of
	waitsMu.Lock()
	delete(e.line.outer.line.more.Load().branches, e)
	waitsMu.Unlock()

	b.mu.Lock()
	var cancel []*branchRun
	switch {
	case e.State() == vm.Failed:
		if b.err == nil {
			b.err = e.Err()
			cancel = slices.Clone(b.running)
		}
	case e.Reply.Set && b.returned == nil:
		reply := e.Reply
		b.returned = &reply
	}
	for _, other := range cancel {
		if other != r {
			other.e.Cancel(errCancelled)
			b.parent.Host.sleepers.wakeOne(other.e, errCancelled)
		}
	}
	last := len(b.running) - 1
	b.running[r.at], b.running[last].at = b.running[last], r.at
	b.running[last] = nil
	b.running = b.running[:last]
	r.over = true
	left := r.left
	e.release()
	answer := b.over() && b.state == awaited
	if answer {
		b.state = ended
	}
	b.mu.Unlock()
	switch {
	case answer:
		v, err := b.outcome()
		resume(&b.parent.Coroutine, v, err)
	case left:
		b.work()
	}
}

var errCancelled = fmt.Errorf("stopped, because another body of the loop failed")
