package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// The benchmarks of growth do the same work in a small and in a large world; the
// cost of an item should not tell which. cpu-ns/item does not count what makes
// the world, unless that is the work.

// upTo leaves out sizes that take long when -short is given.
func upTo(sizes []int, most int) []int {
	if !testing.Short() {
		return sizes
	}
	return slices.DeleteFunc(sizes, func(n int) bool { return n > most })
}

// spent runs f and reports its processor time for each of n items. The collector
// has nothing left to do from before.
func spent(b *testing.B, n int, f func()) {
	b.StopTimer()
	runtime.GC()
	begun := cpuTime()
	b.StartTimer()
	f()
	b.ReportMetric(float64(cpuTime()-begun)/float64(n), "cpu-ns/item")
}

// drive invokes feature sets one after the other n times.
func drive(b *testing.B, h *host.Host, n int, event value.Value, sets ...*host.Set) {
	t := &host.Payload{Event: event}
	for i := range n {
		e := h.Invoke(sets[i%len(sets)], t)
		if e.State() != vm.Done {
			b.Fatal(e.Err())
		}
		e.Release()
	}
}

// BenchmarkGrowthEvents raises n events with one handler in one process.
func BenchmarkGrowthEvents(b *testing.B) {
	for _, n := range upTo([]int{1e3, 1e4, 1e5, 1e6, 1e7}, 1e5) {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			h := start(b, `(Raise: Tick Handler) { Create the <i> with 7. Emit a <Ping: event> with <i>. }
				(Answer: Ping Handler) { Extract the <i> from the <event: i>. }`)
			drive(b, h, 100, value.EmptyMap, h.Named("Raise"))
			// Short runs are repeated, each beginning with a fresh count.
			runs := b.N * max(1, 200_000/n)
			spent(b, runs*n, func() {
				for range runs {
					drive(b, h, n, value.EmptyMap, h.Named("Raise"))
				}
			})
		})
	}
}

// BenchmarkGrowthSets raises events in applications of n feature sets: `one` event
// again and again, and `all` of them in turn, which cannot stay in the processor's
// caches when there are many.
func BenchmarkGrowthSets(b *testing.B) {
	for _, n := range upTo([]int{10, 100, 1_000, 10_000}, 1_000) {
		var src strings.Builder
		for i := range n / 2 {
			fmt.Fprintf(&src, "(Raise %[1]d: Tick%[1]d Handler) { Create the <i> with 7. Emit a <Ping%[1]d: event> with <i>. }\n"+
				"(Answer %[1]d: Ping%[1]d Handler) { Extract the <i> from the <event: i>. }\n", i)
		}
		h := start(b, src.String())
		var sets []*host.Set
		for i := range n / 2 {
			sets = append(sets, h.Named(fmt.Sprint("Raise ", i)))
		}
		drive(b, h, len(sets), value.EmptyMap, sets...) // each is linked at its first run
		const events = 2_000_000                        // some rounds of the collector: its work is what a large program costs
		b.Run(fmt.Sprint("one/", n), func(b *testing.B) {
			spent(b, b.N*events, func() { drive(b, h, b.N*events, value.EmptyMap, sets[len(sets)/2]) })
		})
		b.Run(fmt.Sprint("all/", n), func(b *testing.B) {
			spent(b, b.N*events, func() { drive(b, h, b.N*events, value.EmptyMap, sets...) })
		})
	}
}

// growthMap finds values in a Go map of n, as many different ones as of the
// repository.
func growthMap(b *testing.B, n, asked int) {
	type row struct{ id, email string }
	rows := make(map[string]*row, n)
	keys := make([]string, asked)
	for i := range n {
		id := fmt.Sprint("row", i)
		rows[id] = &row{id, id}
	}
	for i := range keys {
		keys[i] = fmt.Sprint("row", i*(n/asked))
	}
	const ops = 200_000
	spent(b, b.N*ops, func() {
		for i := range b.N * ops {
			if k := keys[i*7919%asked]; rows[k].email != k {
				b.Fatal(k)
			}
		}
	})
}

// BenchmarkGrowthRows works on a repository of n rows: `id` retrieves a row by its
// id, `field` by another field, `replace` stores one of them again, and `fill` is
// the cost of each row while the repository grows to n.
func BenchmarkGrowthRows(b *testing.B) {
	for _, n := range upTo([]int{10, 100, 1_000, 10_000, 100_000, 1_000_000}, 10_000) {
		h := start(b, `(Fill: Tick Handler) {
				Extract the <id> from the <event: id>.
				Store { id: <id>, email: <id>, n: 1 } into the <thing-repository>.
			}
			(By Id: Tick Handler) {
				Extract the <id> from the <event: id>.
				Retrieve the <row> from the <thing-repository> where id = <id>.
			}
			(By Field: Tick Handler) {
				Extract the <id> from the <event: id>.
				Retrieve the <row> from the <thing-repository> where email = <id>.
			}`)
		shape := value.ShapeOf("id")
		event := func(i int) *host.Payload {
			return &host.Payload{Event: value.OfRecord(value.BuildRecord(shape, []value.Value{value.OfString(fmt.Sprint("row", i))}))}
		}
		visit := func(set *host.Set, t host.Trigger) {
			e := h.Invoke(set, t)
			if e.State() != vm.Done {
				b.Fatal(e.Err())
			}
			e.Release()
		}
		filled := false
		fill := func() {
			for i := range n {
				visit(h.Named("Fill"), event(i))
			}
			filled = true
		}
		visit(h.Named("By Field"), event(0)) // linked, so that the field has its index
		b.Run(fmt.Sprint("fill/", n), func(b *testing.B) { spent(b, n, fill) })
		if !filled {
			fill()
		}
		// As many different rows are asked for in every size, so that it is the
		// repository that differs and not what the processor's caches hold.
		asked := min(n, 1000)
		events := make([]*host.Payload, asked)
		for i := range events {
			events[i] = event(i * (n / asked))
		}
		b.Run(fmt.Sprint("map/", n), func(b *testing.B) { growthMap(b, n, asked) })
		for _, w := range []struct{ name, set string }{{"id", "By Id"}, {"field", "By Field"}, {"replace", "Fill"}} {
			b.Run(fmt.Sprint(w.name, "/", n), func(b *testing.B) {
				const ops = 50_000
				set := h.Named(w.set)
				spent(b, b.N*ops, func() {
					for i := range b.N * ops {
						visit(set, events[i*7919%asked])
					}
				})
			})
		}
	}
}
