package host

import (
	"time"

	"aro/pkg/store"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// Sessions are what `Start the <session> with …` begins, `Stop the <session>` ends
// and <session> reads: what is known of who asks, for as long as the client says
// that it is the same one.
type Sessions interface {
	// Begin begins a session with some data, ending the one before. A verb returns
	// what it returns.
	Begin(c *vm.Call, data value.Value) (value.Value, error)
	// End ends the session; ours is false where there can be none.
	End(c *vm.Call) (v value.Value, ours bool, err error)
	// Current is the session of what began with t, unbound where there can be none,
	// null for none.
	Current(t Trigger) value.Value
}

// SetSessions says who keeps sessions. It must be called before Run.
func (h *Host) SetSessions(s Sessions) { h.sessions = s }

// session is <session> for an execution.
func (h *Host) session(e *Execution) value.Value {
	if h.sessions == nil {
		return value.Value{}
	}
	for e.parent != nil {
		e = e.parent
	}
	return h.sessions.Current(e.Trigger)
}

// ReplaceRow deletes the row of a repository with one id and stores another row, as one
// change that observers hear of and that is durable where rows are; either may be
// unbound. If the program has not said how long rows stay, they do for lasts. A verb
// returns what it returns: the row.
func ReplaceRow(c *vm.Call, repository string, old, row value.Value, lasts time.Duration) (value.Value, error) {
	r := executionOf(c).Host.Repository(repository)
	return r.writeNow(c, func(w store.Repository) (value.Value, []store.Change) {
		var changes []store.Change
		if old.IsBound() {
			changes = w.Delete(store.Query{Field: "id", Equal: old})
		}
		if !row.IsBound() {
			return value.Nil, changes
		}
		if l := w.Limits(); l.TTL == 0 {
			l.TTL = lasts
			changes = append(changes, w.SetLimits(l)...)
		}
		stored, more := w.Store(row)
		return stored[0], append(changes, more...)
	})
}
