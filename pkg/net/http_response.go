package aronet

import (
	"net/http"
	"strconv"
	"strings"

	"aro/pkg/host"
	"aro/pkg/net/contract"
	"aro/pkg/net/httpd"
	"aro/pkg/vm/value"
)

const jsonType = "application/json"

// respond writes what Return set (03 §5).
func (s *httpServer) respond(x *httpd.Exchange, req *request, r host.Response) {
	status := http.StatusOK
	if r.Set {
		status = contract.StatusCode(r.Status)
	}
	data := r.Data
	if data.Kind() == value.Opaque {
		data = data.Object().Simple()
	}
	if declared := req.op.ResponseHeaders(status); len(declared) > 0 {
		var ok bool
		if data, ok = s.headerLines(x, req, status, data, declared); !ok {
			return
		}
	}
	if status == http.StatusOK && (data.Content() != 0 || data.Kind() == value.Bytes) && s.static(x, req, data) {
		s.hold(x, req, status, data)
		return
	}
	body, ctype := x.Body, jsonType
	checked := data
	switch data.Kind() {
	case value.Map:
		body = data.AppendJSON(body)
	case value.List:
		body = append(data.AppendJSON(append(body, `{"data":`...)), '}')
	case value.String:
		if status >= 300 && status < 400 && status != http.StatusNotModified {
			s.redirect(x, req, status, data.Str())
			return
		}
		body, ctype, checked = textBody(body, req, status, data)
	case value.Bytes:
		body = append(body, data.Bytes()...)
		ctype = bytesType(req, status)
	case value.Unbound, value.Null:
		body = emptyBody(body, r)
	default:
		body = append(data.AppendJSON(append(body, `{"value":`...)), '}')
	}
	s.hold(x, req, status, checked)
	x.Status, x.Body = status, body
	x.Type(ctype)
	s.squeeze(x)
}

// hold holds a returned value against the schema that the contract has for the
// status (03 §5.6).
func (s *httpServer) hold(x *httpd.Exchange, req *request, status int, v value.Value) {
	if len(req.op.Responses) == 0 || !v.IsBound() {
		return
	}
	if details := req.op.CheckResponse(status, v); len(details) > 0 {
		x.Set("X-Contract-Violation", "true")
		s.h.Diagnose("[CONTRACT VIOLATION] Response for operation '%s' (status %d) does not match schema: %s", req.op.ID, status,
			value.Conceal(strings.Join(details, "; "), req.Secrets()))
	}
}

// emptyBody is the answer without data: the bound object, else reason and status.
func emptyBody(b []byte, r host.Response) []byte {
	if !r.Set {
		return append(b, `{"status":"OK"}`...)
	}
	if r.Object.IsBound() {
		return value.MapOf(r.Reason, r.Object).AppendJSON(b)
	}
	return value.MapOf("reason", value.OfString(r.Reason), "status", value.OfString(r.Status)).AppendJSON(b)
}

// textBody finds form and content type of text (03 §5.3). checked is the value
// that the response schema is held against.
func textBody(b []byte, req *request, status int, v value.Value) (body []byte, ctype string, checked value.Value) {
	s := v.Str()
	if v.Content() != 0 {
		return append(b, s...), markupType(req, status, v), v
	}
	if t := strings.TrimLeft(s, " \t\r\n"); strings.HasPrefix(t, "{") {
		if parsed, err := value.ParseJSON(t); err == nil {
			return parsed.AppendJSON(b), jsonType, parsed
		}
	}
	if t := contract.ContentTypeByExtension(req.Path); t != "" {
		return append(b, s...), t, v
	}
	t, jsonOnly := req.op.ResponseType(status)
	if t == "" && !jsonOnly {
		t = sniff(s)
	}
	if t != "" {
		return append(b, s...), t, v
	}
	return append(v.AppendJSON(append(b, `{"value":`...)), '}'), jsonType, v
}

// markupType is the content type of text that came from a template.
func markupType(req *request, status int, v value.Value) string {
	t := contract.ContentTypeByExtension(req.Path)
	if t == "" {
		t = contract.ContentTypeByExtension("x." + v.Content().Ext())
	}
	if t == "" {
		t, _ = req.op.ResponseType(status)
	}
	if t == "" {
		t = sniff(v.Str())
	}
	if t == "" {
		t = "text/plain; charset=utf-8"
	}
	return t
}

// sniff recognises the two kinds of text that speak for themselves.
func sniff(s string) string {
	t := strings.TrimLeft(s, " \t\r\n")
	if len(t) > 16 {
		t = t[:16]
	}
	switch l := strings.ToLower(t); {
	case strings.HasPrefix(l, "<!doctype"), strings.HasPrefix(l, "<html"):
		return "text/html; charset=utf-8"
	case strings.HasPrefix(t, "# HELP "), strings.HasPrefix(t, "# TYPE "):
		return "text/plain; version=0.0.4; charset=utf-8"
	}
	return ""
}

func bytesType(req *request, status int) string {
	if t := contract.ContentTypeByExtension(req.Path); t != "" {
		return t
	}
	if t, _ := req.op.ResponseType(status); t != "" {
		return t
	}
	return "application/octet-stream"
}

// redirect sends the text as Location. A value never makes a header line of its
// own (05 H12).
func (s *httpServer) redirect(x *httpd.Exchange, req *request, status int, location string) {
	if strings.ContainsAny(location, "\r\n\x00") {
		s.h.Diagnose("[ERROR] [%s] the redirect target holds a line break and was not sent", req.op.ID)
		s.fail(x, req.tell(contract.StatementFailed(http.StatusInternalServerError, "The redirect target is not valid")))
		return
	}
	x.Set("Location", location)
	x.Status = status
}

// fail answers with a failure.
func (s *httpServer) fail(x *httpd.Exchange, f *contract.Failure) {
	if f.Status != http.StatusInternalServerError {
		s.h.Refused("http_" + strconv.Itoa(f.Status))
	}
	for _, h := range f.Headers {
		x.Set(h.Name, h.Value)
	}
	if (f.Status == http.StatusServiceUnavailable || f.Status == http.StatusTooManyRequests) && x.Header("Retry-After") == "" {
		x.Set("Retry-After", "1")
	}
	x.Status = f.Status
	x.Type(jsonType)
	x.Body = append(x.Body[:0], f.JSON()...)
}
