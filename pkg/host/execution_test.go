package host_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// linkWith is link with verbs of the test's own and a time budget.
func linkWith(t testing.TB, src string, out *bytes.Buffer, budget time.Duration, extra ...*host.Verb) *host.Host {
	t.Helper()
	return linkConfig(t, src, host.Config{Stdout: out, Stderr: out, HandlerBudget: budget}, extra...)
}

// linkConfig is linkWith for any configuration but its verbs.
func linkConfig(t testing.TB, src string, cfg host.Config, extra ...*host.Verb) *host.Host {
	t.Helper()
	f := syntax.NewFile("main.aro", []byte(src+"\n(Application-Start: Test) { Return an <OK: status> for the <application>. }"))
	for _, d := range syntax.Parse(f) {
		t.Fatal(d)
	}
	verbs := append(host.Verbs(), extra...)
	prog, diags := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(verbs)})
	if prog == nil {
		t.Fatal(diags)
	}
	cfg.Verbs = verbs
	return host.New(prog, cfg)
}

func verb(name string, do vm.Func) *host.Verb {
	return &host.Verb{Verb: bytecode.Verb{Name: name, Result: bytecode.Binds, Object: bytecode.TryObject, Blocking: true}, Do: do}
}

// TestPanicIsAFailedStatement: a panic in a verb fails that statement, with its
// place, and nothing else.
func TestPanicIsAFailedStatement(t *testing.T) {
	var out bytes.Buffer
	h := linkWith(t, `(Bad: Go Handler) {
    Log "before" to the <console>.
    Explode the <x> from the <y>.
    Log "never" to the <console>.
}
(Good: Go Handler) { Log "good" to the <console>. }`, &out, 0, verb("explode", func(*vm.Call) (value.Value, error) {
		panic("the verb fell over")
	}))
	h.Deliver(h.EventHandlers("Go"), host.Payload{Event: value.EmptyMap})
	text := out.String()
	for _, want := range []string{"before\n", "[ERROR] [Bad: Go Handler] [", "] main.aro:3:5 Runtime Error: Cannot explode the x from the y.", "internal error: the verb fell over", "good\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("output lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "never") || strings.Contains(text, ".go:") {
		t.Errorf("output: %s", text)
	}
}

// TestO04_Panic: a panic writes the flight recorder's file.
func TestO04_Panic(t *testing.T) {
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "flight")
	h := linkConfig(t, `(Bad: Go Handler) { Explode the <x> from the <y>. }`, host.Config{Stdout: &out, Stderr: &out, Flight: file}, verb("explode", func(*vm.Call) (value.Value, error) {
		panic("the verb fell over")
	}))
	h.Deliver(h.EventHandlers("Go"), host.Payload{Event: value.EmptyMap})
	if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data), "a panic in Bad at ") || !strings.Contains(string(data), "fails   main.aro:1 [Bad: Go Handler]") {
		t.Errorf("%v: %s", err, data)
	}
}

// TestBudget: a handler that computes for ever is stopped, and one that waits is
// not charged for waiting.
func TestBudget(t *testing.T) {
	var out bytes.Buffer
	h := linkWith(t, `(Busy: X) { Create the <n> with 0. while true { Compute the <n> from <n> + 1. } }
(Idle: X) { Wait for 1 hour. for <i> from 0 to 10000 { Log "" to the <console> when <i> < 0. } Wait for 1 hour. }`, &out, 50*time.Millisecond)
	e := h.Invoke(h.Named("Busy"), host.Payload{Event: value.EmptyMap})
	if e.State() != vm.Failed || !strings.Contains(e.Err().Error(), "time budget") {
		t.Errorf("%v: %v", e.State(), e.Err())
	}
	e.Release()
	synctest.Test(t, func(t *testing.T) {
		e := h.Invoke(h.Named("Idle"), host.Payload{Event: value.EmptyMap})
		if e.State() != vm.Done {
			t.Errorf("%v", e.Err())
		}
		e.Release()
	})
}

// TestNoGoroutineForEvents: events, handlers and observers run on the goroutine
// that raised them.
func TestNoGoroutineForEvents(t *testing.T) {
	var out bytes.Buffer
	base := runtime.NumGoroutine()
	most := 0
	h := linkWith(t, `(Raise: X) { for <i> from 0 to 50 { Emit a <Ping: event> with <i>. Store { n: <i> } into the <a-repository>. } }
(A: Ping Handler) { Count the <x> from the <y>. }
(B: Ping Handler) { Count the <x> from the <y>. }
(C: a-repository Observer) { Count the <x> from the <y>. }`, &out, 0, verb("count", func(*vm.Call) (value.Value, error) {
		most = max(most, runtime.NumGoroutine())
		return value.Nil, nil
	}))
	h.Invoke(h.Named("Raise"), host.Payload{Event: value.EmptyMap}).Release()
	if most > base { // fewer: one of an earlier test has ended meanwhile
		t.Errorf("%d goroutines while events ran, %d before", most, base)
	}
}

// TestWaitingHandlersOverlap: handlers that wait do so together, and the emitter
// waits for all of them.
func TestWaitingHandlersOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		h := linkWith(t, `(Raise: X) { Emit a <Ping: event> with 1. Log "after" to the <console>. }
(A: Ping Handler) { Wait for 3 seconds. Log "three" to the <console>. }
(B: Ping Handler) { Wait for 2 seconds. Log "two" to the <console>. }
(C: Ping Handler) { Log "none" to the <console>. }`, &out, 0)
		begin := time.Now()
		h.Invoke(h.Named("Raise"), host.Payload{Event: value.EmptyMap}).Release()
		if took := time.Since(begin); took != 3*time.Second || out.String() != "none\ntwo\nthree\nafter\n" {
			t.Errorf("took %v: %q", took, out.String())
		}
	})
}

// TestFailureOfAVerb keeps the cause for errors.Is.
func TestFailureOfAVerb(t *testing.T) {
	cause := errors.New("no luck")
	var out bytes.Buffer
	h := linkWith(t, `(Try: X) { Attempt the <x> from "y". }`, &out, 0, verb("attempt", func(*vm.Call) (value.Value, error) { return value.Nil, cause }))
	e := h.Invoke(h.Named("Try"), host.Payload{Event: value.EmptyMap})
	defer e.Release()
	var s *vm.StatementError
	if !errors.Is(e.Err(), cause) || !errors.As(e.Err(), &s) || s.Message != `Cannot attempt the x from "y".` {
		t.Errorf("%v", e.Err())
	}
}
