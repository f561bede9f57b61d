package contract

import (
	"encoding/binary"
	"errors"
	"math"

	"aro/pkg/vm/value"
)

// ErrDamaged is returned by Decode for bytes that Encode has not written, or
// another version of it. The caller loads the document again.
var ErrDamaged = errors.New("contract: damaged or foreign stored contract")

// Decode reads the stored form. It never panics, and it allocates in proportion
// to the bytes it has read, whatever they claim. It does not detect every
// change of a byte; the cache around it has a checksum.
func Decode(data []byte) (*Contract, error) {
	if len(data) < len(magic)+1 || string(data[:len(magic)]) != magic || data[len(magic)] != formatVersion {
		return nil, ErrDamaged
	}
	d := decoder{in: data[len(magic)+1:]}
	d.readStrings()
	d.readSchemas()
	c := &Contract{}
	if n := d.count(2); n > 0 {
		c.Schemas = make(map[string]*Schema, n)
		for range n {
			name := d.string()
			if s := d.schema(); s != nil {
				c.Schemas[name] = s
			} else {
				d.bad = true
			}
		}
	}
	c.Port = d.limited(math.MaxUint16)
	if n := d.count(8); n > 0 {
		c.Operations = make([]*Operation, n)
		block := make([]Operation, n)
		for i := range n {
			c.Operations[i] = &block[i]
			d.operation(&block[i])
		}
	}
	if d.bad || len(d.in) > 0 {
		return nil, ErrDamaged
	}
	for i := range d.schemas {
		d.schemas[i].prepare()
	}
	c.prepare()
	return c, nil
}

// decoder reads on after an error, without effect: bad is checked where a loop
// could run long, and at the end.
type decoder struct {
	in      []byte
	bad     bool
	strings []string
	schemas []Schema
}

func (d *decoder) uint() uint64 {
	if len(d.in) > 0 && d.in[0] < 0x80 && !d.bad {
		n := uint64(d.in[0])
		d.in = d.in[1:]
		return n
	}
	n, size := binary.Uvarint(d.in)
	if size <= 0 || d.bad {
		d.bad = true
		return 0
	}
	d.in = d.in[size:]
	return n
}

// limited returns an integer that must not exceed most.
func (d *decoder) limited(most int) int {
	n := d.uint()
	if n > uint64(most) {
		d.bad = true
		return 0
	}
	return int(n)
}

// count returns a number of elements that take at least size bytes each, which
// the rest must have room for.
func (d *decoder) count(size int) int { return d.limited(len(d.in) / size) }

func (d *decoder) bytes(n int) []byte {
	if d.bad || n > len(d.in) {
		d.bad = true
		return make([]byte, n) // n is a small constant
	}
	b := d.in[:n]
	d.in = d.in[n:]
	return b
}

func (d *decoder) readStrings() {
	d.strings = make([]string, d.count(1))
	lengths := d.in
	total := 0
	for range d.strings {
		total += d.limited(len(d.in))
	}
	if d.bad || total > len(d.in) {
		d.bad, d.strings = true, nil
		return
	}
	text := string(d.in[:total])
	d.in = d.in[total:]
	l := decoder{in: lengths}
	for i := range d.strings {
		n := int(l.uint())
		d.strings[i], text = text[:n], text[n:]
	}
}

func (d *decoder) string() string {
	n := d.uint()
	if n >= uint64(len(d.strings)) {
		d.bad = true
		return ""
	}
	return d.strings[n]
}

func (d *decoder) schema() *Schema {
	n := d.limited(len(d.schemas))
	if n == 0 {
		return nil
	}
	return &d.schemas[n-1]
}

// must is schema for places where there has to be one.
func (d *decoder) must() *Schema {
	s := d.schema()
	if s == nil {
		d.bad = true
		return &noSchema
	}
	return s
}

var noSchema Schema

func (d *decoder) schemaList() []*Schema {
	l := make([]*Schema, d.count(1))
	for i := range l {
		l[i] = d.must()
	}
	return l
}

func (d *decoder) properties() []Property {
	l := make([]Property, d.count(2))
	for i := range l {
		l[i] = Property{d.string(), d.must()}
	}
	return l
}

func (d *decoder) readSchemas() {
	d.schemas = make([]Schema, d.count(4))
	for i := range d.schemas {
		d.readSchema(&d.schemas[i])
		if d.bad {
			return
		}
	}
}

func (d *decoder) readSchema(s *Schema) {
	bits := binary.LittleEndian.Uint32(d.bytes(4))
	has := func(bit uint32) bool { return bits&bit != 0 }
	if has(hasName) {
		s.Name = d.string()
	}
	s.Never, s.Nullable, s.Unique = has(isNever), has(isNullable), has(isUnique)
	if has(hasTypes) {
		s.Types = TypeSet(d.limited(math.MaxUint8))
	}
	if has(hasFormat) {
		s.Format = Format(d.limited(len(formatNames) - 1))
	}
	if has(hasRef) {
		s.Ref = d.must()
	}
	if has(hasProperties) {
		s.Properties = d.properties()
	}
	if has(hasRequired) {
		s.Required = make([]string, d.count(1))
		for i := range s.Required {
			s.Required[i] = d.string()
		}
	}
	if has(hasAdditional) {
		s.Additional = d.must()
	}
	if has(hasItems) {
		s.Items = d.must()
	}
	if has(hasAllOf) {
		s.AllOf = d.schemaList()
	}
	if has(hasAnyOf) {
		s.AnyOf = d.schemaList()
	}
	if has(hasOneOf) {
		s.OneOf = d.schemaList()
	}
	if has(hasNot) {
		s.Not = d.must()
	}
	if has(hasDiscriminator) {
		s.Discriminator = &Discriminator{d.string(), d.properties()}
	}
	if has(hasEnum) {
		s.Enum = make([]value.Value, d.count(1))
		for i := range s.Enum {
			s.Enum[i] = d.value(0)
		}
	}
	if bits&(hasConst|hasDefault|hasMinimum|hasMaximum|hasAbove|hasBelow) != 0 {
		for _, f := range [...]struct {
			bit uint32
			to  *value.Value
		}{{hasConst, &s.Const}, {hasDefault, &s.Default}, {hasMinimum, &s.Minimum}, {hasMaximum, &s.Maximum},
			{hasAbove, &s.Above}, {hasBelow, &s.Below}} {
			if !has(f.bit) {
				continue
			}
			*f.to = d.value(0)
			if f.bit >= hasMinimum && !f.to.IsNumber() {
				d.bad = true
			}
		}
	}
	s.MaxLength, s.MaxItems = NoLimit, NoLimit
	if has(hasMinLength) {
		s.MinLength = d.limited(math.MaxInt32)
	}
	if has(hasMaxLength) {
		s.MaxLength = d.limited(math.MaxInt32)
	}
	if has(hasMinItems) {
		s.MinItems = d.limited(math.MaxInt32)
	}
	if has(hasMaxItems) {
		s.MaxItems = d.limited(math.MaxInt32)
	}
	if has(hasPattern) {
		s.Pattern = d.string()
	}
}

func (d *decoder) operation(op *Operation) {
	op.ID, op.Method, op.Path = d.string(), d.string(), d.string()
	op.Line = d.limited(math.MaxInt32)
	flags := d.uint()
	op.Deprecated, op.WebSocket, op.Webhook = flags&opDeprecated != 0, flags&opWebSocket != 0, flags&opWebhook != 0
	if n := d.count(6); n > 0 {
		op.Params = make([]*Param, n)
		block := make([]Param, n)
		for i := range block {
			op.Params[i] = &block[i]
			d.param(&block[i])
		}
	}
	if flags&opBody != 0 {
		op.Body = &Body{Required: flags&opBodyRequired != 0, Content: d.content()}
	}
	if n := d.count(3); n > 0 {
		op.Responses = make([]*Response, n)
		block := make([]Response, n)
		for i := range block {
			op.Responses[i] = &block[i]
			block[i] = Response{d.limited(999), d.content(), d.headers()}
		}
	}
	if n := d.count(1); n > 0 {
		op.Security = make([]Requirement, n)
		for i := range op.Security {
			op.Security[i] = make(Requirement, d.count(4))
			for j := range op.Security[i] {
				op.Security[i][j] = SecurityCheck{d.string(), CheckKind(d.limited(int(CheckImpossible))),
					Location(d.limited(int(InCookie))), d.string()}
			}
		}
	}
}

func (d *decoder) param(p *Param) {
	p.Name = d.string()
	p.In = Location(d.limited(int(InCookie)))
	p.Style = Style(d.limited(int(StyleMatrix)))
	flags := d.uint()
	p.Required, p.Explode = flags&paramRequired != 0, flags&paramExplode != 0
	p.AllowEmpty, p.JSON = flags&paramAllowEmpty != 0, flags&paramJSON != 0
	p.Schema = d.schema()
	p.Default = d.value(0)
}

func (d *decoder) content() []Media {
	n := d.count(2)
	if n == 0 {
		return nil
	}
	l := make([]Media, n)
	for i := range l {
		l[i] = Media{d.string(), d.schema()}
	}
	return l
}

func (d *decoder) value(depth int) value.Value {
	if depth > maxDepth {
		d.bad = true
		return value.Value{}
	}
	switch d.uint() {
	case tagUnbound:
		return value.Value{}
	case tagNull:
		return value.Nil
	case tagFalse:
		return value.False
	case tagTrue:
		return value.True
	case tagInt:
		n, size := binary.Varint(d.in)
		if size <= 0 || d.bad {
			d.bad = true
			return value.Value{}
		}
		d.in = d.in[size:]
		return value.OfInt(n)
	case tagFloat:
		return value.OfFloat(math.Float64frombits(binary.LittleEndian.Uint64(d.bytes(8))))
	case tagString:
		return value.OfString(d.string())
	case tagList:
		// Lists nest, so each one claiming all the rest must not allocate it.
		n := d.count(1)
		items := make([]value.Value, 0, min(n, 16))
		for range n {
			items = append(items, d.value(depth+1))
			if d.bad {
				return value.Value{}
			}
		}
		return value.OfList(items)
	case tagMap:
		n := d.count(2)
		b := value.NewBuilder(min(n, 16))
		for range n {
			k := d.string()
			b.Set(k, d.value(depth+1))
			if d.bad {
				return value.Value{}
			}
		}
		return b.Value()
	}
	d.bad = true
	return value.Value{}
}
