package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

func TestClientCurl(t *testing.T) {
	t.Parallel()
	curl := tool(t, "curl", "install the package curl")
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http"})
	base := "http://" + p.HTTP
	run := func(stdin string, args ...string) string {
		t.Helper()
		return runTool(t, stdin, curl, append([]string{"-sS", "--max-time", "20"}, args...)...)
	}
	long := "message=" + strings.Repeat("x", 281)
	for _, tc := range []struct {
		name, stdin string
		args        []string
		want        string
	}{
		{"no messages", "", []string{base + "/messages"}, `{"data":[]}`},
		{"form", "", []string{"-o", os.DevNull, "-w", "%{http_code} %{content_type}", "-d", "message=one", base + "/messages"}, "201 application/json"},
		{"multipart is not declared", "", []string{"-o", os.DevNull, "-w", "%{http_code}", "-F", "message=two", base + "/messages"}, "415"},
		{"form from standard input", " ünïcödé & more=1 ", []string{"-o", os.DevNull, "-w", "%{http_code}", "--data-urlencode", "message@-", base + "/messages"}, "201"},
		{"chunked", "message=three", []string{"-o", os.DevNull, "-w", "%{http_code}", "-H", "Transfer-Encoding: chunked", "--data-binary", "@-", base + "/messages"}, "201"},
		{"asks before it sends", "", []string{"-o", os.DevNull, "-w", "%{http_code}", "-H", "Expect: 100-continue", "-d", "message=four", base + "/messages"}, "201"},
		{"too long", "", []string{"-o", os.DevNull, "-w", "%{http_code}", "-d", long, base + "/messages"}, "400"},
		{"HTTP/1.0", "", []string{"--http1.0", "-o", os.DevNull, "-w", "%{http_code} %{http_version}", base + "/messages"}, "200 1.1"},
		{"HEAD", "", []string{"-I", "-o", os.DevNull, "-w", "%{http_code} %{size_download}", base + "/"}, "200 0"},
		{"unknown path", "", []string{"-o", os.DevNull, "-w", "%{http_code}", base + "/nope"}, "404"},
		{"unknown method", "", []string{"-X", "DELETE", "-o", os.DevNull, "-w", "%{http_code} %header{allow}", base + "/messages"}, "405 GET, POST"},
		// -d to a server that closes would count three connections.
		{"one connection for all", "", []string{"-o", os.DevNull, "-o", os.DevNull, "-o", os.DevNull, "-w", "%{num_connects}%{http_code} ",
			base + "/messages", base + "/nope", base + "/static/app.js"}, "1200 0404 0200 "},
		{"in parallel", "", []string{"-Z", "--parallel-max", "20", "-o", os.DevNull, "-w", "%{http_code}\n", base + "/static/[1-50].css"}, strings.Repeat("404\n", 50)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := run(tc.stdin, tc.args...); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	want := []string{"four", "three", "ünïcödé & more=1", "one"}
	if got := messages(t, p); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("stored: %q", got)
	}
}

func TestClientNetcat(t *testing.T) {
	t.Parallel()
	nc := tool(t, "nc", "install the package netcat-openbsd")
	tcp := aroproc.Start(t, aro, "echo", aroproc.Options{Ready: "tcp"})
	// -N ends our side with the input: everything comes back before the server ends
	// its own.
	blob := strings.Repeat("half closed, yet answered in full\n", 50_000)
	host, port, _ := strings.Cut(tcp.TCP, ":")
	if got := runTool(t, blob, nc, "-N", "-w", "20", host, port); got != blob {
		t.Errorf("%d of %d bytes came back", len(got), len(blob))
	}
	web := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http"})
	host, port, _ = strings.Cut(web.HTTP, ":")
	// Typed by hand: the end of the connection ends nc.
	got := runTool(t, "GET /messages HTTP/1.0\r\n\r\n", nc, "-w", "20", host, port)
	if !strings.HasPrefix(got, "HTTP/1.0 200 OK\r\n") && !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(got, "\r\n\r\n{\"data\":[]}") {
		t.Errorf("HTTP/1.0 by hand: %q", got)
	}
	got = runTool(t, "GET /messages HTTP/1.1\r\nHost: x\r\n\r\nGET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", nc, "-w", "20", host, port)
	if !regexp.MustCompile(`(?s)^HTTP/1.1 200 OK\r\n.*HTTP/1.1 404 Not Found\r\n`).MatchString(got) {
		t.Errorf("two requests in one go: %q", got)
	}
	got = runTool(t, "what is this\r\n\r\n", nc, "-w", "20", host, port)
	if !strings.HasPrefix(got, "HTTP/1.1 400 ") {
		t.Errorf("nonsense: %q", got)
	}
}

// wrk keeps 64 connections busy; no answer may be wrong or missing, and what it
// posted must have been stored: ids are given out once each.
func TestClientWrk(t *testing.T) {
	t.Parallel()
	wrk := tool(t, "wrk", "install the package wrk")
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http"})
	script := filepath.Join(t.TempDir(), "post.lua")
	must(t, os.WriteFile(script, []byte(`
wrk.method = "POST"
wrk.body = "message=from+wrk"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
`), 0o644))
	for _, args := range [][]string{
		{"http://" + p.HTTP + "/messages"},
		{"http://" + p.HTTP + "/static/app.js"},
		{"-s", script, "http://" + p.HTTP + "/messages"},
	} {
		out := runTool(t, "", wrk, append([]string{"-t", "2", "-c", "64", "-d", "1s", "--timeout", "10s"}, args...)...)
		n := regexp.MustCompile(`(\d+) requests in`).FindStringSubmatch(out)
		if n == nil {
			t.Fatal(out)
		}
		if count, _ := strconv.Atoi(n[1]); count < 64 || strings.Contains(out, "Non-2xx") || strings.Contains(out, "Socket errors") {
			t.Errorf("wrk %v:\n%s", args, out)
		}
	}
	// wrk has hung up on its last posts: who asks while they tidy up may see a board
	// that is just being filled again.
	got := messages(t, p)
	for deadline := time.Now().Add(aroproc.Patience); len(got) != 20 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
		got = messages(t, p)
	}
	if len(got) != 20 || got[0] != "from wrk" {
		t.Errorf("the board shows %q", got)
	}
}

// The script says what it checks, and prints the name of each check that held.
func TestClientNode(t *testing.T) {
	t.Parallel()
	node := tool(t, "node", "install the package nodejs")
	module(t, "ws")
	module(t, "undici")
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http"})
	echo := aroproc.Start(t, aro, fixture(t, `(Application-Start: Echo) {
    Start the <http-server> with { websocket: "/ws" }.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}

(Back on Message: WebSocket Event Handler) {
    Extract the <data> from the <event: data>.
    Close the <event: connection> when <data> is "close me".
    Send the <data> to the <event: connection> when <data> is not "close me".
    Return an <OK: status> for the <answer>.
}
`), aroproc.Options{Ready: "http"})
	out := runTool(t, "", node, "testdata/clients/node.cjs", "http://"+p.HTTP, "ws://"+echo.HTTP+"/ws")
	const want = "undici: pipelined\nundici: streamed body\nundici: aborted\nundici: WebSocket\nws: feed\nws: echo\nws: fragments\nws: ping\nws: compression is not agreed on\nws: closed by server\nws: closed by client\nws: too big\n"
	if out != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}

// prism starts the proxy in front of a server and returns its address.
func prism(t *testing.T, document, upstream string) string {
	t.Helper()
	node := tool(t, "node", "install the package nodejs")
	cli := filepath.Join(module(t, "@stoplight/prism-cli"), "dist", "index.js")
	port := aroproc.FreePort(t)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	startTool(t, address, node, cli, "proxy", document, "http://"+upstream, "-p", strconv.Itoa(port), "--errors")
	return address
}

const prismContract = `openapi: 3.0.3
info: {title: Items, version: 1.0.0}
servers: [{url: http://localhost:8080}]
paths:
  /items:
    get:
      operationId: listItems
      parameters:
        - {name: limit, in: query, required: true, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: sort, in: query, schema: {type: string, enum: [up, down]}}
        - {name: X-Depth, in: header, schema: {type: integer}}
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Count'}}}}}
    post:
      operationId: addItem
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}
      responses: {'201': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}}
  /items/{id}:
    get:
      operationId: showItem
      parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 10}}]
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Count'}}}}}
components:
  schemas:
    Count:
      type: object
      required: [n]
      properties: {n: {type: integer}}
    Item:
      type: object
      required: [name]
      additionalProperties: false
      properties:
        name: {type: string, minLength: 2, maxLength: 5, pattern: '^[a-z]+$'}
        n: {type: integer, nullable: true, minimum: 1}
        kind: {type: string, enum: [big, small]}
        tags: {type: array, maxItems: 2, uniqueItems: true, items: {type: string}}
`

const prismApp = `(Application-Start: Items) {
    Start the <http-server> with { validate: true }.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}

(listItems: Items) {
    Extract the <limit> from the <queryParameters: limit>.
    Return an <OK: status> with { n: <limit> }.
}

(addItem: Items) {
    Extract the <item> from the <request: body>.
    Return a <Created: status> with <item>.
}

(showItem: Items) {
    Extract the <id> from the <pathParameters: id>.
    Return an <OK: status> with { n: %s }.
}
`

// Prism stands between client and server: what it refuses for the contract's sake
// we must refuse too, and the answers to what it lets through must satisfy it.
func TestClientPrism(t *testing.T) {
	t.Parallel()
	app := fixture(t, fmt.Sprintf(prismApp, "<id>"), "openapi.yaml", prismContract)
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	through := prism(t, filepath.Join(app, "openapi.yaml"), p.HTTP)
	verdicts := map[bool]int{}
	for _, tc := range []struct{ method, path, body, depth string }{
		{"GET", "/items?limit=5", "", ""},
		{"GET", "/items?limit=5&sort=up", "", "7"},
		{"GET", "/items", "", ""},
		{"GET", "/items?limit=0", "", ""},
		{"GET", "/items?limit=101", "", ""},
		{"GET", "/items?limit=many", "", ""},
		{"GET", "/items?limit=5&sort=left", "", ""},
		{"GET", "/items?limit=5", "", "deep"},
		{"GET", "/items/12", "", ""},
		{"GET", "/items/9", "", ""},
		{"GET", "/items/x", "", ""},
		{"POST", "/items", `{"name":"abc"}`, ""},
		{"POST", "/items", `{"name":"abc","n":1,"kind":"big","tags":["a","b"]}`, ""},
		{"POST", "/items", `{"name":"abc","n":null}`, ""},
		{"POST", "/items", `{}`, ""},
		{"POST", "/items", ``, ""},
		{"POST", "/items", `[]`, ""},
		{"POST", "/items", `{"name":"a"}`, ""},
		{"POST", "/items", `{"name":"abcdef"}`, ""},
		{"POST", "/items", `{"name":"ABC"}`, ""},
		{"POST", "/items", `{"name":5}`, ""},
		{"POST", "/items", `{"name":"abc","n":0}`, ""},
		{"POST", "/items", `{"name":"abc","n":1.5}`, ""},
		{"POST", "/items", `{"name":"abc","kind":"huge"}`, ""},
		{"POST", "/items", `{"name":"abc","tags":["a","b","c"]}`, ""},
		{"POST", "/items", `{"name":"abc","tags":["a","a"]}`, ""},
		{"POST", "/items", `{"name":"abc","more":1}`, ""},
	} {
		ask := func(address string) answer {
			req := request(t, tc.method, "http://"+address+tc.path, tc.body, "application/json")
			if tc.depth != "" {
				req.Header.Set("X-Depth", tc.depth)
			}
			return do(t, req)
		}
		ours, theirs := ask(p.HTTP), ask(through)
		verdicts[theirs.code < 300]++
		if theirs.code < 300 && (ours.code != theirs.code || ours.body != theirs.body) || theirs.code == 422 && ours.code != 400 || theirs.code >= 500 {
			t.Errorf("%s %s %s:\nours %v\nthrough Prism %v", tc.method, tc.path, tc.body, ours, theirs)
		}
	}
	if verdicts[true] != 6 || verdicts[false] != 21 {
		t.Errorf("verdicts %v", verdicts)
	}

	// It does look: an answer against the contract does not get through.
	wrong := fixture(t, fmt.Sprintf(prismApp, `"a text"`), "openapi.yaml", prismContract)
	p = aroproc.Start(t, aro, wrong, aroproc.Options{Ready: "http"})
	if a := do(t, request(t, "GET", "http://"+prism(t, filepath.Join(wrong, "openapi.yaml"), p.HTTP)+"/items/12", "", "")); a.code != 500 || !strings.Contains(a.body, "VIOLATIONS") {
		t.Errorf("a wrong answer passes: %v", a)
	}
}

// The example application behind Prism. (The given one declares no responses, of
// which Prism lets none through.)
func TestClientPrismStatusPost(t *testing.T) {
	t.Parallel()
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http"})
	document, err := filepath.Abs(filepath.Join("statuspost", "openapi.yaml"))
	must(t, err)
	through := prism(t, document, p.HTTP)
	for _, tc := range []struct {
		method, path, body string
		code               int
	}{
		{"GET", "/", "", 200},
		{"GET", "/static/style.css", "", 200},
		{"GET", "/messages", "", 200},
		{"POST", "/messages", "message=through+Prism", 201},
		{"POST", "/messages", "message=%C3%BC+%26+%F0%9F%98%80", 201},
		{"POST", "/messages", "message=+", 400},
		{"GET", "/", "", 200},
		{"GET", "/messages", "", 200},
	} {
		req := request(t, tc.method, "http://"+through+tc.path, tc.body, "application/x-www-form-urlencoded")
		if a := do(t, req); a.code != tc.code {
			t.Errorf("%s %s: %v, want %d", tc.method, tc.path, a, tc.code)
		}
	}
	if got := strings.Join(messages(t, p), "|"); got != "ü & 😀|through Prism" {
		t.Errorf("stored: %s", got)
	}
}
