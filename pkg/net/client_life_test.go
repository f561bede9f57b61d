package aronet

import (
	"strings"
	"testing"
	"time"
)

// TestRequestsOverlap: a handler that waits for an answer holds up no other one.
func TestRequestsOverlap(t *testing.T) {
	f := newFeed(t)
	p := newProgram(t, `
(Application-Start: Test) {
    Extract the <server> from the <parameter: server>.
    Emit a <Go: event> with { n: 1 }.
    Log "all" to the <console>.
    Return an <OK: status> for the <application>.
}
(First: Go Handler) { Request the <r> from <server>. Log "first" to the <console>. }
(Second: Go Handler) { Request the <r> from <server>. Log "second" to the <console>. }
(Third: Go Handler) { Log "third" to the <console>. }
`, "server", f.URL).start()
	a, b := f.next(), f.next() // both at once
	p.prints("third")
	if out := p.stdout.String(); strings.Contains(out, "all") || strings.Contains(out, "first") {
		t.Errorf("the answers are not there yet: %s", out)
	}
	a.refuse(200)
	b.refuse(200)
	p.wait()
	if out := p.stdout.String(); !strings.Contains(out, "first") || !strings.Contains(out, "second") || !strings.Contains(out, "all\n") {
		t.Error(out)
	}
}

// TestShutdownEndsRequests: a request without an answer does not keep an
// application from ending; Application-End can still make its own.
func TestShutdownEndsRequests(t *testing.T) {
	f := newFeed(t)
	p := newProgram(t, `
(Application-Start: Test) {
    Extract the <server> from the <parameter: server>.
    Stream the <tick> from <server>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <application>.
}
(Hang: tick Handler) {
    Extract the <server> from the <parameter: server>.
    Log "asking" to the <console>.
    Request the <r> from "${<server>}/hang".
    Log "never" to the <console>.
}
(Application-End: Success) {
    Extract the <server> from the <parameter: server>.
    Request the <r> from "${<server>}/bye".
    Log <r: status> to the <console>.
}
`, "server", f.URL).start()
	f.next().say("data: x\n\n")
	p.prints("asking")
	hanging := f.next()
	began := time.Now()
	p.host.Shutdown("SIGTERM")
	bye := f.next()
	if bye.r.URL.Path != "/bye" {
		t.Fatal(bye.r.URL.Path)
	}
	bye.refuse(202)
	p.wait()
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
	if out := p.stdout.String(); !strings.Contains(out, "202") || strings.Contains(out, "never") {
		t.Errorf("%s", out)
	}
	if errs := p.stderr.String(); !strings.Contains(errs, "shutting down") {
		t.Errorf("stderr: %s", errs)
	}
	<-hanging.r.Context().Done()
}
