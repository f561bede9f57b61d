package main

import (
	"io"
	"sync"
	"testing"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// start compiles a program and links it with the built-in verbs and these extra
// ones.
func start(tb testing.TB, src string, extra ...*host.Verb) *host.Host {
	tb.Helper()
	return startWith(tb, host.Config{}, src, extra...)
}

// startWith is start for a host with something of its own.
func startWith(tb testing.TB, cfg host.Config, src string, extra ...*host.Verb) *host.Host {
	tb.Helper()
	room.Do(host.KeepRoom) // as the command does
	f := syntax.NewFile("bench.aro", []byte("(Application-Start: Bench) { Return an <OK: status> for the <startup>. }\n"+src))
	for _, d := range syntax.Parse(f) {
		tb.Fatal(d)
	}
	verbs := append(host.Verbs(), extra...)
	prog, diags := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(verbs)})
	if prog == nil {
		tb.Fatal(diags[0])
	}
	for _, c := range prog.Chunks {
		if err := bytecode.Verify(c); err != nil {
			tb.Fatal(err)
		}
	}
	cfg.Verbs, cfg.Stdout, cfg.Stderr, cfg.HandlerBudget = verbs, io.Discard, io.Discard, time.Hour
	return host.New(prog, cfg)
}

var room sync.Once

// sink is a verb without work of its own: what is measured is the call.
var sink = &host.Verb{Verb: bytecode.Verb{Name: "deliver", Result: bytecode.Consumes, Object: bytecode.LabelObject},
	Do: func(c *vm.Call) (value.Value, error) { return c.Arg(bytecode.SlotResult), nil }}
