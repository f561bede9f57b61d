package contract

import (
	"strings"

	"aro/pkg/vm/value"
)

// typeDepth is how far the type of a parameter is searched through references
// and combinations.
const typeDepth = 4

// isArray and isObject say how a parameter's text is split.
func (p *Param) isArray() bool {
	s := p.Schema.shape(typeDepth)
	return s != nil && (s.Types&TypeArray != 0 || s.Types == 0 && s.Items != nil)
}

func (p *Param) isObject() bool {
	s := p.Schema.shape(typeDepth)
	return s != nil && (s.Types&TypeObject != 0 || s.Types == 0 && len(s.Properties) > 0)
}

// collects reports whether repeated keys form one list.
func (p *Param) collects() bool { return p.Explode && p.Style == StyleForm && !p.JSON && p.isArray() }

// item converts one element of an array.
func (p *Param) item(text string) value.Value {
	v := value.OfString(text)
	if s := p.Schema.shape(typeDepth); s != nil && s.Items != nil {
		return s.Items.scalarTypes(typeDepth).fromText(v)
	}
	return v
}

// propertyValue converts one property of an object.
func (p *Param) propertyValue(name, text string) value.Value {
	v := value.OfString(text)
	s := p.Schema.shape(typeDepth)
	if s == nil {
		return v
	}
	if i := s.property(name); i >= 0 {
		return s.Properties[i].Schema.scalarTypes(typeDepth).fromText(v)
	}
	if s.Additional != nil {
		return s.Additional.scalarTypes(typeDepth).fromText(v)
	}
	return v
}

// separator returns what separates the elements of the style.
func (p *Param) separator() string {
	switch {
	case p.Style == StyleSpace:
		return " "
	case p.Style == StylePipe:
		return "|"
	case p.Style == StyleLabel && p.Explode:
		return "."
	case p.Style == StyleMatrix && p.Explode:
		return ";"
	}
	return ","
}

// read converts the text of one occurrence (03 §4.2, §4.3). Text that does not
// convert stays text.
func (p *Param) read(text string) value.Value {
	if p.JSON {
		if v, err := value.ParseJSON(text); err == nil {
			return v
		}
		return value.OfString(text)
	}
	switch p.Style {
	case StyleLabel:
		text = strings.TrimPrefix(text, ".")
	case StyleMatrix:
		text = strings.TrimPrefix(text, ";")
		if !p.Explode || !p.isObject() {
			text = strings.TrimPrefix(text, p.Name+"=")
		}
	}
	switch {
	case p.isArray():
		return p.readList(text)
	case p.isObject() && p.Style != StyleDeepObject:
		return p.readObject(text)
	}
	return p.Schema.scalarTypes(typeDepth).fromText(value.OfString(text))
}

func (p *Param) readList(text string) value.Value {
	var items []value.Value
	for range maxFields {
		piece, rest, more := strings.Cut(text, p.separator())
		if p.Style == StyleMatrix && p.Explode {
			piece = strings.TrimPrefix(piece, p.Name+"=")
		}
		items = append(items, p.item(piece))
		if !more {
			break
		}
		text = rest
	}
	return value.OfList(items)
}

// readObject reads k=v pairs when exploded, else alternating names and values.
func (p *Param) readObject(text string) value.Value {
	b := value.NewBuilder(4)
	sep := p.separator()
	for range maxFields {
		var name, val string
		more := false
		if p.Explode {
			var piece string
			piece, text, more = strings.Cut(text, sep)
			name, val, _ = strings.Cut(piece, "=")
		} else {
			name, text, _ = strings.Cut(text, sep)
			val, text, more = strings.Cut(text, sep)
		}
		b.Set(name, p.propertyValue(name, val))
		if !more {
			break
		}
	}
	return b.Value()
}

// complete fills the default in and complains about a required parameter that
// is missing all the same.
func (p *Param) complete(b *value.Builder) *Failure {
	if _, ok := b.Get(p.lower); ok {
		return nil
	}
	if p.Default.IsBound() {
		b.Set(p.lower, p.Default)
		return nil
	}
	if p.Required {
		return BadRequest("Required " + p.In.String() + " parameter '" + p.Name + "' is missing")
	}
	return nil
}

// PathParameters returns the map of a matched path's parameters, converted as
// the operation declares them.
func (op *Operation) PathParameters(m *Match) value.Value {
	names := op.table.pathNames
	if len(names) == 0 {
		return value.EmptyMap
	}
	b := value.NewBuilder(len(names))
	for i, name := range names {
		text := m.Param(i)
		v := value.OfString(text)
		for _, p := range op.table.path {
			if p.Name == name {
				v = p.read(text)
				break
			}
		}
		b.Set(name, v)
	}
	return b.Value()
}

// HeaderParameters returns the declared header parameters under lower-case
// names. Get returns a header by its lower-case name, "" when it is absent.
func (op *Operation) HeaderParameters(get func(name string) string) (value.Value, *Failure) {
	if len(op.table.header) == 0 {
		return value.EmptyMap, nil
	}
	b := value.NewBuilder(len(op.table.header))
	for _, p := range op.table.header {
		if text := get(p.lower); text != "" {
			b.Set(p.lower, p.read(strings.ToValidUTF8(text, "\uFFFD")))
		}
		if f := p.complete(b); f != nil {
			return b.Value(), f
		}
	}
	return b.Value(), nil
}

// CookieParameters returns the declared cookie parameters out of a map that
// ParseCookies made.
func (op *Operation) CookieParameters(cookies value.Value) (value.Value, *Failure) {
	if len(op.table.cookie) == 0 {
		return value.EmptyMap, nil
	}
	b := value.NewBuilder(len(op.table.cookie))
	for _, p := range op.table.cookie {
		if r := cookies.Record(); r != nil {
			if v, ok := r.Get(p.Name); ok && v.Str() != "" {
				b.Set(p.Name, p.read(v.Str()))
			}
		}
		if f := p.complete(b); f != nil {
			return b.Value(), f
		}
	}
	return b.Value(), nil
}

// CheckParameters checks parameters against their schemas, for servers started
// with validate (03 §4.6). Values is one of the maps the functions above
// return; what is absent is not checked.
func (op *Operation) CheckParameters(in Location, values value.Value) *Failure {
	var details []string
	r := values.Record()
	if r == nil {
		return nil
	}
	for _, p := range op.Params {
		if p.In != in || p.Schema == nil {
			continue
		}
		v, ok := r.Get(p.lower)
		if !ok {
			continue
		}
		var c checker
		c.check(p.Schema, v, 0)
		if len(c.found) > 0 {
			details = append(details, c.texts(parameterNouns[in], p.Name)...)
		}
	}
	if details != nil {
		return SchemaViolation(details)
	}
	return nil
}

var parameterNouns = [...]string{"Query parameter", "Path parameter", "Header", "Cookie"}
