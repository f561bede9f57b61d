package plugin

import (
	"fmt"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// Verbs returns the table with the verbs of the plugins behind the built-in ones,
// which win, and with their qualifiers among the operations of Compute.
func Verbs(list []*Plugin, verbs []*host.Verb) []*host.Verb {
	if len(list) == 0 {
		return verbs
	}
	var names []string
	for _, p := range list {
		for _, a := range p.Info.Actions {
			verbs = append(verbs, p.verb(a))
		}
		for _, q := range p.Info.Qualifiers {
			names = append(names, p.qualified(q.Name))
		}
	}
	if len(names) == 0 {
		return verbs
	}
	verbs = slices.Clone(verbs)
	for i, v := range verbs {
		if v.Name == "compute" {
			with := *v
			with.Ops = slices.Concat(v.Ops, names)
			verbs[i] = &with
		}
	}
	return verbs
}

// qualified is a name behind the plugin's handle, in lower case.
func (p *Plugin) qualified(name string) string { return strings.ToLower(p.Handle + "." + name) }

// plain is a verb as it is compared: in lower case, without hyphens.
func plain(verb string) string { return strings.ToLower(strings.ReplaceAll(verb, "-", "")) }

var roles = map[string]bytecode.Role{"request": bytecode.RoleRequest, "response": bytecode.RoleResponse, "export": bytecode.RoleExport, "server": bytecode.RoleServer}

// verb is an action as a line of the verb table.
func (p *Plugin) verb(a Action) *host.Verb {
	v := bytecode.Verb{Role: roles[strings.ToLower(a.Role)], Doc: a.Description, Blocking: true, Result: bytecode.Binds, Object: bytecode.ReadObject}
	if len(a.Prepositions) > 0 {
		v.Preps = a.Prepositions
	}
	for _, name := range append(slices.Clone(a.Verbs), a.Name) {
		for _, n := range []string{plain(name), strings.ToLower(name)} {
			if p.Handle != "" {
				v.Aliases = append(v.Aliases, p.qualified(n))
			}
			v.Aliases = append(v.Aliases, n)
		}
	}
	v.Name = v.Aliases[0]
	v.Aliases = slices.Compact(v.Aliases[1:])
	return &host.Verb{Verb: v, Do: func(c *vm.Call) (value.Value, error) { return p.execute(c, a.Name) }}
}

// execute runs an action for a statement.
func (p *Plugin) execute(c *vm.Call, action string) (value.Value, error) {
	in := input(c).AppendJSON(nil)
	return host.OffloadWithEvents(c, func() (value.Value, []host.DomainEvent, error) {
		out, err := p.call("execute", action, string(in))
		if err != nil {
			return value.Value{}, nil, p.failed(err)
		}
		return p.result(out)
	})
}

func (p *Plugin) failed(err error) error { return fmt.Errorf("Plugin '%s' error: %w", p.Name, err) }

// result reads what an action returned: a value, an error, and events to raise.
func (p *Plugin) result(out string) (value.Value, []host.DomainEvent, error) {
	v, err := value.ParseJSON(out)
	if err != nil {
		return value.Value{}, nil, p.failed(fmt.Errorf("it returned something else than JSON: %w", err))
	}
	rec := v.Record()
	if rec == nil {
		return v, nil, nil
	}
	if e, ok := rec.Get("error"); ok && e.Kind() != value.Null {
		return value.Value{}, nil, p.failed(fmt.Errorf("%s", e.Text()))
	}
	var events []host.DomainEvent
	if _, ok := rec.Get("_events"); ok {
		for _, e := range entries(v, "_events") {
			data, ok := e.Property("data")
			if !ok {
				data = value.EmptyMap
			}
			events = append(events, host.DomainEvent{Name: text(e, "type"), Payload: data})
		}
		v = value.OfRecord(rec.Without("_events"))
	}
	return v, events, nil
}

// input is what an action gets to see of its statement (02 §20.3).
func input(c *vm.Call) value.Value {
	s := c.Site
	b := value.NewBuilder(12)
	object, with := c.Arg(bytecode.SlotObject), c.Arg(bytecode.SlotWith)
	if !with.IsBound() && s.Prep == "with" {
		with = object
	}
	if rec := with.Record(); rec != nil {
		for i := range rec.Len() {
			b.Set(rec.At(i))
		}
		b.Set("_with", with)
	}
	if !object.IsBound() {
		object = with
	}
	if object.IsBound() {
		b.Set("data", object)
		b.Set("object", object)
		if name := s.Object.Base; name != "" && name != "_expression_" {
			b.Set(name, object)
		}
	}
	b.Set("qualifier", value.OfString(s.Result.Raw))
	b.Set("preposition", value.OfString(s.Prep))
	b.Set("result", noun(s.Result))
	b.Set("source", noun(s.Object))
	b.Set("_context", value.MapOf("featureSet", value.OfString(c.Chunk().Name), "businessActivity", value.OfString(c.Chunk().Activity)))
	return b.Value()
}

func noun(n bytecode.Noun) value.Value {
	specs := make([]value.Value, len(n.Specs))
	for i, s := range n.Specs {
		specs[i] = value.OfString(s)
	}
	return value.MapOf("base", value.OfString(n.Base), "specifiers", value.OfList(specs))
}

// typeNames are the words for the kinds of values that qualifiers take.
var typeNames = map[value.Kind][]string{
	value.String: {"string", "text"}, value.Int: {"int", "integer", "number"}, value.Float: {"double", "float", "number"},
	value.Bool: {"bool", "boolean"}, value.List: {"list", "array"}, value.Map: {"object", "map", "dictionary"},
}

// Qualifiers returns the function that finds the qualifiers of plugins by name, in
// any case: Handle.name.
func Qualifiers(list []*Plugin) func(name string) func(v, with value.Value) (value.Value, error) {
	return func(name string) func(v, with value.Value) (value.Value, error) {
		for _, p := range list {
			for _, q := range p.Info.Qualifiers {
				if strings.EqualFold(name, p.qualified(q.Name)) {
					return func(v, with value.Value) (value.Value, error) { return p.qualify(q, v, with) }
				}
			}
		}
		return nil
	}
}

func (p *Plugin) qualify(q Qualifier, v, with value.Value) (value.Value, error) {
	names := typeNames[v.Kind()]
	if len(q.Types) > 0 && !slices.ContainsFunc(q.Types, func(t string) bool { return slices.Contains(names, t) }) {
		return value.Value{}, fmt.Errorf("the qualifier '%s' takes %s, not a value of type %s", p.qualified(q.Name), strings.Join(q.Types, " or "), v.TypeName())
	}
	b := value.NewBuilder(3)
	b.Set("value", v)
	b.Set("type", value.OfString(v.TypeName()))
	if with.IsBound() {
		b.Set("_with", with)
	}
	out, err := p.call("qualifier", q.Name, b.Value().JSON())
	if err != nil {
		return value.Value{}, p.failed(err)
	}
	answer, err := value.ParseJSON(out)
	if err != nil {
		return value.Value{}, p.failed(fmt.Errorf("it returned something else than JSON: %w", err))
	}
	if e, ok := answer.Property("error"); ok && e.Kind() != value.Null {
		return value.Value{}, p.failed(fmt.Errorf("%s", e.Text()))
	}
	result, ok := answer.Property("result")
	if !ok {
		return value.Value{}, p.failed(fmt.Errorf("the qualifier '%s' returned neither result nor error", q.Name))
	}
	return result, nil
}

// Callable is a service of a plugin, for Call.
type Callable struct {
	p *Plugin
	s Service
}

// Services returns the services of the plugins by name.
func Services(list []*Plugin) map[string]Callable {
	m := make(map[string]Callable)
	for _, p := range list {
		for _, s := range p.Info.Services {
			m[s.Name] = Callable{p, s}
		}
	}
	return m
}

// Methods lists the names of the methods, in lower case.
func (c Callable) Methods() []string { return c.s.Methods }

// Call runs a method with the arguments behind with.
func (c Callable) Call(call *vm.Call, method string, args value.Value) (value.Value, error) {
	in := args.AppendJSON(nil)
	return host.OffloadWithEvents(call, func() (value.Value, []host.DomainEvent, error) {
		out, err := c.p.call("execute", "service:"+method, string(in))
		if err != nil {
			return value.Value{}, nil, fmt.Errorf("Service '%s.%s' failed: %w", c.s.Name, method, err)
		}
		return c.p.result(out)
	})
}
