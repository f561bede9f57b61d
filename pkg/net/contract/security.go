package contract

import "strings"

// CheckSecurity tests whether credentials are present (03 §4.5): one of the
// requirements with all of its checks. It does not verify them. Get returns a
// header (lower-case name), query parameter or cookie by location word and
// name, "" when absent.
func (op *Operation) CheckSecurity(get func(in, name string) string) *Failure {
	if len(op.Security) == 0 {
		return nil
	}
	for _, r := range op.Security {
		if r.met(get) {
			return nil
		}
	}
	return Unauthorized(op.challenge())
}

func (r Requirement) met(get func(in, name string) string) bool {
	for i := range r {
		if !r[i].met(get) {
			return false
		}
	}
	return true
}

func (c *SecurityCheck) met(get func(in, name string) string) bool {
	switch c.Kind {
	case CheckAPIKey:
		name := c.Name
		if c.In == InHeader {
			name = strings.ToLower(name)
		}
		return get(c.In.String(), name) != ""
	case CheckScheme:
		sent := get("header", "authorization")
		n := len(c.Name)
		return len(sent) > n+1 && sent[n] == ' ' && strings.EqualFold(sent[:n], c.Name) &&
			strings.TrimLeft(sent[n:], " ") != ""
	}
	return false
}

// challenge is the scheme to ask for: that of the first check that travels in
// Authorization, Bearer when there is none.
func (op *Operation) challenge() string {
	for _, r := range op.Security {
		for _, c := range r {
			if c.Kind == CheckScheme {
				return c.Name
			}
		}
	}
	return "Bearer"
}
