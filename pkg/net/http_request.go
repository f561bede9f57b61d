package aronet

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"aro/pkg/host"
	"aro/pkg/net/contract"
	"aro/pkg/net/httpd"
	"aro/pkg/vm/value"
)

// request is the Trigger of an HTTP operation and the value of <request>. What
// it offers is made when the feature set asks for it. It lives as long as the
// execution and belongs to it.
type request struct {
	*httpd.Request
	op   *contract.Operation
	raw  []byte
	body value.Value

	path, query, header, cookie value.Value
	files                       value.Value
	allCookies                  value.Value
	trace                       host.LazyTrace
	session                     atomic.Pointer[string] // its id, once the feature set began or ended one
	busy                        bool                   // a password was not looked at
	short                       bool                   // the client hears nothing of failures but the id
	user                        value.Value            // who sent it; unbound without the option security

	x   *httpd.Exchange // while the feature set runs
	run *host.Execution
}

// Began implements host.Starter.
func (q *request) Began(e *host.Execution) {
	q.run = e
	q.x.Watch(q)
}

// Gone implements httpd.Watcher: nobody waits for the answer (05 H10).
func (q *request) Gone() { q.run.Abandon() }

// Trace implements host.Traced. A traceparent that was sent twice is none.
func (q *request) Trace() *host.Trace {
	return q.trace.Get(func() *host.Trace {
		return host.NewTrace(q.single("header", "traceparent"), q.Fields.Joined("tracestate", ","))
	})
}

// Span implements host.Spanned, with the names of OpenTelemetry's conventions.
func (q *request) Span(r host.Response, failed error) (name string, attrs []host.Attr) {
	status := http.StatusOK
	switch {
	case failed != nil:
		status = failure(failed).Status
	case r.Set:
		status = contract.StatusCode(r.Status)
	}
	return q.Method + " " + q.op.Path, []host.Attr{{Key: "http.request.method", Value: value.OfString(q.Method)},
		{Key: "http.route", Value: value.OfString(q.op.Path)}, {Key: "http.response.status_code", Value: value.OfInt(int64(status))}}
}

// Entry implements host.Trigger.
func (q *request) Entry(name string) value.Value {
	if name == "request" {
		return value.OfObject(q)
	}
	switch name {
	case "pathParameters", "queryParameters", "headerParameters", "cookieParameters", "headers", "cookies", "body":
		v, _ := q.Property(name)
		return v
	}
	return value.Value{}
}

// Field implements host.Trigger.
func (q *request) Field(name string) value.Value {
	v, _ := q.Property(name)
	return v
}

// TypeName implements value.Object.
func (q *request) TypeName() string { return "Request" }

// Property implements value.Object (03 §4.1). A name that is none of the known
// ones falls back to the parameters, then to the body.
func (q *request) Property(name string) (value.Value, bool) {
	switch name {
	case "method":
		return value.OfString(q.Method), true
	case "path":
		return value.OfString(q.DecodedPath()), true
	case "url":
		return value.OfString(q.Target), true
	case "headers":
		return value.OfObject(headers{&q.Fields}), true
	case "body":
		return q.body, true
	case "rawBody":
		return value.OfBytes(q.raw), true
	case "queryParameters":
		return value.OfObject(lenient{q.query}), true
	case "pathParameters":
		return q.path, true
	case "headerParameters":
		return value.OfObject(lenient{q.header}), true
	case "cookieParameters":
		return value.OfObject(lenient{q.cookie}), true
	case "parameters":
		return q.parameters(), true
	case "cookies":
		return value.OfObject(lenient{q.cookies()}), true
	case "files":
		return q.files, q.files.IsBound()
	case "remoteAddress":
		return value.OfString(q.Remote), true
	case "user":
		// With the option security the name is the server's: nothing that was
		// sent may stand in for it.
		if q.user.IsBound() {
			return q.user, true
		}
	case "id":
		return value.OfString(q.Trace().ID), true
	case "traceId":
		return value.OfString(q.Trace().TraceID()), true
	}
	if v, ok := q.parameters().Property(name); ok {
		return v, true
	}
	return q.body.Property(name)
}

// Simple implements value.Object.
func (q *request) Simple() value.Value {
	b := value.NewBuilder(5)
	for _, name := range []string{"method", "path", "headers", "body", "queryParameters", "pathParameters"} {
		v, _ := q.Property(name)
		if v.Kind() == value.Opaque {
			v = v.Object().Simple()
		}
		b.Set(name, v)
	}
	return b.Value()
}

// parameters is the union of all parameters, later ones winning: cookie, header,
// query, path, and the fields of a form.
func (q *request) parameters() value.Value {
	rec := value.EmptyMap.Record()
	for _, v := range []value.Value{q.cookie, q.header, q.query, q.path} {
		if r := v.Record(); r != nil && r.Len() > 0 {
			rec = rec.Merge(r)
		}
	}
	if r := q.body.Record(); r != nil && isForm(q.Fields.Get("Content-Type")) {
		rec = rec.Merge(r)
	}
	return value.OfRecord(rec)
}

func isForm(contentType string) bool {
	return strings.HasPrefix(contentType, "application/x-www-form-urlencoded") || strings.HasPrefix(contentType, "multipart/form-data")
}

func (q *request) cookies() value.Value {
	if !q.allCookies.IsBound() {
		q.allCookies = contract.ParseCookies(q.Fields.Joined("Cookie", "; "))
	}
	return q.allCookies
}

// credential answers the presence checks of security requirements.
func (q *request) credential(in, name string) string {
	switch in {
	case "header":
		return q.Fields.Get(name)
	case "query":
		values, _ := url.ParseQuery(q.Query)
		return values.Get(name)
	case "cookie":
		v, _ := q.cookies().Property(name)
		return v.Str()
	}
	return ""
}

// single is credential for those that are verified: a credential that was sent twice
// is none, because a proxy may have looked at the other one.
func (q *request) single(in, name string) string {
	n := 0
	switch in {
	case "header":
		for i := range q.Fields.Len() {
			if at, _ := q.Fields.At(i); strings.EqualFold(at, name) {
				n++
			}
		}
	case "query":
		values, _ := url.ParseQuery(q.Query)
		n = len(values[name])
	}
	if n > 1 {
		return ""
	}
	return q.credential(in, name)
}

// lenient is a map whose missing entries are the empty text, as query parameters,
// headers and cookies are (03 §4.1).
type lenient struct{ v value.Value }

// TypeName implements value.Object.
func (l lenient) TypeName() string { return "Map" }

// Property implements value.Object.
func (l lenient) Property(name string) (value.Value, bool) {
	if v, ok := l.v.Property(name); ok {
		return v, true
	}
	return value.OfString(""), true
}

// Simple implements value.Object.
func (l lenient) Simple() value.Value { return l.v }

// headersOf is the header map of an answer that a program got.
func headersOf(h http.Header) headers {
	f := httpd.FieldsOf(h)
	return headers{&f}
}

// headers is the header map; names are looked up in any case.
type headers struct{ f *httpd.Fields }

// TypeName implements value.Object.
func (h headers) TypeName() string { return "Map" }

// Property implements value.Object.
func (h headers) Property(name string) (value.Value, bool) {
	return value.OfString(strings.ToValidUTF8(h.f.Joined(name, ", "), "\uFFFD")), true
}

// Simple implements value.Object: a map with lower-case names.
func (h headers) Simple() value.Value {
	b := value.NewBuilder(h.f.Len())
	for i := range h.f.Len() {
		name, _ := h.f.At(i)
		v, _ := h.Property(name)
		b.Set(strings.ToLower(name), v)
	}
	return b.Value()
}
