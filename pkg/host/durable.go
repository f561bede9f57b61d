package host

import (
	"errors"

	"aro/pkg/store"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// With a data folder a statement that changes a repository ends when what it did is
// durable. It waits behind its observers and outside its turn: what an observer
// writes does not wait by itself, but the statement that caused it waits for all of
// it. So however busy an observed repository is, many writers share one fsync; and
// what an observer tells others may be seen before it is durable. Only an observer that
// writes faster than the disk waits for it, or what it wrote would fill the memory.

// position is that of the latest durable write, 0 without a data folder.
func (h *Host) position() uint64 {
	if h.durable == nil {
		return 0
	}
	return h.durable.Position()
}

// observes reports whether an execution belongs to an observer, whose statement waits
// for it.
func (e *Execution) observes() bool {
	for x := e; x != nil; x = x.parent {
		if x.write != nil {
			return true
		}
	}
	return false
}

// together makes what the observers of a statement write durable at once: a clean-up
// that clears a repository and stores some rows back must not be cut in two. It is
// called before a write.
func (e *Execution) together() {
	var op *writeOp
	for x := e; x != nil; x = x.parent {
		if x.write != nil {
			op = x.write
		}
	}
	if op == nil || e.Host.durable == nil {
		return
	}
	waitsMu.Lock()
	defer waitsMu.Unlock()
	if op.release == nil {
		op.release = e.Host.durable.Hold()
	}
}

// alone applies a change to a repository that nobody observes.
func (r *repository) alone(c *vm.Call, apply func(store.Repository) (value.Value, []store.Change)) (value.Value, error) {
	e := executionOf(c)
	if e.Host.shared != nil {
		return c.Suspend(&sharing{r, apply})
	}
	transient := e.Host.durable == nil || r.transient.Load()
	before := uint64(0)
	if !transient {
		e.together()
		before = e.Host.durable.Position()
	}
	v, changes := apply(r.Repository)
	r.changed(changes)
	if transient && (e.Host.durable == nil || r.transient.Load()) { // Configure may have changed it
		return v, nil
	}
	if e.observes() && !e.Host.durable.Crowded() {
		return v, nil
	}
	return c.Suspend(&settling{e.Host.durable, before, e.Host.durable.Position(), v})
}

// settling is a statement that waits until its change is durable.
type settling struct {
	d           store.Durable
	after, upTo uint64
	result      value.Value
}

// Start implements vm.Op.
func (s *settling) Start(co *vm.Coroutine) bool {
	already, err := s.d.Sync(s.after, s.upTo, func(err error) { go resume(co, s.result, err) })
	if already {
		co.Reply(s.result, err)
	}
	return already
}

// configureDurable is `Configure the <x-repository: durable> with false.`
func configureDurable(c *vm.Call, r *repository, v value.Value) (value.Value, error) {
	d := executionOf(c).Host.durable
	switch {
	case v.Kind() != value.Bool:
		return value.Value{}, errors.New("durable is true or false, got " + v.Text())
	case executionOf(c).Host.shared != nil && !v.Bool():
		return value.Value{}, errors.New("with --engine every repository is shared: none can be taken out")
	case executionOf(c).Host.shared != nil:
		return value.OfObject(r), nil
	case d == nil && v.Bool():
		return value.Value{}, errors.New("nothing is durable without a data folder: start the application with --data FOLDER, or set ARO_DATA")
	case d == nil:
		return value.OfObject(r), nil
	}
	return r.writeNow(c, func(store.Repository) (value.Value, []store.Change) {
		d.SetDurable(r.Name(), v.Bool())
		r.transient.Store(!v.Bool())
		return value.OfObject(r), nil
	})
}
