package host

import (
	"errors"
	"maps"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// What an interactive session needs: a host that is not Run, but given one piece of
// program after another.

// ErrStopped is the failure of an entry that was stopped while it ran.
var ErrStopped = errors.New("stopped")

// stopPatience is the time that a stopped entry gets to notice. One that waits for
// something outside is left behind.
const stopPatience = 100 * time.Millisecond

// Entered is what came of an entry.
type Entered struct {
	Response string      // what Return answered, as run prints it; "" without
	Value    value.Value // of the name that Enter was asked for
	Err      error       // a *vm.StatementError if a statement failed
}

// Enter runs a verified chunk that was compiled as Application-Start, and waits for
// its end or for stop. Names returns what it may read; what it binds is added to
// them when it succeeds, and is forgotten when it fails. want is a name whose value
// is returned and not kept, "" for none. One entry runs at a time.
func (h *Host) Enter(c *bytecode.Chunk, want string, stop <-chan struct{}) Entered {
	set := newSet(c)
	set.Code = vm.Link(c, h.resolve)
	before := h.Names()
	e := h.newExecution(set.Code, set, names(before), nil)
	done := make(chan struct{})
	go func() {
		e.runHere()
		close(done)
	}()
	select {
	case <-done:
	case <-stop:
		e.Cancel(ErrStopped)
		h.sleepers.wakeOne(e, ErrStopped)
		select {
		case <-done:
		case <-time.After(stopPatience):
			h.rename(func(now map[string]value.Value) { forget(now, before, c.Locals) })
			return Entered{Err: ErrStopped}
		}
	}
	defer e.release()
	if e.State() == vm.Failed {
		h.rename(func(now map[string]value.Value) { forget(now, before, c.Locals) })
		return Entered{Err: e.Err()}
	}
	var out Entered
	bound := make(map[string]value.Value)
	for _, l := range c.Locals {
		bound[l.Name] = e.Coroutine.Get(l.Reg)
	}
	h.rename(func(now map[string]value.Value) {
		for name, v := range bound {
			if v.IsBound() && name != want {
				now[name] = v
			}
		}
	})
	out.Value = bound[want]
	if e.Reply.Set {
		out.Response = finalResponse(e.Reply, func(name string) value.Value { return bound[name] })
	}
	return out
}

// Names returns what the entries so far have bound. The map is the caller's.
func (h *Host) Names() map[string]value.Value {
	h.scope.mu.RLock()
	defer h.scope.mu.RUnlock()
	return maps.Clone(h.scope.start)
}

func (h *Host) rename(change func(now map[string]value.Value)) {
	h.scope.mu.Lock()
	defer h.scope.mu.Unlock()
	if h.scope.start == nil {
		h.scope.start = make(map[string]value.Value)
	}
	change(h.scope.start)
}

// forget takes back what a failed entry has exported to handlers.
func forget(now, before map[string]value.Value, locals []bytecode.Local) {
	for _, l := range locals {
		if v, ok := before[l.Name]; ok {
			now[l.Name] = v
		} else {
			delete(now, l.Name)
		}
	}
}

// names is the Trigger of an entry.
type names map[string]value.Value

// Entry implements Trigger.
func (n names) Entry(name string) value.Value { return n[name] }

// Field implements Trigger.
func (n names) Field(string) value.Value { return value.Value{} }
