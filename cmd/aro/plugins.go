//go:build !runtime

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/cache"
	"aro/pkg/compile/app"
	"aro/pkg/host/plugin"
)

// discover reads the sources of an application and of its plugins. Plugins that
// cannot be loaded are left out; warn gets to know why. A plugin that is not what
// plugins.lock says is an error, before anything of it is read.
func discover(path string, warn func(string)) (*app.Sources, []*plugin.Plugin, error) {
	sources, err := app.Discover(path)
	if err != nil {
		return nil, nil, &exitError{1, "Error: " + err.Error()}
	}
	if ext := filepath.Ext(path); sources.Single && ext != "" && !strings.EqualFold(ext, ".aro") {
		return nil, nil, &exitError{1, fmt.Sprintf("Error: %s is no ARO source: give a folder with .aro files, or one such file", path)}
	}
	if err := verifyPlugins(sources.Root); err != nil {
		return nil, nil, err
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

// verifyPlugins compares the plugins that were fetched with plugins.lock.
func verifyPlugins(root string, folders ...string) error {
	if err := plugin.Verify(root, inFolder(root), folders...); err != nil {
		return &exitError{1, "Error: " + err.Error()}
	}
	return nil
}

// describe asks the plugins for what they offer; complete says that all answered.
func describe(plugins []*plugin.Plugin, warn func(string)) (able []*plugin.Plugin, complete bool) {
	able, warnings := plugin.Describe(plugins)
	for _, w := range warnings {
		warn(w)
	}
	return able, len(warnings) == 0
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

// warn prints a warning about a plugin; the program goes on without it.
func warn(text string) { fmt.Fprintln(os.Stderr, text) }
