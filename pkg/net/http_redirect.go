package aronet

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"aro/pkg/net/contract"
	"aro/pkg/net/httpd"
	"aro/pkg/vm/value"
)

// redirector is a second port: it sends clients that come with plain HTTP to the
// one with TLS, and answers the authority that checks names (RFC 8555 §8.3).
type redirector struct {
	options  *tlsOptions
	to       string // port, with colon; "" for the one of https
	acme     http.Handler
	listener net.Listener
	server   *httpd.Server
	served   chan struct{}
}

const challenges = "/.well-known/acme-challenge/"

// startRedirect starts the second port, if the options ask for one.
func (s *httpServer) startRedirect(securePort int, t *transport) (*redirector, error) {
	if s.tls == nil || s.tls.redirect < 0 {
		return nil, nil
	}
	l, _, err := s.listen("redirect", s.tls.redirect)
	if err != nil {
		return nil, err
	}
	r := &redirector{options: s.tls, listener: l, served: make(chan struct{})}
	if securePort != 443 {
		r.to = ":" + strconv.Itoa(securePort)
	}
	if t.acme != nil {
		r.acme = t.acme.HTTPHandler(nil)
	}
	r.server = s.newServer(r, nil)
	go func() {
		defer close(r.served)
		r.server.Serve(l)
	}()
	return r, nil
}

func (r *redirector) port() int { return r.listener.Addr().(*net.TCPAddr).Port }

func (r *redirector) stop(ctx context.Context) {
	if r == nil {
		return
	}
	r.listener.(*net.TCPListener).SetDeadline(time.Now())
	<-r.served
	r.server.Shutdown(ctx)
}

// Serve implements httpd.Handler. 308 keeps method and body.
func (r *redirector) Serve(x *httpd.Exchange) {
	if r.acme != nil && strings.HasPrefix(x.Path, challenges) {
		x.Standard(r.acme.ServeHTTP)
		return
	}
	host := x.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "" || !r.options.ours(strings.Trim(host, "[]")) {
		f := misdirected
		x.Status, x.Body = f.Status, append(x.Body[:0], f.JSON()...)
		x.Type(jsonType)
		return
	}
	if strings.Contains(host, ":") && host[0] != '[' {
		host = "[" + host + "]"
	}
	target := x.Path
	if x.Query != "" {
		target += "?" + x.Query
	}
	x.Set("Location", "https://"+host+r.to+target)
	x.Status = http.StatusPermanentRedirect
}

// misdirected answers a request to a host that is not served here.
var misdirected = &contract.Failure{Status: http.StatusMisdirectedRequest, Fields: value.MapOf("error", value.OfString("Misdirected Request"),
	"message", value.OfString("This server does not serve that host"))}
