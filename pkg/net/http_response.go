package aronet

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"aro/pkg/host"
	"aro/pkg/net/contract"
	"aro/pkg/vm/value"
)

// jsonType is shared by all answers: a header value is a slice.
var jsonType = []string{"application/json"}

// buffers keeps encoding buffers; large ones are dropped.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}

const maxKeptBuffer = 256 << 10

// respond writes what Return set (03 §5).
func (s *httpServer) respond(w http.ResponseWriter, req *request, r host.Response, head bool) {
	status := http.StatusOK
	if r.Set {
		status = contract.StatusCode(r.Status)
	}
	data := r.Data
	if data.Kind() == value.Opaque {
		data = data.Object().Simple()
	}
	bp := buffers.Get().(*[]byte)
	body := (*bp)[:0]
	defer func() {
		if cap(body) <= maxKeptBuffer {
			*bp = body[:0]
			buffers.Put(bp)
		}
	}()
	ctype := jsonType
	checked := data
	switch data.Kind() {
	case value.Map:
		body = data.AppendJSON(body)
	case value.List:
		body = append(data.AppendJSON(append(body, `{"data":`...)), '}')
	case value.String:
		if status >= 300 && status < 400 && status != http.StatusNotModified {
			s.redirect(w, req, status, data.Str())
			return
		}
		body, ctype, checked = textBody(body, req, status, data)
	case value.Bytes:
		body = append(body, data.Bytes()...)
		ctype = []string{bytesType(req, status)}
	case value.Unbound, value.Null:
		body = emptyBody(body, r)
	default:
		body = append(data.AppendJSON(append(body, `{"value":`...)), '}')
	}
	if len(req.op.Responses) > 0 && data.IsBound() {
		if details := req.op.CheckResponse(status, checked); len(details) > 0 {
			w.Header().Set("X-Contract-Violation", "true")
			s.h.Diagnose("[CONTRACT VIOLATION] Response for operation '%s' (status %d) does not match schema: %s", req.op.ID, status, strings.Join(details, "; "))
		}
	}
	if status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified {
		w.WriteHeader(status)
		return
	}
	send(w, status, ctype, body, head)
}

// send writes a whole body with its length. A client that takes no byte for ten
// seconds is cut off (05 H02).
func send(w http.ResponseWriter, status int, ctype []string, body []byte, head bool) {
	h := w.Header()
	h["Content-Type"] = ctype
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	if head {
		return
	}
	if len(body) <= writeChunk {
		w.Write(body) // fits into the server's and the kernel's buffers
		return
	}
	rc := http.NewResponseController(w)
	defer rc.SetWriteDeadline(time.Time{})
	for len(body) > 0 {
		rc.SetWriteDeadline(time.Now().Add(writeStall))
		n := min(len(body), writeChunk)
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		body = body[n:]
	}
}

const (
	writeChunk = 2048
	writeStall = 10 * time.Second
)

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
func textBody(b []byte, req *request, status int, v value.Value) (body []byte, ctype []string, checked value.Value) {
	s := v.Str()
	if c := v.Content(); c != 0 {
		t := contract.ContentTypeByExtension(req.r.URL.Path)
		if t == "" {
			t = contract.ContentTypeByExtension("x." + c.Ext())
		}
		if t == "" {
			t, _ = req.op.ResponseType(status)
		}
		if t == "" {
			t = sniff(s)
		}
		if t == "" {
			t = "text/plain; charset=utf-8"
		}
		return append(b, s...), []string{t}, v
	}
	if t := strings.TrimLeft(s, " \t\r\n"); strings.HasPrefix(t, "{") {
		if parsed, err := value.ParseJSON(t); err == nil {
			return parsed.AppendJSON(b), jsonType, parsed
		}
	}
	if t := contract.ContentTypeByExtension(req.r.URL.Path); t != "" {
		return append(b, s...), []string{t}, v
	}
	t, jsonOnly := req.op.ResponseType(status)
	if t == "" && !jsonOnly {
		t = sniff(s)
	}
	if t != "" {
		return append(b, s...), []string{t}, v
	}
	return append(v.AppendJSON(append(b, `{"value":`...)), '}'), jsonType, v
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
	if t := contract.ContentTypeByExtension(req.r.URL.Path); t != "" {
		return t
	}
	if t, _ := req.op.ResponseType(status); t != "" {
		return t
	}
	return "application/octet-stream"
}

// redirect sends the text as Location. A value never makes a header line of its
// own (05 H12).
func (s *httpServer) redirect(w http.ResponseWriter, req *request, status int, location string) {
	if strings.ContainsAny(location, "\r\n\x00") {
		s.h.Diagnose("[ERROR] [%s] the redirect target holds a line break and was not sent", req.op.ID)
		s.fail(w, req.r, contract.StatementFailed(http.StatusInternalServerError, "The redirect target is not valid"))
		return
	}
	w.Header().Set("Location", location)
	w.WriteHeader(status)
}

// fail answers with a failure.
func (s *httpServer) fail(w http.ResponseWriter, r *http.Request, f *contract.Failure) {
	for _, h := range f.Headers {
		w.Header().Set(h.Name, h.Value)
	}
	send(w, f.Status, jsonType, f.JSON(), r.Method == http.MethodHead)
}
