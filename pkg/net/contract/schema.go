package contract

import (
	"regexp"
	"sync/atomic"

	"aro/pkg/vm/value"
)

// TypeSet is a set of JSON types; the empty set allows all of them.
type TypeSet uint8

// The types.
const (
	TypeNull TypeSet = 1 << iota
	TypeBoolean
	TypeInteger
	TypeNumber // includes integers
	TypeString
	TypeArray
	TypeObject
)

var typeNames = [...]string{"null", "boolean", "integer", "number", "string", "array", "object"}

// String lists the types as error texts do: "integer or string".
func (t TypeSet) String() string {
	var s string
	for i, name := range typeNames {
		if t&(1<<i) == 0 {
			continue
		}
		if s != "" {
			s += " or "
		}
		s += name
	}
	return s
}

// Format is a string format that is checked.
type Format uint8

// The formats; every other one is ignored.
const (
	FormatNone Format = iota
	FormatEmail
	FormatDate
	FormatDateTime
	FormatUUID
	FormatURI
	FormatIPv4
)

var formatNames = [...]string{"", "email", "date", "date-time", "uuid", "uri", "ipv4"}

// Schema is a compiled schema: the keywords of 03 §3.1 and nothing else. Schemas
// refer to each other freely, cycles included. OpenAPI 3.0's nullable and
// boolean exclusiveMinimum have been mapped to the 3.1 meaning.
type Schema struct {
	Name       string // under components.schemas, "" for others
	Never      bool   // the schema `false`
	Nullable   bool   // null passes whatever else is said
	Unique     bool   // uniqueItems
	Types      TypeSet
	Format     Format
	Ref        *Schema // a $ref that has siblings; without them the target itself is used
	Properties []Property
	Required   []string
	Additional *Schema // additionalProperties; nil allows everything
	Items      *Schema
	AllOf      []*Schema
	AnyOf      []*Schema
	OneOf      []*Schema
	Not        *Schema

	Discriminator *Discriminator

	Enum    []value.Value
	Const   value.Value // Unbound: none, like the following
	Default value.Value

	Minimum, Maximum, Above, Below value.Value // Above and Below exclude their bound

	MinLength, MinItems int
	MaxLength, MaxItems int // NoLimit: none
	Pattern             string

	re       atomic.Pointer[regexp.Regexp] // compiled at first use
	needs    []need                        // Required, with the property's position
	index    map[string]int32              // of Properties, when there are many
	fills    bool                          // some property has a default
	parts    part
	prepared bool
}

// NoLimit is a MaxLength or MaxItems that is not there.
const NoLimit = -1

// Property is a declared property, in document order.
type Property struct {
	Name   string
	Schema *Schema
}

// Discriminator chooses one of OneOf or AnyOf by the value of a property.
type Discriminator struct {
	Property string
	Cases    []Property // value → schema
}

type need struct {
	name string
	prop int32 // -1 when not declared
}

// part says which groups of keywords a schema has, so that checking a value
// skips the others with one test.
type part uint8

const (
	partEnum part = 1 << iota
	partNumber
	partString
	partArray
	partObject
	partCombined
)

// newSchema returns the schema that allows everything.
func newSchema() *Schema { return &Schema{MaxLength: NoLimit, MaxItems: NoLimit} }

// scanProperties is the size up to which a linear search beats a map.
const scanProperties = 8

// prepare derives the unexported fields. It runs once per schema, before the
// schema is shared.
func (s *Schema) prepare() {
	if s.prepared {
		return
	}
	s.prepared = true
	if len(s.Properties) > scanProperties {
		s.index = make(map[string]int32, len(s.Properties))
		for i, p := range s.Properties {
			s.index[p.Name] = int32(i)
		}
	}
	if len(s.Required) > 0 {
		s.needs = make([]need, len(s.Required))
		for i, name := range s.Required {
			s.needs[i] = need{name, s.property(name)}
		}
	}
	for _, p := range s.Properties {
		s.fills = s.fills || p.Schema.Default.IsBound()
	}
	set := func(p part, on bool) {
		if on {
			s.parts |= p
		}
	}
	set(partEnum, len(s.Enum) > 0 || s.Const.IsBound())
	set(partNumber, s.Minimum.IsBound() || s.Maximum.IsBound() || s.Above.IsBound() || s.Below.IsBound())
	set(partString, s.MinLength > 0 || s.MaxLength != NoLimit || s.Pattern != "" || s.Format != FormatNone)
	set(partArray, s.Items != nil || s.MinItems > 0 || s.MaxItems != NoLimit || s.Unique)
	set(partObject, len(s.Properties) > 0 || len(s.Required) > 0 || s.Additional != nil)
	set(partCombined, s.Ref != nil || s.Not != nil || len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) > 0)
}

// property returns the position of a declared property, -1 when it is not.
func (s *Schema) property(name string) int32 {
	if s.index != nil {
		if i, ok := s.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range s.Properties {
		if s.Properties[i].Name == name {
			return int32(i)
		}
	}
	return -1
}

// regexp returns the compiled pattern, nil when it does not compile; Load has
// already warned about that. Compiling late keeps Decode fast.
func (s *Schema) regexp() *regexp.Regexp {
	if re := s.re.Load(); re != nil {
		return re
	}
	re, err := regexp.Compile(s.Pattern)
	if err != nil {
		return nil
	}
	s.re.Store(re)
	return re
}
