package aronet

import (
	"errors"
	"fmt"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// clientVerbs are the verbs that ask others.
func (n *Network) clientVerbs() []*host.Verb {
	return []*host.Verb{
		{Verb: bytecode.Verb{Name: "request", Aliases: []string{"http"}, Role: bytecode.RoleRequest, Preps: []string{"from", "to", "via", "with"},
			Doc: "Makes an HTTP request; any status is a result.", Blocking: true,
			Result: bytecode.Rebinds, Object: bytecode.TryObject}, Do: n.requestVerb},
		{Verb: bytecode.Verb{Name: "probe", Role: bytecode.RoleRequest, Preps: []string{"from", "with"},
			Doc: "Tells whether an address answers, and how fast.", Blocking: true,
			Result: bytecode.Rebinds, Object: bytecode.TryObject}, Do: n.probeVerb},
	}
}

// requestVerb is Request in its four forms (03 §7.1).
func (n *Network) requestVerb(c *vm.Call) (value.Value, error) {
	o, err := n.requestOf(c)
	if err != nil {
		return value.Value{}, err
	}
	return host.Background(c, func() (value.Value, error) {
		a, err := n.client.do(o)
		if err != nil {
			return value.Value{}, err
		}
		return value.OfObject(newReply(a)), nil
	})
}

// requestOf reads method, address, options and payload of a Request.
func (n *Network) requestOf(c *vm.Call) (*outgoing, error) {
	s := c.Site
	with := c.Arg(bytecode.SlotWith)
	address, method, err := requestAddress(c)
	if err != nil {
		return nil, err
	}
	if s.Prep == "with" {
		address, with = allInOne(c)
	}
	u, err := addressFor(address, "http", "https")
	if err != nil {
		return nil, err
	}
	o := n.requestFor(c, method, u)
	if s.Prep == "to" || s.Prep == "via" {
		if !isConfiguration(with) {
			if with.IsBound() {
				o.payload(encodeBody(with, jsonMedia))
			}
			return o, nil
		}
	} else if with.IsBound() && with.Kind() != value.Map {
		return nil, fmt.Errorf("Request %s an address sends nothing; write 'to' or 'via PUT' to send the %s behind with", s.Prep, with.TypeName())
	}
	if err := o.configure(with); err != nil {
		if s.Prep == "to" || s.Prep == "via" {
			err = fmt.Errorf("%w. A payload that has one of the keys method, headers, body and timeout is sent with { body: <payload> }", err)
		}
		return nil, err
	}
	return o, nil
}

// allInOne reads `with { url: "…", … }`, and `with "…"`.
func allInOne(c *vm.Call) (address string, options value.Value) {
	v := c.Arg(bytecode.SlotObject)
	if v.Kind() != value.Map {
		return v.Str(), value.Value{}
	}
	u, _ := v.Property("url")
	return u.Str(), value.OfRecord(v.Record().Without("url"))
}

// isConfiguration tells options from a payload: by the keys.
func isConfiguration(with value.Value) bool {
	if with.Kind() != value.Map {
		return false
	}
	for _, key := range []string{"method", "headers", "body", "timeout"} {
		if _, ok := with.Record().Get(key); ok {
			return true
		}
	}
	return false
}

// requestAddress finds the address and the method that the statement's form
// says: `from` gets, `to` posts, `via PUT` and `via <PUT: address>` name it.
func requestAddress(c *vm.Call) (address, method string, err error) {
	s := c.Site
	switch {
	case s.Prep == "via" && s.Method != "":
		method = s.Method
	case s.Prep == "via" && !s.ObjectIsExpr && isUpper(s.Object.Base):
		address, err = methodAddress(c)
		return address, s.Object.Base, err
	case s.Prep == "to", s.Prep == "via":
		method = "POST"
	default:
		method = "GET"
	}
	address, err = objectAddress(c)
	return address, method, err
}

// objectAddress is the address that the object gives, which must be text.
func objectAddress(c *vm.Call) (string, error) {
	address, err := host.AddressOf(c)
	if err != nil || address != "" || c.Site.Prep == "with" {
		return address, err
	}
	switch v := c.Arg(bytecode.SlotObject); {
	case v.IsBound() && v.Kind() != value.String:
		return "", fmt.Errorf("an address must be text, got '%s'", v.TypeName())
	case v.IsBound():
		return "", errors.New("the address is empty")
	case c.Site.Object.Raw != "":
		return "", fmt.Errorf("Undefined variable: '%s: %s'", c.Site.Object.Base, c.Site.Object.Raw)
	}
	return "", fmt.Errorf("Undefined variable: '%s'", c.Site.Object.Base)
}

// methodAddress is the address in `via <PUT: address>`: a text, or the name of a
// variable, which the compiler does not pass because PUT is a noun like any.
func methodAddress(c *vm.Call) (string, error) {
	noun := c.Site.Object
	if noun.Quoted {
		return noun.Raw, nil
	}
	v := c.Arg(bytecode.SlotObjectSpec)
	for _, l := range c.Chunk().Locals {
		if !v.IsBound() && len(noun.Specs) > 0 && l.Name == noun.Specs[0] {
			v = c.Co.Get(l.Reg)
		}
	}
	if !v.IsBound() && c.Co.Env != nil && len(noun.Specs) > 0 {
		v, _ = c.Co.Env.Lookup(c.Co, noun.Specs[0], false)
	}
	for _, step := range noun.Specs[min(1, len(noun.Specs)):] {
		v, _ = v.Property(step)
	}
	if v.Kind() != value.String {
		return "", fmt.Errorf("<%s: %s> names no address; write via %s the <%s>", noun.Base, noun.Raw, noun.Base, noun.Raw)
	}
	return v.Str(), nil
}

func isUpper(word string) bool {
	for _, ch := range []byte(word) {
		if ch < 'A' || ch > 'Z' {
			return false
		}
	}
	return word != ""
}

// probeVerb is Probe: that nobody answers is a result and no failure (03 §7.3).
func (n *Network) probeVerb(c *vm.Call) (value.Value, error) {
	with := c.Arg(bytecode.SlotWith)
	address, err := objectAddress(c)
	if err != nil {
		return value.Value{}, err
	}
	if c.Site.Prep == "with" {
		address, with = allInOne(c)
	}
	u, err := addressFor(address, "http", "https")
	if err != nil {
		return value.Value{}, err
	}
	o := n.requestFor(c, "GET", u)
	o.timeout = n.Limits.Probe
	if err := o.options(with); err != nil {
		return value.Value{}, err
	}
	return host.Background(c, func() (value.Value, error) {
		began := time.Now()
		status, err := n.client.touch(o)
		target := value.OfString(address)
		if err != nil {
			return value.MapOf("target", target, "reachable", value.False, "reason", value.OfString(err.Error())), nil
		}
		latency := float64(time.Since(began).Microseconds()) / 1000
		return value.MapOf("target", target, "reachable", value.True, "status", value.OfInt(int64(status)), "latency", value.OfFloat(latency)), nil
	})
}
