package host

import (
	"fmt"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

var eventVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "emit", Role: bytecode.RoleExport, Preps: []string{"with", "to"},
		Doc: "Raises a domain event and waits for its handlers.", Blocking: true,
		Result: bytecode.Labels, Object: bytecode.ReadObject}, Link: linkEmit},
}

// emitSite is the Target of an Emit.
type emitSite struct {
	sets  []*Set
	shape *value.Shape // see payload
}

// linkEmit finds the handlers of an event once.
func linkEmit(h *Host, s *bytecode.Site, c *bytecode.Chunk) (vm.Func, any, error) {
	return emit, &emitSite{h.program().events[s.Result.Base], payloadShape(s)}, nil
}

func emit(c *vm.Call) (value.Value, error) {
	target := c.Site.Target.(*emitSite)
	sets := target.sets
	h := executionOf(c).Host
	if len(sets) == 0 && h.Record == nil {
		return value.Value{}, nil
	}
	p := payload(c, target.shape)
	if h.Record != nil {
		h.Record.domain(c.Site.Result.Base, p, h.Secrets(c.Co))
	}
	if h.keeper.on.Load() {
		return h.keeper.emit(c, sets, p)
	}
	return h.fanOut(c, sets, triggerOf(p))
}

// payload builds the event of Emit (02 §6.4): a map literal is the event, a named
// value stands under its name, anything else under data: the key of shape, which
// payloadShape makes.
func payload(c *vm.Call, shape *value.Shape) value.Value {
	v, ok := argOr(c, bytecode.SlotWith, bytecode.SlotObject)
	switch {
	case !ok:
		return value.EmptyMap
	case shape == nil:
		return v
	}
	return value.OfRecord(value.BuildRecord(shape, []value.Value{v}))
}

// payloadShape has the key that payload uses; nil for a map literal.
func payloadShape(s *bytecode.Site) *value.Shape {
	if s.MapLiteral {
		return nil
	}
	name := s.Object.Base
	if !s.ObjectIsExpr && len(s.Object.Specs) > 0 {
		name = s.Object.Specs[len(s.Object.Specs)-1]
	}
	if name == "" {
		name = "data"
	}
	return value.ShapeOf(name)
}

// linkAction links `Application.Name` to the feature set.
func linkAction(h *Host, name string, s *bytecode.Site) (vm.Func, any, error) {
	set := h.program().actions[name]
	if set == nil {
		return nil, nil, fmt.Errorf("Unknown action 'Application.%s'", name)
	}
	return callAction, set, nil
}

// callAction runs a user action as part of the calling statement. It sees its
// input and nothing of the caller (01 §9.4).
func callAction(c *vm.Call) (value.Value, error) {
	set := c.Site.Target.(*Set)
	caller := executionOf(c)
	if caller.calls >= maxCalls {
		return value.Value{}, &endless{"recursion", fmt.Sprintf("action 'Application.%s' calls itself without end (stopped at %d calls)", set.Name, maxCalls)}
	}
	e := caller.Host.newExecution(set.Code, set, actionInput{input(c, set), set.Takes}, caller)
	e.calls++
	return callChild(c, e, actionResult)
}

func input(c *vm.Call, set *Set) value.Value {
	if w := c.Arg(bytecode.SlotWith); w.Record() != nil {
		return w
	}
	v := c.Arg(bytecode.SlotObject)
	if c.Site.Prep == "with" && v.Record() != nil {
		return v
	}
	switch {
	case set.Takes != "" && v.IsBound():
		return value.OfRecord(value.BuildRecord(value.ShapeOf(set.Takes), []value.Value{v}))
	case v.Record() != nil:
		return v
	}
	return value.EmptyMap
}

// actionInput is the Trigger of an action: input, and the field that it takes
// under its own name.
type actionInput struct {
	v     value.Value
	takes string
}

func (a actionInput) Entry(name string) value.Value {
	switch name {
	case "input":
		return a.v
	case a.takes:
		v, _ := a.v.Property(name)
		return v
	}
	return value.Value{}
}

func (a actionInput) Field(name string) value.Value {
	v, _ := a.v.Property(name)
	return v
}

// actionResult is what the caller gets: status, reason and the entries of the
// returned data; other data stands under value or data.
func actionResult(e *Execution) (value.Value, error) {
	if e.State() == vm.Failed {
		return value.Value{}, e.Err()
	}
	r := e.Reply
	if !r.Set {
		r.Status, r.Reason = "OK", "success"
	}
	b := value.NewBuilder(4)
	b.Set("status", value.OfString(r.Status))
	b.Set("reason", value.OfString(r.Reason))
	switch {
	case r.Data.Record() != nil:
		rec := r.Data.Record()
		for i := range rec.Len() {
			b.Set(rec.At(i))
		}
	case r.Data.Kind() == value.List:
		b.Set("data", r.Data)
	case r.Data.IsBound():
		b.Set("value", r.Data)
	case r.Object.IsBound():
		b.Set(r.Reason, r.Object)
	}
	return b.Value(), nil
}
