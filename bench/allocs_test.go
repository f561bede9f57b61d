package main

import (
	"bufio"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"aro/pkg/host"
)

const allocsFile = "allocs.txt"

var update = flag.Bool("update", false, "write "+allocsFile+" anew")

// TestAllocations fails when an operation of the dispatch path allocates more
// often than allocs.txt says. Times depend on the machine, allocations do not.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector adds allocations")
	}
	known := readAllocs(t)
	counted := map[string]float64{}
	for name, d := range dispatch {
		h := start(t, d.source, d.verbs...)
		set := h.Named(d.set)
		trigger := &host.Payload{Event: d.event}
		d.run(t, h, set, trigger) // links it
		// What a run allocates besides its operations is spread over them and
		// vanishes when rounded; a hundredth more for each is not lost.
		// A collection in between empties the pools: the least of three counts.
		n := math.Inf(1)
		for range 3 {
			n = min(n, testing.AllocsPerRun(10, func() { d.run(t, h, set, trigger) }))
		}
		counted[name] = math.Round(n/d.inner*100) / 100
	}
	if *update {
		writeAllocs(t, counted)
		return
	}
	const how = "run `go test ./bench -run TestAllocations -update`"
	for _, name := range slices.Sorted(maps.Keys(counted)) {
		want, ok := known[name]
		switch got := counted[name]; {
		case !ok:
			t.Errorf("%s is not in %s: %s", name, allocsFile, how)
		case got > want:
			t.Errorf("%s allocates %v times for each operation, %v before. If that has to be, %s and say why in the commit", name, got, want, how)
		case got < want:
			t.Logf("%s allocates %v times for each operation, %v before. Well done: %s, so that it stays", name, got, want, how)
		}
	}
	for name := range known {
		if _, ok := counted[name]; !ok {
			t.Errorf("%s is in %s, but there is no such benchmark: %s", name, allocsFile, how)
		}
	}
}

func readAllocs(t *testing.T) map[string]float64 {
	t.Helper()
	f, err := os.Open(allocsFile)
	if err != nil {
		if *update {
			return nil
		}
		t.Fatal(err)
	}
	defer f.Close()
	known := map[string]float64{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		name, number, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil {
			t.Fatalf("%s: %q: %v", allocsFile, lines.Text(), err)
		}
		known[name] = n
	}
	return known
}

func writeAllocs(t *testing.T, counted map[string]float64) {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Allocations for each operation of the dispatch path: one event, one call, one row.\n" +
		"# Held by TestAllocations; written by `go test ./bench -run TestAllocations -update`.\n")
	for _, name := range slices.Sorted(maps.Keys(counted)) {
		fmt.Fprintf(&b, "%-14s %v\n", name, counted[name])
	}
	if err := os.WriteFile(allocsFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
