package aronet

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"aro/pkg/host"
	"aro/pkg/host/password"
	"aro/pkg/net/contract"
	"aro/pkg/net/httpd"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// Serve answers one request: upgrade, route, checks, the feature set, the
// response. It runs the feature set on the connection's own goroutine.
func (s *httpServer) Serve(x *httpd.Exchange) {
	if s.h.LogRequests {
		s.serveLogged(x)
		return
	}
	s.serve(x, nil)
}

// serve is Serve. req is what becomes the request of the feature set, nil: it is made
// when there is one.
func (s *httpServer) serve(x *httpd.Exchange, req *request) {
	x.Set("X-Content-Type-Options", "nosniff")
	if s.h.IsStopping() {
		x.Close = true
		if !s.shared.Load() {
			s.fail(x, contract.Unavailable())
			return
		}
	}
	if p := host.MemoryPressure(); p == host.Full || p == host.High && (x.HasBody() || x.Upgrades()) {
		s.h.Refused("memory")
		x.Close = true // its buffers too
		s.fail(x, overloaded)
		return
	}
	if s.hosts != nil && !s.knownHost(x.Host) {
		s.fail(x, misdirected)
		return
	}
	rt := s.routing.Load()
	if s.websocket != "" && x.Path == s.websocket && s.upgrade(x, rt) {
		return
	}
	if s.cors != nil && s.crossOrigin(x) {
		return
	}
	if rt.docs != nil && rt.docs.serve(s, rt, x) {
		return
	}
	if rt.router == nil {
		s.fail(x, contract.NotFound(x.Path))
		return
	}
	m := rt.router.Match(x.Method, x.Path)
	if m.Operation == nil {
		s.unmatched(x, m)
		return
	}
	if len(s.cors) == 0 && s.foreign(x) {
		s.fail(x, forbidden)
		return
	}
	s.operation(x, rt, &m, req)
}

var forbidden = &contract.Failure{Status: http.StatusForbidden, Fields: value.MapOf("error", value.OfString("Forbidden"),
	"message", value.OfString("Cross-site requests are refused; start the http-server with the option cors to allow them"))}

// foreign reports whether a page of another site sent a request that may change
// something (05 H11). Only browsers say where a request comes from.
func (s *httpServer) foreign(x *httpd.Exchange) bool {
	switch x.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	site, origin := x.Fields.Get("Sec-Fetch-Site"), x.Fields.Get("Origin")
	if site == "" && origin == "" {
		return false
	}
	h := http.Header{}
	if site != "" {
		h["Sec-Fetch-Site"] = []string{site}
	}
	if origin != "" {
		h["Origin"] = []string{origin}
	}
	return s.cross.Check(&http.Request{Method: x.Method, Host: x.Host, Header: h}) != nil
}

// upgrade serves a WebSocket handshake; it reports false for other requests to
// the path, which are routed like any.
func (s *httpServer) upgrade(x *httpd.Exchange, rt *routing) bool {
	if !x.Upgrades() || !strings.EqualFold(x.Fields.Get("Upgrade"), "websocket") {
		if rt.router != nil {
			if m := rt.router.Match(x.Method, s.websocket); m.Operation != nil {
				return false
			}
		}
		s.fail(x, contract.UpgradeRequired(s.websocket))
		return true
	}
	if rt.schemes != nil && rt.router != nil {
		if m := rt.router.Match(x.Method, s.websocket); m.Operation != nil {
			if f := s.admitted(rt, &request{Request: x.Request, op: m.Operation}); f != nil {
				s.fail(x, f)
				return true
			}
		}
	}
	x.Standard(func(w http.ResponseWriter, r *http.Request) { s.n.ServeWebSocket(w, r, s.h, s.origins) })
	return true
}

func (s *httpServer) unmatched(x *httpd.Exchange, m contract.Match) {
	switch {
	case m.Known && x.Method == http.MethodOptions:
		x.Set("Allow", m.Allowed.String())
		x.Status = http.StatusNoContent
	case m.Known:
		s.fail(x, contract.MethodNotAllowed(x.Path, m.Allowed))
	default:
		s.fail(x, contract.NotFound(x.Path))
	}
}

// crossOrigin adds the CORS headers of an allowed origin and answers preflights;
// it reports whether the request is done.
func (s *httpServer) crossOrigin(x *httpd.Exchange) bool {
	origin := x.Fields.Get("Origin")
	if origin == "" {
		return false
	}
	for _, allowed := range s.cors {
		switch {
		case allowed == "*":
			x.Set("Access-Control-Allow-Origin", "*")
		case strings.EqualFold(allowed, origin):
			x.Set("Access-Control-Allow-Origin", origin)
			x.Set("Vary", "Origin")
		default:
			continue
		}
		if x.Method == http.MethodOptions && x.Fields.Get("Access-Control-Request-Method") != "" {
			x.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
			if want := x.Fields.Get("Access-Control-Request-Headers"); want != "" {
				x.Set("Access-Control-Allow-Headers", want)
			}
			x.Set("Access-Control-Max-Age", "600")
			x.Status = http.StatusNoContent
			return true
		}
		return false
	}
	if s.foreign(x) {
		s.fail(x, forbidden)
		return true
	}
	return false
}

// operation checks a routed request, runs its feature set and answers.
func (s *httpServer) operation(x *httpd.Exchange, rt *routing, m *contract.Match, req *request) {
	op := m.Operation
	set := rt.handlers[op]
	if set == nil {
		s.fail(x, contract.NotImplemented(op.ID))
		return
	}
	if s.rate != nil && s.tooOften(x, op) {
		return
	}
	if req == nil {
		req = &request{Request: x.Request}
	}
	req.op, req.short = op, s.short
	if f := s.prepare(x, rt, req, m); f != nil {
		s.fail(x, f)
		return
	}
	if op.Deprecated {
		x.Set("Deprecation", "true")
	}
	if !s.gate.enter() {
		s.fail(x, overloaded)
		return
	}
	defer s.gate.leave()
	req.x = x
	e := s.h.InvokeFor(set, req, req)
	x.Unwatch()
	req.x, req.run = nil, nil
	defer e.Release()
	if e.State() == vm.Failed {
		s.fail(x, req.tell(failure(e.Err())))
		return
	}
	s.respond(x, req, e.Reply)
	s.sessions.answer(x, req)
}

// prepare runs the checks that are always on (03 §4.5), and those of validate.
func (s *httpServer) prepare(x *httpd.Exchange, rt *routing, req *request, m *contract.Match) *contract.Failure {
	op := m.Operation
	if f := s.admitted(rt, req); f != nil {
		return f
	}
	var f *contract.Failure
	req.path = op.PathParameters(m)
	if req.query, f = op.QueryParameters(x.Query); f != nil {
		return f
	}
	if req.header, f = op.HeaderParameters(x.Fields.Get); f != nil {
		return f
	}
	if req.cookie, f = op.CookieParameters(req.cookies()); f != nil {
		return f
	}
	if f := s.readBody(x, req); f != nil {
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
	req.body, f = op.CheckBody(x.Fields.Get("Content-Type"), req.raw, req.body)
	return f
}

// readBody reads and decodes the body, at most maxBody bytes of it.
func (s *httpServer) readBody(x *httpd.Exchange, req *request) (f *contract.Failure) {
	if !x.HasBody() {
		req.body = value.OfString("")
		return nil
	}
	packed := x.Fields.Joined("Content-Encoding", ",")
	if packed == "identity" {
		packed = ""
	}
	if packed != "" && !s.inflate {
		return contract.UnsupportedMediaType("Content-Encoding "+packed, "identity")
	}
	var err error
	req.raw, err = x.ReadBody(s.maxBody)
	if err == nil && packed != "" {
		if req.raw, err = inflate(packed, req.raw, s.maxBody); err == errEncoding {
			return contract.UnsupportedMediaType("Content-Encoding "+packed, "gzip, deflate, identity")
		}
	}
	switch {
	case err == httpd.ErrTooLarge:
		f = contract.PayloadTooLarge("The request body is larger than " + strconv.FormatInt(s.maxBody, 10) + " bytes")
	case err == httpd.ErrTimeout:
		f = &contract.Failure{Status: http.StatusRequestTimeout, Fields: value.MapOf("error", value.OfString("Request Timeout"))}
	case err != nil:
		f = contract.BadRequest("The request body could not be read")
	default:
		req.body, req.files, f = req.op.DecodeBody(x.Fields.Get("Content-Type"), req.raw)
		return f
	}
	x.Close = true
	return f
}

// failure turns the error of a feature set into an answer (03 §6).
func failure(err error) *contract.Failure {
	var missing *host.TemplateError
	if errors.As(err, &missing) && missing.NotFound {
		return &contract.Failure{Status: http.StatusNotFound,
			Fields: value.MapOf("error", value.OfString("Not Found"), "message", value.OfString(missing.Message))}
	}
	if errors.Is(err, password.ErrBusy) {
		return busy
	}
	if errors.Is(err, host.ErrConflict) {
		return contract.StatementFailed(http.StatusConflict, host.ErrConflict.Error())
	}
	status := http.StatusInternalServerError
	if host.Unavailable(err) {
		status = http.StatusServiceUnavailable
	}
	var thrown *host.ThrownError
	if errors.As(err, &thrown) && contract.ReasonKnown(thrown.Type) {
		status = contract.StatusCode(thrown.Type)
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return contract.StatementFailed(status, text)
}

// tell is what a client hears of the failure of a feature set: all of it, or with the
// option errors: "short" nothing but the id that the log line has too.
func (q *request) tell(f *contract.Failure) *contract.Failure {
	if !q.short {
		return f
	}
	return &contract.Failure{Status: f.Status, Fields: value.MapOf("error", value.OfString(http.StatusText(f.Status)), "id", value.OfString(q.Trace().ID))}
}
