package main

import (
	"path/filepath"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/host/plugin"
	"aro/pkg/monitor"
	aronet "aro/pkg/net"
	"aro/pkg/net/contract"
	"aro/pkg/vm/value"
)

// loaded is an application ready to be linked: its program and its contract, both
// compiled, from the cache or anew.
type loaded struct {
	program  *bytecode.Program
	contract *contract.Contract // nil without one
	root     string
	folder   string // the same, if the application is a folder of its own
	network  *aronet.Network
	plugins  []*plugin.Plugin
	verbs    []*host.Verb
	assets   map[string][]byte // files that came with the program, by path in the application
	drawn    templateSet       // the templates that were compiled before
	written  chan struct{}     // closed when the cache entry is written; nil on a hit
	reloads  bool              // files are looked at after a reload only
	began    func(*host.Host)  // told of the host before it runs; nil for nobody
	page     *monitor.Inspector
}

const contractBlob = "contract"

// wait gives the cache a moment to be written before the process ends.
func (l *loaded) wait() {
	if l.written == nil {
		return
	}
	select {
	case <-l.written:
	case <-time.After(time.Second):
	}
}

// applicationName is the name of the application at a path: its folder's.
func applicationName(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return filepath.Base(abs)
}

// host links the program to the world. cfg has what the command line says; the
// rest is filled in.
func (l *loaded) host(cfg host.Config) (*host.Host, error) {
	cfg.Root, cfg.Verbs, cfg.Schemas, cfg.Assets = l.root, l.verbs, l.schema, l.assets
	cfg.Templates, cfg.Reloads = l.templates(), l.reloads
	if len(l.plugins) > 0 {
		cfg.Qualifiers = plugin.Qualifiers(l.plugins)
	}
	h := host.New(l.program, cfg)
	for _, p := range l.plugins {
		h.OnClose(p.Close)
	}
	for name, service := range plugin.Services(l.plugins) {
		h.Provide(name, service)
	}
	l.network.UseContract(l.contract)
	l.network.Attach(h)
	if missing := l.network.MissingHandlers(h); missing != "" {
		return nil, &exitError{1, missing}
	}
	return h, nil
}

// schema returns the check of a schema of the contract, nil when there is none.
func (l *loaded) schema(name string) func(value.Value) []string {
	c := l.network.Contract()
	if c == nil || c.Schemas[name] == nil {
		return nil
	}
	s := c.Schemas[name]
	return func(v value.Value) []string {
		_, details := s.Check(v, false)
		return details
	}
}
