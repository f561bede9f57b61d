package contract

import (
	"encoding/binary"
	"math"
	"slices"

	"aro/pkg/vm/value"
)

// The stored form of a contract. Integers are unsigned varints unless said
// otherwise; a string is its number in the string block.
//
//	magic      "aroC" and the format version
//	strings    count, the lengths, all bytes in one piece
//	schemas    count, then every schema: 4 bytes of presence bits, and what they announce
//	named      count × (name, schema)
//	port
//	operations count × operation
//
// Schemas refer to each other by number + 1, so cycles need no special care; 0
// is no schema. Leftover bytes are an error. Bump formatVersion with every change.
const (
	magic         = "aroC"
	formatVersion = 2
)

// Presence bits of a schema.
const (
	hasName uint32 = 1 << iota
	isNever
	isNullable
	isUnique
	hasTypes
	hasFormat
	hasRef
	hasProperties
	hasRequired
	hasAdditional
	hasItems
	hasAllOf
	hasAnyOf
	hasOneOf
	hasNot
	hasDiscriminator
	hasEnum
	hasConst
	hasDefault
	hasMinimum
	hasMaximum
	hasAbove
	hasBelow
	hasMinLength
	hasMaxLength
	hasMinItems
	hasMaxItems
	hasPattern
)

// Encode returns the stored form. Equal contracts have equal bytes.
func (c *Contract) Encode() []byte {
	e := encoder{strings: map[string]int{}, numbers: map[*Schema]int{}}
	names := make([]string, 0, len(c.Schemas))
	for name := range c.Schemas {
		names = append(names, name)
	}
	slices.Sort(names)

	e.uint(len(names))
	for _, name := range names {
		e.string(name)
		e.schema(c.Schemas[name])
	}
	e.uint(c.Port)
	e.uint(len(c.Operations))
	for _, op := range c.Operations {
		e.operation(op)
	}
	tail := e.out

	// The operations have numbered the schemas they use; writing a schema may
	// number more.
	e.out = nil
	for i := 0; i < len(e.schemas); i++ {
		e.schemaBody(e.schemas[i])
	}
	bodies := e.out

	e.out = append([]byte(magic), formatVersion)
	e.uint(len(e.list))
	for _, s := range e.list {
		e.uint(len(s))
	}
	for _, s := range e.list {
		e.out = append(e.out, s...)
	}
	e.uint(len(e.schemas))
	return slices.Concat(e.out, bodies, tail)
}

type encoder struct {
	out     []byte
	strings map[string]int
	list    []string
	numbers map[*Schema]int
	schemas []*Schema
}

func (e *encoder) uint(n int) { e.out = binary.AppendUvarint(e.out, uint64(n)) }

func (e *encoder) string(s string) {
	n, ok := e.strings[s]
	if !ok {
		n = len(e.list)
		e.strings[s] = n
		e.list = append(e.list, s)
	}
	e.uint(n)
}

func (e *encoder) schema(s *Schema) {
	if s == nil {
		e.uint(0)
		return
	}
	n, ok := e.numbers[s]
	if !ok {
		e.schemas = append(e.schemas, s)
		n = len(e.schemas)
		e.numbers[s] = n
	}
	e.uint(n)
}

func (e *encoder) schemaList(l []*Schema) {
	e.uint(len(l))
	for _, s := range l {
		e.schema(s)
	}
}

func (e *encoder) properties(l []Property) {
	e.uint(len(l))
	for _, p := range l {
		e.string(p.Name)
		e.schema(p.Schema)
	}
}

func (e *encoder) schemaBody(s *Schema) {
	var bits uint32
	at := len(e.out)
	e.out = append(e.out, 0, 0, 0, 0)
	has := func(bit uint32, on bool) bool {
		if on {
			bits |= bit
		}
		return on
	}
	number := func(bit uint32, v value.Value) {
		if has(bit, v.IsBound()) {
			e.value(v)
		}
	}
	if has(hasName, s.Name != "") {
		e.string(s.Name)
	}
	has(isNever, s.Never)
	has(isNullable, s.Nullable)
	has(isUnique, s.Unique)
	if has(hasTypes, s.Types != 0) {
		e.uint(int(s.Types))
	}
	if has(hasFormat, s.Format != 0) {
		e.uint(int(s.Format))
	}
	if has(hasRef, s.Ref != nil) {
		e.schema(s.Ref)
	}
	if has(hasProperties, len(s.Properties) > 0) {
		e.properties(s.Properties)
	}
	if has(hasRequired, len(s.Required) > 0) {
		e.uint(len(s.Required))
		for _, name := range s.Required {
			e.string(name)
		}
	}
	if has(hasAdditional, s.Additional != nil) {
		e.schema(s.Additional)
	}
	if has(hasItems, s.Items != nil) {
		e.schema(s.Items)
	}
	if has(hasAllOf, len(s.AllOf) > 0) {
		e.schemaList(s.AllOf)
	}
	if has(hasAnyOf, len(s.AnyOf) > 0) {
		e.schemaList(s.AnyOf)
	}
	if has(hasOneOf, len(s.OneOf) > 0) {
		e.schemaList(s.OneOf)
	}
	if has(hasNot, s.Not != nil) {
		e.schema(s.Not)
	}
	if has(hasDiscriminator, s.Discriminator != nil) {
		e.string(s.Discriminator.Property)
		e.properties(s.Discriminator.Cases)
	}
	if has(hasEnum, len(s.Enum) > 0) {
		e.uint(len(s.Enum))
		for _, v := range s.Enum {
			e.value(v)
		}
	}
	number(hasConst, s.Const)
	number(hasDefault, s.Default)
	number(hasMinimum, s.Minimum)
	number(hasMaximum, s.Maximum)
	number(hasAbove, s.Above)
	number(hasBelow, s.Below)
	if has(hasMinLength, s.MinLength > 0) {
		e.uint(s.MinLength)
	}
	if has(hasMaxLength, s.MaxLength != NoLimit) {
		e.uint(s.MaxLength)
	}
	if has(hasMinItems, s.MinItems > 0) {
		e.uint(s.MinItems)
	}
	if has(hasMaxItems, s.MaxItems != NoLimit) {
		e.uint(s.MaxItems)
	}
	if has(hasPattern, s.Pattern != "") {
		e.string(s.Pattern)
	}
	binary.LittleEndian.PutUint32(e.out[at:], bits)
}

// Flags of an operation and of a parameter.
const (
	opDeprecated = 1 << iota
	opWebSocket
	opWebhook
	opBody
	opBodyRequired
)

const (
	paramRequired = 1 << iota
	paramExplode
	paramAllowEmpty
	paramJSON
)

func flag(bit int, on bool) int {
	if on {
		return bit
	}
	return 0
}

func (e *encoder) operation(op *Operation) {
	e.string(op.ID)
	e.string(op.Method)
	e.string(op.Path)
	e.uint(op.Line)
	e.uint(flag(opDeprecated, op.Deprecated) | flag(opWebSocket, op.WebSocket) | flag(opWebhook, op.Webhook) |
		flag(opBody, op.Body != nil) | flag(opBodyRequired, op.Body != nil && op.Body.Required))
	e.uint(len(op.Params))
	for _, p := range op.Params {
		e.string(p.Name)
		e.uint(int(p.In))
		e.uint(int(p.Style))
		e.uint(flag(paramRequired, p.Required) | flag(paramExplode, p.Explode) |
			flag(paramAllowEmpty, p.AllowEmpty) | flag(paramJSON, p.JSON))
		e.schema(p.Schema)
		e.value(p.Default)
	}
	if op.Body != nil {
		e.content(op.Body.Content)
	}
	e.uint(len(op.Responses))
	for _, r := range op.Responses {
		e.uint(r.Status)
		e.content(r.Content)
		e.headers(r.Headers)
	}
	e.uint(len(op.Security))
	for _, r := range op.Security {
		e.uint(len(r))
		for _, c := range r {
			e.string(c.Scheme)
			e.uint(int(c.Kind))
			e.uint(int(c.In))
			e.string(c.Name)
		}
	}
}

func (e *encoder) content(l []Media) {
	e.uint(len(l))
	for _, m := range l {
		e.string(m.Type)
		e.schema(m.Schema)
	}
}

// Tags of a value.
const (
	tagUnbound = iota
	tagNull
	tagFalse
	tagTrue
	tagInt    // signed varint
	tagFloat  // 8 bytes
	tagString // string
	tagList   // count, values
	tagMap    // count, (string, value)
)

func (e *encoder) value(v value.Value) {
	switch v.Kind() {
	case value.Null:
		e.uint(tagNull)
	case value.Bool:
		if v.Bool() {
			e.uint(tagTrue)
		} else {
			e.uint(tagFalse)
		}
	case value.Int:
		e.uint(tagInt)
		e.out = binary.AppendVarint(e.out, v.Int())
	case value.Float:
		e.uint(tagFloat)
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(v.Float()))
	case value.String:
		e.uint(tagString)
		e.string(v.Str())
	case value.List:
		e.uint(tagList)
		e.uint(v.Len())
		for _, item := range v.List() {
			e.value(item)
		}
	case value.Map:
		r := v.Record()
		e.uint(tagMap)
		e.uint(r.Len())
		for i := range r.Len() {
			k, w := r.At(i)
			e.string(k)
			e.value(w)
		}
	default: // Load makes no others
		e.uint(tagUnbound)
	}
}
