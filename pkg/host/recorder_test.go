package host

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
)

// TestHammerFlightRecorder: the rings keep the latest steps while they are written
// and read, a failure does not write the file again and again, and a step allocates
// nothing.
func TestHammerFlightRecorder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flight")
	h := New(&bytecode.Program{}, Config{Flight: file, Stderr: &strings.Builder{}})
	r := h.recorder
	set := &Set{Name: "Busy", Activity: "Test", Code: &vm.Code{Chunk: &bytecode.Chunk{File: "main.aro", Line: 1}}}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			e := &Execution{Host: h, Set: set, stripe: uint8(i)}
			for range 3 * flightSteps {
				r.note(e, stepBegins)
			}
		})
	}
	for range 5 {
		h.WriteFlight("somebody asks")
	}
	wg.Wait()
	r.write("a panic", false)
	r.write("another one", false)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(data), "a panic at ") || strings.Count(string(data), "\n") != 1+4*flightSteps {
		t.Errorf("%d lines, %.100s", strings.Count(string(data), "\n"), data)
	}
	e := &Execution{Host: h, Set: set}
	if n := testing.AllocsPerRun(100, func() { r.note(e, stepEnds) }); n != 0 {
		t.Errorf("a step makes %v allocations", n)
	}
	h.started = h.started.Add(-2 * flightTime) // what was is old now
	if text := string(r.text("later", time.Now())); strings.Count(text, "\n") != 1 {
		t.Errorf("old steps are written: %.300s", text)
	}
}

func BenchmarkFlightStep(b *testing.B) {
	h := New(&bytecode.Program{}, Config{Flight: filepath.Join(b.TempDir(), "flight")})
	e := &Execution{Host: h, Set: &Set{}}
	for b.Loop() {
		h.recorder.note(e, stepBegins)
	}
}
