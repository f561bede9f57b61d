package host

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"aro/pkg/store"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// emit is Emit for events that are kept: the statement stores the event, runs its
// handlers and ends when each of them has ended or failed once.
func (v *keeper) emit(c *vm.Call, sets []*Set, p value.Value) (value.Value, error) {
	e := executionOf(c)
	if e.Depth >= maxDepth {
		return value.Value{}, cycleError(e)
	}
	k, err := v.begin(c.Site.Result.Base, sets, p)
	if k == nil || err != nil {
		return value.Value{}, err
	}
	if t := e.transaction(); t != nil {
		t.raiseLater(k)
		return value.Value{}, nil
	}
	switch h := v.h; {
	case v.h.alone:
	case h.durable != nil && e.observes() && !h.durable.Crowded():
		// As what an observer stores: it becomes durable with the statement that caused it.
		e.together()
		h.Engine.Repository(keptEvents).Store(k.asRow())
	default:
		return c.Suspend(&emission{k, e})
	}
	e.group.n.Store(1)
	k.raise(e)
	return e.closeGroup(c, value.Value{})
}

// emission is an Emit that waits until its event is kept, and then for the handlers.
type emission struct {
	k *keptEvent
	e *Execution
}

// Start implements vm.Op.
func (m *emission) Start(co *vm.Coroutine) bool {
	h, row := m.e.Host, m.k.asRow()
	goOn := func(err error) {
		if err != nil {
			m.k.v.forget(m.k, false)
			resume(co, value.Value{}, err)
			return
		}
		m.e.group.n.Store(1)
		m.k.raise(m.e)
		m.e.group.member(m.e)
	}
	if h.shared != nil {
		h.shared.Write(keptEvents, func(w store.Repository) { w.Store(row) }, func(err error) { go goOn(err) })
		return false
	}
	before := h.durable.Position()
	h.Engine.Repository(keptEvents).Store(row)
	already, err := h.durable.Sync(before, h.durable.Position(), func(err error) { go goOn(err) })
	switch {
	case !already:
		return false
	case err != nil:
		m.k.v.forget(m.k, false)
		co.Reply(value.Value{}, err)
		return true
	}
	m.e.group.n.Store(1)
	m.k.raise(m.e)
	return m.e.group.Start(co)
}

// raise runs the handlers for the first time, as Host.fanOut does.
func (k *keptEvent) raise(e *Execution) {
	for _, d := range slices.Clone(k.left) {
		set := e.Host.keeper.handler(k.name, d.handler)
		if set == nil { // the program was replaced in this moment
			d.giveUp(d.missing())
			continue
		}
		e.group.n.Add(1)
		x := e.Host.newExecution(set.Code, set, d.deliver(), e)
		x.separate(nil)
		x.Depth++
		x.finished = func(x *Execution) {
			waiter := x.parent
			d.ended(x)
			x.release()
			waiter.group.member(waiter)
		}
		x.drive()
	}
	k.raised()
}

// raiseApart runs the handlers of an event that its Emit does not wait for, for the
// first time.
func (k *keptEvent) raiseApart() {
	for _, d := range slices.Clone(k.left) {
		d.again()
	}
	k.raised()
}

// raised lets the row follow what the handlers come to.
func (k *keptEvent) raised() {
	k.mu.Lock()
	k.raising = false
	k.mu.Unlock()
	k.settle()
}

// delivery is the Trigger of one attempt, and what becomes of a failed one.
type delivery struct {
	Payload
	d       *duty
	attempt int

	judged bool
	pause  time.Duration // until the next attempt; 0: there is none
	ending bool          // it failed while the application ends, which says nothing
}

func (d *duty) deliver() *delivery {
	return &delivery{Payload: Payload{d.event()}, d: d, attempt: d.attempt}
}

// judge decides what follows a failure. It is the goroutine's that has the run.
func (t *delivery) judge() {
	if t.judged {
		return
	}
	t.judged = true
	switch {
	case t.d.k.v.h.IsStopping():
		t.ending = true
	case t.attempt < mostAttempts:
		t.pause = pause(t.attempt)
	}
}

// outlook says in the log what follows a failure.
func (t *delivery) outlook() string {
	t.judge()
	next := "the last one, see " + deadLetters
	switch {
	case t.ending && t.d.k.v.h.alone:
		next = "lost, because the application ends"
	case t.ending:
		next = "again at the next start"
	case t.pause > 0:
		next = fmt.Sprintf("again in %.1f s", t.pause.Seconds())
	}
	return fmt.Sprintf(" [event %s, attempt %d of %d: %s]", t.d.k.id, t.attempt, mostAttempts, next)
}

// outlookAttrs is the same for a log of JSON.
func (t *delivery) outlookAttrs() []Attr {
	t.judge()
	attrs := []Attr{{"event", value.OfString(t.d.k.id)}, {"attempt", value.OfInt(int64(t.attempt))}}
	if t.pause > 0 {
		attrs = append(attrs, Attr{"again", value.OfTime(time.Now().Add(t.pause).UTC())})
	}
	return attrs
}

// ended takes note of the end of an attempt.
func (d *duty) ended(x *Execution) {
	k, t := d.k, x.Trigger.(*delivery)
	if x.State() == vm.Failed {
		t.judge()
		switch {
		case t.ending:
			return
		case t.pause == 0:
			d.giveUp(failureText(x.Err()))
			k.settle()
			return
		}
	}
	k.mu.Lock()
	k.dirty = true
	if t.pause > 0 {
		d.attempt++
		d.wait(t.pause)
	} else {
		k.done(d)
	}
	k.mu.Unlock()
	k.settle()
}

// wait sets the timer of the next attempt; k.mu is held.
func (d *duty) wait(pause time.Duration) {
	d.next = time.Now().Add(pause)
	v := d.k.v
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.stopped {
		d.timer = time.AfterFunc(pause, d.due)
	}
}

// done takes a handler off the list; k.mu is held.
func (k *keptEvent) done(d *duty) {
	k.left = slices.DeleteFunc(k.left, func(x *duty) bool { return x == d })
}

// due is the timer: the attempt begins when the row says that it has. So it is counted
// if the process dies in it, and does not begin where others may have taken it over.
func (d *duty) due() {
	k := d.k
	k.mu.Lock()
	d.next, d.timer = time.Time{}, nil
	k.dirty = true
	k.then = append(k.then, d.again)
	k.mu.Unlock()
	k.settle()
}

// again runs the handler for an event that nobody waits for any more.
func (d *duty) again() {
	h := d.k.v.h
	if h.IsStopping() {
		return // it is in the row as it is
	}
	set := d.k.v.handler(d.k.name, d.handler)
	if set == nil {
		d.giveUp(d.missing())
		d.k.settle()
		return
	}
	x := h.newExecution(set.Code, set, d.deliver(), nil)
	x.Limit(0, h.HandlerBudget)
	stripe := x.stripe
	h.flight.begun.add(stripe, 1)
	x.finished = func(x *Execution) {
		d.ended(x)
		x.release()
		h.flight.ended.add(stripe, 1)
	}
	x.drive()
}

func (d *duty) missing() string {
	return fmt.Sprintf("the program has no feature set (%s: %s Handler) any more", d.handler, d.k.name)
}

// giveUp makes a dead letter of a handler that goes on failing.
func (d *duty) giveUp(reason string) {
	k, h := d.k, d.k.v.h
	letter := value.MapOf("id", value.OfString(k.id+" "+d.handler), "event", value.OfString(k.name), "handler", value.OfString(d.handler),
		"data", k.payload, "error", value.OfString(string(h.concealed([]byte(reason)))),
		"attempts", value.OfInt(int64(min(d.attempt, mostAttempts))), "time", value.OfTime(time.Now().UTC().Truncate(time.Second)))
	k.mu.Lock()
	defer k.mu.Unlock()
	k.letters = append(k.letters, letter)
	k.done(d)
	k.dirty = true
}

// failureText is a failure in one line: what failed, and why.
func failureText(err error) string {
	if x := (*vm.StatementError)(nil); errors.As(err, &x) && x.Cause != nil {
		return x.Message + " Cause: " + x.Cause.Error()
	}
	return err.Error()
}

// settleAgain is when what could not be written is tried again.
const settleAgain = time.Second

// settle makes the row what the event has come to: dead letters first, so that a crash in
// between stores them twice under one id, and loses none.
func (k *keptEvent) settle() {
	k.mu.Lock()
	if k.raising || k.writing || !k.dirty {
		k.mu.Unlock()
		return
	}
	k.writing, k.dirty = true, false
	letters, then := k.letters, k.then
	k.letters, k.then = nil, nil
	row := value.Value{}
	if len(k.left) > 0 {
		row = k.asRow()
	}
	k.mu.Unlock()
	put := func() {
		k.v.put(k.row, row, func(err error, lost bool) {
			switch {
			case lost:
				k.lose()
			case err != nil:
				k.unsettled(nil, then)
			default:
				k.settled(!row.IsBound(), then)
			}
		})
	}
	if len(letters) == 0 {
		put()
		return
	}
	k.v.h.storeRows(k.v.h.Repository(deadLetters), letters, func(err error) {
		if err != nil {
			k.unsettled(letters, then)
			return
		}
		put()
	})
}

// settled goes on when the row is what it should be.
func (k *keptEvent) settled(removed bool, then []func()) {
	if removed {
		k.v.forget(k, true)
	}
	k.mu.Lock()
	k.writing = false
	k.mu.Unlock()
	for _, f := range then {
		f()
	}
	k.settle()
}

// unsettled tries again later what could not be written.
func (k *keptEvent) unsettled(letters []value.Value, then []func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writing, k.dirty = false, true
	k.letters = append(letters, k.letters...)
	k.then = append(then, k.then...)
	if !k.v.h.IsStopping() {
		time.AfterFunc(settleAgain, k.settle)
	}
}

// lose leaves the event to the process that has taken it over.
func (k *keptEvent) lose() {
	k.mu.Lock()
	for _, d := range k.left {
		if d.timer != nil {
			d.timer.Stop()
		}
	}
	k.mu.Unlock() // writing stays: nothing is written any more
	k.v.forget(k, false)
}
