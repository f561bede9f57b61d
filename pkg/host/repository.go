package host

import (
	"sync/atomic"
	"time"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// repository is a repository of the store with what the host adds: its observers
// and the turn that orders writers.
type repository struct {
	store.Repository
	watchers  atomic.Pointer[watchers] // nil when nobody watches
	turn      turn
	held      store.Turn   // of the cluster, while this process has it; under waitsMu
	shared    store.Shared // the engine, nil when no other process has a part in it
	elsewhere *elsewhere   // what other machines have changed, nil if nobody wants to know
	transient atomic.Bool  // taken out of the durable ones
	file      *storeFile   // that changes are written to, nil without; fixed before anything runs
}

// trigger is what observers, or the handlers of an eviction, get of a change.
func (r *repository) trigger(c *store.Change) Trigger {
	if c.Kind == store.Evicted {
		return evictedEvent(r.Name(), c)
	}
	t := &changeEvent{repo: r.Name(), change: *c}
	t.self = value.OfObject(t)
	return t
}

// stale is for how long this process has not heard what others store; 0 usually.
func (r *repository) stale() time.Duration {
	if r.shared == nil {
		return 0
	}
	return r.shared.Behind()
}

// Repository returns the repository of that name.
func (h *Host) Repository(name string) *repository {
	h.reposMu.RLock()
	r := h.repos[name]
	h.reposMu.RUnlock()
	if r != nil {
		return r
	}
	h.reposMu.Lock()
	defer h.reposMu.Unlock()
	if r = h.repos[name]; r == nil {
		r = &repository{Repository: h.Engine.Repository(name), shared: h.shared}
		h.repos[name] = r
	}
	return r
}

// RowsWith returns the rows of a repository whose field equals a value, oldest
// first. It may be called from any goroutine.
func (h *Host) RowsWith(name, field string, equal value.Value) []value.Value {
	return h.Repository(name).Select(store.Query{Field: field, Equal: equal})
}

// changeEvent is the Trigger of observers (02 §7.8). Its event map is only built
// when an observer reads it.
type changeEvent struct {
	repo   string
	change store.Change
	self   value.Value // made once for all observers
}

// Entry implements Trigger.
func (t *changeEvent) Entry(name string) value.Value {
	if name == "event" {
		return t.self
	}
	return value.Value{}
}

// Field implements Trigger: state guards test the row, guards with when the
// event.
func (t *changeEvent) Field(name string) value.Value {
	row := t.change.New
	if !row.IsBound() {
		row = t.change.Old
	}
	if v, ok := row.Property(name); ok {
		return v
	}
	v, _ := t.Property(name)
	return v
}

// TypeName implements value.Object.
func (t *changeEvent) TypeName() string { return "Map" }

// Property implements value.Object.
func (t *changeEvent) Property(name string) (value.Value, bool) {
	switch name {
	case "repositoryName":
		return value.OfString(t.repo), true
	case "changeType":
		return value.OfString(t.change.Kind.String()), true
	case "entityId":
		if !t.change.ID.IsBound() {
			return value.Value{}, false
		}
		return value.OfString(t.change.ID.Text()), true
	case "newValue":
		return t.change.New, t.change.New.IsBound()
	case "oldValue":
		return t.change.Old, t.change.Old.IsBound()
	case "timestamp":
		return value.OfTime(t.change.Time.UTC().Truncate(time.Second)), true
	}
	return value.Value{}, false
}

// Simple implements value.Object: the event as a map.
func (t *changeEvent) Simple() value.Value {
	b := value.NewBuilder(6)
	for _, name := range []string{"repositoryName", "changeType", "entityId", "newValue", "oldValue", "timestamp"} {
		if v, ok := t.Property(name); ok {
			b.Set(name, v)
		}
	}
	return b.Value()
}
