package host

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
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
	return c.Suspend(&sleep{d: d, slept: v})
}

// sleepers knows the sleeping coroutines: one timer for the first of them to wake,
// and what shutdown has to wake.
type sleepers struct {
	mu    sync.Mutex
	heap  []*sleep // the earliest in front
	timer *time.Timer
	woken bool
	base  time.Time // of the times in the heap
}

// sleep is a coroutine in Wait or Sleep: this object, no timer and no goroutine.
type sleep struct {
	d     time.Duration // to sleep; once it sleeps, when to wake
	e     *Execution
	slept value.Value // the duration, as the program said it
	at    int32       // in the heap
}

func (s *sleep) result() value.Value { return value.MapOf("slept", s.slept) }

// Start implements vm.Op.
func (s *sleep) Start(co *vm.Coroutine) bool {
	s.e = co.Owner.(*Execution)
	l := &s.e.Host.sleepers
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.woken {
		co.Reply(s.result(), nil)
		return true
	}
	if co.Cancelled() == ErrGone {
		co.Reply(value.Value{}, ErrGone)
		return true
	}
	if l.timer == nil {
		l.base = time.Now()
		l.timer = time.AfterFunc(s.d, l.due)
	}
	s.e.asleep = s
	s.d += time.Since(l.base)
	s.at = int32(len(l.heap))
	l.heap = append(l.heap, s)
	l.up(int(s.at))
	if l.heap[0] == s {
		l.timer.Reset(s.d - time.Since(l.base))
	}
	return false
}

// due wakes those whose time has come.
func (l *sleepers) due() {
	l.mu.Lock()
	now := time.Since(l.base)
	var list []*sleep
	for len(l.heap) > 0 && l.heap[0].d <= now {
		list = append(list, l.heap[0])
		l.remove(l.heap[0])
	}
	if len(l.heap) > 0 {
		l.timer.Reset(l.heap[0].d - now)
	}
	l.mu.Unlock()
	wake(list)
}

// wake continues coroutines on a few goroutines: one for each of a hundred
// thousand would need more memory than all of them asleep. A handler that computes
// for long holds up one of these only.
func wake(list []*sleep) {
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(len(list)); i = next.Add(1) - 1 {
			resume(&list[i].e.Coroutine, list[i].result(), nil)
		}
	}
	for range min(len(list), maxWakers) - 1 {
		go work()
	}
	work()
}

const maxWakers = 64

// wakeOne ends the sleep of an execution with an error, if it sleeps.
func (l *sleepers) wakeOne(e *Execution, err error) {
	l.mu.Lock()
	found := e.asleep != nil
	if found {
		l.remove(e.asleep)
	}
	l.mu.Unlock()
	if found {
		go resume(&e.Coroutine, value.Value{}, err)
	}
}

// wakeAll ends every sleep, now and from now on.
func (l *sleepers) wakeAll() {
	l.mu.Lock()
	l.woken = true
	if l.timer != nil {
		l.timer.Stop()
	}
	list := l.heap
	l.heap = nil
	for _, s := range list {
		s.e.asleep = nil
	}
	l.mu.Unlock()
	if len(list) > 0 {
		go wake(list)
	}
}

// remove takes a sleeper out of the heap; l.mu is held.
func (l *sleepers) remove(s *sleep) {
	s.e.asleep = nil
	last := len(l.heap) - 1
	i := int(s.at)
	l.put(i, l.heap[last])
	l.heap[last] = nil
	l.heap = l.heap[:last]
	if i < last {
		l.down(i)
		l.up(i)
	}
}

func (l *sleepers) put(i int, s *sleep) { l.heap[i], s.at = s, int32(i) }

func (l *sleepers) up(i int) {
	s := l.heap[i]
	for i > 0 {
		parent := (i - 1) / 2
		if l.heap[parent].d <= s.d {
			break
		}
		l.put(i, l.heap[parent])
		i = parent
	}
	l.put(i, s)
}

func (l *sleepers) down(i int) {
	s := l.heap[i]
	for {
		child := 2*i + 1
		if child >= len(l.heap) {
			break
		}
		if child+1 < len(l.heap) && l.heap[child+1].d < l.heap[child].d {
			child++
		}
		if s.d <= l.heap[child].d {
			break
		}
		l.put(i, l.heap[child])
		i = child
	}
	l.put(i, s)
}
