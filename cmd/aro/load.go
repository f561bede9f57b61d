package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"aro/pkg/bytecode"
	"aro/pkg/compile/app"
	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// loaded is an application ready to be linked.
type loaded struct {
	program *bytecode.Program
	root    string
	verbs   []*host.Verb
}

// verbs is the whole verb table.
func verbs() []*host.Verb { return host.Verbs() }

// version is the build's version, or its commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (v == "" || v == "(devel)") {
			v = s.Value[:min(12, len(s.Value))]
		}
	}
	return v
}

func load(path string, useCache, verbose bool) (*loaded, error) {
	sources, err := app.Discover(path)
	if err != nil {
		return nil, &exitError{1, "Error: " + err.Error()}
	}
	l := &loaded{root: sources.Root, verbs: verbs()}
	prog, diags := sources.Compile(host.Signatures(l.verbs))
	if prog == nil {
		return nil, compileErrors(diags, verbose)
	}
	for _, c := range prog.Chunks {
		if err := bytecode.Verify(c); err != nil {
			return nil, &exitError{1, "Error: the compiler produced code that does not verify, which is a bug of aro: " + err.Error()}
		}
	}
	if verbose {
		fmt.Fprintf(os.Stderr, "compiled %d file(s), %d feature set(s)\n", len(sources.Files), len(prog.Chunks))
	}
	l.program = prog
	return l, nil
}

func loadContract(*app.Sources) (any, []string) { return nil, nil }

func (l *loaded) schemas() func(string) func(value.Value) []string { return nil }

func (l *loaded) attach(h *host.Host) error { return nil }
