package main

import (
	"errors"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/host/plugin"
	aronet "aro/pkg/net"
	"aro/pkg/net/contract"
)

// assetBlob is the prefix of blobs that hold files of the application, by their
// path in it.
const assetBlob = "asset:"

// unpackOwn is unpack for the program in this very executable, whose SHA-256 fits:
// its chunks are expanded and verified when they are first run.
func unpackOwn(data []byte, root string) (*loaded, error) {
	prog, meta, err := bytecode.DecodeLazy(data)
	if err != nil {
		return nil, err
	}
	return assemble(prog, meta, root)
}

var errNoStart = errors.New("the program has no Application-Start")

// starts reports whether there is something to start a program with, which the
// compiler sees to, but not who forges a file.
func starts(prog *bytecode.Program) bool {
	return slices.ContainsFunc(prog.Chunks, func(c *bytecode.Chunk) bool { return c.Name == "Application-Start" })
}

// assemble makes an application of the parts of a file.
func assemble(prog *bytecode.Program, meta bytecode.Meta, root string) (l *loaded, err error) {
	if !starts(prog) {
		return nil, errNoStart
	}
	l = &loaded{program: prog, root: root, network: aronet.New(), assets: map[string][]byte{}, drawn: newTemplateSet(meta.Extra)}
	if l.plugins, err = restorePlugins(root, meta); err != nil {
		return nil, err
	}
	l.verbs = verbsWith(l.network, l.plugins)
	for _, b := range meta.Extra {
		if name, ok := strings.CutPrefix(b.Name, assetBlob); ok {
			l.assets[name] = b.Data
		}
	}
	if blob, ok := meta.Blob(contractBlob); ok {
		if l.contract, err = contract.Decode(blob); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// pluginBlob is the prefix of blobs that hold what is left of a plugin once the
// program is compiled.
const pluginBlob = "plugin:"

// verbsWith is the whole verb table of an application with plugins.
func verbsWith(network *aronet.Network, plugins []*plugin.Plugin) []*host.Verb {
	return plugin.Verbs(plugins, append(host.Verbs(), network.Verbs()...))
}

func restorePlugins(root string, meta bytecode.Meta) (plugins []*plugin.Plugin, err error) {
	for _, b := range meta.Extra {
		if strings.HasPrefix(b.Name, pluginBlob) {
			p, err := plugin.Restore(root, b.Data)
			if err != nil {
				return nil, err
			}
			plugins = append(plugins, p)
		}
	}
	return slices.Clip(plugins), nil
}
