//go:build linux

package main

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"aro/bench/internal/load"
	"aro/bench/internal/report"
	"aro/bench/internal/server"
)

// scale measures what two cores do more than one.
func (s *suite) scale() error {
	if a, b := server.Cores(); a == b {
		s.skip("two cores over one: this machine has one")
		return nil
	}
	time := "0.5s"
	if s.quick {
		time = "50ms"
	}
	for range s.rounds {
		found, other, err := s.bench(true, filepath.Join(s.root, "bench"), s.have["aro.test"],
			"-test.run", "^$", "-test.bench", "^BenchmarkProducers$", "-test.benchtime", time, "-test.cpu", "1,2")
		if err != nil {
			return err
		}
		for name, row := range map[string]string{"emit": "scale-emit", "stores": "scale-store", "store": "scale-store-one"} {
			one, two := found["Producers/"+name]["ns/op"], found["Producers/"+name+"-2"]["ns/op"]
			if one > 0 && two > 0 {
				s.add(row, report.Us, one/two, other)
			}
		}
	}
	return nil
}

// growthBenchmarks gives the series of the benchmarks of growth.
var growthBenchmarks = []struct {
	name   *regexp.Regexp
	series string
}{
	{regexp.MustCompile(`^GrowthEvents/(\d+)$`), "events"},
	{regexp.MustCompile(`^GrowthSets/one/(\d+)$`), "sets-one"},
	{regexp.MustCompile(`^GrowthSets/all/(\d+)$`), "sets-all"},
	{regexp.MustCompile(`^GrowthRows/map/(\d+)$`), "rows-map"},
	{regexp.MustCompile(`^GrowthRows/id/(\d+)$`), "rows-id"},
	{regexp.MustCompile(`^GrowthRows/field/(\d+)$`), "rows-field"},
	{regexp.MustCompile(`^GrowthRows/replace/(\d+)$`), "rows-replace"},
	{regexp.MustCompile(`^Compile/(\d+)$`), "lines"},
}

// growth measures the cost of an item in small and in large worlds. Of some runs
// the best counts for each size, since others only ever make a run dearer.
func (s *suite) growth() error {
	best := map[string]map[float64]float64{}
	note := func(series string, size, value float64) {
		if best[series] == nil {
			best[series] = map[float64]float64{}
		}
		if old, ok := best[series][size]; !ok || value < old {
			best[series][size] = value
		}
	}
	var more []string
	if s.quick {
		more = append(more, "-test.short")
	}
	for range s.rounds {
		for pattern, time := range map[string]string{"^BenchmarkGrowth": "1x", "^BenchmarkCompile$": "5x"} {
			found, _, err := s.goBench(filepath.Join(s.root, "bench"), "aro.test", pattern, append(more, "-test.benchtime", time)...)
			if err != nil {
				return err
			}
			for name, m := range found {
				for _, g := range growthBenchmarks {
					if sub := g.name.FindStringSubmatch(name); sub != nil {
						n, _ := strconv.ParseFloat(sub[1], 64)
						note(g.series, n, max(m["cpu-ns/item"], m["cpu-ns/line"]))
					}
				}
			}
		}
		if err := s.growingConnections(note); err != nil {
			return err
		}
	}
	for _, g := range growths {
		series := g
		for n, v := range best[g.ID] {
			series.Points = append(series.Points, report.Point{Size: n, Value: v})
		}
		slices.SortFunc(series.Points, func(a, b report.Point) int { return int(math.Copysign(1, a.Size-b.Size)) })
		s.report.Growth = append(s.report.Growth, &series)
	}
	s.judgeGrowth()
	return nil
}

// growingConnections measures a request beside few and many connections that ask
// all the time.
func (s *suite) growingConnections(note func(series string, size, value float64)) error {
	sizes := []int{10, 100, 1000}
	if s.quick {
		sizes = sizes[:2]
	}
	p, err := server.Start(s.boards(false)[0].Command)
	if err != nil {
		return err
	}
	defer p.Stop()
	for _, n := range sizes {
		get := load.Get(p.Addr, "/messages")
		if _, err := load.HTTP(p.Addr, get, n, s.length()/4); err != nil {
			if strings.Contains(err.Error(), "too many open files") {
				s.skip("%d connections: %v", n, err)
				return nil
			}
			return err
		}
		r, use, err := under(p, func() (load.Result, error) { return load.HTTP(p.Addr, get, n, s.length()/2) })
		if err != nil {
			return fmt.Errorf("%d connections: %w", n, err)
		}
		note("connections", float64(n), perOp(use, r))
	}
	return nil
}
