//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"aro/bench/internal/report"
)

// benchmark says which row a benchmark's numbers belong to.
type benchmark struct {
	name, metric string
	row, who     string
	scale        float64 // of the metric, to the row's unit
	inner        float64 // operations that allocations are shared by; 0: not shown
}

const hostCalls = 1e5 // calls in one run of BenchmarkHostCall

var ours = []benchmark{
	{"Handler", "cpu-ns/op", "handler", report.Us, 1, 1},
	{"HandlerFresh", "cpu-ns/op", "handler", "aro with the event built", 1, 1},
	{"Loop", "cpu-ns/op", "loop", report.Us, 1e-6, 0},
	{"HostCall", "cpu-ns/op", "hostcall", report.Us, hostCalls * 1e-6, hostCalls},
	{"Compile/2000", "cpu-ns/line", "compile", report.Us, 2000e-6, 0},
	{"Load/all", "cpu-ns/op", "load", report.Us, 1e-6, 0},
	{"Load/cached", "cpu-ns/op", "load", "aro from its cache", 1e-6, 0},
	{"JSONDecode", "cpu-ns/op", "json-decode", report.Us, 1, 1},
	{"JSONEncode", "cpu-ns/op", "json-encode", report.Us, 1, 1},
}

// engineRows are the rows that engines share, by the names of their benchmarks.
var engineRows = map[string]benchmark{
	"Handler":  {row: "handler", scale: 1},
	"Loop":     {row: "loop", scale: 1e-6},
	"HostCall": {row: "hostcall", scale: 1e-6},
	"Compile":  {row: "compile", scale: 1e-6},
	"Load":     {row: "load", scale: 1e-6},
	"Decode":   {row: "json-decode", scale: 1},
	"Encode":   {row: "json-encode", scale: 1},
}

// whose are the names that peers have in their benchmarks, where they differ.
var whose = map[string]string{"go": goPeer, "go_with_structs": "Go with structs", "lua": lua, "python": python, "encoding-json": "encoding/json"}

// inProcess runs our own benchmarks of some rows.
func (s *suite) inProcess(prefix string, pattern string) error {
	found, other, err := s.goBench(filepath.Join(s.root, "bench"), "aro.test", pattern)
	if err != nil {
		return err
	}
	for _, b := range ours {
		m, ok := found[b.name]
		if !ok || !strings.HasPrefix(b.row, prefix) {
			continue
		}
		c := s.add(b.row, b.who, m[b.metric]*b.scale, other)
		if b.inner > 0 {
			n := float64(int64(m["allocs/op"]/b.inner*100)) / 100
			c.Allocs = &n
		}
	}
	return nil
}

// peersAt puts a peer's numbers into the rows.
func (s *suite) peersAt(found map[string]metrics, other float64) {
	for name, m := range found {
		what, who, _ := strings.Cut(name, "/")
		row, ok := engineRows[what]
		if w := whose[who]; w != "" {
			who = w
		}
		if !ok || !s.anyPeer(who) || strings.Contains(who, "only_the_event") {
			continue
		}
		s.add(row.row, who, m["cpu-ns/op"]*row.scale, other)
	}
}

// engines measures the language beside other languages.
func (s *suite) engines() error {
	interpreters, err := s.interpreters()
	if err != nil {
		return err
	}
	for range s.rounds {
		if err := s.inProcess("", "^Benchmark(Handler|HandlerFresh|Loop|HostCall)$|^BenchmarkCompile$/^2000$|^BenchmarkLoad$"); err != nil {
			return err
		}
		if s.have["engines.test"] != "" {
			found, other, err := s.goBench(s.dir, "engines.test", ".")
			if err != nil {
				return err
			}
			s.peersAt(found, other)
		}
		for _, i := range interpreters {
			found, other, err := s.bench(false, s.dir, i[0], i[1:]...)
			if err != nil {
				s.skip("%s: %v", i[0], err)
				continue
			}
			s.peersAt(found, other)
		}
	}
	return nil
}

// interpreters are the commands of interpreters that are installed.
func (s *suite) interpreters() (commands [][]string, err error) {
	for _, i := range []struct{ who, program, language, script string }{
		{lua, "lua5.4", "lua", "work.lua"}, {python, "python3", "py", "work.py"},
	} {
		if !s.anyPeer(i.who) {
			continue
		}
		path, err := exec.LookPath(i.program)
		if err != nil {
			s.skip("%s: %s is not installed", i.who, i.program)
			continue
		}
		command := []string{path, filepath.Join(s.root, "bench/peers/scripts", i.script)}
		if s.have["bigscript"] != "" {
			text, err := exec.Command(s.have["bigscript"], i.language).Output()
			if err != nil {
				return nil, err
			}
			big := filepath.Join(s.dir, "big."+i.language)
			if err := os.WriteFile(big, text, 0o644); err != nil {
				return nil, err
			}
			command = append(command, big)
		}
		commands = append(commands, command)
	}
	return commands, nil
}

// json measures our parser and encoder beside those of libraries.
func (s *suite) json() error {
	for range s.rounds {
		if err := s.inProcess("json-", "^BenchmarkJSON"); err != nil {
			return err
		}
		if s.have["json.test"] == "" {
			continue
		}
		found, other, err := s.goBench(filepath.Join(s.root, "bench/peers/go/jsonlibs"), "json.test", ".")
		if err != nil {
			return err
		}
		s.peersAt(found, other)
	}
	return nil
}
