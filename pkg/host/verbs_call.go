package host

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// Callable is a service with methods: `Call the <r> from the <service: method>
// with { … }.` (02 §20.4). Unlike a Service it is nothing to start.
type Callable interface {
	// Methods lists the names of the methods.
	Methods() []string
	// Call runs one of them with the arguments behind with, an empty map without
	// any. It may suspend the statement.
	Call(c *vm.Call, method string, args value.Value) (value.Value, error)
}

// Provide makes a callable service known under a name. It must be called before
// Run.
func (h *Host) Provide(name string, s Callable) { h.callable[name] = s }

var callVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "call", Aliases: []string{"invoke"}, Role: bytecode.RoleOwn, Preps: []string{"from", "to", "with", "via"},
		Doc: "Calls a method of a service, such as <http: get>.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.LabelObject}, Do: callVerb},
}

func callVerb(c *vm.Call) (value.Value, error) {
	h := executionOf(c).Host
	name, method := c.Site.Object.Base, c.Site.Object.Raw
	s := h.callable[name]
	if s == nil && method == "" {
		name, method, _ = strings.Cut(name, "-")
		s = h.callable[name]
	}
	if s == nil {
		if name == "" {
			return value.Value{}, fmt.Errorf("no service is named; write from the <service: method>")
		}
		return value.Value{}, fmt.Errorf("Service not found: %s. There is: %s", name, strings.Join(slices.Sorted(maps.Keys(h.callable)), ", "))
	}
	method = strings.ToLower(method)
	if !contains(s.Methods(), method) {
		return value.Value{}, fmt.Errorf("Unknown method '%s' on service '%s'. It has: %s", method, name, strings.Join(s.Methods(), ", "))
	}
	args := c.Arg(bytecode.SlotWith)
	if args.Kind() <= value.Null {
		args = value.EmptyMap
	}
	if args.Kind() != value.Map {
		return value.Value{}, fmt.Errorf("Invalid argument 'with': expected { name: value, … }, got '%s'", args.TypeName())
	}
	return s.Call(c, method, args)
}
