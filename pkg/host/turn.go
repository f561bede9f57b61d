package host

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"aro/pkg/store"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// A turn orders the writers of a repository that has observers. A write and all
// observer runs that it causes happen within one turn, so each observer sees the
// state that its guard saw, and what it clears and stores back cannot swallow a
// row that somebody else stores meanwhile. Readers never wait.
//
// A turn is no lock: it belongs to a chain of executions (a request, the
// observers it causes, what these call), which may be suspended while it holds
// it. Others that want to write are parked, in order. If waiting would close a
// cycle (A's observer writes to B while B's observer writes to A), the writer
// does not wait: losing the order is better than stopping for ever.
type turn struct {
	mu    sync.Mutex
	owner atomic.Pointer[Execution] // root of the chain that has it, nil when free; written under mu
	depth int
	queue []*writeOp // changed under waitsMu and mu
	woken bool       // the first of the queue is about to try
}

// lineage is what turns know about a chain of executions. The bodies of a
// parallel loop are chains of their own, so that they take turns with each other;
// they may enter a turn that the chain around them has.
type lineage struct {
	outer *Execution              // the chain that waits for this one
	more  atomic.Pointer[waiting] // nil until it waits for something; changed under waitsMu
}

// waiting is what a chain cannot go on without.
type waiting struct {
	turns    []*turn                 // handlers of one event may wait for several
	branches map[*Execution]struct{} // the bodies of its parallel loops
}

// wait returns the lineage's waiting part, making it.
func (l *lineage) wait() *waiting {
	w := l.more.Load()
	if w == nil {
		w = new(waiting)
		l.more.Store(w)
	}
	return w
}

// waitsMu guards who waits for whom, the lineages. Who finds a turn free needs its own
// lock only; who has to wait asks under this one, which is taken before that of a
// turn, whether the wait would close a cycle: of the chains of a cycle one is the
// last to ask, and sees what all others have and wait for. Its sections are a few
// instructions long and call nothing.
var waitsMu sync.Mutex

// within reports whether a chain is owner or runs inside it.
func (e *Execution) within(owner *Execution) bool {
	for x := e; x != nil; x = x.line.outer {
		if x == owner {
			return true
		}
	}
	return false
}

// waitsFor reports whether e cannot go on before root does: e or one of its
// branches waits for a turn that root, or a chain around it, has.
func (e *Execution) waitsFor(root *Execution) bool {
	w := e.line.more.Load()
	if w == nil {
		return false
	}
	for _, t := range w.turns {
		if t.waitsFor(root) {
			return true
		}
	}
	for b := range w.branches {
		if b.waitsFor(root) {
			return true
		}
	}
	return false
}

// waitsFor reports whether the turn cannot become free before root has gone on. The
// caller holds waitsMu, but not the turn's own lock: whoever has it may leave it while
// its chain is looked at, and then the next one is asked.
func (t *turn) waitsFor(root *Execution) bool {
	for {
		owner := t.owner.Load()
		if owner == nil {
			return false
		}
		circle := root.within(owner) || owner.waitsFor(root)
		if t.owner.Load() == owner {
			return circle
		}
	}
}

// tryTake takes the turn for root unless somebody else has it.
func (t *turn) tryTake(root *Execution) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.takeLocked(root)
}

func (t *turn) takeLocked(root *Execution) bool {
	if owner := t.owner.Load(); owner == nil {
		t.owner.Store(root)
	} else if !root.within(owner) {
		return false
	}
	t.depth++
	return true
}

// wait queues op unless the turn is free by now or waiting would be for ever; it
// reports whether op may go on at once.
func (t *turn) wait(op *writeOp) (goOn bool) {
	waitsMu.Lock()
	defer waitsMu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	root := op.e.root
	if t.takeLocked(root) {
		return true
	}
	if t.owner.Load().waitsFor(root) {
		op.free = true
		return true
	}
	w := root.line.wait()
	w.turns = append(w.turns, t)
	op.queued = time.Now()
	t.queue = append(t.queue, op)
	return false
}

// pass gives the turn back and lets the first of the queue try to take it. Who
// comes in between may have it first: a turn that goes straight to the next one
// makes everybody wait for a switch of goroutines, write after write, once there is
// a queue. Only who has waited for long gets it handed over.
func (t *turn) pass() {
	t.mu.Lock()
	if t.depth > 1 || len(t.queue) == 0 || t.woken {
		t.dropLocked()
		t.mu.Unlock()
		return
	}
	t.mu.Unlock() // the turn is kept until both locks are there
	waitsMu.Lock()
	t.mu.Lock()
	t.dropLocked()
	var proceed func()
	var next *writeOp
	if t.owner.Load() == nil && len(t.queue) > 0 && !t.woken {
		next = t.queue[0]
		if time.Since(next.queued) > turnPatience {
			t.takeFirst()
			proceed = next.proceed
		} else {
			t.woken = true
			proceed = func() { t.retry(next) }
		}
	}
	t.mu.Unlock()
	waitsMu.Unlock()
	if next != nil {
		next.e.root.hand(proceed)
	}
}

// dropLocked leaves the turn, which is free when all have left it that were within.
func (t *turn) dropLocked() {
	if t.depth--; t.depth == 0 {
		t.owner.Store(nil)
	}
}

// lend puts the turn into other hands for a while and returns who had it.
func (t *turn) lend(to *Execution, depth int) (owner *Execution, was int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	owner, was = t.owner.Load(), t.depth
	t.owner.Store(to)
	t.depth = depth
	return owner, was
}

// turnPatience is how long the first of a queue may be overtaken.
const turnPatience = time.Millisecond

// retry goes on with the first of the queue if the turn is free; else whoever has it
// wakes it again. It runs on the goroutine of that writer, so that no answer
// waits for another one.
func (t *turn) retry(op *writeOp) {
	waitsMu.Lock()
	t.mu.Lock()
	t.woken = false
	free := t.owner.Load() == nil
	if free {
		t.takeFirst()
	}
	t.mu.Unlock()
	waitsMu.Unlock()
	if free {
		op.proceed()
	}
}

// takeFirst gives a free turn to the first of the queue. The caller holds waitsMu and mu.
func (t *turn) takeFirst() {
	op := t.queue[0]
	t.queue[0] = nil
	t.queue = t.queue[1:]
	w := op.e.root.line.more.Load()
	i := slices.Index(w.turns, t)
	w.turns = slices.Delete(w.turns, i, i+1)
	t.takeLocked(op.e.root)
}

// writeOp is one write with its observers: take the turn, apply, run each
// observer after the other, pass the turn on.
type writeOp struct {
	e    *Execution
	repo *repository
	// Who watched when it began: all changes of one write are told to the same.
	watchers *watchers
	free     bool // the turn could not be taken without a deadlock
	queued   time.Time
	apply    func(store.Repository) (value.Value, []store.Change) // nil: it stores given
	call     *vm.Call
	given    [1]value.Value // a row, or a list of rows

	result  value.Value
	err     error
	before  uint64 // position of durable data when it began
	release func() // of what its observers wrote, see together; nil when they did not
	changes []store.Change
	change  int
	sets    int
	event   Trigger // of the change, for all its observers: changing, mostly
	row     changing
	run     observerRun
	phase   atomic.Int32 // suspended, inline or done

	held    store.Turn  // of the cluster, that this write has begun; nil without a cluster
	lent    func()      // gives the turn back to who had it, of an adopted turn
	adopted func()      // called at the end of a write that no statement waits for
	commit  *settlement // that this is a part of, with the changes of its own repository
}

// Phases of a write. Only what waits, for an observer or for the disk, may be done on
// another goroutine than the statement's.
const (
	suspended = iota // its end continues the statement
	inline           // it runs within the verb, which returns the result
	done
)

// writeOps are for writes that end within their verb: then nobody else knows of them.
// They were a third of what a write with an observer allocates, and 8 % of the time of
// two cores. (Turning for a microsecond before a writer is parked did not pay.)
var writeOps = sync.Pool{New: func() any { return new(writeOp) }}

// write is writeNow, or the part of a transaction.
func (r *repository) write(c *vm.Call, apply func(store.Repository) (value.Value, []store.Change)) (value.Value, error) {
	if t := executionOf(c).transaction(); t != nil {
		v, _ := apply(t.of(r))
		return v, nil
	}
	return r.writeNow(c, apply)
}

// writeNow applies a change to a repository and waits for its observers, and for the
// handlers of what it evicted.
func (r *repository) writeNow(c *vm.Call, apply func(store.Repository) (value.Value, []store.Change)) (value.Value, error) {
	watchers := r.watchers.Load()
	if watchers == nil {
		return r.alone(c, apply)
	}
	op := writeOps.Get().(*writeOp)
	op.apply = apply
	return r.watched(c, watchers, op)
}

// storeNow is writeNow of Store in a repository that is watched: what is stored lies in
// the operation, and no closure is made for it.
func (r *repository) storeNow(c *vm.Call, watchers *watchers, v value.Value) (value.Value, error) {
	op := writeOps.Get().(*writeOp)
	op.call, op.given = c, [1]value.Value{v}
	return r.watched(c, watchers, op)
}

func (r *repository) watched(c *vm.Call, watchers *watchers, op *writeOp) (value.Value, error) {
	op.e, op.repo, op.watchers = executionOf(c), r, watchers
	if op.e.Host.shared != nil || !r.turn.tryTake(op.e.root) {
		return c.Suspend(waitTurn{op})
	}
	op.phase.Store(inline)
	op.proceed()
	if op.phase.Load() == done {
		v, err := op.result, op.err
		*op = writeOp{}
		writeOps.Put(op)
		return v, err
	}
	return c.Suspend(op)
}

// waitTurn is the op of a writer that has not got its turn yet.
type waitTurn struct{ op *writeOp }

// Start implements vm.Op.
func (w waitTurn) Start(co *vm.Coroutine) bool {
	if !w.op.repo.turn.wait(w.op) {
		return false
	}
	w.op.phase.Store(inline)
	w.op.proceed()
	return w.op.Start(co)
}

// Start implements vm.Op: an observer that proceed started has not ended.
func (op *writeOp) Start(co *vm.Coroutine) bool {
	if op.phase.CompareAndSwap(inline, suspended) {
		return false
	}
	co.Reply(op.result, op.err)
	return true
}

// proceed applies the write and runs observers until one of them has to wait.
func (op *writeOp) proceed() {
	if op.commit != nil {
		op.commit.has(op)
		return
	}
	if s := op.e.Host.shared; s != nil {
		op.share(s)
		return
	}
	op.e.together()
	op.before = op.e.Host.position()
	op.perform(op.repo.Repository)
	op.repo.changed(op.changes)
	op.next()
}

// perform makes the change.
func (op *writeOp) perform(w store.Repository) {
	if op.apply != nil {
		op.result, op.changes = op.apply(w)
		return
	}
	rows := op.given[:]
	if op.given[0].Kind() == value.List {
		rows = op.given[0].List()
	}
	op.result, op.changes = storeRows(op.call, w, op.given[0], rows)
}

// next runs the remaining observers.
func (op *writeOp) next() {
	r, h := op.repo, op.e.Host
	for op.change < len(op.changes) {
		change := &op.changes[op.change]
		sets := op.watchers.observers
		if change.Kind == store.Evicted {
			sets = op.watchers.evicted
		}
		if op.sets >= len(sets) {
			op.change, op.sets, op.event = op.change+1, 0, nil
			continue
		}
		set := sets[op.sets]
		op.sets++
		if op.e.Depth >= maxDepth {
			op.err = cycleError(op.e)
			break
		}
		if op.event == nil {
			op.event = op.trigger(change)
		}
		if !set.accepts(op.event) {
			continue
		}
		e := h.newExecution(set.Code, set, op.event, op.e)
		e.Depth++
		op.run.state.Store(running)
		e.write, e.finished = op, endObserver
		e.drive()
		if !op.run.over() {
			return // the observer waits for something; its end calls next
		}
	}
	if op.held != nil {
		op.giveBack()
		return
	}
	if !op.free {
		r.turn.pass()
	}
	if op.release != nil {
		op.release()
	}
	if op.commit != nil {
		op.commit.observed(op.err)
		return
	}
	if h.durable != nil && op.err == nil && (!op.e.observes() || h.durable.Crowded()) {
		already, err := h.durable.Sync(op.before, h.durable.Position(), func(err error) {
			op.err = err
			go op.end()
		})
		if !already {
			return
		}
		op.err = err
	}
	op.end()
}

// trigger is what observers, or the handlers of an eviction, get of a change. They have
// ended when the next change has its turn.
func (op *writeOp) trigger(c *store.Change) Trigger {
	if c.Kind == store.Evicted {
		return evictedEvent(op.repo.Name(), c)
	}
	op.row.repo, op.row.change = op.repo, c
	op.row.event.Store(nil)
	return &op.row
}

// end gives the statement its result.
func (op *writeOp) end() {
	if op.adopted != nil {
		op.adopted()
		return
	}
	if op.phase.Swap(done) == suspended {
		resume(&op.e.Coroutine, op.result, op.err)
	}
}

// observerRun joins the end of an observer, which may come while next still
// looks or long after, to the continuation of its write. A write runs one observer
// at a time, so one of these serves them all.
type observerRun struct {
	state atomic.Int32 // running, awaited: next has left, ended
}

// endObserver is called when an observer ended.
func endObserver(e *Execution) {
	op := e.write
	e.release()
	if op.run.state.Swap(ended) == awaited {
		op.next()
	}
}

// over reports whether the run has ended; if not, its end continues the write.
func (s *observerRun) over() bool {
	return !s.state.CompareAndSwap(running, awaited)
}
