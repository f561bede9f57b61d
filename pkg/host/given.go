package host

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// testVerbs are the verbs of tests (02 §14). All but When work everywhere.
var testVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "given", Role: bytecode.RoleOwn, Preps: []string{"with"},
		Doc: "Binds a value for a test.", Pure: true, Result: bytecode.Binds, Object: bytecode.ReadObject, Lower: bytecode.AsValue}, Do: receive},
	{Verb: bytecode.Verb{Name: "when", Role: bytecode.RoleOwn, Preps: []string{"from"},
		Doc: "Runs a feature set, which sees the names of the test, and binds what it returns.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.LabelObject, Renders: true}, Link: linkWhen},
	{Verb: bytecode.Verb{Name: "then", Role: bytecode.RoleOwn, Preps: []string{"with"},
		Doc: "Fails the test unless a value is as expected.", Pure: true, WalkResult: true,
		Result: bytecode.Consumes, Object: bytecode.TryObject}, Do: then},
	{Verb: bytecode.Verb{Name: "assert", Role: bytecode.RoleOwn, Preps: []string{"for", "with"},
		Doc: "Fails the statement unless a value is as expected.", Pure: true, WalkResult: true,
		Result: bytecode.Consumes, Object: bytecode.TryObject}, Do: then},
}

// AssertionError is the cause of a Then or Assert that failed.
type AssertionError struct{ Message string }

// Error returns the message, which is a whole sentence.
func (e *AssertionError) Error() string { return e.Message }

// then compares the value of the result's name with the expected one.
func then(c *vm.Call) (value.Value, error) {
	s := c.Site
	want, ok := argOr(c, bytecode.SlotWith, bytecode.SlotObject)
	if !ok || !want.IsBound() {
		if s.Object.Base == "" {
			return value.Value{}, fmt.Errorf("'%s' needs the expected value: with …", s.Verb)
		}
		want = value.OfString(s.Object.Base)
	}
	got := c.Arg(bytecode.SlotResult)
	if got.IsBound() && asExpected(got, want) {
		return value.Value{}, nil
	}
	name, was := s.Result.Base, "undefined"
	if s.Result.Raw != "" {
		name += ": " + s.Result.Raw
	}
	if got.IsBound() {
		was = got.Text()
	}
	if s.Verb == "assert" {
		return value.Value{}, &AssertionError{fmt.Sprintf("Assertion failed: %s is %s, expected %s", name, was, want.Text())}
	}
	return value.Value{}, &AssertionError{fmt.Sprintf("Expected %s to be %s, but was %s", name, want.Text(), was)}
}

// tolerance is how far two numbers may be apart that a test calls equal.
const tolerance = 1e-4

func asExpected(got, want value.Value) bool {
	if r, ok := got.Object().(*outcome); ok && want.Kind() == value.String {
		return r.status == want.Str()
	}
	if got.IsNumber() && want.IsNumber() {
		if got.Kind() == value.Int && want.Kind() == value.Int {
			return got.Int() == want.Int()
		}
		a, _ := got.Number()
		b, _ := want.Number()
		return a == b || math.Abs(a-b) <= tolerance
	}
	if got.Kind() == value.String && want.Kind() == value.String || got.Kind() == value.Bool && want.Kind() == value.Bool {
		return value.TypedEqual(got, want)
	}
	return got.Text() == want.Text()
}

// linkWhen finds the feature set that a test runs.
func linkWhen(h *Host, s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
	if !h.Testing {
		return nil, nil, errors.New("'when' works in tests only; run them with: aro test PATH")
	}
	set := h.find(s.Object.Base)
	if set == nil {
		return nil, nil, fmt.Errorf("Feature set not found: '%s'", s.Object.Base)
	}
	return when, set, nil
}

// find returns the feature set of a name as users write it: exact, or with
// hyphens for blanks and in any case. Tests are found last.
func (h *Host) find(name string) *Set {
	if s := h.program().byName[name]; s != nil && s.Kind != TestSet {
		return s
	}
	plain := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", " ")) }
	var found *Set
	for _, s := range h.program().sets {
		if plain(s.Name) == plain(name) && (found == nil || found.Kind == TestSet) {
			found = s
		}
	}
	return found
}

func when(c *vm.Call) (value.Value, error) {
	set := c.Site.Target.(*Set)
	caller := executionOf(c)
	if caller.calls >= maxCalls {
		return value.Value{}, fmt.Errorf("'%s' runs itself without end (stopped at %d calls)", set.Name, maxCalls)
	}
	e := caller.Host.newExecution(set.Code, set, given{c}, caller)
	e.calls++
	name := c.Site.Result.Base
	return callChild(c, e, func(e *Execution) (value.Value, error) {
		switch e.State() {
		case vm.Failed:
			return value.Value{}, e.Err()
		case vm.Skipped:
			return value.Value{}, fmt.Errorf("feature set '%s' did not run: the condition behind its header does not hold", e.Set.Name)
		}
		return answer(e, name), nil
	})
}

// given is the Trigger of a feature set that a test runs: it answers with the
// names that are bound at the When.
type given struct{ c *vm.Call }

// Entry implements Trigger.
func (g given) Entry(name string) value.Value {
	scope := g.c.Site.Scope
	for i := len(scope) - 1; i >= 0; i-- {
		if scope[i].Name == name {
			if v := g.c.Local(scope[i]); v.IsBound() {
				return v
			}
		}
	}
	return givenName(executionOf(g.c), name)
}

// Field implements Trigger: of <event>, as a handler's guards read it, or a name.
func (g given) Field(name string) value.Value {
	if v, ok := g.Entry("event").Property(name); ok {
		return v
	}
	return g.Entry(name)
}

// givenName finds a name in the test that e, or what e is a part of, was run by.
func givenName(e *Execution, name string) value.Value {
	for ; e != nil; e = e.parent {
		if g, ok := e.Trigger.(given); ok {
			return g.Entry(name)
		}
		if e.Set != nil && !e.branch {
			break
		}
	}
	return value.Value{}
}

// isCalled reports whether a test runs e, which then reports the failure.
func isCalled(e *Execution) bool {
	_, ok := e.Trigger.(given)
	return ok
}

// answer is what When binds: the entry of the response's data that has the
// result's name, the only entry, the variable of that name in the feature set, the
// first entry, or the response itself.
//
// The variable goes before the first of several entries, which would be any.
func answer(e *Execution, name string) value.Value {
	data := responseEntries(e.Reply)
	if v, ok := data.Get(name); ok {
		return v
	}
	if data.Len() == 1 {
		return data.Slot(0)
	}
	for _, l := range e.Set.Code.Chunk.Locals {
		if l.Name == name {
			if v := e.Coroutine.Get(l.Reg); v.IsBound() {
				return v
			}
		}
	}
	if data.Len() > 0 {
		return data.Slot(int(data.Shape().SortedSlots()[0]))
	}
	status, reason := e.Reply.Status, e.Reply.Reason
	if !e.Reply.Set {
		status, reason = "OK", "success"
	}
	return value.OfObject(&outcome{status, reason})
}

// responseEntries is the data of a response by name: a map's entries, a list
// under data, anything else under value; and the object under its own name.
func responseEntries(r Response) *value.Record {
	b := value.NewBuilder(4)
	v := r.Data
	if v.Kind() == value.String {
		if s := strings.TrimSpace(v.Str()); strings.HasPrefix(s, "{") {
			if parsed, err := value.ParseJSON(s); err == nil {
				v = parsed
			}
		}
	}
	switch {
	case v.Record() != nil:
		rec := v.Record()
		for i := range rec.Len() {
			b.Set(rec.At(i))
		}
	case v.Kind() == value.List:
		b.Set("data", v)
	case v.IsBound():
		b.Set("value", v)
	}
	if r.Object.IsBound() {
		b.Set(r.Reason, r.Object)
	}
	return b.Record()
}

// outcome is a response without data, as When binds it: it equals its status.
type outcome struct{ status, reason string }

// TypeName implements value.Object.
func (*outcome) TypeName() string { return "Response" }

// Property implements value.Object.
func (o *outcome) Property(name string) (value.Value, bool) {
	switch name {
	case "status":
		return value.OfString(o.status), true
	case "reason":
		return value.OfString(o.reason), true
	}
	return value.Value{}, false
}

// Simple implements value.Object.
func (o *outcome) Simple() value.Value {
	return value.MapOf("status", value.OfString(o.status), "reason", value.OfString(o.reason))
}
