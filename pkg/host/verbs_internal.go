package host

import (
	"fmt"
	"os"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// internalVerbs serve references that need the host and statements with a syntax
// of their own. Their names are in parentheses, which no program can write.
var internalVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "(count)", Doc: "<x-repository: count>"}, Link: func(h *Host, s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
		return countRows, h.Repository(s.Object.Base), nil
	}},
	{Verb: bytecode.Verb{Name: "(stale)", Doc: "<x-repository: stale>"}, Link: func(h *Host, s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
		return staleRows, h.Repository(s.Object.Base), nil
	}},
	{Verb: bytecode.Verb{Name: "(rows)", Doc: "<x-repository>"}, Link: func(h *Host, s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
		return allRows, h.Repository(s.Object.Base), nil
	}},
	{Verb: bytecode.Verb{Name: "(pick)", Doc: "Extract the <x> from the <request: parameters>"}, Do: pick},
	{Verb: bytecode.Verb{Name: "(env)", Doc: "<env: NAME>"}, Do: environment},
	{Verb: bytecode.Verb{Name: "(parameter)", Doc: "<parameter: name>"}, Do: parameter},
	{Verb: bytecode.Verb{Name: "(operation)", Doc: "<x: trim | uppercase>, <now: +7d>", Pure: true}, Link: linkOperation},
	{Verb: bytecode.Verb{Name: "(metrics)", Doc: "<metrics: format>"}, Do: metricsVerb},
	{Verb: bytecode.Verb{Name: "(publish)", Doc: "Publish as"}, Do: publishAs},
	{Verb: bytecode.Verb{Name: "(require)", Doc: "Require"}, Do: require},
	{Verb: bytecode.Verb{Name: "(collector)", Doc: "parallel for each … where"}, Do: collector},
	{Verb: bytecode.Verb{Name: "(collect)", Doc: "parallel for each … where"}, Do: collect},
	{Verb: bytecode.Verb{Name: "(parallel)", Doc: "parallel for each"}, Do: parallel},
}

func countRows(c *vm.Call) (value.Value, error) {
	return value.OfInt(int64(c.Site.Target.(*repository).seen(c).Count())), nil
}

// staleRows is for how many seconds nothing was heard of other machines: rows may be that
// old.
func staleRows(c *vm.Call) (value.Value, error) {
	return value.OfFloat(c.Site.Target.(*repository).stale().Seconds()), nil
}

func allRows(c *vm.Call) (value.Value, error) {
	return value.OfList(c.Site.Target.(*repository).seen(c).Rows()), nil
}

// pick takes the entry of a parameter map that has the result's name, compared
// without case, hyphens and underscores; else the only entry; else the map
// (03 §4.1).
func pick(c *vm.Call) (value.Value, error) {
	v := c.Arg(bytecode.SlotObject)
	rec := v.Record()
	if rec == nil {
		return v, nil
	}
	want := plainName(c.Site.Result.Base)
	for i := range rec.Len() {
		if k, e := rec.At(i); plainName(k) == want {
			return e, nil
		}
	}
	if rec.Len() == 1 {
		return rec.Slot(0), nil
	}
	return v, nil
}

func plainName(s string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
}

// environment is "" for a variable that is not set.
func environment(c *vm.Call) (value.Value, error) {
	h := executionOf(c).Host
	if err := h.Access.mayReadEnvironment(); err != nil {
		return value.Value{}, err
	}
	if name := c.Site.Object.Raw; name != "" {
		v := os.Getenv(name)
		h.concealEnvironment(name, v)
		return value.OfString(v), nil
	}
	b := value.NewBuilder(64)
	for _, kv := range os.Environ() {
		if k, v, ok := strings.Cut(kv, "="); ok && k != "" {
			h.concealEnvironment(k, v)
			b.Set(k, value.OfString(v))
		}
	}
	return b.Value(), nil
}

func parameter(c *vm.Call) (value.Value, error) {
	all := executionOf(c).Host.Parameters
	name := c.Site.Object.Raw
	if name == "" {
		return all, nil
	}
	if v, ok := all.Property(name); ok {
		return v, nil
	}
	return value.Value{}, fmt.Errorf("the command-line parameter '%s' is missing; give --%s VALUE behind the application path", name, name)
}

func publishAs(c *vm.Call) (value.Value, error) {
	v := c.Arg(bytecode.SlotObject)
	e := executionOf(c)
	e.Host.publish(e, c.Site.Result.Base, v)
	return v, nil
}

// require binds an environment variable or a published name; a name that is not
// there stays unbound.
func require(c *vm.Call) (value.Value, error) {
	e, name := executionOf(c), c.Site.Result.Base
	switch c.Site.Object.Base {
	case "framework":
		return value.Value{}, nil
	case "environment":
		if err := e.Host.Access.mayReadEnvironment(); err != nil {
			return value.Value{}, err
		}
		if v, ok := os.LookupEnv(name); ok {
			e.Host.concealEnvironment(name, v)
			return value.OfString(v), nil
		}
		return value.Value{}, nil
	}
	v, err := e.Host.Lookup(c.Co, name, false)
	if err != nil {
		return value.Value{}, nil
	}
	return v, nil
}
