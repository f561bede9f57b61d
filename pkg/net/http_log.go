package aronet

import (
	"net/http"
	"time"

	"aro/pkg/net/httpd"
	"aro/pkg/vm/value"
)

// serveLogged is Serve with a line for the request (05 O02). The query is not in it:
// it is where passwords and tokens end up by mistake. A WebSocket has its line when it
// is closed.
func (s *httpServer) serveLogged(x *httpd.Exchange) {
	began, q := time.Now(), &request{Request: x.Request}
	s.serve(x, q)
	status, size := http.StatusSwitchingProtocols, 0
	if x.Request != nil { // it still is one
		status, size = x.Status, len(x.Body)
		if x.Content != nil {
			size = len(x.Content)
		}
		if q.Method == http.MethodHead {
			size = 0
		}
	}
	s.h.Answered(q.Trace(), q.Method, value.Conceal(q.Path, value.SecretsIn(nil, "", q.path)), status, size, time.Since(began))
}
