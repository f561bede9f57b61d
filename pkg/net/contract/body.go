package contract

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"aro/pkg/vm/value"
)

var noFiles = value.OfList(nil)

// DecodeBody turns a request body into a value by its content type (03 §4.4),
// and the metadata of uploaded files into a list of maps. The body is copied;
// the caller may reuse it. An operation is needed only for what it declares: op
// may be nil.
func (op *Operation) DecodeBody(contentType string, body []byte) (v, files value.Value, f *Failure) {
	if len(body) == 0 {
		return value.OfString(""), noFiles, nil
	}
	t := mediaType(contentType)
	switch {
	case isJSONType(t):
		if v, err := value.ParseJSON(string(body)); err == nil {
			return v, noFiles, nil
		}
		return value.Value{}, noFiles, BadRequest("Request body is not valid JSON")
	case strings.EqualFold(t, typeForm):
		if op.readAsJSON(t, body) {
			v, _ := value.ParseJSON(string(body))
			return v, noFiles, nil
		}
		v, f = decodeForm(string(body))
		return v, noFiles, f
	case strings.EqualFold(t, typeMultipart):
		return decodeMultipart(contentType, body)
	case !utf8.Valid(body):
		return value.OfBytes(bytes.Clone(body)), noFiles, nil
	}
	text := string(body)
	if !isTextType(t) {
		if v, err := value.ParseJSON(text); err == nil {
			return v, noFiles, nil
		}
	}
	return value.OfString(text), noFiles, nil
}

// readAsJSON reports whether a body that claims to be a form is JSON, sent to an
// operation that takes nothing else: `curl -d '{…}'`. That path is rare enough
// to read the text twice.
func (op *Operation) readAsJSON(t string, body []byte) bool {
	if op == nil || !op.table.jsonBodyOnly || !strings.EqualFold(t, typeForm) {
		return false
	}
	b := bytes.TrimLeft(body, " \t\r\n")
	if len(b) == 0 || b[0] != '{' && b[0] != '[' {
		return false
	}
	_, err := value.ParseJSON(string(body))
	return err == nil
}

// decodeForm reads urlencoded fields; repeated keys become lists.
func decodeForm(raw string) (value.Value, *Failure) {
	form := formBuilder{b: value.NewBuilder(fieldCount(raw))}
	for {
		k, v, rest, ok := nextField(raw)
		if !ok {
			return form.value(), nil
		}
		if f := form.add(k, value.OfString(v)); f != nil {
			return value.Value{}, f
		}
		raw = rest
	}
}

// formBuilder collects fields; a repeated one turns into a list. Every step is
// O(1), however often a client repeats a field.
type formBuilder struct {
	b     *value.Builder
	n     int
	lists map[string][]value.Value
}

func (form *formBuilder) add(key string, v value.Value) *Failure {
	if form.n++; form.n > maxFields {
		return PayloadTooLarge("Form has more than 1000 fields")
	}
	first, ok := form.b.Get(key)
	if !ok {
		form.b.Set(key, v)
		return nil
	}
	if form.lists == nil {
		form.lists = make(map[string][]value.Value)
	}
	l := form.lists[key]
	if l == nil {
		l = append(l, first)
	}
	form.lists[key] = append(l, v)
	return nil
}

func (form *formBuilder) value() value.Value {
	for k, l := range form.lists {
		form.b.Set(k, value.OfList(l))
	}
	return form.b.Value()
}

// CheckBody applies the checks of a server started with validate (03 §4.6): the
// content type is declared, a required body is there, and v, which DecodeBody
// made of body, satisfies the schema. It returns v with defaults filled in; fields
// of forms are converted first, since a form can only carry text.
func (op *Operation) CheckBody(contentType string, body []byte, v value.Value) (value.Value, *Failure) {
	if op.Body == nil {
		return v, nil
	}
	if len(body) == 0 {
		if op.Body.Required {
			return v, BadRequest("Request body is required")
		}
		return v, nil
	}
	if len(op.Body.Content) == 0 {
		return v, nil
	}
	t := mediaType(contentType)
	if op.readAsJSON(t, body) {
		t = typeJSON
	}
	m := matchMedia(op.Body.Content, t)
	if m == nil {
		return v, UnsupportedMediaType(t, op.table.bodyTypes)
	}
	if m.Schema == nil {
		return v, nil
	}
	if strings.EqualFold(t, typeForm) || strings.EqualFold(t, typeMultipart) {
		var c checker
		v = c.coerce(m.Schema, v, 0, coerceText)
	}
	v, details := m.Schema.Check(v, true)
	if details != nil {
		return v, SchemaViolation(details)
	}
	return v, nil
}
