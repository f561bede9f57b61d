package aronet

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// originAllowed decides whether a page may open a WebSocket here (05 W01). Pages
// of the server's own origin may, and those of the listed ones; a request without
// Origin comes from no browser. Scheme, host and port must be the same.
//
// Behind a proxy that ends TLS the scheme is what X-Forwarded-Proto says; that is
// safe to believe, because a page cannot set headers of its handshake.
func originAllowed(r *http.Request, origins []string) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return true
	}
	for _, o := range origins {
		if o == "*" {
			return true
		}
	}
	if len(values) > 1 {
		return false
	}
	u, err := url.Parse(values[0])
	if err != nil || u.Scheme == "" || u.Host == "" {
		return false // "null", for one
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	if p := r.Header.Get("X-Forwarded-Proto"); p != "" {
		first, _, _ := strings.Cut(p, ",")
		scheme = strings.ToLower(strings.TrimSpace(first))
	}
	from := hostPort(u.Scheme, u.Host)
	if strings.EqualFold(u.Scheme, scheme) && from == hostPort(scheme, r.Host) {
		return true
	}
	for _, o := range origins {
		scheme, rest, ok := strings.Cut(o, "://")
		if !ok { // a bare host stands for either scheme
			scheme, rest = u.Scheme, o
		}
		rest, _, _ = strings.Cut(rest, "/")
		if strings.EqualFold(u.Scheme, scheme) && from == hostPort(scheme, rest) {
			return true
		}
	}
	return false
}

// hostPort completes a host with the default port of its scheme, in lower case.
func hostPort(scheme, host string) string {
	host = strings.ToLower(host)
	if h, p, err := net.SplitHostPort(host); err == nil && p != "" {
		return net.JoinHostPort(h, p)
	}
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ":")
	switch strings.ToLower(scheme) {
	case "https", "wss":
		return net.JoinHostPort(host, "443")
	}
	return net.JoinHostPort(host, "80")
}
