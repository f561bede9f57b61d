// Package monitor serves what people watch a running application with: the page of
// `aro run --inspect`, which shows the picture of the program alive, and the answers
// of `aro run --health` for machines. Both have listeners of their own; nothing of
// them is on a port of the application.
package monitor

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"aro/pkg/host"
)

// server is an HTTP server of ours for few and known clients.
func server(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
}

// Health serves /live, /ready and /metrics on addr until the application has
// ended, and returns the address. While the application starts or drains, /ready
// answers 503.
func Health(h *host.Host, addr string) (string, error) {
	l, err := listen(addr)
	if err != nil {
		return "", fmt.Errorf("the health server cannot listen on %s: %w", addr, err)
	}
	live := func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "live\n") }
	ready := func(w http.ResponseWriter, _ *http.Request) {
		switch {
		case h.IsReady():
			answer(w, http.StatusOK, "ready\n")
		case h.IsStopping():
			answer(w, http.StatusServiceUnavailable, "draining\n")
		default:
			answer(w, http.StatusServiceUnavailable, "starting\n")
		}
	}
	metrics := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		fmt.Fprint(w, h.Metrics("prometheus")+"\n")
	}
	return l.Addr().String(), serve(h, l, pages{"/live": live, "/ready": ready, "/metrics": metrics})
}

// pages are what a server has, by path; people and machines only read them. Patterns
// as http.ServeMux knows them would add more to every built application than this.
type pages map[string]http.HandlerFunc

// ServeHTTP implements http.Handler.
func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page := p[r.URL.Path]
	switch {
	case page == nil:
		answer(w, http.StatusNotFound, "There is no such page.\n")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, http.StatusMethodNotAllowed, "Pages are for reading.\n")
	default:
		page(w, r)
	}
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}

func listen(addr string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("an address has the form HOST:PORT, such as 127.0.0.1:9090")
	}
	return net.Listen("tcp", addr)
}

// serve answers until the host closes: it stays through the drain, so that who asks
// learns of it.
func serve(h *host.Host, l net.Listener, handler http.Handler) error {
	s := server(handler)
	h.OnClose(func(time.Time) { s.Close() })
	go s.Serve(l)
	return nil
}
