package host

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// maxDepth bounds handlers and observers that trigger each other, maxCalls user
// actions that call themselves: both nest on the Go stack, which must never run
// out, because that cannot be recovered from.
const (
	maxDepth = 100
	maxCalls = 1000
)

// Execution is one run of a feature set or template: the coroutine, and what the
// host knows about it. Executions are pooled; nobody keeps one after it ended.
type Execution struct {
	vm.Coroutine
	Host    *Host
	Set     *Set    // the feature set, nil for a template
	Trigger Trigger // what started it, never nil
	Reply   Response

	clock  clock
	parent *Execution // the one that waits for this one, if any
	root   *Execution // the outermost one, or the branch: owner of repository turns
	line   lineage    // of a root
	group  group      // handlers that the current statement waits for
	write  *writeOp   // of an observer: the write that waits for it
	extra  *extra     // nil for most
	asleep *sleep     // what it sleeps in, under sleepers.mu

	finished func(*Execution) // called once at the end, on the goroutine that ran last
	signal   chan func()      // of await; made when somebody waits
	phase    atomic.Int32     // of Wait: running, awaited, ended
	calls    int16            // user actions that this one runs within
	stripe   uint8            // its place in counters
	branch   bool             // the body of a parallel loop, not a run of the feature set
}

// extra is what few executions need: a hundred thousand may be waiting, so each
// byte of Execution counts (TestSleepers).
type extra struct {
	published []string               // names to withdraw at the end, under scope.mu
	left      map[string]value.Value // what verbs left behind under names of their own, see leave
	trace     *Trace                 // of an outermost one, under scope.mu
	span      *runSpan               // nil unless there is a tracer
	txn       *transaction           // nil unless it has one of its own
}

// more returns the extra part, making it.
func (e *Execution) more() *extra {
	if e.extra == nil {
		e.extra = new(extra)
	}
	return e.extra
}

// Trigger is what started an execution. Entry returns what the trigger provides
// under a name, such as event or pathParameters; unbound for other names. Field
// returns a field of the event itself, for guards that name it directly.
type Trigger interface {
	Entry(name string) value.Value
	Field(name string) value.Value
}

// Corked is a Trigger that holds output back while its handlers run, so that what
// they send leaves in one piece and on their goroutine. Uncork says that a handler
// waits for something, or computes for long: from now on nothing is held back. It
// may be called more than once, from any goroutine.
type Corked interface{ Uncork() }

// Goes implements vm.Holder.
func (e *Execution) Goes() {
	e.clock.goes(e)
	if t, ok := e.root.Trigger.(Corked); ok {
		t.Uncork()
	}
}

// RootTrigger returns what started the outermost execution that a call belongs to.
func RootTrigger(c *vm.Call) Trigger { return executionOf(c).root.Trigger }

// Response is what Return set.
type Response struct {
	Set     bool
	HasData bool
	Status  string      // result base as written: OK, NotFound
	Reason  string      // object base, "_expression_" for an expression
	Data    value.Value // of with, unbound without
	Object  value.Value // of `for the <x>` when x is bound
}

// made counts the executions that were made.
var made atomic.Uint32

var pool = sync.Pool{New: func() any {
	e := &Execution{}
	e.Owner = e
	e.clock.random = rand.Uint32()
	e.stripe = uint8(made.Add(1))
	return e
}}

// newExecution prepares code to run for a trigger on behalf of parent, which may
// be nil.
func (h *Host) newExecution(code *vm.Code, set *Set, t Trigger, parent *Execution) *Execution {
	e := pool.Get().(*Execution)
	e.Host, e.Set, e.Trigger, e.parent = h, set, t, parent
	e.Env = h
	e.root = e
	if e.clock.waiting, e.clock.within = false, false; set != nil {
		e.clock.start(h, set)
	}
	e.Prepare(code)
	if parent != nil {
		e.root, e.Depth, e.calls = parent.root, parent.Depth, parent.calls
		e.Within(&parent.Coroutine)
		e.clock.within = e.Timed()
	}
	if parent == nil {
		e.separate(nil)
	}
	if h.follower != nil {
		h.follower.note(e, stepBegins)
	}
	for _, l := range code.Chunk.Entry {
		e.Coroutine.Set(l.Reg, t.Entry(l.Name))
	}
	return e
}

// beginApart returns the root of observers whose change no run here has made. It has no
// code; endApart ends it.
func (h *Host) beginApart() *Execution {
	e := pool.Get().(*Execution)
	e.Host, e.root, e.Trigger = h, e, noTrigger{}
	e.Limit(0, h.HandlerBudget)
	h.flight.begun.add(e.stripe, 1)
	return e
}

func (e *Execution) endApart() {
	e.Host.flight.ended.add(e.stripe, 1)
	e.release()
}

// release returns an ended execution to the pool.
func (e *Execution) release() {
	e.Coroutine.Release()
	e.Host, e.Set, e.Trigger, e.parent, e.root, e.finished = nil, nil, nil, nil, nil, nil
	e.branch, e.write = false, nil
	e.line.outer = nil
	if e.line.more.Load() != nil { // a store costs more than a look
		e.line.more.Store(nil)
	}
	e.Reply = Response{}
	e.group.result.Unset()
	e.calls, e.extra = 0, nil
	e.phase.Store(running)
	pool.Put(e)
}

// executionOf returns the execution that a call belongs to.
func executionOf(c *vm.Call) *Execution { return c.Co.Owner.(*Execution) }

// drive runs the coroutine on this goroutine until it ends or waits for
// something that is not there yet. It reports whether it ended.
func (e *Execution) drive() bool {
	for {
		switch e.Run() {
		case vm.Blocked:
			e.clock.waits(e.Host)
			if f := e.Host.follower; f != nil {
				f.note(e, stepWaits)
			}
			if !e.Op().Start(&e.Coroutine) {
				return false
			}
		default:
			if e.extra != nil && e.extra.txn != nil && !e.settle() {
				return false
			}
			e.end()
			return true
		}
	}
}

// end reports the outcome. e must not be used by the driver afterwards.
func (e *Execution) end() {
	state := e.State()
	if f := e.Host.follower; f != nil {
		f.ended(e)
	}
	if e.parent != nil && !e.branch && !e.clock.waiting {
		e.Return(&e.parent.Coroutine)
	}
	if e.extra != nil && e.extra.published != nil {
		e.Host.withdraw(e)
	}
	if e.Set != nil && !e.branch && state != vm.Skipped {
		e.count(state == vm.Failed)
	}
	if state == vm.Failed && !e.branch {
		e.Host.failed(e)
	}
	if f := e.finished; f != nil {
		f(e)
		return
	}
	if e.phase.Swap(ended) == awaited {
		close(e.signal)
	}
}

const (
	running = iota
	awaited
	ended
)

// runHere drives e and, when it has to wait, blocks this goroutine until it
// ended. It is for goroutines that exist anyway, such as that of a request.
func (e *Execution) runHere() {
	if !e.drive() {
		e.await()
	}
}

// await blocks this goroutine until e, which another one drives now, has ended.
// Meanwhile it does what hand gives it.
func (e *Execution) await() {
	e.signal = make(chan func())
	if e.phase.CompareAndSwap(running, awaited) {
		for work := range e.signal {
			work()
		}
	}
}

// hand gives a step of the chain whose root is e to the goroutine that waits for e,
// or to a new one. The root must not be able to end before that step.
func (e *Execution) hand(work func()) {
	if e.phase.Load() == awaited {
		select {
		case e.signal <- work:
			return
		default: // it has something to do already
		}
	}
	go work()
}

// resume continues a blocked coroutine with the reply of its operation, on this
// goroutine.
func resume(co *vm.Coroutine, v value.Value, err error) {
	if err == nil && co.Cancelled() == ErrGone {
		err = ErrGone
	}
	co.Reply(v, err)
	e := co.Owner.(*Execution)
	if f := e.Host.follower; f != nil {
		f.note(e, stepGoesOn)
	}
	e.drive()
}

// group counts what a statement waits for: one for the statement itself and one
// for each handler that has not ended.
type group struct {
	n      atomic.Int32
	result value.Value // of the statement
}

// Start implements vm.Op: the statement has nothing left to start and waits.
func (g *group) Start(co *vm.Coroutine) bool {
	if g.n.Add(-1) > 0 {
		return false
	}
	co.Reply(g.result, nil)
	return true
}

// member is called when a handler ended.
func (g *group) member(waiter *Execution) {
	if g.n.Add(-1) == 0 {
		resume(&waiter.Coroutine, g.result, nil)
	}
}

// fanOut runs the handlers of one event for the statement of call c and makes it
// wait for all of them. They run one after another on this goroutine; one that
// has to wait is left behind and the next one starts, so handlers that wait do
// overlap. Failures are logged and stay with the handler.
func (h *Host) fanOut(c *vm.Call, sets []*Set, t Trigger) (value.Value, error) {
	if len(sets) == 0 {
		return value.Value{}, nil
	}
	e := executionOf(c)
	if err := e.openGroup(); err != nil {
		return value.Value{}, err
	}
	for _, set := range sets {
		e.raise(set, t)
	}
	return e.closeGroup(c, value.Value{})
}

// openGroup, raise for each handler and event, and closeGroup are fanOut for
// statements that cause more than one event.
func (e *Execution) openGroup() error {
	if e.Depth >= maxDepth {
		return cycleError(e)
	}
	e.group.n.Store(1)
	return nil
}

// raise starts a handler if its state guard accepts the event.
func (e *Execution) raise(set *Set, t Trigger) {
	if !set.accepts(t) {
		return
	}
	e.group.n.Add(1)
	x := e.Host.newExecution(set.Code, set, t, e)
	x.separate(e.transaction())
	x.Depth++
	x.finished = endMember
	x.drive()
}

// closeGroup makes the statement of call c wait for what raise started. The verb
// returns what closeGroup returns.
func (e *Execution) closeGroup(c *vm.Call, result value.Value) (value.Value, error) {
	if e.group.n.Load() == 1 {
		return result, nil
	}
	e.group.result = result
	return c.Suspend(&e.group)
}

func endMember(e *Execution) {
	waiter := e.parent
	e.release()
	waiter.group.member(waiter)
}

// cycleError names the handlers that trigger each other.
func cycleError(e *Execution) error {
	var names []string
	for x := e; x != nil && len(names) < 6; x = x.parent {
		if x.Set != nil {
			names = append(names, x.Set.Name)
		}
	}
	for i, j := 0, len(names)-1; i < j; i, j = i+1, j-1 {
		names[i], names[j] = names[j], names[i]
	}
	return &endless{"event_cycle", fmt.Sprintf("handlers trigger each other without end (stopped at depth %d): … → %s", maxDepth, strings.Join(names, " → "))}
}

// endless is the failure of what would never end.
type endless struct{ reason, text string }

// Error implements error.
func (e *endless) Error() string { return e.text }

// Refusal implements refusing.
func (e *endless) Refusal() string { return e.reason }

// callChild runs code as part of the current statement and continues the
// statement with what result returns, which reads the ended child.
func callChild(c *vm.Call, e *Execution, result func(e *Execution) (value.Value, error)) (value.Value, error) {
	op := &childOp{child: e, result: result}
	e.finished = op.ended
	if e.drive() && op.state.Load() == ended {
		return op.v, op.err
	}
	return c.Suspend(op)
}

// childOp waits for a child execution.
type childOp struct {
	child  *Execution
	result func(*Execution) (value.Value, error)
	parent *vm.Coroutine
	state  atomic.Int32 // 0 running, awaited, ended
	v      value.Value
	err    error
}

func (o *childOp) ended(e *Execution) {
	o.v, o.err = o.result(e)
	e.release()
	if o.state.Swap(ended) == awaited {
		resume(o.parent, o.v, o.err)
	}
}

// Start implements vm.Op.
func (o *childOp) Start(co *vm.Coroutine) bool {
	o.parent = co
	if o.state.CompareAndSwap(0, awaited) {
		return false
	}
	co.Reply(o.v, o.err)
	return true
}

// argOr returns the first of the slots that the statement has.
func argOr(c *vm.Call, slots ...bytecode.Slot) (value.Value, bool) {
	for _, s := range slots {
		if c.Has(s) {
			return c.Arg(s), true
		}
	}
	return value.Value{}, false
}
