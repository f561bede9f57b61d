package contract

import (
	"errors"
	"net/http"
	"strings"

	"aro/pkg/vm/value"
)

// ResponseHeader is a declared header line of an answer.
type ResponseHeader struct {
	Name     string
	Required bool
	Explode  bool
	JSON     bool        // declared through content: application/json
	Schema   *Schema     // nil: any text
	Fixed    value.Value // the one value that the schema allows, or its default; Unbound for none
}

// ResponseHeaders returns what the contract declares for a status.
func (op *Operation) ResponseHeaders(status int) []*ResponseHeader {
	if r := op.response(status); r != nil {
		return r.Headers
	}
	return nil
}

// DeclaresProperty reports whether the JSON body that the contract has for a
// status has a property of this name.
func (op *Operation) DeclaresProperty(status int, name string) bool {
	r := op.response(status)
	if r == nil {
		return false
	}
	for _, m := range r.Content {
		if m.Schema != nil && isJSONType(m.Type) && m.Schema.declares(name, 0) {
			return true
		}
	}
	return false
}

func (s *Schema) declares(name string, depth int) bool {
	if s == nil || depth > 16 {
		return false
	}
	for _, p := range s.Properties {
		if p.Name == name {
			return true
		}
	}
	for _, list := range [3][]*Schema{s.AllOf, s.AnyOf, s.OneOf} {
		for _, t := range list {
			if t.declares(name, depth+1) {
				return true
			}
		}
	}
	return s.Ref.declares(name, depth+1)
}

// ErrHeaderLine is returned for a value that would end its header line.
var ErrHeaderLine = errors.New("the value holds a line break")

// Lines returns what is sent for a value, one text for each header line: one, in
// the style simple, and for Set-Cookie, which cannot be joined, one for each
// element of a list.
func (h *ResponseHeader) Lines(v value.Value) ([]string, error) {
	var lines []string
	switch {
	case h.JSON:
		lines = []string{string(v.AppendJSON(nil))}
	case v.Kind() == value.List && strings.EqualFold(h.Name, "Set-Cookie"):
		for _, e := range v.List() {
			lines = append(lines, h.scalar(e))
		}
	case v.Kind() == value.List:
		items := make([]string, v.Len())
		for i, e := range v.List() {
			items[i] = h.scalar(e)
		}
		lines = []string{strings.Join(items, ",")}
	case v.Kind() == value.Map:
		r := v.Record()
		between := ","
		if h.Explode {
			between = "="
		}
		var items []string
		for i := range r.Len() {
			key, e := r.At(i)
			items = append(items, key+between+h.scalar(e))
		}
		lines = []string{strings.Join(items, ",")}
	default:
		lines = []string{h.scalar(v)}
	}
	for _, l := range lines {
		if strings.ContainsAny(l, "\r\n\x00") {
			return nil, ErrHeaderLine
		}
	}
	return lines, nil
}

// scalar is the text of one value. Dates are written as HTTP does, unless the
// schema asks for another format.
func (h *ResponseHeader) scalar(v value.Value) string {
	if v.Kind() != value.Date || h.Schema != nil && (h.Schema.Format == FormatDateTime || h.Schema.Format == FormatDate) {
		return v.Text()
	}
	return v.Time().UTC().Format(http.TimeFormat)
}

// reserved are the headers that the server itself answers for; OpenAPI ignores
// Content-Type here as well.
var reserved = map[string]bool{"content-type": true, "content-length": true, "content-encoding": true, "content-range": true,
	"accept-ranges": true, "transfer-encoding": true, "connection": true, "keep-alive": true, "upgrade": true, "te": true,
	"trailer": true, "date": true, "proxy-connection": true}

// fix finds the values of headers that need not be returned. Schemas are
// complete by now.
func (op *Operation) fix() {
	for _, r := range op.Responses {
		for _, h := range r.Headers {
			switch s := h.Schema; {
			case s == nil:
			case s.Const.IsBound():
				h.Fixed = s.Const
			case len(s.Enum) == 1:
				h.Fixed = s.Enum[0]
			default:
				h.Fixed = s.Default
			}
		}
	}
}

// isToken reports whether a text can be the name of a header line.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

func (e *encoder) headers(list []*ResponseHeader) {
	e.uint(len(list))
	for _, h := range list {
		e.string(h.Name)
		e.uint(flag(1, h.Required) | flag(2, h.Explode) | flag(4, h.JSON))
		e.schema(h.Schema)
	}
}

func (d *decoder) headers() []*ResponseHeader {
	n := d.count(3)
	if n == 0 {
		return nil
	}
	list, block := make([]*ResponseHeader, n), make([]ResponseHeader, n)
	for i := range block {
		name := d.string()
		if !isToken(name) {
			d.bad = true
		}
		flags := d.limited(7)
		block[i] = ResponseHeader{Name: name, Required: flags&1 != 0, Explode: flags&2 != 0, JSON: flags&4 != 0, Schema: d.schema()}
		list[i] = &block[i]
	}
	return list
}
