package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Slower lists the benchmarks whose best run is slower than the best of before by more
// than the share most, 0.1 for a tenth, and how many are in both. The input is what go
// test -bench prints, any number of runs. Neighbours on the machine make a run slower and
// never quicker, so the best of some is a figure, and more runs make it a better one.
// Processor time counts where there is any.
func Slower(before, after io.Reader, most float64) (slower []string, both int, err error) {
	was, err := bestRuns(before)
	if err != nil {
		return nil, 0, err
	}
	is, err := bestRuns(after)
	if err != nil {
		return nil, 0, err
	}
	for name, now := range is {
		then, ok := was[name]
		if !ok {
			continue
		}
		if both++; now > then*(1+most) {
			slower = append(slower, fmt.Sprintf("%s: %.4g ns and not %.4g, %.0f %% slower", name, now, then, 100*(now/then-1)))
		}
	}
	slices.Sort(slower)
	return slower, both, nil
}

// bestRuns are the times of an operation by benchmark.
func bestRuns(r io.Reader) (map[string]float64, error) {
	best := map[string]float64{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		at := max(slices.Index(f, "cpu-ns/op"), 0)
		if at == 0 {
			at = slices.Index(f, "ns/op")
		}
		if at < 2 {
			continue
		}
		ns, err := strconv.ParseFloat(f[at-1], 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f[0], err)
		}
		if old, ok := best[f[0]]; !ok || ns < old {
			best[f[0]] = ns
		}
	}
	return best, lines.Err()
}
