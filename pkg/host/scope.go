package host

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// scope holds the names that outlive a frame: what Application-Start bound, as
// far as handlers read it, and what was published.
type scope struct {
	mu        sync.RWMutex
	start     map[string]value.Value
	published map[string]publication
}

// publication is a published value and the activity it belongs to (01 §9.5).
type publication struct {
	activity string
	value    value.Value
	owner    *Execution // withdraws it when it ends; nil: it stays
}

// Export implements vm.Exporter.
func (h *Host) Export(name string, v value.Value) {
	h.scope.mu.Lock()
	defer h.scope.mu.Unlock()
	if h.scope.start == nil {
		h.scope.start = make(map[string]value.Value)
	}
	h.scope.start[name] = v
}

// publish makes a value visible to feature sets of the same activity: for ever if
// Application-Start or -End published it, else until its execution ends.
func (h *Host) publish(e *Execution, name string, v value.Value) {
	owner := e
	for owner.parent != nil && (owner.branch || owner.Set == nil) {
		owner = owner.parent
	}
	if s := owner.Set; s == nil || s.Kind == Start || s.Kind == EndSuccess || s.Kind == EndError {
		owner = nil
	}
	h.scope.mu.Lock()
	defer h.scope.mu.Unlock()
	if h.scope.published == nil {
		h.scope.published = make(map[string]publication)
	}
	h.scope.published[name] = publication{activity: e.set().Activity, value: v, owner: owner}
	if owner != nil {
		if x := owner.more(); !slices.Contains(x.published, name) {
			x.published = append(x.published, name)
		}
	}
}

// withdraw takes back what an execution published and nobody has replaced.
func (h *Host) withdraw(e *Execution) {
	h.scope.mu.Lock()
	defer h.scope.mu.Unlock()
	for _, name := range e.extra.published {
		if h.scope.published[name].owner == e {
			delete(h.scope.published, name)
		}
	}
	e.extra.published = nil
}

// Lookup implements vm.Env (01 §9.1). It returns unbound for names that nobody
// knows.
func (h *Host) Lookup(co *vm.Coroutine, name string, event bool) (value.Value, error) {
	switch name {
	case "now", "current-time":
		return value.OfTime(time.Now().UTC()), nil
	case "application":
		return applicationValue, nil
	case "metrics":
		return value.OfObject(metricsObject{h}), nil
	case "http-server", "contract", "Contract":
		if s := h.services["http-server"]; s != nil {
			v := s.Describe()
			if name != "http-server" && v.IsBound() {
				v = value.MapOf("http-server", v)
			}
			return v, nil
		}
	}
	e := co.Owner.(*Execution)
	if e.Host.Testing {
		if v := givenName(e, name); v.IsBound() {
			return v, nil
		}
	}
	if event {
		if v := e.Trigger.Field(name); v.IsBound() {
			return v, nil
		}
	}
	if e.extra != nil {
		if v := e.extra.left[name]; v.IsBound() {
			return v, nil
		}
	}
	set := e.set()
	h.scope.mu.RLock()
	var v value.Value
	if set != nil && set.Inherits {
		v = h.scope.start[name]
	}
	p, published := h.scope.published[name]
	h.scope.mu.RUnlock()
	if v.IsBound() {
		return v, nil
	}
	if published {
		if set != nil && p.activity == set.Activity {
			return p.value, nil
		}
	}
	if v = h.Handle(name); v.IsBound() {
		return v, nil
	}
	if name == "session" {
		if v = h.session(e); v.IsBound() {
			return v, nil
		}
	}
	if name == "system" {
		return value.OfObject(&h.system), nil
	}
	if name == "terminal" {
		return h.terminalValue(), nil
	}
	if published && set != nil && p.value.Kind() != value.List {
		return value.Value{}, fmt.Errorf("Variable '%s' is not accessible from '%s': it was published in '%s'", name, set.Activity, p.activity)
	}
	return value.Value{}, nil
}

// leave makes a value readable under a name that the feature set does not bind
// itself, such as the <response> of Write. The names that a feature set binds are
// registers and win. The execution must not be running.
func (e *Execution) leave(name string, v value.Value) {
	x := e.more()
	if x.left == nil {
		x.left = make(map[string]value.Value)
	}
	x.left[name] = v
}

var applicationValue = value.MapOf("type", value.OfString("application"))

// set returns the feature set that e runs in; a template runs in its caller's.
func (e *Execution) set() *Set {
	for x := e; x != nil; x = x.parent {
		if x.Set != nil {
			return x.Set
		}
	}
	return nil
}
