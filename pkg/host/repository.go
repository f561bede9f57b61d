package host

import (
	"sync/atomic"
	"time"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// repository is a repository of the store with what the host adds: its observers
// and the turn that orders writers. No cache line of it is another one's, too: writers on
// two cores would take it from each other.
type repository struct {
	_ [64]byte
	store.Repository
	watchers  atomic.Pointer[watchers] // nil when nobody watches
	turn      turn
	held      store.Turn   // of the cluster, while this process has it; under waitsMu
	shared    store.Shared // the engine, nil when no other process has a part in it
	elsewhere *elsewhere   // what other machines have changed, nil if nobody wants to know
	transient atomic.Bool  // taken out of the durable ones
	file      *storeFile   // that changes are written to, nil without; fixed before anything runs
	_         [64]byte
}

// changing is the Trigger of observers (02 §7.8), good as long as the change is. Most
// observers that a guard keeps from running, and many that run, never ask for the event,
// so it is made when the first of them does.
type changing struct {
	repo   *repository
	change *store.Change
	event  atomic.Pointer[changeEvent] // branches of an observer may ask at once
}

// Entry implements Trigger.
func (t *changing) Entry(name string) value.Value {
	if name != "event" {
		return value.Value{}
	}
	e := t.event.Load()
	if e == nil {
		e = &changeEvent{repo: t.repo.Name(), change: t.change}
		e.self = value.OfObject(e)
		if !t.event.CompareAndSwap(nil, e) {
			e = t.event.Load()
		}
	}
	return e.self
}

// Field implements Trigger: state guards test the row, guards with when the
// event.
func (t *changing) Field(name string) value.Value {
	row := t.change.New
	if !row.IsBound() {
		row = t.change.Old
	}
	if v, ok := row.Property(name); ok {
		return v
	}
	v, _ := changeField(t.repo.Name(), t.change, name)
	return v
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

// changeEvent is what observers see as <event>. It is a map once somebody needs one.
type changeEvent struct {
	repo   string
	change *store.Change // as the store made it; nobody changes it
	self   value.Value   // made once for all observers
}

// TypeName implements value.Object.
func (t *changeEvent) TypeName() string { return "Map" }

// Property implements value.Object.
func (t *changeEvent) Property(name string) (value.Value, bool) {
	return changeField(t.repo, t.change, name)
}

func changeField(repo string, c *store.Change, name string) (value.Value, bool) {
	switch name {
	case "repositoryName":
		return value.OfString(repo), true
	case "changeType":
		return value.OfString(c.Kind.String()), true
	case "entityId":
		if !c.ID.IsBound() {
			return value.Value{}, false
		}
		return value.OfString(c.ID.Text()), true
	case "newValue":
		return c.New, c.New.IsBound()
	case "oldValue":
		return c.Old, c.Old.IsBound()
	case "timestamp":
		return value.OfTime(c.Time.UTC().Truncate(time.Second)), true
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
