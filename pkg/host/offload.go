package host

import (
	"runtime/debug"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// offload runs work that may block, such as file operations, on a goroutine of
// its own and suspends the statement meanwhile: handlers of the same event go on.
// The goroutine costs a microsecond, any file operation more. work must not touch
// the call.
func offload(c *vm.Call, work func() (value.Value, error)) (value.Value, error) {
	return c.Suspend(&offloaded{executionOf(c).Host.files.slots, work})
}

// alone is offload for work that has a gate of its own, and must not take the places
// of files while it waits there.
func alone(c *vm.Call, work func() (value.Value, error)) (value.Value, error) {
	return c.Suspend(&offloaded{nil, work})
}

type offloaded struct {
	slots chan struct{}
	work  func() (value.Value, error)
}

// Start implements vm.Op.
func (o *offloaded) Start(co *vm.Coroutine) bool {
	go func() {
		if o.slots != nil {
			o.slots <- struct{}{}
		}
		v, err := guarded(o.work)
		if o.slots != nil {
			<-o.slots
		}
		resume(co, v, err)
	}()
	return false
}

// guarded turns a panic into the failure of the statement: on a goroutine of its
// own it would end the process.
func guarded(work func() (value.Value, error)) (v value.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, err = value.Value{}, &vm.PanicError{Value: p, Stack: string(debug.Stack())}
		}
	}()
	return work()
}
