package vm

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"sync/atomic"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/vm/value"
)

// State is where a coroutine stands after Run.
type State uint8

// The states.
const (
	Ready   State = iota // not started, or resumed and not yet run
	Done                 // ran to its end
	Skipped              // its declaration guard did not hold
	Failed               // a statement failed: see Err
	Blocked              // waits for its Op; Reply and Run continue it
)

// Env answers for names that a coroutine does not bind itself: the application
// scope, published symbols, service handles, the clock. event asks to look among
// the fields of the triggering event as well, which declaration guards do.
// An error is a name that exists but may not be read.
type Env interface {
	Lookup(co *Coroutine, name string, event bool) (value.Value, error)
}

// Confidant is an Env that knows texts which no failure of a coroutine may show. It
// is asked on the coroutine's goroutine, when something has failed.
type Confidant interface {
	Secrets(co *Coroutine) []string
}

// Op is a pending host operation. The driver calls Start once the coroutine is
// Blocked. Start either completes the operation at once, calls Coroutine.Reply
// and returns true, or returns false and sees to it that somebody later calls
// Reply and hands the coroutine back to its driver.
type Op interface{ Start(co *Coroutine) bool }

// Coroutine is one running feature set. Owner is the host's record of the
// execution; Env and Owner stay, everything else is reset by Prepare. A coroutine
// is used by one goroutine at a time.
type Coroutine struct {
	Owner any
	Env   Env
	Out   []byte // what TEXT and PRINT wrote
	Depth int32  // handlers and actions that this one runs within
	state State

	// GivenLines: a value that PRINT wrote had line ends.
	GivenLines bool

	looked bool  // this run itself looked at the clock since it last waited
	over   bool  // its deadline has passed
	grant  uint8 // the fuel between two looks is 1<<grant

	code  *Code
	regs  []value.Value
	pc    int
	fuel  int
	spent uint32        // instructions charged so far
	limit uint32        // budget, 0 for none
	last  time.Duration // since started, the last look at the clock; 0 for none since it last waited

	budget   time.Duration // of computing without a pause in the accounting, 0 for none
	deadline time.Duration // since started, set from budget at the first look at it; 0 before
	cancel   atomic.Pointer[error]

	err   error
	op    Op
	reply value.Value
	fail  error
	call  Call
}

// Call is the argument window of one host call.
type Call struct {
	Co   *Coroutine
	Site *Site
	args []value.Value
}

// Arg returns the value in a slot, unbound when the statement has no such slot.
func (c *Call) Arg(s bytecode.Slot) value.Value {
	if i := c.Site.arg[s]; i >= 0 {
		return c.args[i]
	}
	return value.Value{}
}

// Has reports whether the statement has the slot, bound or not.
func (c *Call) Has(s bytecode.Slot) bool { return c.Site.arg[s] >= 0 }

// Args returns the arguments from slot s on, n of them: where operands and named
// values. The slice is the register window itself.
func (c *Call) Args(s bytecode.Slot, n int) []value.Value {
	i := c.Site.arg[s]
	if i < 0 {
		return nil
	}
	return c.args[i : int(i)+n]
}

// BindExtra binds the verb's second result, such as validation or new-entry, if
// the feature set mentions it.
func (c *Call) BindExtra(v value.Value) {
	if r := c.Site.Extra; r != bytecode.NoReg {
		c.Co.regs[r] = v
	}
}

// Local returns the value of a name that is visible at a site with a Scope.
func (c *Call) Local(l bytecode.Local) value.Value { return c.Co.regs[l.Reg] }

// Chunk returns the chunk that the call stands in.
func (c *Call) Chunk() *bytecode.Chunk { return c.Site.code.Chunk }

// Suspend parks the coroutine on op; the verb returns what Suspend returns.
func (c *Call) Suspend(op Op) (value.Value, error) {
	c.Co.op = op
	return value.Value{}, errSuspend
}

var errSuspend = errors.New("suspended")

// refill is the fuel between two looks at the clock and the cancel flag: at about
// 10 ns a round that is some 40 µs, so a cancelled loop ends at once for a human
// and the look costs nothing. A run begins with less, and gets less where a round
// takes long: one that searches a megabyte is worth a hundred thousand others.
const (
	mostGrant  = 12
	firstGrant = 6
	refill     = 1 << mostGrant
)

// Prepare makes the coroutine ready to run code from the start. Registers are
// reused; they must have been released.
func (co *Coroutine) Prepare(code *Code) {
	code.Ready()
	n := int(code.Chunk.MaxRegs)
	if cap(co.regs) < n {
		co.regs = make([]value.Value, n, (n+3)&^3)
	}
	co.regs = co.regs[:n]
	co.code, co.pc, co.state, co.err, co.op = code, 0, Ready, nil, nil
	co.fuel, co.grant = 1<<firstGrant, firstGrant
	co.spent, co.limit, co.budget, co.deadline, co.last = 0, 0, 0, 0, 0
	co.looked, co.over = false, false
	co.Out = co.Out[:0]
	co.GivenLines = false
	co.call.Co = co
}

// Limit bounds the run: steps charged (backward jumps and host calls), and a time.
// Zero means unbounded. The time runs from the first look at the clock, some dozen
// steps into the run, so that short handlers need none.
func (co *Coroutine) Limit(steps int, budget time.Duration) {
	co.limit, co.budget = uint32(min(steps, math.MaxUint32)), budget
}

// perRun is what a run within another one is charged: some 64 of them pass between
// two looks at the clock.
const perRun = refill / 64

// Within makes a prepared run part of another one, which waits for it: both use up one
// budget. Otherwise runs that are all short and cause each other without end, such as
// an action that calls itself twice, would never look at the clock.
func (co *Coroutine) Within(parent *Coroutine) {
	co.budget, co.deadline, co.over, co.spent = parent.budget, parent.deadline, parent.over, parent.spent+perRun
	if co.budget > 0 && (co.over || co.spent/refill > parent.spent/refill) {
		co.fuel = 1 // look at once
	}
}

// Return tells the parent of Within what an ended run, which never waited, used up.
func (co *Coroutine) Return(parent *Coroutine) {
	parent.deadline, parent.over, parent.spent = co.deadline, co.over, co.spent
}

// BudgetError is the failure of a run that Limit has stopped.
type BudgetError string

// Error says which limit it was.
func (e BudgetError) Error() string { return string(e) }

// Refusal is the reason in the metrics.
func (e BudgetError) Refusal() string { return "handler_budget" }

// Budget returns the time that Limit set, zero for none.
func (co *Coroutine) Budget() time.Duration { return co.budget }

// Timed reports whether the run, or the one that it is within, has looked at the clock.
func (co *Coroutine) Timed() bool { return co.deadline != 0 }

// Since returns when the run, which has a time budget, first looked at the clock
// after it last waited; the zero time if it was too short to do so. A run within
// another one that had looked has the time of that one.
func (co *Coroutine) Since() time.Time {
	if !co.looked {
		return time.Time{}
	}
	return started.Add(co.deadline - co.budget)
}

// maxKeptRegs is the largest frame that is kept for reuse, maxKeptOut the largest
// output buffer.
const (
	maxKeptRegs = 256
	maxKeptOut  = 64 << 10
)

// Release forgets everything the run referred to, so that a pooled coroutine
// keeps no garbage alive.
func (co *Coroutine) Release() {
	if cap(co.regs) > maxKeptRegs {
		co.regs = nil
	} else {
		for i := range co.regs { // the runtime's clear would cost a bulk write barrier
			co.regs[i].Unset()
		}
		co.regs = co.regs[:0]
	}
	if cap(co.Out) > maxKeptOut {
		co.Out = nil
	}
	co.code, co.err, co.op, co.fail, co.call.Site, co.call.args = nil, nil, nil, nil, nil, nil
	co.reply = value.Value{}
	if co.cancel.Load() != nil { // a look costs less than a store
		co.cancel.Store(nil)
	}
	co.Depth = 0
}

// Set binds an entry register before the run.
func (co *Coroutine) Set(reg uint16, v value.Value) { co.regs[reg] = v }

// Get reads a register.
func (co *Coroutine) Get(reg uint16) value.Value { return co.regs[reg] }

// Code returns the code that runs.
func (co *Coroutine) Code() *Code { return co.code }

// State returns the state after the last Run.
func (co *Coroutine) State() State { return co.state }

// Err returns the failure of a Failed coroutine, a *StatementError if a
// statement failed.
func (co *Coroutine) Err() error { return co.err }

// Op returns what a Blocked coroutine waits for.
func (co *Coroutine) Op() Op { return co.op }

// PC is the instruction that ran last.
func (co *Coroutine) PC() int { return max(co.pc-1, 0) }

// Cancel makes the coroutine fail with err at its next backward jump or host
// call. Any goroutine may call it.
func (co *Coroutine) Cancel(err error) { co.cancel.Store(&err) }

// Cancelled returns what Cancel set, nil otherwise.
func (co *Coroutine) Cancelled() error {
	if p := co.cancel.Load(); p != nil {
		return *p
	}
	return nil
}

// Reply completes the pending operation of a Blocked coroutine. It must happen
// before the Run that continues it.
func (co *Coroutine) Reply(v value.Value, err error) {
	co.reply, co.fail = v, err
	co.op = nil
	co.deadline, co.last, co.looked, co.over = 0, 0, false, false // waiting is no computing
	co.state = Ready
}

// Run runs until the coroutine is done, failed or blocked. A panic below it, in
// a verb or in the machine, becomes a failure of the statement that ran: nothing
// that a program does ends the process.
func (co *Coroutine) Run() (s State) {
	defer co.recover(&s)
	if co.state == Ready && co.call.Site != nil {
		// Continue behind the ACT that suspended: its result arrived as the reply.
		i := &co.code.ins[co.pc-1]
		co.call.Site = nil
		if err := co.fail; err != nil {
			co.fail = nil
			return co.failAt(co.pc-1, err)
		}
		if i.A != bytecode.NoReg {
			co.regs[i.A] = co.reply
		}
		co.reply = value.Value{}
	}
	return co.loop()
}

func (co *Coroutine) recover(s *State) {
	if p := recover(); p != nil {
		*s = co.failAt(max(co.pc-1, 0), &PanicError{p, stack()})
	}
}

// failAt records a failure of the instruction at pc.
func (co *Coroutine) failAt(pc int, err error) State {
	co.call.Site = nil
	if pc < int(co.code.Chunk.GuardEnd) {
		co.state = Skipped
		return Skipped
	}
	co.err = co.explain(pc, err)
	co.state = Failed
	return Failed
}

// Fail makes a coroutine that is Done a failed one, at its last statement: what had to
// follow has failed.
func (co *Coroutine) Fail(err error) { co.failAt(max(co.pc-1, 0), err) }

// started is the beginning of the clock that deadlines are read from: a Time in
// each coroutine would be three words.
var started = time.Now()

// slice is how long a run computes before it lets others have the core. Go itself takes it
// away after ten milliseconds: beside four handlers that compute, two cores answered other
// requests after 27 ms (p99 60), and do after 5 (13) with slices of one. The four got 3 % less
// done, and three times as many requests were served.
const slice = time.Millisecond

// slowGrant is the time for one grant from which on the next is smaller.
const slowGrant = time.Millisecond

// regrant adapts the fuel between two looks to how long the last took.
func (co *Coroutine) regrant(now time.Duration) {
	took := now - co.last
	switch {
	case co.last == 0:
	case took > slowGrant:
		co.grant -= min(co.grant, uint8(bits.Len64(uint64(took/slowGrant))))
	case took < slowGrant/4 && co.grant < mostGrant:
		co.grant++
	}
	co.last = now
	co.fuel = 1 << co.grant
}

// Holder is an Owner that holds something back while its coroutine runs, such as
// output that the next statement may add to. Goes is called when the run takes
// longer than most.
type Holder interface{ Goes() }

// charge is called when the fuel is used up.
func (co *Coroutine) charge() error {
	if h, ok := co.Owner.(Holder); ok {
		h.Goes()
	}
	co.spent += 1 << co.grant
	if co.budget == 0 {
		co.grant = mostGrant
	}
	co.fuel = 1 << co.grant
	if err := co.Cancelled(); err != nil {
		return err
	}
	if co.limit > 0 && co.spent > co.limit {
		return BudgetError(fmt.Sprintf("the handler used up its budget of %d steps", co.limit))
	}
	if co.budget > 0 {
		now := time.Since(started)
		sliced := co.last != 0 && now/slice != co.last/slice
		co.regrant(now)
		co.looked = true
		if co.deadline == 0 {
			co.deadline = now + co.budget
		} else if now > co.deadline {
			co.over = true
			return BudgetError(fmt.Sprintf("the handler used up its time budget of %v", co.budget))
		}
		if sliced {
			runtime.Gosched()
			co.last = time.Since(started)
		}
	}
	return nil
}
