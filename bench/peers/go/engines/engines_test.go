// Package engines measures script engines hosted in Go, and Go itself, at the
// work of the benchmarks of aro: the same loop, the same handler, the same calls.
//
//	go test ./engines -run '^$' -bench . -benchmem
package engines

import (
	"testing"

	"peers/yardstick"
)

const (
	rounds = 1_000_000
	calls  = 100_000
)

type entry struct {
	name string
	run  func(*testing.B)
}

// Each engine's file adds to these.
var loops, hostCalls, handlers, compilers, loaders []entry

func runAll(b *testing.B, list []entry) {
	for _, e := range list {
		yardstick.Run(b, e.name, e.run)
	}
}

// BenchmarkLoop is `while i < 1000000 { if i > 10 { n += 2 }; i += 1 }`.
func BenchmarkLoop(b *testing.B) { runAll(b, loops) }

// BenchmarkHostCall calls a host function with a record and a text 100,000 times.
func BenchmarkHostCall(b *testing.B) { runAll(b, hostCalls) }

// BenchmarkHandler runs a handler of one event: three fields read, text joined,
// a record built, one host call. Building the event is part of it.
func BenchmarkHandler(b *testing.B) { runAll(b, handlers) }

// BenchmarkCompile compiles 2,000 lines.
func BenchmarkCompile(b *testing.B) { runAll(b, compilers) }

// BenchmarkLoad loads what was compiled from 2,000 lines.
func BenchmarkLoad(b *testing.B) { runAll(b, loaders) }

var (
	wantLoop = goLoop(rounds)
	ids      = [8]string{"m-0", "m-1", "m-2", "m-3", "m-4", "m-5", "m-6", "m-7"}
	sent     int
	lastLine string
)

const wantLine = "alice: hello everybody"

// newEvent is what a listener hands to an engine; every engine pays for it.
//
//go:noinline
func newEvent(i int) map[string]any {
	return map[string]any{"id": ids[i&7], "user": "alice", "text": "hello everybody", "room": "lobby"}
}

func checkInt(b *testing.B, got, want int) {
	if got != want {
		b.Fatalf("got %d, want %d", got, want)
	}
}

func checkSent(b *testing.B) {
	b.StopTimer()
	if sent != b.N || lastLine != wantLine {
		b.Fatalf("sent %d of %d, last line %q", sent, b.N, lastLine)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
