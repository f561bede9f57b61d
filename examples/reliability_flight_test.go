package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"aro/examples/internal/aroproc"
)

// TestO04: what ran in the last seconds is written when a handler uses up its budget
// and when somebody asks, with places and durations and without a value.
func TestO04_FlightRecorder(t *testing.T) {
	t.Parallel()
	app := fixture(t, `(Application-Start: Flight) {
    Start the <http-server>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(endless: Flight) {
    Create the <n> with 0.
    while <n> >= 0 { Compute the <n> from <n> + 1. }
    Return an <OK: status> with <n>.
}
(waiting: Flight) {
    Extract the <name> from the <queryParameters: name>.
    Sleep the <moment> for 20 ms.
    Emit a <Waited: event> with { name: <name> }.
    Return an <OK: status> with { name: <name> }.
}
(Fails: Waited Handler) {
    Extract the <x> from the <event: missing>.
    Return an <OK: status> for the <x>.
}
`, "openapi.yaml", `openapi: 3.0.3
info: { title: Flight, version: "1" }
paths:
  /endless: { get: { operationId: endless } }
  /waiting: { get: { operationId: waiting } }
`)
	file := filepath.Join(t.TempDir(), "flight.txt")
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http", Env: []string{"ARO_HANDLER_BUDGET=200ms"}, Args: []string{"--flight", file}})
	get(t, p, "/waiting?name=canary")
	if a := get(t, p, "/endless"); a.code != 500 {
		t.Errorf("%v", a)
	}
	p.Complains("flight recorder: endless used up its budget")
	holds := func(patterns ...string) {
		t.Helper()
		data, err := os.ReadFile(file)
		must(t, err)
		text := string(data)
		for _, pattern := range patterns {
			if !regexp.MustCompile(pattern).MatchString(text) {
				t.Errorf("no %s in\n%s", pattern, text)
			}
		}
		if strings.Contains(text, "canary") {
			t.Errorf("a value in\n%s", text)
		}
	}
	holds(`^endless used up its budget at 2`,
		`(?m)^-\d\.\d{6} ([0-9a-f]{8}) begins  main\.aro:\d+ \[waiting: Flight\]$`,
		`(?m) waits   main\.aro:13 \[waiting: Flight\]$`, `(?m) goes on main\.aro:13 \[waiting: Flight\]$`,
		`(?m) fails   main\.aro:18 \[Fails: Waited Handler\] after \d+\.\d{3} ms$`,
		`(?m) ends    main\.aro:15 \[waiting: Flight\] after (2\d|[3-9]\d|\d{3,})\.\d{3} ms$`,
		`(?m) fails   main\.aro:8 \[endless: Flight\] after \d{3,}\.\d{3} ms$`)

	get(t, p, "/waiting?name=canary")
	p.Signal(syscall.SIGQUIT)
	p.Complains("flight recorder: SIGQUIT")
	holds(`^SIGQUIT at 2`, `ends    main\.aro:15 \[waiting: Flight\]`)
	if a := get(t, p, "/waiting?name=canary"); a.code != 200 {
		t.Errorf("behind it: %v", a)
	}
}
