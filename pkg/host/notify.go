package host

import (
	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

var notifyVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "notify", Aliases: []string{"alert", "signal"}, Role: bytecode.RoleResponse, Preps: []string{"to", "for", "with"},
		Doc: "Sends a message to each element of a list, or to one value, and waits for the handlers of NotificationSent.", Blocking: true,
		Result: bytecode.Consumes, Object: bytecode.TryObject, WalkResult: true}, Do: notify},
}

// notify raises one NotificationSent for each element of the target. The target
// is the result's variable and the message stands behind with or for; in
// `Notify the <message> to the <user>.` they change places.
func notify(c *vm.Call) (value.Value, error) {
	s := c.Site
	target, name := c.Arg(bytecode.SlotResult), s.Result.Base
	message, ok := argOr(c, bytecode.SlotWith, bytecode.SlotObject)
	if !ok || !message.IsBound() {
		message = value.OfString(s.Object.Base)
	}
	if s.Prep == "to" && !c.Has(bytecode.SlotWith) {
		message, name = target, s.Object.Base
		if c.Has(bytecode.SlotSink) {
			message = c.Arg(bytecode.SlotSink)
		}
		if !message.IsBound() {
			message = value.OfString(s.Result.Base)
		}
		target = c.Arg(bytecode.SlotObject)
	}
	e := executionOf(c)
	sets := e.Host.program().events["NotificationSent"]
	if !target.IsBound() || len(sets) == 0 {
		return value.Value{}, nil
	}
	elements := []value.Value{target}
	if target.Kind() == value.List {
		elements = target.List()
	}
	if err := e.openGroup(); err != nil {
		return value.Value{}, err
	}
	text := value.OfString(message.Text())
	for _, x := range elements {
		t := about{event: notificationEvent(text, name, x), subject: x}
		for _, set := range sets {
			e.raise(set, t)
		}
	}
	return e.closeGroup(c, value.Value{})
}

// notificationEvent is the event map: the element stands under user and under
// the name of the variable it came from.
func notificationEvent(message value.Value, name string, element value.Value) value.Value {
	b := value.NewBuilder(4)
	b.Set(name, element)
	b.Set("message", message)
	b.Set("target", value.OfString(name))
	b.Set("user", element)
	return b.Value()
}

// about is a Trigger whose guards see the fields of what the event is about as
// plain names: of the notified element, of the evicted row.
type about struct{ event, subject value.Value }

// Entry implements Trigger.
func (t about) Entry(name string) value.Value {
	if name == "event" {
		return t.event
	}
	return value.Value{}
}

// Field implements Trigger.
func (t about) Field(name string) value.Value {
	if v, ok := t.subject.Property(name); ok {
		return v
	}
	v, _ := t.event.Property(name)
	return v
}
