package contract

import (
	"strings"

	"aro/pkg/vm/value"
)

// Judge decides about a credential that was sent for a check; sent is the key, or
// what follows the word in Authorization. It returns who sent it.
type Judge func(c *SecurityCheck, sent string) (who value.Value, ok bool)

// Authenticate is CheckSecurity with a judge of what is there. who is what the judge
// said of the first check of the alternative that passed, null where nobody had
// to say who they are. An alternative without checks counts last: it lets strangers
// in, and does not make strangers of those who say who they are.
func (op *Operation) Authenticate(get func(in, name string) string, judge Judge) (who value.Value, f *Failure) {
	public := len(op.Security) == 0
	for _, r := range op.Security {
		if len(r) == 0 {
			public = true
			continue
		}
		if who, ok := r.judged(get, judge); ok {
			return who, nil
		}
	}
	if public {
		return value.Nil, nil
	}
	return value.Nil, Unauthorized(op.challenge())
}

func (r Requirement) judged(get func(in, name string) string, judge Judge) (who value.Value, ok bool) {
	for i := range r {
		if !r[i].met(get) { // first, because it costs little
			return value.Nil, false
		}
	}
	for i := range r {
		v, ok := judge(&r[i], r[i].sent(get))
		if !ok {
			return value.Nil, false
		}
		if i == 0 {
			who = v
		}
	}
	return who, true
}

// sent is the credential of a check that was met.
func (c *SecurityCheck) sent(get func(in, name string) string) string {
	if c.Kind == CheckScheme {
		return strings.TrimLeft(get("header", "authorization")[len(c.Name):], " ")
	}
	name := c.Name
	if c.In == InHeader {
		name = strings.ToLower(name)
	}
	return get(c.In.String(), name)
}

// SecuritySchemes lists the schemes that operations need, each once, in the order
// of the contract.
func (c *Contract) SecuritySchemes() []*SecurityCheck {
	var list []*SecurityCheck
	seen := map[string]bool{}
	for _, op := range c.Operations {
		for _, r := range op.Security {
			for i := range r {
				if !seen[r[i].Scheme] {
					seen[r[i].Scheme] = true
					list = append(list, &r[i])
				}
			}
		}
	}
	return list
}
