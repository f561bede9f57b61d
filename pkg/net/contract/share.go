package contract

import (
	"maps"
	"slices"
)

// share replaces schemas that say the same by one of them. Large contracts write
// the same thing thousands of times over: of the 41 000 schemas of GitHub's, a
// tenth are left. It runs once, before the contract is shared and before prepare.
//
// A schema is compared by its stored form, after the schemas it refers to have
// been replaced, so equality takes no recursion. Schemas that lead back to
// themselves stay as they are. share returns those that are left.
func (c *Contract) share() []*Schema {
	s := sharer{
		enc:   encoder{strings: make(map[string]int), numbers: make(map[*Schema]int)},
		same:  make(map[string]*Schema),
		final: make(map[*Schema]*Schema),
		loops: make(map[*Schema]bool),
	}
	for _, op := range c.Operations {
		for _, p := range op.Params {
			s.replace(&p.Schema)
		}
		if op.Body != nil {
			s.content(op.Body.Content)
		}
		for _, r := range op.Responses {
			s.content(r.Content)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Schemas)) { // in one order, for the same result
		schema := c.Schemas[name]
		s.replace(&schema)
		c.Schemas[name] = schema
	}
	return s.kept
}

type sharer struct {
	enc   encoder
	same  map[string]*Schema
	final map[*Schema]*Schema // nil: its parts are being replaced
	loops map[*Schema]bool
	kept  []*Schema
}

func (s *sharer) content(l []Media) {
	for i := range l {
		s.replace(&l[i].Schema)
	}
}

func (s *sharer) properties(l []Property) {
	for i := range l {
		s.replace(&l[i].Schema)
	}
}

func (s *sharer) replace(at **Schema) {
	x := *at
	if x == nil {
		return
	}
	if to, ok := s.final[x]; ok {
		if to != nil {
			*at = to
		} else {
			s.loops[x] = true
		}
		return
	}
	s.final[x] = nil
	s.replace(&x.Ref)
	s.properties(x.Properties)
	s.replace(&x.Additional)
	s.replace(&x.Items)
	for _, list := range [3][]*Schema{x.AllOf, x.AnyOf, x.OneOf} {
		for i := range list {
			s.replace(&list[i])
		}
	}
	s.replace(&x.Not)
	if x.Discriminator != nil {
		s.properties(x.Discriminator.Cases)
	}
	to := x
	if !s.loops[x] {
		s.enc.out = s.enc.out[:0]
		s.enc.schemaBody(x)
		if first := s.same[string(s.enc.out)]; first != nil {
			to = first
		} else {
			s.same[string(s.enc.out)] = x
		}
	}
	if to == x {
		s.kept = append(s.kept, x)
	}
	s.final[x] = to
	*at = to
}
