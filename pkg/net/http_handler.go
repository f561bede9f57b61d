package aronet

import (
	"errors"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"

	"aro/pkg/host"
	"aro/pkg/net/contract"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// discardLog swallows what net/http says about broken clients: it concerns
// nobody who runs the program.
var discardLog = log.New(io.Discard, "", 0)

// ServeHTTP answers one request: limits, upgrade, route, checks, the feature
// set, the response. It runs the feature set on the connection's own goroutine.
func (s *httpServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head["X-Content-Type-Options"] = noSniff
	if s.h.IsStopping() {
		head["Connection"] = closeHeader
		s.fail(w, r, contract.Unavailable())
		return
	}
	if f := overLimits(r); f != nil {
		head["Connection"] = closeHeader
		s.fail(w, r, f)
		return
	}
	path := rawPath(r)
	if s.websocket != "" && path == s.websocket && s.upgrade(w, r) {
		return
	}
	if s.cors != nil && s.crossOrigin(w, r) {
		return
	}
	if s.router == nil {
		s.fail(w, r, s.unknown(path))
		return
	}
	m := s.router.Match(r.Method, path)
	if m.Operation == nil {
		s.unmatched(w, r, path, m)
		return
	}
	if len(s.cors) == 0 {
		if err := s.cross.Check(r); err != nil {
			s.fail(w, r, forbidden)
			return
		}
	}
	s.operation(w, r, &m)
}

var (
	noSniff     = []string{"nosniff"}
	closeHeader = []string{"close"}
	forbidden   = &contract.Failure{Status: http.StatusForbidden, Fields: value.MapOf("error", value.OfString("Forbidden"),
		"message", value.OfString("Cross-site requests are refused; start the http-server with the option cors to allow them"))}
)

// overLimits checks what net/http does not (05 H03).
func overLimits(r *http.Request) *contract.Failure {
	if len(r.RequestURI) > maxRequestLine {
		return &contract.Failure{Status: http.StatusRequestURITooLong, Fields: value.MapOf("error", value.OfString("URI Too Long"))}
	}
	n := 0
	for _, values := range r.Header {
		n += len(values)
	}
	if n > maxHeaderLines {
		return &contract.Failure{Status: http.StatusRequestHeaderFieldsTooLarge, Fields: value.MapOf("error", value.OfString("Request Header Fields Too Large"))}
	}
	return nil
}

// rawPath is the path as sent, still percent-encoded.
func rawPath(r *http.Request) string {
	if uri := r.RequestURI; strings.HasPrefix(uri, "/") {
		if i := strings.IndexByte(uri, '?'); i >= 0 {
			return uri[:i]
		}
		return uri
	}
	return r.URL.EscapedPath()
}

// upgrade serves a WebSocket handshake; it reports false for other requests to
// the path, which are routed like any.
func (s *httpServer) upgrade(w http.ResponseWriter, r *http.Request) bool {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		if s.router != nil {
			if m := s.router.Match(r.Method, s.websocket); m.Operation != nil {
				return false
			}
		}
		s.fail(w, r, contract.UpgradeRequired(s.websocket))
		return true
	}
	delete(w.Header(), "X-Content-Type-Options")
	s.n.ServeWebSocket(w, r, s.h, s.origins)
	return true
}

func (s *httpServer) unknown(path string) *contract.Failure { return contract.NotFound(path) }

func (s *httpServer) unmatched(w http.ResponseWriter, r *http.Request, path string, m contract.Match) {
	switch {
	case m.Known && r.Method == http.MethodOptions:
		w.Header().Set("Allow", m.Allowed.String())
		w.WriteHeader(http.StatusNoContent)
	case m.Known:
		s.fail(w, r, contract.MethodNotAllowed(path, m.Allowed))
	default:
		s.fail(w, r, s.unknown(path))
	}
}

// crossOrigin adds the CORS headers of an allowed origin and answers preflights;
// it reports whether the request is done.
func (s *httpServer) crossOrigin(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	head := w.Header()
	for _, allowed := range s.cors {
		switch {
		case allowed == "*":
			head.Set("Access-Control-Allow-Origin", "*")
		case strings.EqualFold(allowed, origin):
			head.Set("Access-Control-Allow-Origin", origin)
			head.Add("Vary", "Origin")
		default:
			continue
		}
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			head.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
			if want := r.Header.Get("Access-Control-Request-Headers"); want != "" {
				head.Set("Access-Control-Allow-Headers", want)
			}
			head.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return true
		}
		return false
	}
	if err := s.cross.Check(r); err != nil {
		s.fail(w, r, forbidden)
		return true
	}
	return false
}

// operation checks a routed request, runs its feature set and answers.
func (s *httpServer) operation(w http.ResponseWriter, r *http.Request, m *contract.Match) {
	op := m.Operation
	set := s.handlers[op]
	if set == nil {
		s.fail(w, r, contract.NotImplemented(op.ID))
		return
	}
	req := &request{r: r, op: op}
	if f := s.prepare(w, req, m); f != nil {
		if f.Status == http.StatusRequestEntityTooLarge {
			s.refuseBody(w, r, f)
			return
		}
		s.fail(w, r, f)
		return
	}
	if op.Deprecated {
		w.Header().Set("Deprecation", "true")
	}
	e := s.h.Invoke(set, req)
	defer e.Release()
	if e.State() == vm.Failed {
		s.fail(w, r, failure(e.Err()))
		return
	}
	s.respond(w, req, e.Reply, m.Head)
}

// prepare runs the checks that are always on (03 §4.5), and those of validate.
func (s *httpServer) prepare(w http.ResponseWriter, req *request, m *contract.Match) *contract.Failure {
	r, op := req.r, m.Operation
	if f := op.CheckSecurity(req.credential); f != nil {
		return f
	}
	var f *contract.Failure
	req.path = op.PathParameters(m)
	if req.query, f = op.QueryParameters(r.URL.RawQuery); f != nil {
		return f
	}
	if req.header, f = op.HeaderParameters(func(name string) string { return r.Header.Get(name) }); f != nil {
		return f
	}
	if req.cookie, f = op.CookieParameters(req.cookies()); f != nil {
		return f
	}
	if f := s.readBody(w, req); f != nil {
		return f
	}
	if !s.validate {
		return nil
	}
	for _, check := range []struct {
		in contract.Location
		v  value.Value
	}{{contract.InPath, req.path}, {contract.InQuery, req.query}, {contract.InHeader, req.header}, {contract.InCookie, req.cookie}} {
		if f := op.CheckParameters(check.in, check.v); f != nil {
			return f
		}
	}
	req.body, f = op.CheckBody(r.Header.Get("Content-Type"), req.raw, req.body)
	return f
}

// slowBody is how long a client may take for each KiB of a body (05 H02).
const slowBody = 10 * time.Second

// readBody reads and decodes the body, at most maxBody bytes of it, from a client
// that keeps sending.
func (s *httpServer) readBody(w http.ResponseWriter, req *request) *contract.Failure {
	r := req.r
	if r.Body == nil || r.Body == http.NoBody {
		req.body = value.OfString("")
		return nil
	}
	tooLarge := func() *contract.Failure {
		w.Header()["Connection"] = closeHeader
		return contract.PayloadTooLarge("The request body is larger than " + strconv.FormatInt(s.maxBody, 10) + " bytes")
	}
	if r.ContentLength > s.maxBody {
		return tooLarge()
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return contract.UnsupportedMediaType("Content-Encoding "+enc, "identity")
	}
	rc := http.NewResponseController(w)
	var buf []byte
	if r.ContentLength > 0 {
		buf = make([]byte, 0, min(r.ContentLength, 64<<10)+1)
	} else {
		buf = make([]byte, 0, 4<<10)
	}
	mark := 0
	rc.SetReadDeadline(time.Now().Add(slowBody))
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > s.maxBody {
			return tooLarge()
		}
		if err == io.EOF {
			rc.SetReadDeadline(time.Time{})
			break
		}
		if err != nil {
			w.Header()["Connection"] = closeHeader
			rc.SetReadDeadline(time.Now()) // net/http must not wait for the rest either
			var timeout interface{ Timeout() bool }
			if errors.As(err, &timeout) && timeout.Timeout() {
				return &contract.Failure{Status: http.StatusRequestTimeout, Fields: value.MapOf("error", value.OfString("Request Timeout"))}
			}
			return contract.BadRequest("The request body could not be read")
		}
		if len(buf)-mark >= 1024 {
			mark = len(buf)
			rc.SetReadDeadline(time.Now().Add(slowBody))
		}
	}
	req.raw = buf
	var f *contract.Failure
	req.body, req.files, f = req.op.DecodeBody(r.Header.Get("Content-Type"), buf)
	return f
}

// refuseBody answers that a body is too large, and reads and drops what the
// client still sends of it, for a while: a connection closed at once would be
// reset, and the client would never see the answer.
func (s *httpServer) refuseBody(w http.ResponseWriter, r *http.Request, f *contract.Failure) {
	rc := http.NewResponseController(w)
	rc.EnableFullDuplex() // or net/http closes the body when the answer begins
	s.fail(w, r, f)
	rc.Flush()
	if r.Header.Get("Expect") != "" {
		return // it waits for our word before it sends
	}
	rc.SetReadDeadline(time.Now().Add(lingerTime))
	io.CopyN(io.Discard, r.Body, lingerBytes)
}

const (
	lingerTime  = 2 * time.Second
	lingerBytes = 64 << 20
)

// failure turns the error of a feature set into an answer (03 §6).
func failure(err error) *contract.Failure {
	var missing *host.TemplateError
	if errors.As(err, &missing) && missing.NotFound {
		return &contract.Failure{Status: http.StatusNotFound,
			Fields: value.MapOf("error", value.OfString("Not Found"), "message", value.OfString(missing.Message))}
	}
	status := http.StatusInternalServerError
	var thrown *host.ThrownError
	if errors.As(err, &thrown) && contract.ReasonKnown(thrown.Type) {
		status = contract.StatusCode(thrown.Type)
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return contract.StatementFailed(status, text)
}
