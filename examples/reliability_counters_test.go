package examples_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

const refuser = `(Application-Start: Refuser) {
    Listen on port 9000 as <lines> with { framing: "lines" }.
    Start the <http-server> with { maxBodySize: 1000, websocket: "/ws", rate: { requests: 4, per: 600 } }.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(endless: Refuser) {
    Create the <n> with 0.
    while true {
        Compute the <n> from <n> + 1.
    }
    Return an <OK: status> with <n>.
}
(cycle: Refuser) {
    Emit a <Ping: event> with { n: 1 }.
    Return an <OK: status> with { ok: true }.
}
(Ping Again: Ping Handler) { Emit a <Ping: event> with { n: 1 } when <now> is not empty. }
(recursion: Refuser) {
    Application.Deeper the <x> from 1.
    Return an <OK: status> with <x>.
}
(Deeper: Action takes <n: Integer>) {
    Application.Deeper the <x> from <n>.
    Return an <OK: status> with <x>.
}
(asking: Refuser) {
    Request the <x> from "http://127.0.0.1:9/".
    Return an <OK: status> with <x>.
}
(take: Refuser) { Return an <OK: status> with { ok: true }. }
(reading: Refuser) {
    Extract the <name> from the <queryParameters: name> default "hostname".
    Read the <x> from the <file: "/etc/${<name>}">.
    Return an <OK: status> with <x>.
}
(waiting: Refuser) {
    Log "waiting" to the <console>.
    Sleep the <moment> for 600 s.
    Return an <OK: status> with { ok: true }.
}
(long: Refuser) {
    Create the <line> with "0123456789abcdef".
    Compute the <text> from <line> * 100000.
    Return an <OK: status> with { text: <text> }.
}
(Line: DataReceived Handler) { Send <event: data> to the <event: connection>. }
(Message: WebSocket Event Handler) { Log "message" to the <console>. }
`

// TestO03: what is refused, dropped or closed is counted under its reason.
func TestO03_Counters(t *testing.T) {
	t.Parallel()
	contract := "openapi: 3.0.3\ninfo: { title: Refuser, version: \"1\" }\npaths:\n"
	for _, name := range []string{"endless", "cycle", "recursion", "reading", "asking", "waiting", "long"} {
		contract += "  /" + name + ": { get: { operationId: " + name + " } }\n"
	}
	contract += "  /take: { post: { operationId: take } }\n"
	p := aroproc.Start(t, aro, fixture(t, refuser, "openapi.yaml", contract), aroproc.Options{Ready: "http",
		Env:  []string{"ARO_HANDLER_BUDGET=300ms", "ARO_PUBLIC_ONLY=1"},
		Args: []string{"--allow", "net", "--health", "127.0.0.1:0"}})
	raw := func(text string) *tcpConn {
		c := dialTCP(t, p.HTTP)
		go io.WriteString(c, text) // the server may stop reading
		return c
	}
	request := func(method, path string, lines ...string) string {
		return method + " " + path + " HTTP/1.1\r\nHost: x\r\n" + strings.Join(append(lines, "\r\n"), "\r\n")
	}
	raw("GET / HTTP/1.1\r\nHost : x\r\n\r\n")
	raw(request("GET", "/"+strings.Repeat("x", 20<<10)))
	raw(request("GET", "/", "X: "+strings.Repeat("x", 70<<10)))
	raw("GET / HTTP/1.1\r\nX-Slow: ")
	raw(request("POST", "/take", "Content-Length: 10") + "half")
	raw(request("POST", "/take", "Content-Length: 2000") + strings.Repeat("x", 2000))
	raw(request("POST", "/take", "Sec-Fetch-Site: cross-site", "Content-Length: 0"))
	raw(request("PUT", "/take", "Content-Length: 0"))
	raw(request("GET", "/nowhere"))
	raw(request("GET", "/ws"))
	raw(strings.Repeat(request("GET", "/long"), 8)) // and reads nothing
	for range 4 {
		raw(request("POST", "/take", "Content-Length: 0"))
	}
	gone := raw(request("GET", "/waiting"))
	p.Prints("waiting")
	gone.Close()
	for _, path := range []string{"/endless", "/cycle", "/recursion", "/reading", "/asking"} {
		raw(request("GET", path))
	}
	c := dialTCP(t, p.TCP)
	go io.WriteString(c, strings.Repeat("x", 2<<20))
	for _, frame := range []string{frame(fin|1, strings.Repeat("m", 1<<20+1)), frame(fin|0x40|1, "x"), frame(fin|1, "\xff\xfe")} {
		c, _ := handshake(t, p, "/ws", "")
		go io.WriteString(c, frame)
	}
	url := address(t, p, "Health")
	url = url[:strings.LastIndex(url, "/")]
	var missing []string
	text := ""
	for end := time.Now().Add(40 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		res, err := http.Get(url + "/metrics")
		must(t, err)
		data, err := io.ReadAll(res.Body)
		must(t, err)
		res.Body.Close()
		text, missing = string(data), nil
		for _, reason := range []string{"http_400", "http_403", "http_404", "http_405", "http_408", "http_413", "http_414", "http_426", "http_429", "http_431",
			"http_slow_head", "http_slow_reader", "client_gone", "handler_budget", "event_cycle", "recursion", "sandbox", "private_address",
			"line_too_long", "message_too_big", "protocol_error"} {
			if !strings.Contains(text, `aro_refused_total{reason="`+reason+`"} `) {
				missing = append(missing, reason)
			}
		}
		if len(missing) == 0 || time.Now().After(end) {
			break
		}
	}
	if len(missing) > 0 {
		t.Errorf("not counted: %v", missing)
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "aro_refused") {
				t.Log(line)
			}
		}
	}
}
