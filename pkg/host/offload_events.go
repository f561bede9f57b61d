package host

import (
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// OffloadWithEvents runs work that may block on a goroutine of its own and suspends
// the statement meanwhile. The handlers of the events that work returns run as part
// of the statement. work must not touch the call; a verb returns what
// OffloadWithEvents returns.
func OffloadWithEvents(c *vm.Call, work func() (value.Value, []DomainEvent, error)) (value.Value, error) {
	return c.Suspend(&offloadedEvents{executionOf(c), work})
}

type offloadedEvents struct {
	e    *Execution
	work func() (value.Value, []DomainEvent, error)
}

// Start implements vm.Op.
func (o *offloadedEvents) Start(co *vm.Coroutine) bool {
	h := o.e.Host
	go func() {
		h.files.slots <- struct{}{}
		var events []DomainEvent
		v, err := guarded(func() (v value.Value, err error) {
			v, events, err = o.work()
			return v, err
		})
		<-h.files.slots
		if err == nil {
			for _, event := range events {
				h.raiseWithin(o.e, event)
			}
		}
		resume(co, v, err)
	}()
	return false
}

// raiseWithin runs the handlers of a domain event on this goroutine on behalf of an
// execution that is suspended, and returns when all have ended.
func (h *Host) raiseWithin(parent *Execution, event DomainEvent) {
	h.Record.domain(event.Name, event.Payload, h.secrets.all())
	if parent.Depth >= maxDepth {
		return
	}
	var waiting []*Execution
	t := Payload{event.Payload}
	for _, s := range h.program().events[event.Name] {
		if !s.accepts(t) {
			continue
		}
		e := h.newExecution(s.Code, s, t, parent)
		e.Depth++
		if e.drive() {
			e.release()
		} else {
			waiting = append(waiting, e)
		}
	}
	for _, e := range waiting {
		e.await()
		e.release()
	}
}
