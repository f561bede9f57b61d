package host

import (
	"slices"

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
	case h.alone:
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
