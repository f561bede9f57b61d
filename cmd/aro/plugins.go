package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/cache"
	"aro/pkg/compile/app"
	"aro/pkg/host"
	"aro/pkg/host/plugin"
	aronet "aro/pkg/net"
)

// pluginBlob is the prefix of blobs that hold what is left of a plugin once the
// program is compiled.
const pluginBlob = "plugin:"

// discover reads the sources of an application and of its plugins. Plugins that
// cannot be loaded are left out; warn gets to know why.
func discover(path string, warn func(string)) (*app.Sources, []*plugin.Plugin, error) {
	sources, err := app.Discover(path)
	if err != nil {
		return nil, nil, &exitError{1, "Error: " + err.Error()}
	}
	if ext := filepath.Ext(path); sources.Single && ext != "" && !strings.EqualFold(ext, ".aro") {
		return nil, nil, &exitError{1, fmt.Sprintf("Error: %s is no ARO source: give a folder with .aro files, or one such file", path)}
	}
	plugins, warnings := plugin.Find(sources.Root)
	for _, w := range warnings {
		warn(w)
	}
	for _, p := range plugins {
		for _, f := range p.Features() {
			if err := sources.AddPlugin(f.Dir, f.Prefix); err != nil {
				warn(fmt.Sprintf("Warning: Failed to load plugins: %s: %v", p.Name, err))
			}
		}
	}
	return sources, plugins, nil
}

// warn prints a warning about a plugin; the program goes on without it.
func warn(text string) { fmt.Fprintln(os.Stderr, text) }

// describe asks the plugins for what they offer; complete says that all answered.
func describe(plugins []*plugin.Plugin, warn func(string)) (able []*plugin.Plugin, complete bool) {
	able, warnings := plugin.Describe(plugins)
	for _, w := range warnings {
		warn(w)
	}
	return able, len(warnings) == 0
}

// verbsWith is the whole verb table of an application with plugins.
func verbsWith(network *aronet.Network, plugins []*plugin.Plugin) []*host.Verb {
	return plugin.Verbs(plugins, append(host.Verbs(), network.Verbs()...))
}

// hashPlugins makes the files that decide what plugins offer part of a key.
func hashPlugins(hash *cache.Hasher, plugins []*plugin.Plugin) {
	for _, p := range plugins {
		names, contents := p.Sources()
		for i := range names {
			hash.Add(names[i], contents[i])
		}
	}
}

// savePlugins and restorePlugins keep what plugins offer beside a program, so that
// a start need not ask them.
func savePlugins(plugins []*plugin.Plugin) (blobs []bytecode.Blob) {
	for _, p := range plugins {
		if data := p.Saved(); data != nil {
			blobs = append(blobs, bytecode.Blob{Name: pluginBlob + p.Folder, Data: data})
		}
	}
	return blobs
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
