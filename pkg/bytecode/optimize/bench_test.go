package optimize_test

import (
	"strings"
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/optimize"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// BenchmarkStatement is what is left of a statement with one argument when its verb does
// nothing, as it is compiled and as it is optimized.
func BenchmarkStatement(b *testing.B) {
	const rounds, statements = 100_000, 10
	prog, err := bytecode.AssembleProgram("CONST r0, 0\nagain: JLTK r0, 100000, -> end\n" +
		strings.Repeat("MOVE r2, r1\nACT _, site 0, r2\n", statements) +
		"ADDK r0, r0, 1\nLOOP -> again\nend: END\nsites\nlog <> to <console> args [sink]")
	if err != nil {
		b.Fatal(err)
	}
	nothing := func(*vm.Call) (value.Value, error) { return value.Value{}, nil }
	for _, v := range []struct {
		name  string
		chunk *bytecode.Chunk
	}{{"compiled", prog.Chunks[0]}, {"optimized", optimize.Chunk(prog.Chunks[0])}} {
		code := vm.Link(v.chunk, func(*bytecode.Site, *bytecode.Chunk) (vm.Func, any, error) { return nothing, nil, nil })
		b.Run(v.name, func(b *testing.B) {
			for b.Loop() {
				co := vm.Coroutine{}
				co.Prepare(code)
				if co.Run() != vm.Done {
					b.Fatal(co.Err())
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rounds/statements, "ns/statement")
		})
	}
}

// BenchmarkOptimize is the price for a feature set of 200 statements.
func BenchmarkOptimize(b *testing.B) {
	c := newProgram("bench", strings.Repeat("Create the <x> with 1.\nLog <x> to the <console> when <x> > 0.\n", 1)+
		strings.Repeat("Log <x> to the <console> when <x> > 0.\n", 198))
	for b.Loop() {
		optimize.Program(c.prog)
	}
}
