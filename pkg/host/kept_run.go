package host

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

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
