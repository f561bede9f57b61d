package contract

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"aro/pkg/vm/value"

	"go.yaml.in/yaml/v4"
)

// compiler turns schema nodes into schemas. Every node is compiled once, so
// references, aliases and cycles end in the same Schema.
type compiler struct {
	root     *yaml.Node
	seen     map[*yaml.Node]*Schema
	hidden   map[*yaml.Node]*yaml.Node // placeholders of data that mentions $ref
	targets  map[string]*yaml.Node     // of references; large contracts repeat them thousands of times
	problems []Problem
}

func newCompiler(root *yaml.Node) *compiler {
	return &compiler{root: root, seen: make(map[*yaml.Node]*Schema), hidden: make(map[*yaml.Node]*yaml.Node),
		targets: make(map[string]*yaml.Node)}
}

// resolve returns what a local reference names, nil when there is nothing. The
// tree must not change any more.
func (c *compiler) resolve(ref string) *yaml.Node {
	n, ok := c.targets[ref]
	if !ok {
		n = resolvePointer(c.root, ref)
		c.targets[ref] = n
	}
	return n
}

func (c *compiler) report(n *yaml.Node, warning bool, format string, args ...any) {
	p := Problem{Message: fmt.Sprintf(format, args...), Warning: warning}
	if n != nil {
		p.Line, p.Column = n.Line, n.Column
	}
	c.problems = append(c.problems, p)
}

// named compiles components.schemas.
func (c *compiler) named() map[string]*Schema {
	schemas := make(map[string]*Schema)
	eachPair(lookup(lookup(c.root, "components"), "schemas"), func(key, val *yaml.Node) {
		s := c.schema(val)
		if s.Name == "" && lookup(val, "$ref") == nil {
			s.Name = key.Value
		}
		schemas[key.Value] = s
	})
	return schemas
}

// schema compiles a node; a nil or empty one allows everything.
func (c *compiler) schema(n *yaml.Node) *Schema {
	n = c.target(deref(n))
	if n == nil {
		return newSchema()
	}
	if s := c.seen[n]; s != nil {
		return s
	}
	s := newSchema()
	c.seen[n] = s
	switch n.Kind {
	case yaml.MappingNode:
		c.mapping(s, n)
	case yaml.ScalarNode:
		switch v := scalarValue(n); v.Kind() {
		case value.Bool:
			s.Never = !v.Bool()
		case value.Null:
		default:
			c.report(n, false, "A schema must be a mapping")
		}
	default:
		c.report(n, false, "A schema must be a mapping")
	}
	// References into cycles are complete only when all schemas are: prepare runs
	// at the end, on those that share keeps.
	return s
}

// target follows references that have no other keywords beside them. Unknown
// targets have been reported by checkReferences and count as no schema.
func (c *compiler) target(n *yaml.Node) *yaml.Node {
	for range maxDepth {
		ref := reference(n)
		if ref == nil || hasSiblings(n) {
			return n
		}
		n = deref(c.resolve(ref.Value))
	}
	c.report(n, false, "A $ref leads back to itself")
	return nil
}

// reference returns the value of $ref, nil when n has none.
func reference(n *yaml.Node) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	if ref := lookup(n, "$ref"); ref != nil && ref.Kind == yaml.ScalarNode {
		return ref
	}
	return nil
}

// hasSiblings reports whether keywords that mean something stand beside a $ref.
func hasSiblings(n *yaml.Node) bool {
	found := false
	eachPair(n, func(key, _ *yaml.Node) {
		switch key.Value {
		case "$ref", "description", "summary", "title", "deprecated", "readOnly", "writeOnly", "$comment", "externalDocs", "xml":
		default:
			found = found || !strings.HasPrefix(key.Value, "x-")
		}
	})
	return found
}

func (c *compiler) mapping(s *Schema, n *yaml.Node) {
	var exclusiveMin, exclusiveMax, tuple, patterns bool
	eachPair(n, func(key, val *yaml.Node) {
		switch key.Value {
		case "$ref":
			if val.Kind == yaml.ScalarNode {
				s.Ref = c.schema(c.resolve(val.Value))
			}
		case "type":
			c.types(s, val)
		case "nullable":
			s.Nullable = scalarValue(val).Bool()
		case "properties":
			eachPair(val, func(name, schema *yaml.Node) {
				s.Properties = append(s.Properties, Property{name.Value, c.schema(schema)})
			})
		case "required":
			for _, item := range val.Content {
				if item = deref(item); item != nil && item.Kind == yaml.ScalarNode {
					s.Required = append(s.Required, item.Value)
				}
			}
		case "additionalProperties":
			if v := scalarValue(val); val.Kind != yaml.ScalarNode || !v.Bool() {
				s.Additional = c.schema(val)
			}
		case "items":
			s.Items = c.schema(val)
		case "prefixItems":
			tuple = true
		case "patternProperties":
			patterns = true
		case "allOf":
			s.AllOf = c.list(val)
		case "anyOf":
			s.AnyOf = c.list(val)
		case "oneOf":
			s.OneOf = c.list(val)
		case "not":
			s.Not = c.schema(val)
		case "enum":
			if v, ok := c.value(val); ok && v.Kind() == value.List {
				s.Enum = v.List()
			}
		case "const":
			s.Const, _ = c.value(val)
		case "default":
			s.Default, _ = c.value(val)
		case "minimum":
			c.number(&s.Minimum, val)
		case "maximum":
			c.number(&s.Maximum, val)
		case "exclusiveMinimum":
			if v := scalarValue(val); v.Kind() == value.Bool { // OpenAPI 3.0
				exclusiveMin = v.Bool()
			} else {
				c.number(&s.Above, val)
			}
		case "exclusiveMaximum":
			if v := scalarValue(val); v.Kind() == value.Bool {
				exclusiveMax = v.Bool()
			} else {
				c.number(&s.Below, val)
			}
		case "minLength":
			c.count(&s.MinLength, val)
		case "maxLength":
			c.count(&s.MaxLength, val)
		case "minItems":
			c.count(&s.MinItems, val)
		case "maxItems":
			c.count(&s.MaxItems, val)
		case "uniqueItems":
			s.Unique = scalarValue(val).Bool()
		case "pattern":
			c.pattern(s, val)
		case "format":
			for i, name := range formatNames {
				if i > 0 && name == val.Value {
					s.Format = Format(i)
				}
			}
		}
	})
	if exclusiveMin {
		s.Above, s.Minimum = s.Minimum, value.Value{}
	}
	if exclusiveMax {
		s.Below, s.Maximum = s.Maximum, value.Value{}
	}
	// Keywords that are not honoured but change the meaning of one that is:
	// accept too much rather than refuse what the contract allows.
	if tuple {
		s.Items = nil
	}
	if patterns {
		s.Additional = nil
	}
	if d := lookup(n, "discriminator"); d != nil {
		c.discriminator(s, n, d)
	}
}

func (c *compiler) types(s *Schema, val *yaml.Node) {
	words := []*yaml.Node{val}
	if val.Kind == yaml.SequenceNode {
		words = val.Content
	}
	for _, w := range words {
		w = deref(w)
		known := false
		for i, name := range typeNames {
			if w != nil && w.Kind == yaml.ScalarNode && w.Value == name {
				s.Types |= 1 << i
				known = true
			}
		}
		if !known {
			c.report(val, true, "Unknown type in a schema is ignored")
		}
	}
}

func (c *compiler) list(val *yaml.Node) []*Schema {
	if val.Kind != yaml.SequenceNode {
		return nil
	}
	l := make([]*Schema, 0, len(val.Content))
	for _, e := range val.Content {
		l = append(l, c.schema(e))
	}
	return l
}

func (c *compiler) value(val *yaml.Node) (value.Value, bool) {
	if n := c.hidden[val]; n != nil {
		val = n
	}
	v, ok := nodeValue(val)
	if !ok {
		c.report(val, true, "A value with more than %d parts is ignored", valueBudget)
		return value.Value{}, false
	}
	return v, true
}

func (c *compiler) number(to *value.Value, val *yaml.Node) {
	if v := scalarValue(val); val.Kind == yaml.ScalarNode && v.IsNumber() {
		*to = v
		return
	}
	c.report(val, true, "A limit that is no number is ignored")
}

func (c *compiler) count(to *int, val *yaml.Node) {
	v := scalarValue(val)
	f, ok := v.Number()
	if val.Kind != yaml.ScalarNode || !ok || f < 0 || f != math.Trunc(f) {
		c.report(val, true, "A limit that is no whole number is ignored")
		return
	}
	if f <= math.MaxInt32 { // beyond that nothing can violate a maximum
		*to = int(f)
	} else if to != nil && *to == 0 {
		*to = math.MaxInt32
	}
}

func (c *compiler) pattern(s *Schema, val *yaml.Node) {
	re, err := regexp.Compile(val.Value)
	if err != nil {
		c.report(val, true, "Pattern '%s' is not supported and is ignored: %s", val.Value,
			strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return
	}
	s.Pattern = val.Value
	s.re.Store(re)
}

// discriminator lists the values that choose an alternative: the names of the
// referenced schemas, and what mapping says.
func (c *compiler) discriminator(s *Schema, n, d *yaml.Node) {
	property := lookup(d, "propertyName")
	if property == nil || property.Kind != yaml.ScalarNode || len(s.AnyOf)+len(s.OneOf) == 0 {
		return
	}
	out := &Discriminator{Property: property.Value}
	add := func(name string, to *yaml.Node) {
		for i := range out.Cases {
			if out.Cases[i].Name == name {
				out.Cases[i].Schema = c.schema(to)
				return
			}
		}
		out.Cases = append(out.Cases, Property{name, c.schema(to)})
	}
	for _, key := range [...]string{"oneOf", "anyOf"} {
		alternatives := lookup(n, key)
		if alternatives == nil {
			continue
		}
		for _, e := range alternatives.Content {
			ref := reference(deref(e))
			if ref == nil {
				return // an inline alternative has no name: check them all
			}
			name := pointerStep(ref.Value[strings.LastIndexByte(ref.Value, '/')+1:])
			add(name, deref(e))
		}
	}
	eachPair(lookup(d, "mapping"), func(key, val *yaml.Node) {
		to := c.resolve(val.Value)
		if to == nil {
			to = lookup(lookup(lookup(c.root, "components"), "schemas"), val.Value)
		}
		if to == nil {
			c.report(val, true, "Discriminator mapping to '%s' is ignored: there is no such schema", val.Value)
			return
		}
		add(key.Value, to)
	})
	s.Discriminator = out
}
