package host

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

var errShutdown = errors.New("the application is shutting down")

// units are the durations of 01 §3.4 by canonical name.
var units = map[string]time.Duration{
	"milliseconds": time.Millisecond, "seconds": time.Second, "minutes": time.Minute,
	"hours": time.Hour, "days": 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
}

// waitVerb is `Wait for 5 seconds.`, and Keepalive for anything but a duration.
func waitVerb(c *vm.Call) (value.Value, error) {
	if !c.Has(bytecode.SlotDuration) {
		return keepalive(c)
	}
	return sleepVerb(c)
}

func sleepVerb(c *vm.Call) (value.Value, error) {
	v, ok := argOr(c, bytecode.SlotDuration, bytecode.SlotObject, bytecode.SlotWith)
	if !ok || !v.IsBound() {
		v = value.OfInt(1)
	}
	n, ok := v.AsNumber()
	if !ok || n < 0 {
		return value.Value{}, fmt.Errorf("a duration must be a number that is not negative, got %s", v.Text())
	}
	unit := units[c.Site.Unit]
	if unit == 0 {
		unit = time.Second
	}
	const longest = float64(365 * 24 * time.Hour)
	d := time.Duration(min(n*float64(unit), longest))
	return c.Suspend(&sleep{h: executionOf(c).Host, d: d, result: value.MapOf("slept", v)})
}

// sleepers knows the sleeping coroutines, so that shutdown can wake them.
type sleepers struct {
	mu    sync.Mutex
	all   map[*vm.Coroutine]*sleep
	woken bool
}

// sleep is a coroutine in Wait or Sleep: one timer and this object, no
// goroutine.
type sleep struct {
	h      *Host
	d      time.Duration
	co     *vm.Coroutine
	timer  *time.Timer
	result value.Value
}

// Start implements vm.Op.
func (s *sleep) Start(co *vm.Coroutine) bool {
	s.co = co
	l := &s.h.sleepers
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.woken {
		co.Reply(s.result, nil)
		return true
	}
	if co.Cancelled() == ErrGone {
		co.Reply(value.Value{}, ErrGone)
		return true
	}
	if l.all == nil {
		l.all = make(map[*vm.Coroutine]*sleep)
	}
	l.all[co] = s
	s.timer = time.AfterFunc(s.d, s.wake)
	return false
}

func (s *sleep) wake() {
	l := &s.h.sleepers
	l.mu.Lock()
	sleeping := l.all[s.co] == s
	if sleeping {
		delete(l.all, s.co)
	}
	l.mu.Unlock()
	if sleeping {
		resume(s.co, s.result, nil)
	}
}

// wakeOne ends the sleep of one coroutine with an error, if it sleeps.
func (l *sleepers) wakeOne(co *vm.Coroutine, err error) {
	l.mu.Lock()
	found := l.all[co]
	if found != nil {
		delete(l.all, co)
		found.timer.Stop()
	}
	l.mu.Unlock()
	if found != nil {
		go resume(co, value.Value{}, err)
	}
}

// wakeAll ends every sleep, now and from now on.
func (l *sleepers) wakeAll() {
	l.mu.Lock()
	l.woken = true
	list := make([]*sleep, 0, len(l.all))
	for _, s := range l.all {
		s.timer.Stop()
		list = append(list, s)
	}
	l.mu.Unlock()
	const workers = 8
	for w := range workers {
		go func() {
			for i := w; i < len(list); i += workers {
				list[i].wake()
			}
		}()
	}
}
