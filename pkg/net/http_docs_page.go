package aronet

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"

	"aro/pkg/net/contract"
	"aro/pkg/vm/value"
)

// docsWriter writes the page of a contract. Everything that comes from the
// document is escaped; it is the author's text and no markup.
type docsWriter struct {
	prose    *contract.Prose
	contract *contract.Contract
	docs     *docsPage
	b        strings.Builder
}

// put writes a format with escaped arguments.
func (w *docsWriter) put(format string, args ...any) {
	for i, a := range args {
		args[i] = html.EscapeString(fmt.Sprint(a))
	}
	fmt.Fprintf(&w.b, format, args...)
}

func (w *docsWriter) page() []byte {
	title := cmp.Or(w.prose.Title, "API")
	groups, order := w.groups()
	w.put("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n", title)
	w.b.WriteString("<style>" + docsStyle + "</style>\n<nav>\n")
	w.put("<a class=\"title\" href=\"#top\">%s</a>\n", title)
	for _, tag := range order {
		w.put("<h2>%s</h2>\n<ul>\n", cmp.Or(tag, "Operations"))
		for _, op := range groups[tag] {
			w.put("<li><a href=\"#%s\"><span class=\"verb %s\">%s</span><span>%s</span></a></li>\n", op.ID, strings.ToLower(op.Method), op.Method, op.Path)
		}
		w.b.WriteString("</ul>\n")
	}
	names := w.schemaNames()
	if len(names) > 0 {
		w.b.WriteString("<h2>Schemas</h2>\n<ul>\n")
		for _, name := range names {
			w.put("<li><a href=\"#schema-%s\"><span>%s</span></a></li>\n", name, name)
		}
		w.b.WriteString("</ul>\n")
	}
	w.put("</nav>\n<main id=\"top\">\n<h1>%s", title)
	if w.prose.Version != "" {
		w.put("<small>%s</small>", w.prose.Version)
	}
	w.b.WriteString("</h1>\n<div class=\"lead\">")
	w.text(w.prose.Description)
	if w.docs.yaml != nil {
		w.put("<p><a href=\"%s/openapi.yaml\">openapi.yaml</a> · <a href=\"%s/openapi.json\">openapi.json</a></p>", w.docs.path, w.docs.path)
	} else if w.docs.json != nil {
		w.put("<p><a href=\"%s/openapi.json\">openapi.json</a></p>", w.docs.path)
	}
	w.b.WriteString("</div>\n")
	for _, tag := range order {
		if tag != "" {
			w.put("<h2 class=\"group\">%s</h2>\n", tag)
		}
		for _, op := range groups[tag] {
			w.operation(op)
		}
	}
	if len(names) > 0 {
		w.b.WriteString("<h2 class=\"group\">Schemas</h2>\n")
	}
	for _, name := range names {
		w.put("<section id=\"schema-%s\">\n<h2>%s</h2>\n", name, name)
		w.text(w.prose.Schemas[name].Description)
		w.schema(w.contract.Schemas[name], w.prose.Schemas[name].Properties, true)
		w.b.WriteString("</section>\n")
	}
	w.b.WriteString("</main>\n<script>" + docsScript + "</script>\n</html>\n")
	return []byte(w.b.String())
}

// groups sorts operations by their first tag, in the order of the document.
func (w *docsWriter) groups() (groups map[string][]*contract.Operation, order []string) {
	groups = map[string][]*contract.Operation{}
	for _, op := range w.contract.Operations {
		if op.Webhook {
			continue
		}
		tag := w.prose.Operations[op.ID].Tag
		if groups[tag] == nil {
			order = append(order, tag)
		}
		groups[tag] = append(groups[tag], op)
	}
	return groups, order
}

func (w *docsWriter) schemaNames() []string {
	var names []string
	for name := range w.contract.Schemas {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// text writes paragraphs.
func (w *docsWriter) text(s string) {
	for p := range strings.SplitSeq(strings.TrimSpace(s), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			w.put("<p>%s</p>\n", p)
		}
	}
}

func (w *docsWriter) operation(op *contract.Operation) {
	p := w.prose.Operations[op.ID]
	w.put("<section id=\"%s\">\n<h2><span class=\"verb %s\">%s</span><span class=\"path\">%s</span>", op.ID, strings.ToLower(op.Method), op.Method, op.Path)
	if op.Deprecated {
		w.b.WriteString("<span class=\"tag\">deprecated</span>")
	}
	if op.WebSocket {
		w.b.WriteString("<span class=\"tag\">WebSocket</span>")
	}
	w.b.WriteString("</h2>\n")
	w.text(cmp.Or(p.Summary, op.ID))
	if p.Description != p.Summary && p.Description != "" {
		w.b.WriteString("<div class=\"soft\">")
		w.text(p.Description)
		w.b.WriteString("</div>\n")
	}
	if len(op.Params) > 0 {
		w.b.WriteString("<h3>Parameters</h3>\n<dl>\n")
		for _, q := range op.Params {
			w.put("<dt class=\"%s\"><code>%s</code></dt><dd><span class=\"soft\">in the %s</span> · ", needed(q.Required), q.Name, q.In)
			w.schema(q.Schema, nil, false)
			w.text(p.Params[q.Name])
			w.b.WriteString("</dd>\n")
		}
		w.b.WriteString("</dl>\n")
	}
	if op.Body != nil {
		w.b.WriteString("<h3>Request body</h3>\n<dl>\n")
		for _, m := range op.Body.Content {
			w.put("<dt class=\"%s\"><code>%s</code></dt><dd>", needed(op.Body.Required), m.Type)
			w.schema(m.Schema, nil, true)
			w.b.WriteString("</dd>\n")
		}
		w.b.WriteString("</dl>\n")
	}
	w.responses(op, p)
	if !op.WebSocket {
		w.form(op)
	}
	w.b.WriteString("</section>\n")
}

func (w *docsWriter) responses(op *contract.Operation, p contract.OperationProse) {
	if len(op.Responses) == 0 {
		return
	}
	w.b.WriteString("<h3>Answers</h3>\n<dl>\n")
	for _, r := range op.Responses {
		code := strconv.Itoa(r.Status)
		switch {
		case r.Status == 0:
			code = "default"
		case r.Status < 10:
			code += "XX"
		}
		w.put("<dt>%s</dt><dd>", code)
		w.text(cmp.Or(p.Responses[code], p.Responses[strings.ToLower(code)]))
		for _, m := range r.Content {
			w.put("<div><code>%s</code> ", m.Type)
			w.schema(m.Schema, nil, true)
			w.b.WriteString("</div>\n")
		}
		for _, h := range r.Headers {
			w.put("<div><span class=\"soft\">Header</span> <code>%s</code> ", h.Name)
			w.schema(h.Schema, nil, false)
			w.b.WriteString("</div>\n")
		}
		w.b.WriteString("</dd>\n")
	}
	w.b.WriteString("</dl>\n")
}

// needed is the class of what must be there.
func needed(yes bool) string {
	if yes {
		return "need"
	}
	return "may"
}

// form is what tries an operation; the script shows it.
func (w *docsWriter) form(op *contract.Operation) {
	w.put("<details hidden><summary>Try it</summary>\n<form data-method=\"%s\" data-path=\"%s\">\n", op.Method, op.Path)
	for _, r := range op.Security {
		for _, c := range r {
			switch {
			case c.Kind == contract.CheckScheme:
				w.put("<label><span>Authorization</span><input name=\"Authorization\" data-in=\"header\" placeholder=\"%s …\" autocomplete=\"off\"></label>\n", c.Name)
			case c.Kind == contract.CheckAPIKey && c.In != contract.InCookie:
				w.put("<label><span>%s</span><input name=\"%s\" data-in=\"%s\" autocomplete=\"off\"></label>\n", c.Name, c.Name, c.In)
			}
		}
	}
	for _, p := range op.Params {
		if p.In == contract.InCookie {
			continue // pages cannot set them
		}
		required := ""
		if p.Required {
			required = " required"
		}
		first := ""
		if p.Default.IsBound() {
			first = p.Default.Text()
		}
		w.put("<label><span>%s</span><input name=\"%s\" data-in=\"%s\" value=\"%s\"%s></label>\n", p.Name, p.Name, p.In, first, required)
	}
	if op.Body != nil && len(op.Body.Content) > 0 {
		w.b.WriteString("<label><span>Content-Type</span><select data-in=\"type\">")
		for _, m := range op.Body.Content {
			w.put("<option>%s</option>", m.Type)
		}
		m := op.Body.Content[0]
		w.b.WriteString("</select></label>\n")
		w.put("<label><span>Body</span><textarea data-in=\"body\" spellcheck=\"false\">%s</textarea></label>\n", example(m))
	}
	w.b.WriteString("<button>Send</button>\n<p class=\"state\" hidden role=\"status\"></p>\n<pre hidden></pre>\n</form></details>\n")
}

// schema writes a type in words; a named one as a link unless deep asks for its
// own properties.
func (w *docsWriter) schema(s *contract.Schema, prose map[string]string, deep bool) {
	w.b.WriteString("<span>")
	w.typeOf(s, prose == nil, 0)
	w.b.WriteString("</span>")
	if s == nil || !deep || prose == nil && s.Name != "" {
		return
	}
	w.properties(s, prose, 0)
}

func (w *docsWriter) properties(s *contract.Schema, prose map[string]string, depth int) {
	if s.Items != nil && s.Items.Name == "" {
		s = s.Items
	}
	if len(s.Properties) == 0 || depth > 6 {
		return
	}
	w.b.WriteString("<dl>\n")
	for _, p := range s.Properties {
		w.put("<dt class=\"%s\"><code>%s</code></dt><dd>", needed(slices.Contains(s.Required, p.Name)), p.Name)
		w.typeOf(p.Schema, true, 0)
		w.text(prose[p.Name])
		if p.Schema != nil && p.Schema.Name == "" {
			w.properties(p.Schema, nil, depth+1)
		}
		w.b.WriteString("</dd>\n")
	}
	w.b.WriteString("</dl>\n")
}

// typeOf writes "array of string, at most 10" and the like.
func (w *docsWriter) typeOf(s *contract.Schema, link bool, depth int) {
	switch {
	case s == nil || depth > 4:
		w.b.WriteString("anything")
		return
	case link && s.Name != "":
		w.put("<a href=\"#schema-%s\">%s</a>", s.Name, s.Name)
		return
	}
	several := func(list []*contract.Schema, between string) {
		for i, t := range list {
			if i > 0 {
				w.b.WriteString(between)
			}
			w.typeOf(t, true, depth+1)
		}
	}
	switch {
	case s.Never:
		w.b.WriteString("nothing")
	case s.Items != nil:
		w.b.WriteString("array of ")
		w.typeOf(s.Items, true, depth+1)
	case s.Types != 0:
		w.put("%s", s.Types)
	case len(s.OneOf) > 0:
		several(s.OneOf, " or ")
	case len(s.AnyOf) > 0:
		several(s.AnyOf, " or ")
	case len(s.AllOf) > 0:
		several(s.AllOf, " and ")
	case s.Ref != nil:
		w.typeOf(s.Ref, true, depth+1)
	case len(s.Properties) > 0:
		w.b.WriteString("object")
	default:
		w.b.WriteString("anything")
	}
	w.limits(s)
}

func (w *docsWriter) limits(s *contract.Schema) {
	say := func(text string, v any) { w.put(", "+text+" <code>%s</code>", v) }
	if s.Format != contract.FormatNone {
		w.put(" (%s)", s.Format)
	}
	if s.Nullable {
		w.b.WriteString(" or null")
	}
	for _, l := range []struct {
		text string
		v    value.Value
	}{{"at least", s.Minimum}, {"at most", s.Maximum}, {"above", s.Above}, {"below", s.Below}, {"always", s.Const}, {"default", s.Default}} {
		if l.v.IsBound() {
			say(l.text, l.v.JSON())
		}
	}
	for _, l := range []struct {
		text string
		n    int
		none int
	}{{"length at least", s.MinLength, 0}, {"length at most", s.MaxLength, contract.NoLimit}, {"items at least", s.MinItems, 0}, {"items at most", s.MaxItems, contract.NoLimit}} {
		if l.n != l.none {
			say(l.text, l.n)
		}
	}
	if s.Pattern != "" {
		say("like", s.Pattern)
	}
	for i, e := range s.Enum {
		if i == 0 {
			w.b.WriteString(": ")
		} else {
			w.b.WriteString(" ")
		}
		w.put("<code>%s</code>", e.JSON())
	}
}

// example is a body to begin with.
func example(m contract.Media) string {
	v := exampleOf(m.Schema, 0)
	if m.Type != "application/x-www-form-urlencoded" {
		var b bytes.Buffer
		json.Indent(&b, v.AppendJSON(nil), "", "  ") // of our own JSON: cannot fail
		return strings.ReplaceAll(b.String(), `\/`, "/")
	}
	var fields []string
	if r := v.Record(); r != nil {
		for i := range r.Len() {
			key, _ := r.At(i)
			fields = append(fields, key+"=")
		}
	}
	return strings.Join(fields, "&")
}

func exampleOf(s *contract.Schema, depth int) value.Value {
	switch {
	case s == nil || depth > 5:
		return value.EmptyMap
	case s.Default.IsBound():
		return s.Default
	case s.Const.IsBound():
		return s.Const
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Ref != nil:
		return exampleOf(s.Ref, depth+1)
	case len(s.Properties) > 0:
		b := value.NewBuilder(len(s.Properties))
		for _, p := range s.Properties {
			b.Set(p.Name, exampleOf(p.Schema, depth+1))
		}
		return b.Value()
	case s.Items != nil:
		return value.OfList([]value.Value{exampleOf(s.Items, depth+1)})
	case len(s.AllOf)+len(s.OneOf)+len(s.AnyOf) > 0:
		return exampleOf(slices.Concat(s.AllOf, s.OneOf, s.AnyOf)[0], depth+1)
	case s.Types&(contract.TypeInteger|contract.TypeNumber) != 0:
		return value.OfInt(0)
	case s.Types&contract.TypeBoolean != 0:
		return value.True
	case s.Types&contract.TypeArray != 0:
		return value.OfList(nil)
	case s.Types&contract.TypeString != 0:
		return value.OfString("text")
	}
	return value.EmptyMap
}
