package examples_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"aro/examples/internal/aroproc"
)

// What the StatusPost tutorial promises beyond a board that works: its files in
// other places, parts of it left out or added, its end and its second start, and
// what aro build makes of it.

const tutorialStart = "Starting StatusPost...\nStatusPost ready on http://localhost:8080\nWebSocket available on ws://localhost:8080/ws\n"

// tutorial copies the given application to a folder StatusPost, to be changed.
func tutorial(t *testing.T) string {
	t.Helper()
	app := filepath.Join(t.TempDir(), "StatusPost")
	must(t, os.CopyFS(app, os.DirFS(seed(t, "statuspost"))))
	return app
}

// edit replaces text that a file of an application must contain.
func edit(t *testing.T, file, old, new string) {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	must(t, os.WriteFile(file, []byte(strings.Replace(string(text), old, new, 1)), 0o644))
}

func posts(t *testing.T, p *aroproc.Process, text string) {
	t.Helper()
	if a := do(t, form(p, "/messages", "message", text)); a.code != 201 {
		t.Fatalf("posting %q: %v", text, a)
	}
}

// servesBoard checks the page, its files and the API.
func servesBoard(t *testing.T, p *aroproc.Process) {
	t.Helper()
	for path, want := range map[string]string{
		"/": "<h1>StatusPost</h1>", "/static/style.css": ".connected { color: green; }", "/static/app.js": "new WebSocket(", "/messages": `{"data":[`,
	} {
		if a := get(t, p, path); a.code != 200 || !strings.Contains(a.body, want) {
			t.Errorf("GET %s: %v", path, a)
		}
	}
	posts(t, p, "hello")
	if got := messages(t, p); len(got) == 0 || got[0] != "hello" {
		t.Errorf("the messages are %q", got)
	}
}

// TestTutorialLayouts: static/ inside templates/, as in the tutorial's tree, or
// beside it.
func TestTutorialLayouts(t *testing.T) {
	t.Parallel()
	app := tutorial(t)
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	servesBoard(t, p)
	p.Stop()
	must(t, os.Rename(filepath.Join(app, "templates", "static"), filepath.Join(app, "static")))
	p = aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	servesBoard(t, p)
	if a := get(t, p, "/static/missing.css"); a.code != 404 {
		t.Errorf("a missing file: %v", a)
	}
}

// endsWell tells whether Application-End ran and the response came last. Clients
// that are still there are seen off in between, or not any more.
func endsWell(p *aroproc.Process) bool {
	return strings.Contains(p.Stdout(), "StatusPost shutting down...\n") && strings.HasSuffix(p.Stdout(), "[OK] startup\n")
}

// TestTutorialReady: the line that says so follows a server that answers.
func TestTutorialReady(t *testing.T) {
	t.Parallel()
	p := aroproc.Start(t, aro, seed(t, "statuspost"), aroproc.Options{})
	p.Prints("StatusPost ready on http://localhost:8080\n")
	if a := get(t, p, "/"); a.code != 200 {
		t.Error(a)
	}
	dialWS(t, p, "/ws")
	p.Signal(syscall.SIGINT)
	if code := p.Wait(); code != 0 || !endsWell(p) || p.Stderr() != "" {
		t.Errorf("after SIGINT: exit code %d, stdout %s, stderr %s", code, p.Stdout(), p.Stderr())
	}
}

// TestTutorialWithoutKeepalive: an HTTP server alone keeps no application alive.
func TestTutorialWithoutKeepalive(t *testing.T) {
	t.Parallel()
	app := tutorial(t)
	edit(t, filepath.Join(app, "main.aro"), "Keepalive the <application> for the <events>.", "")
	stdout, stderr, code := aroproc.Run(t, aro, "run", app)
	if want := tutorialStart + "StatusPost shutting down...\n[OK] startup\n"; code != 0 || stdout != want || stderr != "" {
		t.Errorf("exit code %d, stdout %s, stderr %s", code, stdout, stderr)
	}
}

// TestTutorialMessages: the JSON of the list, the page, and nothing left of it
// after a restart.
func TestTutorialMessages(t *testing.T) {
	t.Parallel()
	app := seed(t, "statuspost")
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	for i := range 25 {
		posts(t, p, fmt.Sprintf("message %d", i+1))
	}
	list := decode[struct{ Data []post }](t, get(t, p, "/messages").body).Data
	if len(list) != 20 {
		t.Fatalf("%d messages, want 20", len(list))
	}
	seen := map[string]bool{}
	for i, m := range list {
		at, err := time.Parse(time.RFC3339, m.CreatedAt)
		if m.Message != fmt.Sprintf("message %d", 25-i) || err != nil || time.Since(at).Abs() > time.Minute || m.ID == "" || seen[m.ID] {
			t.Errorf("message %d: %v (%v)", i, m, err)
		}
		seen[m.ID] = true
	}
	page := get(t, p, "/").body
	if n := strings.Count(page, `<div class="message">`); n != 20 || !strings.Contains(page, "message 25") || strings.Contains(page, "message 5<") {
		t.Errorf("the page shows %d messages:\n%s", n, page)
	}
	p.Stop()
	p = aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	if got := messages(t, p); len(got) != 0 {
		t.Errorf("after a restart the board holds %q", got)
	}
	if page := get(t, p, "/").body; strings.Contains(page, `<div class="message">`) || !strings.Contains(page, `<div id="messages">`) {
		t.Errorf("the page without messages:\n%s", page)
	}
}

// TestTutorialForm: the encoding of forms, as browsers and as scripts write it.
func TestTutorialForm(t *testing.T) {
	t.Parallel()
	p := aroproc.Start(t, aro, seed(t, "statuspost"), aroproc.Options{Ready: "http"})
	for body, want := range map[string]string{
		"message=a+b":                     "a b",
		"message=a%20b%2Bc":               "a b+c",
		"message=%C3%BC+%e2%98%83":        "ü ☃",
		"message=1%26x%3D2&other=ignored": "1&x=2",
	} {
		req, err := http.NewRequest("POST", "http://"+p.HTTP+"/messages", strings.NewReader(body))
		must(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a := do(t, req)
		if m := decode[post](t, a.body); a.code != 201 || m.Message != want {
			t.Errorf("%s: %v, want %q", body, a, want)
		}
	}
}

// TestTutorialReconnect: clients that leave and come back, with handlers for it
// and without.
func TestTutorialReconnect(t *testing.T) {
	t.Parallel()
	app := tutorial(t)
	for _, handlers := range []bool{true, false} {
		if !handlers {
			must(t, os.Remove(filepath.Join(app, "websocket.aro")))
		}
		p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
		posts(t, p, "to nobody")
		c := dialWS(t, p, "/ws")
		stays := listen(t, p)
		posts(t, p, "first")
		_, data, err := c.Read(t.Context())
		if m := decode[post](t, string(data)); err != nil || m.Message != "first" || m.CreatedAt == "" {
			t.Errorf("frame %s (%v)", data, err)
		}
		must(t, c.Close(websocket.StatusNormalClosure, "bye"))
		if handlers {
			p.Prints("WebSocket client disconnected\n")
		}
		posts(t, p, "second")
		back := listen(t, p)
		posts(t, p, "third")
		for s, want := range map[*wsClient][]string{stays: {"first", "second", "third"}, back: {"third"}} {
			for _, text := range want {
				if m := s.next(t); m.Message != text {
					t.Errorf("frame %v, want %s", m, text)
				}
			}
		}
		out := p.Stdout()
		if in, gone := strings.Count(out, "client connected\n"), strings.Count(out, "client disconnected\n"); handlers && (in != 3 || gone != 1) || !handlers && in+gone != 0 {
			t.Errorf("%d came and %d left:\n%s", in, gone, out)
		}
		if code := p.Stop(); code != 0 || p.Stderr() != "" {
			t.Errorf("exit code %d, stderr %s", code, p.Stderr())
		}
	}
}

// TestTutorialRouting: the operation decides, the business activity is free text;
// the option of Start decides where WebSockets are accepted.
func TestTutorialRouting(t *testing.T) {
	t.Parallel()
	app := tutorial(t)
	edit(t, filepath.Join(app, "api.aro"), "(homePage: StatusPost API)", "(homePage: What Visitors See First)")
	edit(t, filepath.Join(app, "api.aro"), "(getMessages: StatusPost API)", "(getMessages: postMessage)")
	edit(t, filepath.Join(app, "main.aro"), `{ websocket: "/ws" }`, `{ websocket: "/live" }`)
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	servesBoard(t, p)
	dialWS(t, p, "/live")
	if _, res := handshake(t, p, "/ws", ""); res.StatusCode != 404 {
		t.Errorf("a WebSocket where none is: %d", res.StatusCode)
	}
}

// TestTutorialPort: a contract without servers means port 8080.
func TestTutorialPort(t *testing.T) {
	app := seed(t, "statuspost")
	l, err := net.Listen("tcp", ":8080")
	if err != nil {
		if onCI() {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	l.Close()
	p := aroproc.Start(t, aro, app, aroproc.Options{Port: 8080, Env: []string{"ARO_HTTP_PORT="}, Ready: "http"})
	p.Prints("StatusPost ready on http://localhost:8080\n")
	if a := get(t, p, "/"); a.code != 200 {
		t.Error(a)
	}
}

// TestTutorialGrown: responses, servers and an operation for metrics added to the
// contract, nothing else changed.
func TestTutorialGrown(t *testing.T) {
	t.Parallel()
	app := tutorial(t)
	contract := filepath.Join(app, "openapi.yaml")
	edit(t, contract, "paths:\n", "servers:\n  - url: http://localhost:8080\npaths:\n  /metrics:\n    get:\n      operationId: metrics\n      responses:\n        '200':\n          description: Metrics\n          content:\n            text/plain:\n              schema: { type: string }\n")
	edit(t, contract, "summary: Get last 20 messages\n", "summary: Get last 20 messages\n      responses:\n        '200':\n          description: The messages\n          content:\n            application/json:\n              schema: { type: array, items: { $ref: '#/components/schemas/Message' } }\n")
	must(t, os.WriteFile(filepath.Join(app, "metrics.aro"), []byte(`(metrics: StatusPost API) {
    Return an <OK: status> with <metrics: prometheus>.
}
`), 0o644))
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	servesBoard(t, p)
	a := get(t, p, "/metrics")
	if a.code != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") ||
		!strings.Contains(a.body, `aro_featureset_executions_total{featureset="postMessage",activity="StatusPost API"} 1`+"\n") {
		t.Errorf("GET /metrics: %v", a)
	}
}

// TestTutorialBuild: the five lines, and a file that needs nothing else.
func TestTutorialBuild(t *testing.T) {
	t.Parallel()
	app := tutorial(t)
	sizes := map[bool]int64{}
	for _, optimize := range []bool{false, true} {
		args := []string{"build", "./StatusPost"}
		if optimize {
			args = []string{"build", "--optimize", "./StatusPost"}
		}
		stdout, stderr, code := aroproc.RunIn(t, filepath.Dir(app), aro, args...)
		const want = "Compiling StatusPost...\nGenerating LLVM IR...\nCompiling to object file...\nLinking with runtime...\nBuild complete: ./StatusPost/StatusPost\n"
		if code != 0 || stdout != want || stderr != "" {
			t.Errorf("aro %q: exit code %d, stdout %s, stderr %s", args, code, stdout, stderr)
		}
		built := filepath.Join(app, "StatusPost")
		info, err := os.Stat(built)
		must(t, err)
		sizes[optimize] = info.Size()
		// Alone in an empty folder, with no aro to be found.
		alone := filepath.Join(t.TempDir(), "StatusPost")
		must(t, os.Rename(built, alone))
		p := aroproc.Start(t, alone, "", aroproc.Options{Env: []string{"PATH="}, Ready: "http"})
		p.Prints("WebSocket available")
		if got := p.Stdout(); got != tutorialStart {
			t.Errorf("start printed\n%s", got)
		}
		s := listen(t, p)
		servesBoard(t, p)
		if m := s.next(t); m.Message != "hello" {
			t.Errorf("frame %v", m)
		}
		if code := p.Stop(); code != 0 || !endsWell(p) {
			t.Errorf("exit code %d, stdout %s", code, p.Stdout())
		}
	}
	if sizes[true] > sizes[false] {
		t.Errorf("optimised %d bytes, plain %d", sizes[true], sizes[false])
	}
}
