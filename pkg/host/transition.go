package host

import (
	"fmt"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

var transitionVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "accept", Role: bytecode.RoleOwn, Preps: []string{"on"},
		Doc: "Moves a field of a map from one state to another, and waits for the handlers of the transition.", Blocking: true,
		Result: bytecode.Rebinds, Object: bytecode.TryObject, ObjectBinds: true}, Link: linkAccept},
}

// transition is what one Accept statement says, and who wants to know.
type transition struct {
	path     []string // of the field
	from, to string
	sets     []*Set
}

// linkAccept reads `<step: from_to_to>` and finds the handlers once: which field
// and which states are meant is known before anything runs.
func linkAccept(h *Host, s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
	from, to, ok := strings.Cut(s.Result.Raw, "_to_")
	if !ok || from == "" || to == "" || strings.Contains(to, "_to_") {
		return nil, nil, fmt.Errorf("'%s' is not a transition; write <step: draft_to_sent>", s.Result.Raw)
	}
	if s.Object.Base == "" {
		return nil, nil, fmt.Errorf("Accept needs the field that changes; write on <ticket: state>")
	}
	t := &transition{path: s.Object.Specs, from: from, to: to}
	if len(t.path) == 0 {
		t.path = []string{"status"}
	}
	field := strings.Join(t.path, ".")
	for _, set := range h.program().sets {
		if set.Observes(field, s.Result.Raw) {
			t.sets = append(t.sets, set)
		}
	}
	return accept, t, nil
}

func accept(c *vm.Call) (value.Value, error) {
	t, s, e := c.Site.Target.(*transition), c.Site, executionOf(c)
	object := c.Arg(bytecode.SlotObject)
	if !object.IsBound() {
		return value.Value{}, fmt.Errorf("Undefined variable: '%s'", s.Object.Base)
	}
	state := object
	for _, step := range t.path {
		state, _ = state.Property(step)
	}
	field := strings.Join(t.path, ".")
	if state.Kind() != value.String {
		return value.Value{}, fmt.Errorf("Cannot accept state %s->%s on %s: %s. The field is %s and not a text", t.from, t.to, s.Object.Base, field, state.TypeName())
	}
	if state.Str() != t.from {
		return value.Value{}, fmt.Errorf("Cannot accept state %s->%s on %s: %s. Current state is %q.", t.from, t.to, s.Object.Base, field, state.Str())
	}
	changed := withPath(object, t.path, value.OfString(t.to))
	if e.Set != nil && e.Set.Kind == Start {
		e.Host.exportAgain(s.Object.Base, changed) // handlers see the new state already
	}
	if len(t.sets) == 0 {
		return changed, nil
	}
	b := value.NewBuilder(6)
	b.Set("fieldName", value.OfString(field))
	b.Set("objectName", value.OfString(s.Object.Base))
	b.Set("fromState", value.OfString(t.from))
	b.Set("toState", value.OfString(t.to))
	if id, ok := changed.Property("id"); ok {
		b.Set("entityId", value.OfString(id.Text()))
	}
	b.Set("entity", changed)
	event := b.Value()
	if err := e.openGroup(); err != nil {
		return value.Value{}, err
	}
	for _, set := range t.sets {
		name := "event"
		if set.Kind == StateEvent {
			name = "transition"
		}
		e.raise(set, transitionEvent{name, event})
	}
	return e.closeGroup(c, changed)
}

// withPath returns a copy of a map with the value at path replaced. All but the
// last step exist.
func withPath(v value.Value, path []string, leaf value.Value) value.Value {
	rec := v.Record()
	if rec == nil {
		return v
	}
	if len(path) > 1 {
		child, _ := rec.Get(path[0])
		leaf = withPath(child, path[1:], leaf)
	}
	return value.OfRecord(rec.With(path[0], leaf))
}

// exportAgain replaces a name of Application-Start that handlers read.
func (h *Host) exportAgain(name string, v value.Value) {
	h.scope.mu.Lock()
	defer h.scope.mu.Unlock()
	if _, exported := h.scope.start[name]; exported {
		h.scope.start[name] = v
	}
}

// transitionEvent is a Trigger that provides the transition as <event> or as
// <transition>.
type transitionEvent struct {
	name  string
	event value.Value
}

// Entry implements Trigger.
func (t transitionEvent) Entry(name string) value.Value {
	if name == t.name {
		return t.event
	}
	return value.Value{}
}

// Field implements Trigger; state guards write the keys in any case (02 §8.4).
func (t transitionEvent) Field(name string) value.Value {
	rec := t.event.Record()
	if v, ok := rec.Get(name); ok {
		return v
	}
	for i := range rec.Len() {
		if k, v := rec.At(i); strings.EqualFold(k, name) {
			return v
		}
	}
	return value.Value{}
}
