//go:build !runtime

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/cache"
	"aro/pkg/compile"
	"aro/pkg/host"
	aronet "aro/pkg/net"
	"aro/pkg/net/contract"
)

// buildID tells one build of aro from another, so that none reads what another
// one cached: version, and size and time of the executable, which differ between
// builds of the same commit.
func buildID() string {
	id := version()
	if exe, err := os.Executable(); err == nil {
		if info, err := os.Stat(exe); err == nil {
			id += fmt.Sprintf(" %d %d", info.Size(), info.ModTime().UnixNano())
		}
	}
	return id
}

// relaxCollector lets the heap grow to five times what is in use while a program is
// compiled, which saves about a fifth of the time: trees and tables live until the end
// anyway. What it returns puts it back; GOGC in the environment has the last word.
func relaxCollector() func() {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	old := debug.SetGCPercent(400)
	return func() { debug.SetGCPercent(old) }
}

type loadOptions struct {
	noCache, verbose bool
	cover            bool // measure which statements are reached; never cached
}

// load reads the application at path and compiles it, unless the cache holds
// what the same sources gave before. Nothing about the cache is ever an error.
func load(path string, o loadOptions) (*loaded, error) {
	defer relaxCollector()()
	say := func(format string, args ...any) {
		if o.verbose {
			fmt.Fprintf(os.Stderr, format+"\n", args...)
		}
	}
	sources, plugins, err := discover(path, warn)
	if err != nil {
		return nil, err
	}
	name, document, err := sources.Contract()
	if err != nil {
		return nil, &exitError{1, fmt.Sprintf("Error: %s cannot be read: %s", name, err)}
	}
	network := aronet.New()
	l := &loaded{root: sources.Root, network: network}
	if !sources.Single {
		l.folder = sources.Root
	}
	store := cache.Open("")
	build := buildID()
	hash := cache.NewHasher(bytecode.FormatVersion, build, fmt.Sprint(sources.Single))
	for _, f := range sources.Files {
		hash.Add(f.Name, f.Data)
	}
	hash.Add(name, document)
	hashPlugins(hash, plugins)
	key := hash.Key()
	useCache := !o.noCache && !o.cover
	if useCache {
		if err := l.fromCache(store, key); err == nil {
			say("cache: hit %s", key)
			l.program.Recourse(func() *bytecode.Program {
				say("cache: entry is damaged, compiling again")
				store.Remove(key)
				prog, _ := sources.Compile(compile.Options{Verbs: host.Signatures(l.verbs)})
				return prog
			})
			return l, nil
		} else {
			var miss *cache.Miss
			if errors.As(err, &miss) {
				say("cache: %s", miss)
			} else {
				say("cache: %s", err)
			}
		}
	}
	complete := false
	l.plugins, complete = describe(plugins, warn)
	l.verbs = verbsWith(network, l.plugins)
	prog, diags := sources.Compile(compile.Options{Verbs: host.Signatures(l.verbs), Lint: o.verbose, Cover: o.cover})
	if prog == nil {
		return nil, compileErrors(diags, o.verbose)
	}
	if err := verify(prog); err != nil {
		return nil, &exitError{1, "Error: " + err.Error()}
	}
	say("compiled %d file(s), %d feature set(s)", len(sources.Files), len(prog.Chunks))
	l.program = prog
	meta := bytecode.Meta{Key: key, Build: build}
	if document != nil {
		var problems []string
		if l.contract, problems = readContract(name, document); l.contract == nil {
			return nil, &exitError{1, strings.Join(problems, "\n")}
		}
		for _, p := range problems {
			say("%s", p)
		}
		meta.Extra = append(meta.Extra, bytecode.Blob{Name: contractBlob, Data: l.contract.Encode()})
	}
	if useCache && complete {
		meta.Extra = append(meta.Extra, savePlugins(l.plugins)...)
		templates := compileTemplates(sources.Root, host.Signatures(l.verbs), false)
		meta.Extra = append(meta.Extra, templates...)
		l.drawn = newTemplateSet(templates)
		l.written = make(chan struct{})
		// Not in the goroutine: the codec is one for both directions and stores what it
		// encodes, while the program runs.
		data := bytecode.Encode(prog, meta)
		go func() {
			defer close(l.written)
			if err := store.Put(key, data); err != nil {
				say("cache: not written: %s", err)
				return
			}
			store.Trim(maxCache)
		}()
	}
	return l, nil
}

// maxCache bounds the cache folder; the oldest entries go first.
const maxCache = 256 << 20

// fromCache takes program, contract, templates and plugins from the cache. The chunks
// of the program are still to be expanded and verified, each when it is first run.
func (l *loaded) fromCache(store *cache.Cache, key cache.Key) error {
	prog, meta, err := store.Load(key)
	if err != nil {
		return err
	}
	if !starts(prog) {
		return errNoStart
	}
	if blob, ok := meta.Blob(contractBlob); ok {
		if l.contract, err = contract.Decode(blob); err != nil {
			return err
		}
	}
	if l.plugins, err = restorePlugins(l.root, meta); err != nil {
		return err
	}
	l.verbs = verbsWith(l.network, l.plugins)
	l.drawn = newTemplateSet(meta.Extra)
	l.program = prog
	return nil
}

// readContract compiles a contract. With an error among the problems there is no
// contract.
func readContract(name string, data []byte) (*contract.Contract, []string) {
	c, problems := contract.Load(data, name)
	var out []string
	for _, p := range problems {
		kind := "error"
		if p.Warning {
			kind = "warning"
		}
		place := name
		if p.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d", name, p.Line, max(p.Column, 1))
		}
		out = append(out, fmt.Sprintf("%s: %s: %s", place, kind, p.Message))
	}
	return c, out
}

// verbs is the verb table without plugins.
func verbs() []*host.Verb { return verbsWith(aronet.New(), nil) }

// version is the build's version, or its commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) string {
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (v == "" || v == "(devel)") {
			v = s.Value[:min(12, len(s.Value))]
		}
	}
	return v
}
