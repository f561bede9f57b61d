package examples_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// target starts the application that is made to be attacked.
func target(t *testing.T) *aroproc.Process {
	t.Helper()
	p := aroproc.Start(t, aro, "testdata/target", aroproc.Options{Ready: "http"})
	p.Prints("ready")
	return p
}

// alive fails unless the server still answers.
func alive(t *testing.T, p *aroproc.Process) {
	t.Helper()
	if a := get(t, p, "/echo?a=1"); a.code != 200 || a.body != `{"got":{"a":"1"}}` {
		t.Errorf("after the attack: %v", a)
	}
}

// raw sends bytes and returns the status codes of all answers until the server
// closes or is silent for a second.
func raw(t *testing.T, p *aroproc.Process, bytes string) (codes []int, closed bool) {
	t.Helper()
	c := dialTCP(t, p.HTTP)
	go io.WriteString(c, bytes)
	method, _, _ := strings.Cut(bytes, " ")
	return answers(c, method, 1500*time.Millisecond)
}

func answers(c *tcpConn, method string, patience time.Duration) (codes []int, closed bool) {
	for {
		c.SetReadDeadline(time.Now().Add(patience))
		if _, err := c.r.Peek(1); err != nil {
			ne, ok := err.(net.Error)
			return codes, !ok || !ne.Timeout()
		}
		res, err := http.ReadResponse(c.r, &http.Request{Method: method})
		if err != nil {
			return append(codes, -1), true
		}
		if res.StatusCode != http.StatusContinue {
			io.Copy(io.Discard, res.Body)
		}
		codes = append(codes, res.StatusCode)
	}
}

// memory is the resident memory of the process in bytes.
func memory(t *testing.T, p *aroproc.Process) int {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			n, _ := strconv.Atoi(f[1])
			return n << 10
		}
	}
	t.Skip("no VmRSS")
	return 0
}

// TestH01: clients that never finish their headers are closed after ten seconds
// and disturb nobody meanwhile.
func TestH01_SlowHeaders(t *testing.T) {
	t.Parallel()
	p := target(t)
	before := memory(t, p)
	const slow = 300
	conns := make([]*tcpConn, slow)
	opened := time.Now()
	for i := range conns {
		conns[i] = dialTCP(t, p.HTTP)
		conns[i].send("GET /echo HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	}
	for range 50 {
		alive(t, p)
	}
	if !raceEnabled {
		if grown := memory(t, p) - before; grown > 40<<20 {
			t.Errorf("%d slow clients took %d MiB", slow, grown>>20)
		}
	}
	for _, c := range conns {
		c.SetReadDeadline(opened.Add(25 * time.Second))
		if _, err := io.Copy(io.Discard, c.r); err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Fatal("a client without headers is still connected after 25 s, want 10 s")
			}
		}
	}
	if after := time.Since(opened); after < 5*time.Second {
		t.Errorf("closed after %v already", after)
	}
	alive(t, p)
}

// TestH02: a body that comes too slowly is refused with 408.
func TestH02_SlowBody(t *testing.T) {
	t.Parallel()
	p := target(t)
	c := dialTCP(t, p.HTTP)
	c.send("POST /size HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\nabc")
	codes, closed := answers(c, "POST", 25*time.Second)
	if len(codes) != 1 || codes[0] != 408 || !closed {
		t.Errorf("a slow body got %v, closed %t; want 408 and close", codes, closed)
	}
	alive(t, p)
}

func TestH03_HeaderLimits(t *testing.T) {
	t.Parallel()
	p := target(t)
	lines := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "X-%d: v\r\n", i)
		}
		return b.String()
	}
	long := strings.Repeat("a", 70<<10)
	for name, row := range map[string]struct {
		req  string
		want int
	}{
		"64 KiB of headers":   {"GET /echo HTTP/1.1\r\nHost: x\r\nX-Long: " + long + "\r\n\r\n", 431},
		"many headers":        {"GET /echo HTTP/1.1\r\nHost: x\r\n" + lines(201) + "\r\n", 431},
		"enough headers":      {"GET /echo HTTP/1.1\r\nHost: x\r\n" + lines(150) + "\r\n", 200},
		"long request line":   {"GET /echo?" + long[:17<<10] + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
		"allowed header size": {"GET /echo HTTP/1.1\r\nHost: x\r\nX-Long: " + long[:30<<10] + "\r\n\r\n", 200},
		"body is not awaited": {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nX-Long: " + long + "\r\n\r\n", 431},
	} {
		t.Run(name, func(t *testing.T) {
			codes, closed := raw(t, p, row.req)
			if len(codes) != 1 || codes[0] != row.want || row.want >= 400 && !closed {
				t.Errorf("answered %v, closed %t; want %d", codes, closed, row.want)
			}
		})
	}
	alive(t, p)
}

func TestH04_BodyLimits(t *testing.T) {
	t.Parallel()
	p := target(t)
	const limit = 10 << 20
	for name, row := range map[string]struct {
		size    int
		chunked bool
		want    int
	}{
		"below":          {limit - 100, false, 200},
		"below, chunked": {limit - 100, true, 200},
		"above":          {limit + 1, false, 413},
		"above, chunked": {limit + 1, true, 413},
	} {
		t.Run(name, func(t *testing.T) {
			var body io.Reader = bytes.NewReader(bytes.Repeat([]byte("a"), row.size))
			if row.chunked {
				body = io.MultiReader(body) // of unknown length
			}
			req, _ := http.NewRequest("POST", "http://"+p.HTTP+"/size", body)
			req.Header.Set("Content-Type", "text/plain")
			req.Header.Set("Expect", "100-continue")
			if a := do(t, req); a.code != row.want || row.want == 200 && a.body != fmt.Sprintf(`{"length":%d}`, row.size) {
				t.Errorf("%v, want %d", a, row.want)
			}
		})
	}

	// A gigabyte is not swallowed.
	before := memory(t, p)
	c := dialTCP(t, p.HTTP)
	c.send("POST /size HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
	chunk := "100000\r\n" + strings.Repeat("b", 1<<20) + "\r\n"
	c.SetWriteDeadline(time.Now().Add(aroproc.Patience))
	sent := 0
	for ; sent < 1024; sent++ {
		if _, err := io.WriteString(c, chunk); err != nil {
			break
		}
	}
	if sent > 200 {
		t.Errorf("the server read %d MiB of a body that may have 10", sent)
	}
	if !raceEnabled {
		if grown := memory(t, p) - before; grown > 64<<20 {
			t.Errorf("a too large body took %d MiB", grown>>20)
		}
	}

	fields := strings.Repeat("a=1&", 1001) + "b=2"
	req, _ := http.NewRequest("POST", "http://"+p.HTTP+"/echo", strings.NewReader(fields))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a := do(t, req); a.code != 413 {
		t.Errorf("1002 form fields: %d, want 413", a.code)
	}
	var parts strings.Builder
	for i := range 101 {
		fmt.Fprintf(&parts, "--B\r\nContent-Disposition: form-data; name=\"f%d\"\r\n\r\nv\r\n", i)
	}
	parts.WriteString("--B--\r\n")
	req, _ = http.NewRequest("POST", "http://"+p.HTTP+"/echo", strings.NewReader(parts.String()))
	req.Header.Set("Content-Type", "multipart/form-data; boundary=B")
	if a := do(t, req); a.code != 413 {
		t.Errorf("101 parts: %d, want 413", a.code)
	}
	alive(t, p)
}

// TestH05: no request may be read as two, or differently by a proxy before us.
func TestH05_Smuggling(t *testing.T) {
	t.Parallel()
	p := target(t)
	const inner = "GET /echo?smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	post := func(headers, body string) string {
		return "POST /echo HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + body
	}
	bad := map[string]string{
		"two lengths":            post("Content-Length: 0\r\nContent-Length: 41\r\n", inner),
		"lengths in a list":      post("Content-Length: 0, 41\r\n", inner),
		"length and chunked":     post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+inner),
		"chunked and length":     post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"+inner),
		"unknown encoding":       post("Transfer-Encoding: cow\r\n", inner),
		"chunked twice":          post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+inner),
		"identity, chunked":      post("Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n"+inner),
		"chunked, identity":      post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"+inner),
		"negative length":        post("Content-Length: -1\r\n", inner),
		"signed length":          post("Content-Length: +5\r\n", "12345"+inner),
		"hex length":             post("Content-Length: 0x5\r\n", "12345"+inner),
		"huge length":            post("Content-Length: 99999999999999999999\r\n", inner),
		"length with letters":    post("Content-Length: 5x\r\n", "12345"+inner),
		"space before colon":     post("Content-Length : 0\r\n", inner),
		"space before TE colon":  post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"+inner),
		"folded header":          post("X-Fold: a\r\n b\r\n", inner),
		"folded length":          post("Content-Length:\r\n 41\r\n", inner),
		"first header folded":    "GET /echo HTTP/1.1\r\n Host: x\r\n\r\n",
		"bare LF in headers":     "POST /echo HTTP/1.1\r\nHost: x\nContent-Length: 0\n\n" + inner,
		"only bare LF":           "GET /echo HTTP/1.1\nHost: x\n\n",
		"bare CR in value":       post("X-A: a\rContent-Length: 41\r\n", ""),
		"NUL in value":           post("X-A: a\x00b\r\nContent-Length: 0\r\n", ""),
		"NUL in name":            post("X\x00A: a\r\nContent-Length: 0\r\n", ""),
		"control character":      post("X-A: a\x01b\r\nContent-Length: 0\r\n", ""),
		"empty header name":      post(": a\r\nContent-Length: 0\r\n", ""),
		"header without colon":   post("Nonsense\r\nContent-Length: 0\r\n", ""),
		"chunk size with sign":   post("Transfer-Encoding: chunked\r\n", "+0\r\n\r\n"+inner),
		"chunk size with prefix": post("Transfer-Encoding: chunked\r\n", "0x5\r\n12345\r\n0\r\n\r\n"),
		"chunk size too large":   post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"),
		"chunk without end":      post("Transfer-Encoding: chunked\r\n", "3\r\nabcXX0\r\n\r\n"),
		"chunk ended by bare LF": post("Transfer-Encoding: chunked\r\n", "3\nabc\n0\n\n"),
		"no host":                "GET /echo HTTP/1.1\r\n\r\n",
		"two hosts":              "GET /echo HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
		"bad host":               "GET /echo HTTP/1.1\r\nHost: a b\r\n\r\n",
		"HTTP/1.2x":              "GET /echo HTTP/1.2x\r\nHost: x\r\n\r\n",
		"lower-case protocol":    "GET /echo http/1.1\r\nHost: x\r\n\r\n",
		"space in the target":    "GET /echo a HTTP/1.1\r\nHost: x\r\n\r\n",
		"two spaces":             "GET  /echo HTTP/1.1\r\nHost: x\r\n\r\n",
		"relative target":        "GET echo HTTP/1.1\r\nHost: x\r\n\r\n",
		"NUL in the target":      "GET /echo\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
		"method with a colon":    "GE:T /echo HTTP/1.1\r\nHost: x\r\n\r\n",
		"no request at all":      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		"HTTP/1.0 and chunked":   "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
	}
	var wg sync.WaitGroup
	for name, req := range bad {
		wg.Go(func() {
			codes, closed := raw(t, p, req)
			refused := len(codes) == 1 && (codes[0] == 400 || codes[0] == 501 || codes[0] == 505)
			if !refused || !closed {
				t.Errorf("%s: answered %v, closed %t; want one 400 and close", name, codes, closed)
			}
		})
	}
	wg.Wait()
	// What is right stays right, pipelined too.
	ok := post("Content-Type: text/plain\r\nContent-Length: 5\r\n", "12345") + post("Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n", "3;ext=1\r\nabc\r\n0\r\n\r\n") + inner
	if codes, _ := raw(t, p, ok); len(codes) != 3 || codes[0] != 200 || codes[1] != 200 || codes[2] != 200 {
		t.Errorf("three pipelined requests: %v", codes)
	}
	alive(t, p)
}

func TestH06_Methods(t *testing.T) {
	t.Parallel()
	p := target(t)
	c := dialTCP(t, p.HTTP)
	c.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n")
	if got := c.line(); got != "HTTP/1.1 100 Continue\r" {
		t.Errorf("expecting to continue: %q", got)
	}
	c.line()
	c.send("hi")
	if codes, _ := answers(c, "POST", time.Second); len(codes) != 1 || codes[0] != 200 {
		t.Errorf("after continuing: %v", codes)
	}
	// Nothing will read these bodies: no invitation to send them.
	for _, req := range []string{
		"POST /nowhere HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n",
		"POST /slow HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n",
	} {
		if codes, _ := raw(t, p, req); len(codes) != 1 || codes[0] < 400 {
			t.Errorf("%.20q: %v, want one refusal and no 100", req, codes)
		}
	}
	for method, want := range map[string]int{"PURGE": 405, "DELETE": 405, "BREW": 405, "TRACE": 405, "OPTIONS": 204, "HEAD": 200} {
		req, _ := http.NewRequest(method, "http://"+p.HTTP+"/echo", nil)
		a := do(t, req)
		if a.code != want && !(want == 405 && a.code == 501) {
			t.Errorf("%s: %v, want %d", method, a, want)
		}
		if a.code == 405 && a.header.Get("Allow") != "GET, POST" {
			t.Errorf("%s: Allow: %q", method, a.header.Get("Allow"))
		}
	}
	head := dialTCP(t, p.HTTP)
	for _, path := range []string{"/echo", "/missing", "/nowhere"} {
		head.send("HEAD " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	head.send("GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	for range 3 {
		if _, err := http.ReadResponse(head.r, &http.Request{Method: "HEAD"}); err != nil {
			t.Fatal(err)
		}
	}
	res, err := http.ReadResponse(head.r, &http.Request{Method: "GET"})
	if err != nil {
		t.Fatalf("a HEAD answer had a body: %v", err)
	}
	if body, _ := io.ReadAll(res.Body); string(body) != `{"got":{}}` {
		t.Errorf("after three HEADs: %q", body)
	}
}

// TestH08: a failing statement is a 500 for its request and nothing else.
func TestH08_FailingHandlers(t *testing.T) {
	t.Parallel()
	p := target(t)
	want := map[string]string{
		"/missing": `{"error":"Cannot extract the x from the pathParameters: nothing."}`,
		"/divide":  `{"error":"Cannot compute the x from 1 \/ 0."}`,
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 250 {
				for _, path := range []string{"/missing", "/divide", "/nothing", "/echo"} {
					req, _ := http.NewRequest("GET", "http://"+p.HTTP+path, nil)
					a, err := try(req)
					if err != nil {
						t.Errorf("%s, round %d: %v", path, i, err)
						return
					}
					if path == "/echo" && a.code != 200 || want[path] != "" && (a.code != 500 || a.body != want[path]) {
						t.Errorf("%s: %v", path, a)
						return
					}
					if strings.Contains(a.body, "goroutine") || strings.Contains(a.body, ".go:") || strings.Contains(a.body, "/") && path != "/divide" {
						t.Errorf("%s leaks: %s", path, a.body)
					}
				}
			}
		})
	}
	wg.Wait()
	p.Until("2000 log entries of /missing", func() bool { return strings.Count(p.Stderr(), "[ERROR] [missing: Target] [") == 2000 })
	alive(t, p)
}

// TestF01: nothing outside templates/ is served, whatever the path looks like.
func TestF01_PathEscape(t *testing.T) {
	t.Parallel()
	app := t.TempDir()
	if err := os.CopyFS(app, os.DirFS("testdata/target")); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside.txt")
	for name, text := range map[string]string{
		outside: "CANARY outside", filepath.Join(app, ".env"): "CANARY env",
		filepath.Join(app, "templates", "static", ".hidden"): "CANARY hidden",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(app, "templates", "static", "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(app, "templates", "static", "dir")); err != nil {
		t.Fatal(err)
	}
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	if a := get(t, p, "/static/plain.txt"); a.code != 200 || a.body != "ok\n" {
		t.Fatalf("the control: %v", a)
	}
	ups := []string{"..", "%2e%2e", "%2E%2e", ".%2e", "%252e%252e", "..%00", "..;", "....", "%c0%ae%c0%ae", "%u002e%u002e", "．．"}
	seps := []string{"/", "%2f", "%2F", "%5c", "\\", "%252f", "//", "%2f%2f", "/./", "%c0%af"}
	goals := []string{"secret.txt", "main.aro", "openapi.yaml", ".env"}
	var payloads []string
	for _, up := range ups {
		for _, sep := range seps {
			for _, goal := range goals {
				payloads = append(payloads, up+sep+goal, up+sep+up+sep+goal, "x"+sep+up+sep+up+sep+up+sep+goal)
			}
			payloads = append(payloads, strings.Repeat(up+sep, 12)+"etc"+sep+"passwd")
		}
	}
	payloads = append(payloads, "link.txt", "dir%2foutside.txt", "dir/outside.txt", "%2fetc%2fpasswd", "/etc/passwd", "%2f"+strings.ReplaceAll(outside[1:], "/", "%2f"),
		"plain.txt%00", "plain.txt%00.css", "~%2f.env", "file:%2f%2f%2fetc%2fpasswd", "C:%5cwindows%5cwin.ini", "", ".", "..", "%2e", "%00", ".hidden",
		"plain.txt%2f..%2f..%2f..%2fsecret.txt", "CON", "NUL", "%0a", strings.Repeat("a", 5000), strings.Repeat("..%2f", 1000))
	c := dialTCP(t, p.HTTP)
	send := func(target string) {
		t.Helper()
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target)
		c.SetReadDeadline(time.Now().Add(aroproc.Patience))
		res, err := http.ReadResponse(c.r, nil)
		if err != nil {
			c = dialTCP(t, p.HTTP)
			return
		}
		body, _ := io.ReadAll(res.Body)
		if strings.Contains(string(body), "CANARY") || strings.Contains(string(body), "root:") || strings.Contains(string(body), "operationId") || strings.Contains(string(body), "Application-Start") {
			t.Errorf("%q served %.60q", target, body)
		} else if res.StatusCode != 404 && res.StatusCode != 400 {
			t.Errorf("%.80q: %d %.80q, want 404", target, res.StatusCode, body)
		}
		if res.Close {
			c = dialTCP(t, p.HTTP)
		}
	}
	for _, path := range payloads {
		send("/static/" + path)
	}
	for _, name := range []string{"../secret.txt", "/etc/passwd", outside, "static/../../secret.txt", "static/link.txt", "static/dir/outside.txt", "..\\secret.txt", "./../secret.txt", "show.html/../../secret.txt", "\x00", "", "."} {
		req, _ := http.NewRequest("GET", "http://"+p.HTTP+"/include", nil)
		q := req.URL.Query()
		q.Set("name", name)
		req.URL.RawQuery = q.Encode()
		if a := do(t, req); a.code != 404 || strings.Contains(a.body, "CANARY") {
			t.Errorf("template %q: %v, want 404", name, a)
		}
	}
	alive(t, p)
}

// TestP01: hostile JSON is an error, never a crash.
func TestP01_JSON(t *testing.T) {
	t.Parallel()
	p := target(t)
	send := func(body string) answer {
		req, _ := http.NewRequest("POST", "http://"+p.HTTP+"/echo", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		return do(t, req)
	}
	nest := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, body := range []string{nest(513), nest(100000), strings.Repeat("[", 1<<20), strings.Repeat(`{"a":`, 100000), `{"a":1`, `{"a":1}x`, `{a:1}`, `{'a':1}`, `[1,]`,
		`[01]`, `[+1]`, `[.5]`, `[1.]`, `[0x1]`, `[NaN]`, `[Infinity]`, "[\"\xff\"]", "[\"\xed\xa0\x80\"]", "[\"a\nb\"]", "[\"\x00\"]", `["\x41"]`, `["\u12"]`, `nul`, `tru`, "\ufeff{}", `//`, `[1]//`, `"`, `[-]`, `[1e]`, `["\ud800"x]`} {
		if a := send(body); a.code != 400 || !strings.Contains(a.body, "Request body is not valid JSON") {
			t.Errorf("%.40q: %d %.100s, want 400", body, a.code, a.body)
		}
	}
	for body, want := range map[string]string{
		nest(500):                 `{"got":` + nest(500) + `}`,
		`{"a":1,"a":2}`:           `{"got":{"a":2}}`,
		`[9007199254740993]`:      `{"got":[9007199254740993]}`,
		`[9223372036854775807]`:   `{"got":[9223372036854775807]}`,
		`["\ud83d\ude00 \u00e9"]`: `{"got":["😀 é"]}`,
		`["\ud800"]`:              `{"got":["` + "\ufffd" + `"]}`,
		` [ 1.5 , -0.25e2 ] `:     `{"got":[1.5,-25]}`,
		`null`:                    `{"got":null}`,
		`[10.0]`:                  `{"got":[10]}`,
	} {
		if a := send(body); a.code != 200 || a.body != want {
			t.Errorf("%.40q: %d %.200s, want %.200s", body, a.code, a.body, want)
		}
	}
	a := send(`[123456789012345678901234567890]`)
	if a.code != 400 && !strings.Contains(a.body, "123456789012345678901234567890") && !strings.Contains(a.body, "e+29") && !strings.Contains(a.body, "e29") {
		t.Errorf("a number beyond 64 bits: %v", a)
	}
	start := time.Now()
	send(strings.Repeat("[", 9<<20))
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("9 MiB of brackets took %v", took)
	}
	alive(t, p)
}
