package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestL04_Slower: a benchmark is slower when its best run is, by more than a tenth.
func TestL04_Slower(t *testing.T) {
	const before = `goos: linux
BenchmarkEmit-2     	 100	 1000 ns/op	 900 cpu-ns/op	 0 B/op	 0 allocs/op
BenchmarkEmit-2     	 100	 5000 ns/op	 100 cpu-ns/op	 0 B/op	 0 allocs/op
BenchmarkLoop-2     	 100	 10.5 ns/op
BenchmarkLoop-2     	 100	 10.0 ns/op
BenchmarkGone-2     	 100	 1 ns/op
PASS
`
	for after, want := range map[string][]string{
		"BenchmarkEmit-2 100 9 ns/op 110 cpu-ns/op\nBenchmarkLoop-2 100 11 ns/op\n":                                        nil,
		"BenchmarkEmit-2 100 9 ns/op 900 cpu-ns/op\nBenchmarkEmit-2 100 9 ns/op 101 cpu-ns/op\nBenchmarkNew-2 1 1 ns/op\n": nil,
		"BenchmarkLoop-2 100 11.2 ns/op\nBenchmarkEmit-2 100 9 ns/op 300 cpu-ns/op\n": {"BenchmarkEmit-2: 300 ns and not 100, 200 % slower",
			"BenchmarkLoop-2: 11.2 ns and not 10, 12 % slower"},
	} {
		got, both, err := Slower(strings.NewReader(before), strings.NewReader(after), 0.1)
		if diff := cmp.Diff(want, got); diff != "" || both == 0 || err != nil {
			t.Errorf("%s%d in both, %v, %s", after, both, err, diff)
		}
	}
	if _, both, err := Slower(strings.NewReader(before), strings.NewReader("PASS\n"), 0.1); both != 0 || err != nil {
		t.Error(both, err)
	}
}
