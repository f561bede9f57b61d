package contract

import "aro/pkg/vm/value"

// combined applies $ref, allOf, anyOf, oneOf and not. Defaults come from every
// part of an allOf, and from the alternative that matched.
func (c *checker) combined(s *Schema, v value.Value, depth int) value.Value {
	c.branches++
	defer func() { c.branches-- }()
	if s.Ref != nil {
		v = c.check(s.Ref, v, depth+1)
	}
	for _, part := range s.AllOf {
		if c.full() {
			return v
		}
		v = c.check(part, v, depth+1)
	}
	if c.full() {
		return v
	}
	if d := s.Discriminator; d != nil && v.Kind() == value.Map && len(s.AnyOf)+len(s.OneOf) > 0 {
		v = c.discriminated(d, v, depth)
	} else {
		if len(s.AnyOf) > 0 {
			v = c.anyOf(s.AnyOf, v, depth)
		}
		if len(s.OneOf) > 0 {
			v = c.oneOf(s.OneOf, v, depth)
		}
	}
	if s.Not != nil {
		if _, ok := c.try(s.Not, v, depth); ok {
			c.fail("matches a schema that is not allowed")
		}
	}
	return v
}

// try checks an alternative and reports only whether v matches it.
func (c *checker) try(s *Schema, v value.Value, depth int) (value.Value, bool) {
	outer := c.failed
	c.quiet++
	c.failed = false
	n := c.check(s, v, depth+1)
	ok := !c.failed
	c.quiet--
	c.failed = outer
	return n, ok
}

func (c *checker) anyOf(of []*Schema, v value.Value, depth int) value.Value {
	if len(of) == 1 { // an only alternative can say what is wrong
		return c.check(of[0], v, depth+1)
	}
	for _, s := range of {
		if n, ok := c.try(s, v, depth); ok {
			return n
		}
	}
	c.fail("matches none of the allowed schemas")
	return v
}

func (c *checker) oneOf(of []*Schema, v value.Value, depth int) value.Value {
	if len(of) == 1 {
		return c.check(of[0], v, depth+1)
	}
	matched := false
	out := v
	for _, s := range of {
		n, ok := c.try(s, v, depth)
		if !ok {
			continue
		}
		if matched {
			c.fail("matches more than one of the allowed schemas")
			return v
		}
		matched, out = true, n
	}
	if !matched {
		c.fail("matches none of the allowed schemas")
	}
	return out
}

// discriminated checks the one alternative that the property names, so that the
// details speak about that one.
func (c *checker) discriminated(d *Discriminator, v value.Value, depth int) value.Value {
	w, ok := v.Record().Get(d.Property)
	if !ok {
		c.missing(d.Property)
		return v
	}
	if w.Kind() == value.String {
		for i := range d.Cases {
			if d.Cases[i].Name == w.Str() {
				return c.check(d.Cases[i].Schema, v, depth+1)
			}
		}
	}
	before := len(c.found)
	names := make([]value.Value, len(d.Cases))
	for i, e := range d.Cases {
		names[i] = value.OfString(e.Name)
	}
	c.failValue("must be one of ", names...)
	if len(c.found) > before {
		c.atName(before, d.Property)
	}
	return v
}
