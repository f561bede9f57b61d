package host

import (
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// What packages beside host need in order to bring verbs and events of their own.

// ErrShutdown is the failure of what the shutdown cuts off.
var ErrShutdown = errShutdown

// Resume continues a coroutine that a verb suspended, with the reply of its
// operation, on this goroutine: it returns when the feature set has ended or
// waits for something else. It must be called once per vm.Op that answered false.
func Resume(co *vm.Coroutine, v value.Value, err error) { resume(co, v, err) }

// EventHandlers returns the feature sets that handle a domain event, for events
// that come from outside; read only.
func (h *Host) EventHandlers(event string) []*Set { return h.program().events[event] }

// Raise runs the handlers of a domain event as part of the statement of call c;
// a verb returns what Raise returns.
func (h *Host) Raise(c *vm.Call, event string, payload value.Value) (value.Value, error) {
	h.Record.domain(event, payload, h.secrets.all())
	return h.fanOut(c, h.program().events[event], Payload{payload})
}

// Service returns the service registered under a name, nil when there is none.
func (h *Host) Service(name string) Service { return h.services[name] }

// Background suspends the statement of call c while work, which may block for
// long, runs on a goroutine of its own. A verb returns what Background returns.
// work must not touch the call. A panic in it fails the statement.
func Background(c *vm.Call, work func() (value.Value, error)) (value.Value, error) {
	return c.Suspend(background(work))
}

type background func() (value.Value, error)

// Start implements vm.Op.
func (b background) Start(co *vm.Coroutine) bool {
	go func() {
		v, err := guarded(b)
		resume(co, v, err)
	}()
	return false
}
