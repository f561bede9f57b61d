//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"aro/bench/internal/server"
)

// metrics are the numbers of one benchmark by their unit.
type metrics map[string]float64

// parseBench reads the output of `go test -bench`. Names lose Benchmark in front;
// "-2" behind them, for two processors, stays.
func parseBench(text string) map[string]metrics {
	all := map[string]metrics{}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		m := metrics{}
		for i := 2; i+1 < len(f); i += 2 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				m[f[i+1]] = v
			}
		}
		all[strings.TrimPrefix(f[0], "Benchmark")] = m
	}
	return all
}

// bench runs a program that writes like `go test -bench`, bound to the core of
// loads, so that a collector is paid for in the time that is shown. With spread
// it has all cores.
func (s *suite) bench(spread bool, dir, program string, args ...string) (map[string]metrics, float64, error) {
	run := func() (map[string]metrics, float64, error) {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		var text []byte
		f := func() (err error) {
			text, err = cmd.CombinedOutput()
			return err
		}
		var err error
		if _, core := server.Cores(); spread {
			err = f()
		} else {
			err = server.OnCore(core, f)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, text)
		}
		return parseBench(string(text)), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), nil
	}
	found, use, err := server.Measure(0, run)
	return found, use.Other, err
}

// goBench is bench for an executable of `go test -c`.
func (s *suite) goBench(dir, name, pattern string, more ...string) (map[string]metrics, float64, error) {
	time := "0.2s"
	if s.quick {
		time = "10ms"
	}
	args := append([]string{"-test.run", "^$", "-test.bench", pattern, "-test.benchtime", time}, more...)
	return s.bench(false, dir, s.have[name], args...)
}
