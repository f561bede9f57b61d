package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// producers is how many goroutines raise events at the same time, as connections do.
const producers = 64

// BenchmarkProducers is an event with one handler, or a row with one observer,
// caused by 64 producers at once. `store` is one repository, whose changes and
// observers take turns; `stores` is eight of them.
func BenchmarkProducers(b *testing.B) {
	const work = `
		for <k> from 0 to 20 { Compute the <twice> from <k> * 2. }`
	cases := []struct{ name, source string }{
		{"emit", `(Raise 0: Tick Handler) { Create the <i> with 7. Emit a <Ping: event> with <i>. }
			(Answer: Ping Handler) { Extract the <i> from the <event: i>.` + work + ` }`},
		{"store", `(Raise 0: Tick Handler) { Store { id: "one", n: <event: n> } into the <thing-repository>. }
			(Watch: thing-repository Observer) { Extract the <change> from the <event: changeType>.` + work + ` }`},
		{"stores", ""},
	}
	for i := range 8 {
		cases[2].source += fmt.Sprintf(`(Raise %[1]d: Tick Handler) { Store { id: "one", n: <event: n> } into the <thing%[1]d-repository>. }
			(Watch %[1]d: thing%[1]d-repository Observer) { Extract the <change> from the <event: changeType>.`+work+" }\n", i)
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			h := start(b, c.source)
			b.SetParallelism(producers / runtime.GOMAXPROCS(0))
			b.ReportAllocs()
			var next atomic.Int64
			begun := cpuTime()
			b.RunParallel(func(pb *testing.PB) {
				me := next.Add(1)
				set := h.Named(fmt.Sprint("Raise ", me%8))
				if set == nil {
					set = h.Named("Raise 0")
				}
				// A row that is stored again as it is causes no change.
				rows := [2]*host.Payload{{Event: value.MapOf("n", value.OfInt(2*me))}, {Event: value.MapOf("n", value.OfInt(2*me+1))}}
				for k := 0; pb.Next(); k++ {
					e := h.Invoke(set, rows[k&1])
					if e.State() != vm.Done {
						b.Error(e.Err())
					}
					e.Release()
				}
			})
			reportCPU(b, begun, 1)
		})
	}
}
