package aronet

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aro/pkg/net/contract"
	"aro/pkg/net/httpd"
)

const guardAPI = `openapi: 3.0.3
info: { title: Guarded, version: 1.0.0 }
paths:
  /hello: { get: { operationId: hello } }
  /slow: { get: { operationId: slow } }
  /size: { post: { operationId: size } }
`

const guardSource = tinySource + `
(slow: Site) {
    Log "entered" to the <console>.
    Wait for 20 seconds.
    Log "went on" to the <console>.
    Return an <OK: status> with { slept: true }.
}
(size: Site) {
    Extract the <body> from the <request: body>.
    Compute the <length> from <body>.
    Return an <OK: status> with { length: <length> }.
}
`

func TestH09_TooManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{limit: 2, wait: queueTime}
		g.enter()
		g.enter()
		var wg sync.WaitGroup
		results := make(chan string, 8)
		queue := func(name string) {
			wg.Go(func() {
				begun := time.Now()
				results <- fmt.Sprintf("%s %v %v", name, g.enter(), time.Since(begun))
			})
			synctest.Wait()
		}
		queue("first")
		queue("second")
		queue("third") // the queue is full
		if r := <-results; r != "third false 0s" {
			t.Error(r)
		}
		time.Sleep(400 * time.Millisecond)
		g.leave()
		if r := <-results; r != "first true 400ms" {
			t.Error(r)
		}
		if r := <-results; r != "second false 1s" {
			t.Error(r)
		}
		wg.Wait()
		g.leave()
		g.leave()
		if g.running != 0 || g.queue.Len() != 0 || !g.enter() {
			t.Errorf("%d running, %d queued", g.running, g.queue.Len())
		}
	})
}

// TestH09_Gate: no place is lost or made when many come and go.
func TestH09_GateUnderLoad(t *testing.T) {
	g := &gate{limit: 3, wait: time.Microsecond}
	var wg sync.WaitGroup
	var mu sync.Mutex
	inside, most, entered := 0, 0, 0
	for range 16 {
		wg.Go(func() {
			for range 2000 {
				if !g.enter() {
					continue
				}
				mu.Lock()
				inside++
				entered++
				most = max(most, inside)
				mu.Unlock()
				mu.Lock()
				inside--
				mu.Unlock()
				g.leave()
			}
		})
	}
	wg.Wait()
	if most > 3 || g.running != 0 || g.queue.Len() != 0 || entered == 0 {
		t.Errorf("%d at once, %d running, %d queued, %d entered", most, g.running, g.queue.Len(), entered)
	}
}

func TestH09_Refusal(t *testing.T) {
	s := newSite(t, "maxConcurrent: 1", guardAPI, guardSource, nil)
	// Who is refused gets an answer at once; the others a second later.
	done := make(chan struct{})
	go func() {
		defer close(done)
		if res, err := s.client.Get(s.url + "/slow"); err == nil { // ends with the server
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}()
	s.prints("entered")
	if a := s.get("/hello"); a.StatusCode != 503 || a.Header.Get("Retry-After") != "1" {
		t.Errorf("%v", a.Response)
	}
	s.stop()
	<-done
}

func TestH13_Hosts(t *testing.T) {
	s := newSite(t, `hosts: ["aro.example", "*.aro.example", "other.example:8080"]`, tinyAPI, tinySource, nil)
	for host, want := range map[string]int{
		"aro.example": 200, "ARO.example:81": 200, "www.aro.example": 200, "other.example:8080": 200, "other.example": 421,
		"evil.example": 421, "evilaro.example": 421, ".aro.example": 421, "127.0.0.1": 421, "aro.example.evil.example": 421,
	} {
		if a := s.get("/hello", "Host: "+host); a.StatusCode != want {
			t.Errorf("%s: %v, want %d", host, a.Response, want)
		}
	}
}

func TestH15_RateLimit(t *testing.T) {
	s := newSite(t, `rate: { requests: 3, per: 600 }`, guardAPI, guardSource, nil)
	for i := range 5 {
		a := s.get("/hello")
		if i < 3 != (a.StatusCode == 200) || i >= 3 && (a.StatusCode != 429 || a.Header.Get("Retry-After") < "1") {
			t.Errorf("request %d: %v", i, a.Response)
		}
	}
	if a := s.ask("POST", "/size", "abc", "Content-Type: text/plain"); a.StatusCode != 200 {
		t.Errorf("another operation: %v", a.Response)
	}
}

func TestH15_RateTable(t *testing.T) {
	op, other := new(contract.Operation), new(contract.Operation)
	r := &rateLimit{each: time.Second, credit: 4 * time.Second}
	now := time.Unix(1_800_000_000, 0)
	count := func(op *contract.Operation, addr string) (n int, wait time.Duration) {
		for {
			var ok bool
			if wait, ok = r.allow(op, network(netip.MustParseAddr(addr)), now); !ok {
				return n, wait
			}
			n++
		}
	}
	if n, wait := count(op, "192.0.2.1"); n != 4 || wait != time.Second {
		t.Errorf("%d requests, wait %v", n, wait)
	}
	for addr, want := range map[string]int{"192.0.2.2": 4, "::ffff:192.0.2.1": 0, "2001:db8:0:1::1": 4} {
		if n, _ := count(op, addr); n != want {
			t.Errorf("%s: %d requests, want %d", addr, n, want)
		}
	}
	for addr, want := range map[string]int{"2001:db8:0:1:ffff::9": 0, "2001:db8:0:2::1": 4} {
		if n, _ := count(op, addr); n != want {
			t.Errorf("%s: %d requests, want %d", addr, n, want)
		}
	}
	if n, _ := count(other, "192.0.2.1"); n != 4 {
		t.Errorf("another operation: %d", n)
	}
	now = now.Add(2500 * time.Millisecond)
	if n, wait := count(op, "192.0.2.1"); n != 2 || wait != 500*time.Millisecond {
		t.Errorf("later: %d, wait %v", n, wait)
	}
	for i := range maxRateClients + 1000 {
		r.allow(op, netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now)
	}
	if len(r.clients) != maxRateClients || r.order.Len() != maxRateClients {
		t.Errorf("%d clients are kept", len(r.clients))
	}
	forwarded := &rateLimit{forwarded: true}
	fields := httpd.FieldsOf(http.Header{"X-Forwarded-For": {"10.0.0.1, 192.0.2.7"}})
	x := &httpd.Exchange{Request: &httpd.Request{Remote: "127.0.0.1:1", Fields: fields}}
	if a, b := forwarded.client(x), r.client(x); a.String() != "192.0.2.7" || b.String() != "127.0.0.1" {
		t.Errorf("%v %v", a, b)
	}
}

func TestH16_CompressedBodies(t *testing.T) {
	pack := func(encoding, text string) string {
		var b bytes.Buffer
		var w io.WriteCloser = gzip.NewWriter(&b)
		switch encoding {
		case "deflate":
			w = zlib.NewWriter(&b)
		}
		io.WriteString(w, text)
		w.Close()
		return b.String()
	}
	noise := make([]byte, 3000)
	for i := range noise {
		noise[i] = "0123456789abcdef"[(i*i+i/7)%16]
	}
	text, bomb := string(noise), strings.Repeat("a", 2<<20)
	on := newSite(t, "compressedBodies: true, maxBodySize: 1000000", guardAPI, guardSource, nil)
	off := newSite(t, "", guardAPI, guardSource, nil)
	for _, e := range []string{"gzip", "deflate"} {
		lines := []string{"Content-Type: text/plain", "Content-Encoding: " + e}
		if a := on.ask("POST", "/size", pack(e, text), lines...); a.StatusCode != 200 || a.body != `{"length":3000}` {
			t.Errorf("%s: %v %s", e, a.Response, a.body)
		}
		if a := off.ask("POST", "/size", pack(e, text), lines...); a.StatusCode != 415 {
			t.Errorf("%s, not allowed: %v", e, a.Response)
		}
		if a := on.ask("POST", "/size", pack(e, bomb), lines...); a.StatusCode != 413 {
			t.Errorf("%s bomb: %v", e, a.Response)
		}
		if a := on.ask("POST", "/size", pack(e, bomb[:500_000]), lines...); a.StatusCode != 413 {
			t.Errorf("%s within the size, beyond the ratio: %v", e, a.Response)
		}
		if a := on.ask("POST", "/size", "no "+e, lines...); a.StatusCode != 400 {
			t.Errorf("no %s: %v", e, a.Response)
		}
	}
	if a := on.ask("POST", "/size", pack("gzip", pack("gzip", text)), "Content-Type: text/plain", "Content-Encoding: gzip, gzip"); a.StatusCode != 415 {
		t.Errorf("nested: %v", a.Response)
	}
}

func TestGuardOptions(t *testing.T) {
	for option, want := range map[string]string{
		`rate: 5`:                      "needs a limit such as",
		`rate: { per: 5 }`:             "does not say how many requests",
		`rate: { requests: 0 }`:        "not requests: 0",
		`rate: { request: 1 }`:         "has no 'request'",
		`hosts: []`:                    "a list of names",
		`maxConcurrent: 0`:             "from 1 on",
		`compress: "no"`:               "true or false",
		`docs: "docs"`:                 "must be a path such as \"/docs\"",
		`docs: "/hello"`:               "is one of the contract",
		`compressedBodies: "sometime"`: "true or false",
	} {
		if out := prepareSite(t, option, tinyAPI, tinySource, nil).fails(); !strings.Contains(out, want) {
			t.Errorf("%s: %s\nlacks %q", option, out, want)
		}
	}
}

// TestH10_ClientGone: a handler whose client has gone does not go on, over either
// protocol; one whose client waits does.
func TestH10_ClientGone(t *testing.T) {
	for name, leave := range map[string]func(s *site) func(){
		"HTTP/1": func(s *site) func() {
			c := dial(t, strings.TrimPrefix(s.url, "http://"))
			c.say("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
			return func() { c.Close() }
		},
		"HTTP/1, reset": func(s *site) func() {
			c := dial(t, strings.TrimPrefix(s.url, "http://"))
			c.say("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
			return func() { c.Conn.(*net.TCPConn).SetLinger(0); c.Close() }
		},
		"HTTP/2": func(s *site) func() {
			var p http.Protocols
			p.SetUnencryptedHTTP2(true)
			tr := &http.Transport{Protocols: &p}
			t.Cleanup(tr.CloseIdleConnections)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				req, _ := http.NewRequestWithContext(ctx, "GET", s.url+"/slow", nil)
				if res, err := tr.RoundTrip(req); err == nil {
					res.Body.Close()
				}
			}()
			return func() { cancel(); <-done }
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "", guardAPI, guardSource, nil)
			gone := leave(s)
			s.prints("entered")
			gone()
			eventually(t, "the handler ends: "+s.stderr.String(), func() bool { return strings.Contains(s.stderr.String(), "the client has gone") })
			if a := s.get("/hello"); a.StatusCode != 200 {
				t.Errorf("%v", a.Response)
			}
			s.stop()
			if strings.Contains(s.stdout.String(), "went on") {
				t.Error("it went on all the same")
			}
		})
	}
}

// TestH10_Thousand: of a thousand clients that leave in the middle, none leaves a
// handler behind, a connection, or a goroutine; over TLS as well, and with its farewell.
func TestH10_Thousand(t *testing.T) {
	cert, key := newCertificate(t, "first.example", time.Now().Add(time.Hour))
	files := map[string]string{"tls/cert.pem": cert, "tls/key.pem": key}
	secured := `tls: { cert: "tls/cert.pem", key: "tls/key.pem", redirect: 0 }`
	for _, row := range []struct {
		name, options, scheme string
		dial                  func(address string) (net.Conn, error)
		farewell              bool // TLS's, and the end; not on every system
	}{
		{"plain", "", "http", func(a string) (net.Conn, error) { return net.Dial("tcp", a) }, false},
		{"TLS", secured, "https", func(a string) (net.Conn, error) {
			return tls.Dial("tcp", a, &tls.Config{InsecureSkipVerify: true})
		}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.farewell && runtime.GOOS != "linux" {
				t.Skip("the system does not tell the end of a stream behind what was sent before it")
			}
			s := newSite(t, row.options, guardAPI, guardSource, files)
			before := runtime.NumGoroutine()
			const clients, batch = 1000, 100
			for i := range clients / batch {
				var conns []net.Conn
				for range batch {
					c, err := row.dial(strings.TrimPrefix(s.address(row.scheme, "port"), row.scheme+"://"))
					if err != nil {
						t.Fatal(err)
					}
					io.WriteString(c, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
					conns = append(conns, c)
				}
				eventually(t, "all are in the middle", func() bool { return strings.Count(s.stdout.String(), "entered\n") == (i+1)*batch })
				for _, c := range conns {
					c.Close()
				}
			}
			eventually(t, "the handlers end", func() bool { return strings.Count(s.stderr.String(), "the client has gone") == clients })
			// Some of the server's own may not have begun when they were counted.
			eventually(t, "their goroutines end", func() bool { return runtime.NumGoroutine() <= before+5 })
			s.stop()
			if strings.Contains(s.stdout.String(), "went on") {
				t.Error("one went on all the same")
			}
		})
	}
}
