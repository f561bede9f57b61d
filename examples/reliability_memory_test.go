package examples_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

const hoarder = `(Application-Start: Hoarder) {
    Listen on port 9000 as <echo>.
    Start the <http-server>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(keep: Hoarder) {
    Extract the <text> from the <request: body.text>.
    Store { text: <text> } into the <text-repository>.
    Return a <Created: status> with { kept: true }.
}
(drop: Hoarder) {
    Clear the <all> from the <text-repository>.
    Return an <OK: status> with { dropped: true }.
}
(show: Hoarder) {
    Return an <OK: status> with <metrics: prometheus>.
}
(Say It Back: DataReceived Handler) {
    Send <event: data> to the <event: connection>.
    Return an <OK: status> for the <answer>.
}
`

const hoarderContract = `openapi: 3.0.3
info: { title: Hoarder, version: "1" }
paths:
  /texts:
    post: { operationId: keep, requestBody: { content: { application/json: {} } } }
    delete: { operationId: drop }
  /metrics: { get: { operationId: show } }
`

// TestE08: a process that comes near its memory limit says 503 to what brings more,
// still lets somebody clean up, and goes on when there is room again.
func TestE08_MemoryLimit(t *testing.T) {
	t.Parallel()
	p := aroproc.Start(t, aro, fixture(t, hoarder, "openapi.yaml", hoarderContract), aroproc.Options{Ready: "http", Env: []string{"GOMEMLIMIT=64MiB"}})
	post := func() answer {
		t.Helper()
		req, err := http.NewRequest("POST", "http://"+p.HTTP+"/texts", strings.NewReader(`{"text":"`+strings.Repeat("x", 128<<10)+`"}`))
		must(t, err)
		req.Header.Set("Content-Type", "application/json")
		return do(t, req)
	}
	fill := func() (kept int) {
		t.Helper()
		for ; kept < 1000; kept++ {
			switch a := post(); a.code {
			case 201:
				continue
			case 503:
				if a.header.Get("Retry-After") == "" {
					t.Errorf("%v", a)
				}
			default:
				t.Errorf("%v", a)
			}
			return kept
		}
		t.Fatal("125 MiB were taken with a limit of 64 MiB")
		return 0
	}
	before, err := net.Dial("tcp", p.TCP)
	must(t, err)
	defer before.Close()
	first := fill()
	if first < 100 {
		t.Errorf("only %d texts of 128 KiB were taken", first)
	}
	if rss := memory(t, p); rss > 110<<20 && !raceEnabled {
		t.Errorf("%d MiB are resident with a limit of 64", rss>>20)
	}
	for range 20 {
		if a := post(); a.code != 503 {
			t.Errorf("another one: %v", a)
		}
	}
	c, err := net.Dial("tcp", p.TCP)
	must(t, err)
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(aroproc.Patience))
	if _, err := c.Read(make([]byte, 1)); err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("another connection: %v", err)
	}
	before.Write([]byte("hello"))
	before.SetReadDeadline(time.Now().Add(aroproc.Patience))
	if n, err := before.Read(make([]byte, 9)); n != 5 {
		t.Errorf("who was connected before is not answered: %d, %v", n, err)
	}
	if a := get(t, p, "/metrics"); a.code != 200 || !strings.Contains(a.body, `aro_refused_total{reason="memory"} 22`) || !strings.Contains(a.body, `{reason="memory_held"}`) {
		t.Errorf("metrics: %v", a)
	}
	req, _ := http.NewRequest("DELETE", "http://"+p.HTTP+"/texts", nil)
	if a := do(t, req); a.code != 200 {
		t.Fatalf("cleaning up: %v", a)
	}
	p.Until("room again", func() bool { return post().code == 201 })
	if second := fill(); second < first/2 {
		t.Errorf("%d texts fit at first, %d later", first, second)
	}
	t.Logf("%d texts of 128 KiB in 64 MiB", first)
}
