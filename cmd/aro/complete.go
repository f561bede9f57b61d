//go:build !runtime

package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/compile"
	"aro/pkg/compile/app"
	"aro/pkg/compile/explain"
	"aro/pkg/host"
	"aro/pkg/host/plugin"
)

// completing gives the commands what the shell offers behind them; the script that asks
// for it is what aro completion bash (or zsh, fish, powershell) prints.
func completing(root *cobra.Command) {
	paths := []string{"test", "check", "routes", "graph", "build", "compile"}
	for _, c := range root.Commands() {
		switch name := c.Name(); {
		case slices.Contains(paths, name):
			c.ValidArgsFunction = completeApplication
		case name == "fmt":
			c.ValidArgsFunction = completeAny
		case name == "run":
			c.ValidArgsFunction = completeRun
		case name == "disasm":
			c.ValidArgsFunction = func(c *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
				if len(args) == 1 {
					return starting(word, featureNames(args[0])), cobra.ShellCompDirectiveNoFileComp
				}
				return completeApplication(c, args, word)
			}
		case name == "doc":
			c.ValidArgsFunction = firstOf(func() []string {
				words := verbWords(verbTable(""))
				for _, c := range explain.Checks() {
					words = append(words, c.Code)
				}
				return words
			})
		case name == "plugins":
			completingPlugins(c)
		case name == "remove":
			c.ValidArgsFunction = func(c *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
				if len(args) == 1 {
					return nil, cobra.ShellCompDirectiveFilterDirs
				}
				return completePlugin(c, args, word)
			}
		case name == "add":
			c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
		case name == "new":
			c.ValidArgsFunction = firstOf(func() []string { return strings.Split(kindNames(), ", ") })
		}
	}
}

// completingPlugins gives the commands of plugins what the shell offers.
func completingPlugins(plugins *cobra.Command) {
	for _, c := range plugins.Commands() {
		if c.Flags().Lookup("in") != nil {
			c.ValidArgsFunction = completePlugin
		} else {
			c.ValidArgsFunction = completeApplication
		}
	}
}

// completePlugin offers the plugins in the lock of an application.
func completePlugin(c *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	root := "."
	if in := c.Flags().Lookup("in"); in != nil {
		root = in.Value.String()
	}
	lock, err := plugin.ReadLock(root)
	if err != nil || len(args) > 0 && c.Name() != "restore" {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, l := range lock.Plugins {
		names = append(names, l.Name)
	}
	return starting(word, names), cobra.ShellCompDirectiveNoFileComp
}

// applicationFiles lets the shell offer folders and .aro files.
func applicationFiles() ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"aro"}, cobra.ShellCompDirectiveFilterFileExt
}

func completeAny(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return applicationFiles()
}

func completeApplication(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return applicationFiles()
}

// completeRun reads run's arguments as run does. A feature set is looked for in the
// application that is named already, or in the working directory.
func completeRun(_ *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	flags := runFlags()
	path := ""
	var open *runFlag // waits for its value
	for _, a := range args {
		if open != nil {
			open = nil
			continue
		}
		if f := findRunFlag(flags, a); f != nil {
			if f.value != "" && f.without == "" && !strings.Contains(a, "=") {
				open = f
			}
		} else if path == "" && !strings.HasPrefix(a, "-") {
			path = a
		}
	}
	switch {
	case open != nil && open.complete == completeFeatureSets:
		if path == "" {
			path = "."
		}
		return starting(word, featureNames(path)), cobra.ShellCompDirectiveNoFileComp
	case open != nil && open.complete == completeFolders:
		return nil, cobra.ShellCompDirectiveFilterDirs
	case open != nil && open.complete == completeFiles:
		return nil, cobra.ShellCompDirectiveDefault
	case open == nil && strings.HasPrefix(word, "-"):
		var names []cobra.Completion
		for _, f := range flags {
			for _, name := range []string{f.name, f.short} {
				if name != "" && strings.HasPrefix(name, word) {
					names = append(names, cobra.CompletionWithDesc(name, f.help))
				}
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	case open != nil || path != "":
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return applicationFiles()
}

// firstOf completes the first argument with one of some words.
func firstOf(words func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return starting(word, words()), cobra.ShellCompDirectiveNoFileComp
	}
}

// starting are the words that begin as what is typed, whatever the case.
func starting(typed string, words []string) []cobra.Completion {
	var out []cobra.Completion
	for _, w := range words {
		if len(w) >= len(typed) && strings.EqualFold(w[:len(typed)], typed) {
			out = append(out, w)
		}
	}
	return out
}

// featureNames are the names of the feature sets of an application, none when it does
// not compile.
func featureNames(path string) []string {
	sources, err := app.Discover(path)
	if err != nil {
		return nil
	}
	prog, _ := sources.Compile(compile.Options{Verbs: host.Signatures(verbs())})
	if prog == nil {
		return nil
	}
	return chunkNames(prog)
}
