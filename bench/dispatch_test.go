package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// dispatched is a program whose feature set is run again and again: what its
// benchmark times, and what TestAllocations counts.
type dispatched struct {
	set    string // the feature set that is run
	source string
	event  value.Value
	inner  float64 // how many operations one run has
	verbs  []*host.Verb
}

// dispatch is the path of every event: statements, calls, rows, handlers.
var dispatch = map[string]dispatched{
	"Handler":        handler,
	"Loop":           loop,
	"RangeLoop":      rangeLoop,
	"HostCall":       hostCall,
	"FieldRead":      fieldRead,
	"SuspendResume":  suspendResume,
	"StoreRetrieve":  storeRetrieve,
	"Emit":           emit,
	"Observer":       observers(1),
	"Observers":      observers(8),
	"RetrieveFilter": retrieveFilter,
}

// run invokes the feature set once.
func (d dispatched) run(tb testing.TB, h *host.Host, set *host.Set, t *host.Payload) {
	e := h.Invoke(set, t)
	if e.State() != vm.Done {
		tb.Fatal(e.Err())
	}
	e.Release()
}

func (d dispatched) measure(b *testing.B) {
	h := start(b, d.source, d.verbs...)
	invoke(b, h, d.set, d.event, d.inner)
}

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

// handler is the handler of every comparison: three fields of an eight-field
// event read, text joined, a record built, one host call.
var handler = dispatched{set: "On Order", inner: 1, verbs: []*host.Verb{sink}, event: orderEvent("o-17"), source: `(On Order: Order Handler) {
		Extract the <id> from the <event: id>.
		Extract the <customer> from the <event: customer>.
		Extract the <total> from the <event: total>.
		Create the <line> with "order " ++ <id> ++ " of " ++ <customer>.
		Create the <entry> with { id: <id>, total: <total>, text: <line> }.
		Deliver the <entry> to the <console>.
	}`}

func orderEvent(id string) value.Value {
	return value.MapOf("id", value.OfString(id), "customer", value.OfString("Ada Lovelace"), "total", value.OfFloat(12.5),
		"items", value.OfInt(3), "city", value.OfString("Ulm"), "paid", value.True, "note", value.OfString(""), "zip", value.OfString("89073"))
}

func BenchmarkHandler(b *testing.B) { handler.measure(b) }

// BenchmarkHandlerFresh is BenchmarkHandler with an event that is built for each
// run, as the peers build theirs.
func BenchmarkHandlerFresh(b *testing.B) {
	h := start(b, handler.source, handler.verbs...)
	set := h.Named(handler.set)
	ids := strings.Fields("m-0 m-1 m-2 m-3 m-4 m-5 m-6 m-7")
	shape := value.ShapeOf("id", "customer", "total", "room")
	b.ReportAllocs()
	begun := cpuTime()
	for i := 0; b.Loop(); i++ {
		handler.run(b, h, set, &host.Payload{Event: value.OfRecord(value.BuildRecord(shape, []value.Value{value.OfString(ids[i&7]),
			value.OfString("Ada Lovelace"), value.OfFloat(12.5), value.OfString("lobby")}))})
	}
	reportCPU(b, begun, 1)
}

// loop is a million rounds with a branch and an addition.
var loop = dispatched{set: "Count", inner: 1, event: value.EmptyMap, source: `(Count: Loop Handler) {
		Create the <n> with 0.
		Create the <i> with 0.
		while <i> < 1000000 {
			Compute the <n> from <n> + 2 when <i> > 10.
			Compute the <i> from <i> + 1.
		}
	}`}

func BenchmarkLoop(b *testing.B) { loop.measure(b) }

// rangeLoop is the same with a counting loop.
var rangeLoop = dispatched{set: "Count", inner: 1, event: value.EmptyMap, source: `(Count: Loop Handler) {
		for <i> from 0 to 1000000 {
			Compute the <n> from <i> + 2 when <i> > 10.
		}
	}`}

func BenchmarkRangeLoop(b *testing.B) { rangeLoop.measure(b) }

// pick is a host function that reads the field of a record that a text names.
var pick = &host.Verb{Verb: bytecode.Verb{Name: "pick", Result: bytecode.Binds, Object: bytecode.ReadObject},
	Do: func(c *vm.Call) (value.Value, error) {
		v, ok := c.Arg(bytecode.SlotObject).Property(c.Arg(bytecode.SlotWith).Str())
		if !ok {
			return v, errors.New("no such field")
		}
		return v, nil
	}}

// hostCall is a call through a linked site with a record and a text, a hundred
// thousand times.
var hostCall = dispatched{set: "Call", inner: 1e5, event: value.EmptyMap, source: `(Call: Loop Handler) {
		Create the <entry> with { id: 1, name: "alice", age: 3 }.
		for <i> from 0 to 100000 {
			Pick the <name> from the <entry> with "name".
		}
	}`, verbs: []*host.Verb{pick}}

func BenchmarkHostCall(b *testing.B) { hostCall.measure(b) }

// fieldRead is a field of a record read a hundred thousand times.
var fieldRead = dispatched{set: "Read", inner: 1e5, source: `(Read: Loop Handler) {
		Extract the <order> from the <event: order>.
		for <i> from 0 to 100000 {
			Extract the <city> from the <order: city>.
		}
	}`, event: value.MapOf("order", value.MapOf("id", value.OfString("a"), "b", value.Nil, "c", value.Nil, "d", value.Nil, "e", value.Nil, "city", value.OfString("Ulm")))}

func BenchmarkFieldRead(b *testing.B) { fieldRead.measure(b) }

// pending completes at once, but through the way of an operation that waits.
type pending struct{}

func (pending) Start(co *vm.Coroutine) bool {
	co.Reply(value.Nil, nil)
	return true
}

// suspendResume suspends and resumes a coroutine a hundred thousand times.
var suspendResume = dispatched{set: "Park", inner: 1e5, event: value.EmptyMap, source: `(Park: Loop Handler) {
		for <i> from 0 to 100000 {
			Suspend the <x> to the <console>.
		}
	}`, verbs: []*host.Verb{{Verb: bytecode.Verb{Name: "suspend", Result: bytecode.Labels, Object: bytecode.LabelObject, Blocking: true},
	Do: func(c *vm.Call) (value.Value, error) { return c.Suspend(pending{}) }}}}

func BenchmarkSuspendResume(b *testing.B) { suspendResume.measure(b) }

// storeRetrieve replaces a row and retrieves it by its id.
var storeRetrieve = dispatched{set: "Keep", inner: 1e3, event: value.EmptyMap, source: `(Keep: Tick Handler) {
		for <i> from 0 to 1000 {
			Store { id: "row-1", n: <i>, name: "x" } into the <thing-repository>.
			Retrieve the <again> from the <thing-repository> where id = "row-1".
		}
	}`}

func BenchmarkStoreRetrieve(b *testing.B) { storeRetrieve.measure(b) }

// retrieveFilter finds a row by a field that is no id.
var retrieveFilter = dispatched{set: "Find", inner: 1e3, event: value.EmptyMap, source: `(Find: Tick Handler) {
		Store { id: "row-1", name: "x" } into the <thing-repository>.
		Store { id: "row-2", name: "y" } into the <thing-repository>.
		for <i> from 0 to 1000 {
			Retrieve the <again> from the <thing-repository> where name = "y".
		}
	}`}

func BenchmarkRetrieveFilter(b *testing.B) { retrieveFilter.measure(b) }

// emit raises an event with one handler.
var emit = dispatched{set: "Raise", inner: 1e3, event: value.EmptyMap, source: `(Raise: Tick Handler) {
		for <i> from 0 to 1000 {
			Emit a <Ping: event> with <i>.
		}
	}
	(Answer: Ping Handler) { Extract the <i> from the <event: i>. }`}

func BenchmarkEmit(b *testing.B) { emit.measure(b) }

// observers stores rows into a repository that n observers watch.
func observers(n int) dispatched {
	src := `(Fill: Tick Handler) {
		for <i> from 0 to 1000 {
			Store { id: "one", n: <i> } into the <thing-repository>.
		}
	}`
	for i := range n {
		src += fmt.Sprintf("\n(Watch %d: thing-repository Observer) { Extract the <n> from the <event: changeType>. }", i)
	}
	return dispatched{set: "Fill", inner: 1e3, event: value.EmptyMap, source: src}
}

func BenchmarkObserver(b *testing.B) { observers(1).measure(b) }

// BenchmarkObservers is BenchmarkObserver with eight of them: the difference is
// what seven cost.
func BenchmarkObservers(b *testing.B) { observers(8).measure(b) }
