package examples_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// routes is a contract with one GET operation for each name, at /name.
func routes(names ...string) string {
	var b strings.Builder
	b.WriteString("openapi: 3.0.3\ninfo: {title: Routes, version: \"1\"}\npaths:\n")
	for _, name := range names {
		fmt.Fprintf(&b, "  /%s:\n    get:\n      operationId: %s\n      responses: {\"200\": {description: ok}}\n", name, name)
	}
	return b.String()
}

const serve = `(Application-Start: Routes) {
    Start the <http-server> for the <contract>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
`

// TestE05: what computes without end is ended by its budget, however it is spread, and
// takes little from the others meanwhile.
func TestE05_Budget(t *testing.T) {
	t.Parallel()
	files := []string{"openapi.yaml", routes("ping", "spin", "emits", "actions", "page", "sorts"), "templates/t40.html", `x{{ <now> }}`}
	for i := range 40 {
		files = append(files, filepath.Join("templates", fmt.Sprintf("t%d.html", i)), strings.Repeat(fmt.Sprintf("{{ Include the <template: t%d.html>. }}", i+1), 2))
	}
	app := fixture(t, serve+`
(ping: Routes) { Return an <OK: status> with { pong: true }. }
(spin: Routes) {
    Create the <n> with 0.
    while <n> >= 0 { Compute the <n> from <n> + 1. }
    Return an <OK: status> with <n>.
}
(emits: Routes) {
    Emit a <Spin: event> with { n: 1 }.
    Return an <OK: status> with { emitted: true }.
}
(Spinner: Spin Handler) {
    Create the <n> with 0.
    while <n> >= 0 { Compute the <n> from <n> + 1. }
}
(actions: Routes) {
    Application.Twice the <x> from 90.
    Return an <OK: status> with <x>.
}
(Twice: Action takes <n: Integer>) {
    Compute the <m> from <n> - 1.
    match <n> {
        case 0 { Return an <OK: status> with 0. }
        otherwise {
            Application.Twice the <a> from <m>.
            Application.Twice the <b> from <m>.
        }
    }
    Return an <OK: status> with <n>.
}
(page: Routes) {
    Transform the <page> from the <template: t0.html>.
    Return an <OK: status> with <page>.
}
(sorts: Routes) {
    while true {
        Create the <list> with ["c", "b", "a"] ++ ["f", "e", "d"].
        Compute the <t> from "a" * 20000 ++ "!".
        Log "matched" to the <console> when <t> matches /(a+)+$/.
    }
}
`, files...)
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http", Env: []string{"ARO_HANDLER_BUDGET=2s"}})
	var wg sync.WaitGroup
	var running atomic.Int64
	for _, path := range []string{"/spin", "/emits", "/actions", "/page", "/sorts"} {
		for range 2 {
			running.Add(1)
			wg.Go(func() {
				defer running.Add(-1)
				began := time.Now()
				a, err := try(mustGet("http://" + p.HTTP + path))
				want := 500
				if path == "/emits" {
					want = 200 // the handler fails, and not its event's statement
				}
				if took := time.Since(began); err != nil || a.code != want || took < time.Second {
					t.Errorf("%s: %v %v after %v, want %d", path, a, err, took, want)
				}
			})
		}
	}
	var slowest time.Duration
	probes := 0
	for running.Load() > 0 {
		began := time.Now()
		if a := get(t, p, "/ping"); a.code != 200 {
			t.Errorf("meanwhile: %v", a)
		}
		slowest = max(slowest, time.Since(began))
		probes++
	}
	wg.Wait()
	t.Logf("%d requests beside ten endless ones, the slowest %v", probes, slowest)
	if probes < 50 || slowest > 2*time.Second {
		t.Errorf("%d requests got through, the slowest took %v", probes, slowest)
	}
	if n := strings.Count(p.Stderr(), "time budget of 2s"); n < 8 { // a template says where it was
		t.Errorf("%d of 8 say why", n)
	}
}

// TestE02: who raises events faster than they are handled waits for the handlers, so
// nothing piles up.
func TestE02_BackPressure(t *testing.T) {
	t.Parallel()
	app := fixture(t, serve+`
(raise: Routes) {
    Create the <text> with "x" * 100000.
    Emit a <Work: event> with { text: <text> }.
    Return an <OK: status> with { done: true }.
}
(count: Routes) { Return an <OK: status> with { n: <done-repository: count> }. }
(Worker: Work Handler) {
    Wait for 1 milliseconds.
    Store { n: 1 } into the <done-repository>.
}
`, "openapi.yaml", routes("raise", "count"))
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	const each, clients = 250, 16
	var wg sync.WaitGroup
	var peak atomic.Int64
	for range clients {
		wg.Go(func() {
			for range each {
				if a, err := try(mustGet("http://" + p.HTTP + "/raise")); err != nil || a.code != 200 {
					t.Errorf("%v %v", a, err)
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for over := false; !over; {
		peak.Store(max(peak.Load(), int64(memory(t, p))))
		select {
		case <-done:
			over = true
		case <-time.After(20 * time.Millisecond): // the pace of the measuring
		}
	}
	if a := get(t, p, "/count"); a.body != fmt.Sprintf(`{"n":%d}`, each*clients) {
		t.Errorf("handled: %s", a.body)
	}
	t.Logf("%d events of 100 KB, %d MiB at most", each*clients, peak.Load()>>20)
	if !raceEnabled && peak.Load() > 150<<20 {
		t.Errorf("%d MiB", peak.Load()>>20)
	}
}

// TestE04: posts at the same time, each followed by the tutorial's clean-up, never
// leave more rows than the limit, nor fewer than what the clean-up keeps.
func TestE04_CleanUp(t *testing.T) {
	t.Parallel()
	app := fixture(t, serve+`
(add: Board) {
    Create the <post: Message> with { message: "post" }.
    Store the <post> into the <message-repository>.
    Return an <OK: status> with <post>.
}
(count: Board) { Return an <OK: status> with { n: <message-repository: count> }. }
(Tidy Up: message-repository Observer) when <message-repository: count> > 40 {
    Retrieve the <everything> from the <message-repository>.
    Extract the <newest: 0-19> from the <everything>.
    Clear the <all> from the <message-repository>.
    Store the <newest> into the <message-repository>.
}
`, "openapi.yaml", routes("add", "count"))
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 50 {
				if a, err := try(mustGet("http://" + p.HTTP + "/add")); err != nil || a.code != 200 {
					t.Errorf("%v %v", a, err)
					return
				}
			}
		})
	}
	wg.Wait() // a reader meanwhile may see the turn of a clean-up half done; what stays may not
	var n int
	if _, err := fmt.Sscanf(get(t, p, "/count").body, `{"n":%d}`, &n); err != nil || n < 20 || n > 40 {
		t.Errorf("%d rows (%v) after 1000 posts", n, err)
	}
}
