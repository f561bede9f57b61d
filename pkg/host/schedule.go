package host

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

var scheduleVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "schedule", Role: bytecode.RoleExport, Preps: []string{"with"},
		Doc: "Raises an event again and again, the first time after one interval.", Result: bytecode.Binds, Object: bytecode.ReadObject}, Do: scheduleVerb},
}

// schedules are the running schedules by event name. A name has one schedule:
// scheduling it again changes the interval, so a handler that schedules its own
// event does not multiply it.
type schedules struct {
	mu      sync.Mutex
	all     map[string]*schedule
	stopped bool
	clock   func() time.Time // nil: time.Now; tests set it, which jumps then
}

func (l *schedules) now() time.Time {
	if l.clock != nil {
		return l.clock()
	}
	return time.Now()
}

// schedule raises one event: a timer and this object, no goroutine between the
// events. An event whose handlers still run when the next one is due is not
// doubled; the ones that were missed meanwhile are left out.
type schedule struct {
	h     *Host
	name  string
	every time.Duration
	due   time.Time // of the next event; monotonic, so setting the clock changes nothing
	timer *time.Timer
	gone  func()
}

const (
	shortestInterval = time.Millisecond
	longestInterval  = 10 * 365 * 24 * time.Hour
)

func scheduleVerb(c *vm.Call) (value.Value, error) {
	name := c.Site.Result.Base
	v, ok := argOr(c, bytecode.SlotDuration, bytecode.SlotWith, bytecode.SlotObject)
	if !ok || name == "" {
		return value.Value{}, errors.New("Schedule needs an interval; write: Schedule the <tick> with 5 seconds")
	}
	n, ok := v.AsNumber()
	if !ok || !(n > 0) {
		return value.Value{}, fmt.Errorf("the interval of a schedule must be a number above zero, got %s", v.Text())
	}
	unit := units[c.Site.Unit]
	if unit == 0 {
		unit = time.Second
	}
	every := time.Duration(min(n*float64(unit), float64(longestInterval)))
	executionOf(c).Host.schedule(name, max(every, shortestInterval))
	return value.OfInt(int64(math.Trunc(every.Seconds()))), nil
}

// schedule starts a schedule, or changes the one of that name.
func (h *Host) schedule(name string, every time.Duration) {
	l := &h.schedules
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return
	}
	if l.all == nil {
		l.all = make(map[string]*schedule)
		h.OnDrain(l.stopAll)
	}
	if old := l.all[name]; old != nil {
		old.timer.Stop()
		old.gone()
	}
	s := &schedule{h: h, name: name, every: every, due: l.now().Add(every), gone: h.Source()}
	l.all[name] = s
	s.timer = time.AfterFunc(every, s.fire)
}

// unschedule ends the schedule of that name and reports whether there was one.
func (h *Host) unschedule(name string) bool {
	l := &h.schedules
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.all[name]
	if s == nil {
		return false
	}
	delete(l.all, name)
	s.timer.Stop()
	s.gone()
	return true
}

func (l *schedules) stopAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	for _, s := range l.all {
		s.timer.Stop()
		s.gone()
	}
	l.all = nil
}

// fire raises the event, unless another process does, on the timer's goroutine and sets the timer anew.
func (s *schedule) fire() {
	if s.h.Leads == nil || s.h.Leads(s.name) {
		s.h.Deliver(s.h.program().events[s.name], Payload{value.EmptyMap})
	}
	l := &s.h.schedules
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all[s.name] != s {
		return // stopped or replaced meanwhile
	}
	now := l.now()
	s.due = s.due.Add(s.every)
	if late := now.Sub(s.due); late >= 0 {
		s.due = s.due.Add((late/s.every + 1) * s.every)
	}
	s.timer.Reset(s.due.Sub(now))
}
