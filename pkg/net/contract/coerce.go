package contract

import (
	"math"
	"strconv"

	"aro/pkg/vm/value"
)

// Coerce converts v to what the schema asks for where that loses nothing — text
// to numbers and booleans, integral floats to integers, integers to floats —,
// fills defaults in and checks the result. It serves extraction by schema name
// (02 §4.1.4); its details are those of Check.
func (s *Schema) Coerce(v value.Value) (value.Value, []string) {
	var c checker
	return s.Check(c.coerce(s, v, 0, coerceAll), true)
}

// coercion says which conversions coerce performs.
type coercion uint8

const (
	coerceText coercion = iota // text only: forms and parameters
	coerceAll
)

// coerce returns v converted; what does not convert stays as it is. It shares
// the checker's limits.
func (c *checker) coerce(s *Schema, v value.Value, depth int, how coercion) value.Value {
	if depth > maxDepth {
		return v
	}
	if c.steps++; c.steps > maxBranchSteps {
		return v
	}
	if s.Ref != nil {
		v = c.coerce(s.Ref, v, depth+1, how)
	}
	for _, part := range s.AllOf {
		v = c.coerce(part, v, depth+1, how)
	}
	if len(s.AnyOf)+len(s.OneOf) > 0 {
		v = c.coerceBranch(s, v, depth, how)
	}
	switch v.Kind() {
	case value.String:
		return s.Types.fromText(v)
	case value.Float:
		f := v.Float()
		if how == coerceAll && s.Types&(TypeInteger|TypeNumber) == TypeInteger && f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return value.OfInt(int64(f))
		}
	case value.Int:
		if how == coerceAll && s.Types&(TypeInteger|TypeNumber) == TypeNumber {
			return value.OfFloat(float64(v.Int()))
		}
	case value.List:
		if s.Items != nil {
			return c.coerceList(s.Items, v, depth, how)
		}
	case value.Map:
		r := v.Record()
		out := r
		for i := range s.Properties {
			p := &s.Properties[i]
			w, ok := r.Get(p.Name)
			if !ok {
				continue
			}
			if n := c.coerce(p.Schema, w, depth+1, how); n.Kind() != w.Kind() || replaced(w, n) {
				out = out.With(p.Name, n)
			}
		}
		if out != r {
			return value.OfRecord(out)
		}
	}
	return v
}

func (c *checker) coerceList(items *Schema, v value.Value, depth int, how coercion) value.Value {
	var changed []value.Value
	for i, e := range v.List() {
		n := c.coerce(items, e, depth+1, how)
		if n.Kind() == e.Kind() && !replaced(e, n) {
			continue
		}
		if changed == nil {
			changed = append([]value.Value(nil), v.List()...)
		}
		changed[i] = n
	}
	if changed != nil {
		return value.OfList(changed)
	}
	return v
}

// coerceBranch converts by the first alternative that accepts the result. An
// alternative that takes v unchanged comes first: text stays text if it may.
func (c *checker) coerceBranch(s *Schema, v value.Value, depth int, how coercion) value.Value {
	for _, of := range [2][]*Schema{s.AnyOf, s.OneOf} {
		for _, alt := range of {
			if _, ok := c.try(alt, v, depth); ok {
				return v
			}
		}
		for _, alt := range of {
			n := c.coerce(alt, v, depth+1, how)
			if _, ok := c.try(alt, n, depth); ok {
				return n
			}
		}
	}
	return v
}

// fromText converts a String for the types: never when text is allowed, else to
// the first of integer, number, boolean and null that it spells (03 §4.3).
func (t TypeSet) fromText(v value.Value) value.Value {
	if t == 0 || t&TypeString != 0 {
		return v
	}
	text := v.Str()
	if t&TypeInteger != 0 {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return value.OfInt(i)
		}
	}
	if t&TypeNumber != 0 && decimal(text) {
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return value.OfFloat(f)
		}
	}
	if t&TypeBoolean != 0 {
		switch text {
		case "true":
			return value.True
		case "false":
			return value.False
		}
	}
	if t&TypeNull != 0 && text == "null" {
		return value.Nil
	}
	return v
}

// decimal keeps out what strconv accepts beyond decimal numbers: inf, nan, hex.
func decimal(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c|0x20 != 'e' {
			return false
		}
	}
	return s != ""
}

// scalarTypes returns the types that decide how text is read, looking through
// references and combinations to a fixed depth.
func (s *Schema) scalarTypes(depth int) TypeSet {
	if s == nil || s.Types != 0 || depth == 0 {
		if s == nil {
			return 0
		}
		return s.Types
	}
	if s.Ref != nil {
		return s.Ref.scalarTypes(depth - 1)
	}
	for _, part := range s.AllOf {
		if t := part.scalarTypes(depth - 1); t != 0 {
			return t
		}
	}
	var t TypeSet
	for _, of := range [2][]*Schema{s.AnyOf, s.OneOf} {
		for _, alt := range of {
			u := alt.scalarTypes(depth - 1)
			if u == 0 {
				return 0
			}
			t |= u
		}
	}
	return t
}

// shape returns the schema whose items or properties describe a container,
// looking through references and allOf.
func (s *Schema) shape(depth int) *Schema {
	if s == nil || depth == 0 || s.Types != 0 || s.Items != nil || len(s.Properties) > 0 {
		return s
	}
	if s.Ref != nil {
		return s.Ref.shape(depth - 1)
	}
	for _, part := range s.AllOf {
		if t := part.shape(depth - 1); t != nil && (t.Items != nil || len(t.Properties) > 0 || t.Types != 0) {
			return t
		}
	}
	return s
}
