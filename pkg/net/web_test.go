package aronet

import (
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"aro/pkg/vm/value"
)

// web is the server that programs talk to.
type web struct {
	*httptest.Server
	released chan struct{} // closed at the end: what hangs may go
	hits     atomic.Int64
}

func newWeb(t testing.TB) *web {
	w := &web{released: make(chan struct{})}
	w.Server = httptest.NewServer(w)
	t.Cleanup(func() {
		close(w.released)
		w.Server.Close()
	})
	return w
}

// deadAddress is the address of a port where nobody listens any more.
func deadAddress(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return "http://" + l.Addr().String()
}

// ServeHTTP answers by the first part of the path.
func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.hits.Add(1)
	word, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	media := func(t, body string) {
		rw.Header()["Content-Type"] = []string{t}
		io.WriteString(rw, body)
	}
	switch word {
	case "json":
		rw.Header().Set("X-Tag", "blue")
		media("application/json", `{"city":"Ulm","temperature":21.5,"list":[1,2,3],"status":"sunny"}`)
	case "list":
		media("application/json", `[{"n":1},{"n":2}]`)
	case "echo": // what was asked, as JSON
		body, _ := io.ReadAll(r.Body)
		b := value.NewBuilder(8)
		b.Set("method", value.OfString(r.Method))
		b.Set("type", value.OfString(r.Header.Get("Content-Type")))
		b.Set("body", value.OfString(string(body)))
		b.Set("agent", value.OfString(r.Header.Get("User-Agent")))
		b.Set("key", value.OfString(r.Header.Get("X-Key")))
		b.Set("host", value.OfString(r.Host))
		b.Set("query", value.OfString(r.URL.RawQuery))
		b.Set("auth", value.OfString(r.Header.Get("Authorization")))
		media("application/json", b.Value().JSON())
	case "as": // a body with the media type in the query
		media(r.URL.Query().Get("type"), r.URL.Query().Get("body"))
	case "status":
		code, _ := strconv.Atoi(rest)
		rw.WriteHeader(code)
		if code >= 200 && code != 204 && code != 304 {
			io.WriteString(rw, `{"error":"it is `+rest+`"}`)
		}
	case "redirect": // so many times
		n, _ := strconv.Atoi(rest)
		if n == 0 {
			media("text/plain", "arrived")
			return
		}
		http.Redirect(rw, r, fmt.Sprintf("/redirect/%d", n-1), http.StatusFound)
	case "to": // somewhere else
		http.Redirect(rw, r, r.URL.Query().Get("url"), http.StatusTemporaryRedirect)
	case "hang": // the head, perhaps, and nothing more
		if rest == "body" {
			rw.(http.Flusher).Flush()
		}
		select {
		case <-w.released:
		case <-r.Context().Done():
		}
	case "bytes":
		n, _ := strconv.Atoi(rest)
		if r.URL.Query().Has("chunked") {
			rw.(http.Flusher).Flush()
		}
		io.CopyN(rw, zeros{}, int64(n))
	case "bomb": // a compressed body that inflates to so many bytes
		n, _ := strconv.Atoi(rest)
		rw.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(rw)
		io.CopyN(z, zeros{}, int64(n))
		z.Close()
	case "cut": // less than announced
		rw.Header().Set("Content-Length", "100")
		io.WriteString(rw, "short")
	case "reset":
		conn, _, _ := rw.(http.Hijacker).Hijack()
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	case "heads": // a header block of so many bytes
		n, _ := strconv.Atoi(rest)
		rw.Header().Set("X-Long", strings.Repeat("a", n))
	default:
		http.NotFound(rw, r)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'z'
	}
	return len(p), nil
}
