// Package bench holds the benchmarks of what a program pays for: one handler,
// one round of a loop, one host call, one row.
package bench

import (
	"fmt"
	"io"
	"testing"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// start compiles a program and links it with the built-in verbs and these extra
// ones.
func start(tb testing.TB, src string, extra ...*host.Verb) *host.Host {
	tb.Helper()
	f := syntax.NewFile("bench.aro", []byte("(Application-Start: Bench) { Return an <OK: status> for the <startup>. }\n"+src))
	for _, d := range syntax.Parse(f) {
		tb.Fatal(d)
	}
	verbs := append(host.Verbs(), extra...)
	prog, diags := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(verbs)})
	if prog == nil {
		tb.Fatal(diags[0])
	}
	for _, c := range prog.Chunks {
		if err := bytecode.Verify(c); err != nil {
			tb.Fatal(err)
		}
	}
	return host.New(prog, host.Config{Verbs: verbs, Stdout: io.Discard, Stderr: io.Discard, HandlerBudget: time.Hour})
}

// sink is a verb without work of its own: what is measured is the call.
var sink = &host.Verb{Verb: bytecode.Verb{Name: "deliver", Result: bytecode.Consumes, Object: bytecode.LabelObject},
	Do: func(c *vm.Call) (value.Value, error) { return c.Arg(bytecode.SlotResult), nil }}

// invoke runs a feature set b.N times; inner is how many operations one run has.
func invoke(b *testing.B, h *host.Host, name string, event value.Value, inner float64) {
	set := h.Named(name)
	t := &host.Payload{Event: event}
	b.ReportAllocs()
	b.ResetTimer()
	begun := cpuTime()
	for b.Loop() {
		e := h.Invoke(set, t)
		if e.State() != vm.Done {
			b.Fatal(e.Err())
		}
		e.Release()
	}
	reportCPU(b, begun, inner)
}

// BenchmarkHandler is the handler of every comparison: three fields of an
// eight-field event read, text joined, a record built, one host call.
func BenchmarkHandler(b *testing.B) {
	h := start(b, `(On Order: Order Handler) {
		Extract the <id> from the <event: id>.
		Extract the <customer> from the <event: customer>.
		Extract the <total> from the <event: total>.
		Create the <line> with "order " ++ <id> ++ " of " ++ <customer>.
		Create the <entry> with { id: <id>, total: <total>, text: <line> }.
		Deliver the <entry> to the <console>.
	}`, sink)
	event := value.MapOf("id", value.OfString("o-17"), "customer", value.OfString("Ada Lovelace"), "total", value.OfFloat(12.5),
		"items", value.OfInt(3), "city", value.OfString("Ulm"), "paid", value.True, "note", value.OfString(""), "zip", value.OfString("89073"))
	invoke(b, h, "On Order", event, 1)
}

// BenchmarkLoop is a million rounds with a branch and an addition.
func BenchmarkLoop(b *testing.B) {
	h := start(b, `(Count: Loop Handler) {
		Create the <n> with 0.
		Create the <i> with 0.
		while <i> < 1000000 {
			Compute the <n> from <n> + 2 when <i> > 10.
			Compute the <i> from <i> + 1.
		}
	}`)
	invoke(b, h, "Count", value.EmptyMap, 1)
}

// BenchmarkRangeLoop is the same with a counting loop.
func BenchmarkRangeLoop(b *testing.B) {
	h := start(b, `(Count: Loop Handler) {
		for <i> from 0 to 1000000 {
			Compute the <n> from <i> + 2 when <i> > 10.
		}
	}`)
	invoke(b, h, "Count", value.EmptyMap, 1)
}

// BenchmarkHostCall is one hundred thousand calls through a linked site.
func BenchmarkHostCall(b *testing.B) {
	h := start(b, `(Call: Loop Handler) {
		Create the <entry> with { id: "a", total: 2 }.
		for <i> from 0 to 100000 {
			Deliver the <entry> to the <console>.
		}
	}`, sink)
	invoke(b, h, "Call", value.EmptyMap, 1e5)
}

// BenchmarkFieldRead is one hundred thousand reads of a field of a record.
func BenchmarkFieldRead(b *testing.B) {
	h := start(b, `(Read: Loop Handler) {
		Extract the <order> from the <event: order>.
		for <i> from 0 to 100000 {
			Extract the <city> from the <order: city>.
		}
	}`)
	order := value.MapOf("id", value.OfString("a"), "b", value.Nil, "c", value.Nil, "d", value.Nil, "e", value.Nil, "city", value.OfString("Ulm"))
	invoke(b, h, "Read", value.MapOf("order", order), 1e5)
}

// pending completes at once, but through the way of an operation that waits.
type pending struct{}

func (pending) Start(co *vm.Coroutine) bool {
	co.Reply(value.Nil, nil)
	return true
}

// BenchmarkSuspendResume suspends and resumes a coroutine a hundred thousand
// times.
func BenchmarkSuspendResume(b *testing.B) {
	h := start(b, `(Park: Loop Handler) {
		for <i> from 0 to 100000 {
			Suspend the <x> to the <console>.
		}
	}`, &host.Verb{Verb: bytecode.Verb{Name: "suspend", Result: bytecode.Labels, Object: bytecode.LabelObject, Blocking: true},
		Do: func(c *vm.Call) (value.Value, error) { return c.Suspend(pending{}) }})
	invoke(b, h, "Park", value.EmptyMap, 1e5)
}

// BenchmarkStoreRetrieve replaces a row and retrieves it by its id.
func BenchmarkStoreRetrieve(b *testing.B) {
	h := start(b, `(Keep: Tick Handler) {
		for <i> from 0 to 1000 {
			Store { id: "row-1", n: <i>, name: "x" } into the <thing-repository>.
			Retrieve the <again> from the <thing-repository> where id = "row-1".
		}
	}`)
	invoke(b, h, "Keep", value.EmptyMap, 1e3)
}

// BenchmarkEmit raises an event with one handler.
func BenchmarkEmit(b *testing.B) {
	h := start(b, `(Raise: Tick Handler) {
		for <i> from 0 to 1000 {
			Emit a <Ping: event> with <i>.
		}
	}
	(Answer: Ping Handler) { Extract the <i> from the <event: i>. }`)
	invoke(b, h, "Raise", value.EmptyMap, 1e3)
}

// BenchmarkObservers is BenchmarkObserver with eight of them: the difference is
// what seven cost.
func BenchmarkObservers(b *testing.B) {
	src := `(Fill: Tick Handler) {
		for <i> from 0 to 1000 {
			Store { id: "one", n: <i> } into the <thing-repository>.
		}
	}`
	for i := range 8 {
		src += fmt.Sprintf("\n(Watch %d: thing-repository Observer) { Extract the <n> from the <event: changeType>. }", i)
	}
	invoke(b, start(b, src), "Fill", value.EmptyMap, 1e3)
}

// BenchmarkObserver stores rows into a repository that one observer watches.
func BenchmarkObserver(b *testing.B) {
	h := start(b, `(Fill: Tick Handler) {
		for <i> from 0 to 1000 {
			Store { id: "one", n: <i> } into the <thing-repository>.
		}
	}
	(Watch: thing-repository Observer) { Extract the <n> from the <event: changeType>. }`)
	invoke(b, h, "Fill", value.EmptyMap, 1e3)
}
