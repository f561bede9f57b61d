//go:build !runtime

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/host/plugin"
	"aro/pkg/syntax"
)

func runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run PATH [flags] [application parameters]",
		Short: "Run an application",
		Long: "run compiles an application, or takes it from the cache when nothing changed, and runs it.\n" +
			"Everything behind the path that is no flag of run goes to the application, which reads it\nas <parameter: name>.\n\n" +
			strings.TrimSuffix(runFlagsHelp(), "\n"),
		Example: "  aro run examples/statuspost\n" +
			"  aro run ./report --month 11 --verbose",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := parseRun(args)
			if err != nil {
				return err
			}
			if o.help {
				return cmd.Help()
			}
			if o.live {
				return runLive(o)
			}
			return run(o)
		},
	}
	return cmd
}

func run(o runOptions) error {
	l, err := loadAny(o)
	if err != nil {
		return err
	}
	return l.run(o)
}

// loadAny loads an application from its sources or from an .aroc file.
func loadAny(o runOptions) (*loaded, error) {
	if err := o.withoutPlugins(); err != nil {
		return nil, err
	}
	if !strings.EqualFold(filepath.Ext(o.path), ".aroc") {
		return load(o.path, loadOptions{noCache: o.noCache, verbose: o.verbose})
	}
	data, err := os.ReadFile(o.path)
	if err != nil {
		return nil, &exitError{1, "Error: " + err.Error()}
	}
	l, err := unpack(data, filepath.Dir(o.path))
	if err != nil {
		return nil, &exitError{1, fmt.Sprintf("Error: %s cannot be run: %v", o.path, err)}
	}
	var folders []string // of plugins that are not in the file, but beside it
	for _, p := range l.plugins {
		folders = append(folders, p.Folder)
	}
	if len(folders) > 0 {
		if err := verifyPlugins(l.root, folders...); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// compileErrors prints the diagnostics as run and build do.
func compileErrors(diags []*syntax.Diagnostic, warnings bool) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "\nCompilation errors:\n")
	for _, d := range diags {
		if d.Severity == syntax.Warning && !warnings {
			continue
		}
		b.WriteString(diagnosticText(d))
	}
	return &exitError{1, strings.TrimRight(b.String(), "\n")}
}

func printSnippet(w io.Writer, d *syntax.Diagnostic) {
	s := bufio.NewScanner(strings.NewReader(d.Snippet()))
	for s.Scan() {
		fmt.Fprintf(w, "    | %s\n", s.Text())
	}
}

// withoutPlugins refuses an application whose plugins would run as programs of their
// own, before one of them is asked what it offers.
func (o *runOptions) withoutPlugins() error {
	root := o.path
	if info, err := os.Stat(root); err == nil && !info.IsDir() {
		root = filepath.Dir(root)
	}
	plugins, _ := plugin.Find(root)
	return o.refuse(plugins)
}
