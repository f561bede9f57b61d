package host

import (
	"sync"

	"aro/pkg/store"
)

// elsewhere runs the observers of a repository that are declared `Observer everywhere`
// for the changes of other machines, one after the other in the order of the changes.
// They run beside everything else here: the statement that made the change ends on its
// own machine and does not wait for them.
type elsewhere struct {
	h *Host
	r *repository

	mu      sync.Mutex
	waiting []store.Change
	running bool
	missed  int
}

// mostElsewhere bounds the changes that wait for observers: the oldest are left out
// beyond, which the log says.
const mostElsewhere = 65536

// watchElsewhere begins to listen, once for a repository.
func (h *Host) watchElsewhere(r *repository) {
	if h.shared == nil || r.elsewhere != nil {
		return
	}
	r.elsewhere = &elsewhere{h: h, r: r}
	h.shared.Follow(r.Name(), r.elsewhere.add)
}

// add queues changes; it is called by the engine.
func (x *elsewhere) add(changes []store.Change) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.waiting = append(x.waiting, changes...)
	if n := len(x.waiting) - mostElsewhere; n > 0 {
		x.waiting = append(x.waiting[:0:0], x.waiting[n:]...)
		x.missed += n
	}
	if !x.running {
		x.running = true
		x.h.flight.begun.add(0, 1) // a shutdown waits for them
		go x.run()
	}
}

func (x *elsewhere) run() {
	h := x.h
	for {
		x.mu.Lock()
		waiting, missed := x.waiting, x.missed
		x.waiting, x.missed = nil, 0
		if len(waiting) == 0 || h.IsStopping() {
			x.running = false
			x.mu.Unlock()
			h.flight.ended.add(0, 1)
			return
		}
		x.mu.Unlock()
		if missed > 0 {
			h.Diagnose("[WARNING] the observers of the %s are slower than other machines change it: %d changes were left out", x.r.Name(), missed)
		}
		for i := range waiting {
			x.tell(&waiting[i])
		}
	}
}

// tell runs the observers for one change.
func (x *elsewhere) tell(change *store.Change) {
	w := x.r.watchers.Load()
	if w == nil || change.Kind == store.Evicted { // whoever stored the row runs the handlers of those
		return
	}
	event := &changing{repo: x.r, change: change}
	for _, set := range w.everywhere {
		if !set.accepts(event) {
			continue
		}
		e := x.h.newExecution(set.Code, set, event, nil)
		e.Limit(0, x.h.HandlerBudget)
		e.runHere()
		e.release()
	}
}
