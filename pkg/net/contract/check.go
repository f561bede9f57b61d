package contract

import (
	"math"
	"unicode/utf8"

	"aro/pkg/vm/value"
)

const (
	// maxDepth bounds recursion through values and through schemas that apply
	// to the same value, such as an allOf that contains itself.
	maxDepth = 512
	// maxDetails bounds the answer to a body that is wrong everywhere.
	maxDetails = 50
	// maxBranchSteps bounds the work below nested anyOf, oneOf, allOf and not,
	// which is exponential for schemas that recurse through several branches.
	maxBranchSteps = 200_000
)

// Check tests v against the schema and returns one text per violation, none when
// v is valid. With defaults, missing properties that have a default are filled
// in; the result is then a new value that shares what did not change. A valid
// value without fillings costs no allocation.
func (s *Schema) Check(v value.Value, defaults bool) (value.Value, []string) {
	c := checker{defaults: defaults}
	v = c.check(s, v, 0)
	if len(c.found) == 0 {
		return v, nil
	}
	return v, c.texts("Property", "")
}

// checker is one run of Check. Details are collected without their path; every
// level that sees new ones on the way back prepends its own name, so a valid
// value pays nothing for paths.
type checker struct {
	found    []detail
	defaults bool
	quiet    int // > 0: inside an alternative, only the fact of failure counts
	failed   bool
	branches int
	steps    int
}

// full reports that nothing further needs to be looked at.
func (c *checker) full() bool { return c.failed || len(c.found) >= maxDetails }

func (c *checker) check(s *Schema, v value.Value, depth int) value.Value {
	if depth > maxDepth {
		c.fail("is nested too deeply")
		return v
	}
	if c.branches > 1 {
		if c.steps++; c.steps > maxBranchSteps {
			c.fail("has too many alternatives to check")
			return v
		}
	}
	if v.Kind() == value.Opaque {
		c.check(s, v.Object().Simple(), depth+1) // defaults are for bodies, which hold no objects
		return v
	}
	if s.Never {
		c.fail("is not allowed")
		return v
	}
	if s.Nullable && v.Kind() <= value.Null {
		return v
	}
	if s.Types != 0 && !s.Types.allow(v) {
		c.failType(s, v)
		return v
	}
	if s.parts == 0 {
		return v
	}
	if s.parts&partCombined != 0 {
		v = c.combined(s, v, depth)
	}
	if s.parts&partEnum != 0 {
		c.enum(s, v)
	}
	switch v.Kind() {
	case value.Int, value.Float:
		if s.parts&partNumber != 0 {
			c.number(s, v)
		}
	case value.String:
		if s.parts&partString != 0 {
			c.text(s, v.Str())
		}
	case value.List:
		if s.parts&partArray != 0 {
			return c.list(s, v, depth)
		}
	case value.Map:
		if s.parts&partObject != 0 {
			return c.object(s, v, depth)
		}
	}
	return v
}

// allow reports whether v has one of the types. Dates and bytes travel as text.
func (t TypeSet) allow(v value.Value) bool {
	switch v.Kind() {
	case value.Unbound, value.Null:
		return t&TypeNull != 0
	case value.Bool:
		return t&TypeBoolean != 0
	case value.Int:
		return t&(TypeInteger|TypeNumber) != 0
	case value.Float:
		return t&TypeNumber != 0 || t&TypeInteger != 0 && v.Float() == math.Trunc(v.Float())
	case value.String, value.Date, value.Bytes:
		return t&TypeString != 0
	case value.List:
		return t&TypeArray != 0
	case value.Map:
		return t&TypeObject != 0
	}
	return false
}

// typeName returns the JSON type of v.
func typeName(v value.Value) string {
	switch v.Kind() {
	case value.Bool:
		return "boolean"
	case value.Int:
		return "integer"
	case value.Float:
		return "number"
	case value.String, value.Date, value.Bytes:
		return "string"
	case value.List:
		return "array"
	case value.Map:
		return "object"
	}
	return "null"
}

func (c *checker) enum(s *Schema, v value.Value) {
	if s.Const.IsBound() && !sameJSON(s.Const, v) {
		c.failValue("must be ", s.Const)
	}
	if len(s.Enum) == 0 {
		return
	}
	for _, e := range s.Enum {
		if sameJSON(e, v) {
			return
		}
	}
	c.failValue("must be one of ", s.Enum...)
}

func (c *checker) number(s *Schema, v value.Value) {
	if s.Minimum.IsBound() && compareNumbers(v, s.Minimum) < 0 {
		c.failValue("must be at least ", s.Minimum)
	}
	if s.Maximum.IsBound() && compareNumbers(v, s.Maximum) > 0 {
		c.failValue("must be at most ", s.Maximum)
	}
	if s.Above.IsBound() && compareNumbers(v, s.Above) <= 0 {
		c.failValue("must be greater than ", s.Above)
	}
	if s.Below.IsBound() && compareNumbers(v, s.Below) >= 0 {
		c.failValue("must be less than ", s.Below)
	}
}

func (c *checker) text(s *Schema, t string) {
	// A string has at least a quarter and at most all of its bytes as characters.
	if s.MinLength > 0 && len(t) < 4*s.MinLength && utf8.RuneCountInString(t) < s.MinLength {
		c.failCount("must have at least ", s.MinLength, "character")
	}
	if s.MaxLength != NoLimit && len(t) > s.MaxLength && utf8.RuneCountInString(t) > s.MaxLength {
		c.failCount("must have at most ", s.MaxLength, "character")
	}
	if s.Pattern != "" {
		if re := s.regexp(); re != nil && !re.MatchString(t) {
			c.failPattern(s)
		}
	}
	if s.Format != FormatNone && !s.Format.matches(t) {
		c.fail("is not a valid " + formatNames[s.Format])
	}
}

func (c *checker) list(s *Schema, v value.Value, depth int) value.Value {
	items := v.List()
	if len(items) < s.MinItems {
		c.failCount("must have at least ", s.MinItems, "item")
	}
	if s.MaxItems != NoLimit && len(items) > s.MaxItems {
		c.failCount("must have at most ", s.MaxItems, "item")
	}
	if s.Unique && !allDifferent(items) {
		c.fail("must not repeat items")
	}
	if s.Items == nil {
		return v
	}
	var changed []value.Value
	for i, e := range items {
		before := len(c.found)
		n := c.check(s.Items, e, depth+1)
		if len(c.found) > before {
			c.atIndex(before, i)
		}
		if c.full() {
			return v
		}
		if c.defaults && replaced(e, n) {
			if changed == nil {
				changed = append([]value.Value(nil), items...)
			}
			changed[i] = n
		}
	}
	if changed != nil {
		return value.OfList(changed)
	}
	return v
}

func (c *checker) object(s *Schema, v value.Value, depth int) value.Value {
	r := v.Record()
	for _, n := range s.needs {
		if _, ok := r.Get(n.name); ok {
			continue
		}
		if c.defaults && n.prop >= 0 && s.Properties[n.prop].Schema.Default.IsBound() {
			continue
		}
		c.missing(n.name)
	}
	out, declared := r, 0
	for i := range s.Properties {
		p := &s.Properties[i]
		w, ok := r.Get(p.Name)
		if !ok {
			if c.defaults && s.fills && p.Schema.Default.IsBound() {
				out = out.With(p.Name, p.Schema.Default)
			}
			continue
		}
		declared++
		out = c.member(p.Schema, out, p.Name, w, depth)
		if c.full() {
			return v
		}
	}
	if s.Additional != nil && declared < r.Len() {
		for i := range r.Len() {
			k, w := r.At(i)
			if s.property(k) >= 0 {
				continue
			}
			out = c.member(s.Additional, out, k, w, depth)
			if c.full() {
				return v
			}
		}
	}
	if out != r {
		return value.OfRecord(out)
	}
	return v
}

// member checks one property value and returns out with its replacement.
func (c *checker) member(s *Schema, out *value.Record, name string, w value.Value, depth int) *value.Record {
	before := len(c.found)
	n := c.check(s, w, depth+1)
	if len(c.found) > before {
		c.atName(before, name)
	}
	if c.defaults && replaced(w, n) {
		return out.With(name, n)
	}
	return out
}

// replaced reports whether checking put a filled copy in place of old. Only
// lists and maps are ever copied, and a copy never has the same storage.
func replaced(old, now value.Value) bool {
	switch now.Kind() {
	case value.Map:
		return now.Record() != old.Record()
	case value.List:
		a, b := old.List(), now.List()
		return len(b) > 0 && &a[0] != &b[0]
	}
	return false
}
