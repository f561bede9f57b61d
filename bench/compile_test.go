package main

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
)

// application generates the source of about n lines: feature sets of the mix of
// statements that real programs have, each with names of its own.
func application(n int) []byte {
	const set = `(Handle Signal %[1]d: Signal%[1]d Handler) {
    Extract the <type> from the <event: type>.
    Extract the <payload> from the <event: payload>.
    (* decide what it is *)
    Log "Client ${type} sent a signal" to the <console>.
    Create the <price> with 2.5.
    Compute the <total> from <price> * %[1]d + 1.5.
    Create the <crew> with {
        id: <type>,
        address: <payload>,
        cost: <total>
    }.
    Store the <crew> into the <crew-repository> with id <type>.
    Retrieve the <late> from the <order-repository> where status = "open" and kg > 10.
    match <type> {
        case "ping" {
            Log "pong" to the <console>.
        }
        case "kick" {
            Log "out" to the <console> when <crew> is not empty.
        }
    }
    for each <x> in <late> {
        Emit a <Done%[1]d: event> with <x>.
    }
    Return an <OK: status> for the <signal>.
}

(Take %[1]d: Done%[1]d Handler) {
    Return an <OK: status> for the <order>.
}

`
	var b strings.Builder
	b.WriteString("(Application-Start: Bench) {\n    Return an <OK: status> for the <startup>.\n}\n\n")
	for i := range n / strings.Count(set, "\n") {
		fmt.Fprintf(&b, set, i)
	}
	return []byte(b.String())
}

// BenchmarkCompile is source text to verified-ready bytecode; BenchmarkCheck the
// same with all analyses of aro check. Cost per line should not depend on size.
func BenchmarkCompile(b *testing.B) { compileSizes(b, false) }

func BenchmarkCheck(b *testing.B) { compileSizes(b, true) }

func compileSizes(b *testing.B, lint bool) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the commands do while they compile
	verbs := host.Signatures(host.Verbs())
	for _, n := range upTo([]int{1_000, 2_000, 10_000, 100_000}, 10_000) {
		src := application(n)
		lines := strings.Count(string(src), "\n")
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			began := cpuTime()
			for b.Loop() {
				f := syntax.NewFile("bench.aro", src)
				diags := syntax.Parse(f)
				prog, more := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: verbs, Lint: lint})
				if prog == nil || len(diags)+len(more) > 0 {
					b.Fatal(append(diags, more...))
				}
			}
			b.ReportMetric(float64(cpuTime()-began)/float64(b.N)/float64(lines), "cpu-ns/line")
			b.ReportMetric(float64(b.N)*float64(lines)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// BenchmarkLoad reads what was compiled from 2,000 lines out of the bytes of an
// .aroc file: `all` expands and verifies everything, as for a file that somebody
// hands over; `cached` is what a start from the cache pays, where feature sets wait
// for their first run.
func BenchmarkLoad(b *testing.B) {
	f := syntax.NewFile("bench.aro", application(2_000))
	syntax.Parse(f)
	prog, diags := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(host.Verbs())})
	if prog == nil {
		b.Fatal(diags)
	}
	data := bytecode.Encode(prog, bytecode.Meta{})
	for _, way := range []struct {
		name   string
		decode func([]byte) (*bytecode.Program, bytecode.Meta, error)
	}{{"all", bytecode.DecodeProven}, {"cached", bytecode.DecodeLazy}} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			sites := 0
			begun := cpuTime()
			for b.Loop() {
				p, _, err := way.decode(data)
				if err != nil {
					b.Fatal(err)
				}
				for _, c := range p.Chunks {
					for range c.Imports() {
						sites++
					}
				}
			}
			reportCPU(b, begun, 1)
			if sites == 0 {
				b.Fatal("no sites")
			}
		})
	}
}
