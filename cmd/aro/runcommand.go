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
		Use:   "run PATH [--verbose] [--no-cache] [--keep-alive] [--debug] [--watch] [-e NAME] [--record FILE] [--replay FILE] [--sandbox] [--allow LIST] [--root FOLDER] [--data FOLDER] [--inspect[=ADDR]] [--health ADDR] [application parameters]",
		Short: "Run an application",
		Long: "run compiles an application, or takes it from the cache when nothing changed, and runs it.\n" +
			"Everything behind the path that is no flag of run goes to the application, which reads it\nas <parameter: name>.\n\n" +
			"  -e, --entry-point NAME  run this feature set instead of Application-Start\n" +
			"      --keep-alive        run until a signal ends it, and print no final response\n" +
			"      --debug             show the final response with the types of its values\n" +
			"      --watch             take up what is changed while it runs; pages load again by themselves\n" +
			"      --record FILE       write every event of the run to a file\n" +
			"      --replay FILE       raise the events of such a file before Application-Start\n" +
			"      --sandbox           no files, commands, environment or connections to others\n" +
			"      --allow LIST        the same, but for what is listed: read, write, net, run, env\n" +
			"      --root FOLDER       files in this folder only, which relative paths start from\n" +
			"      --data FOLDER       keep the rows of repositories in this folder, also $ARO_DATA\n" +
			"      --inspect[=ADDR]    a page that shows the running application, on this machine only\n" +
			"      --health ADDR       /live, /ready and /metrics on a port of their own (ARO_HEALTH)",
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
		where := ""
		if d.File != nil {
			line, col := d.File.Position(d.Span.Start)
			where = fmt.Sprintf(" [%s:%d:%d]", d.File.Name, line, col)
		}
		fmt.Fprintf(&b, "  %s%s: %s\n", d.Severity, where, d.Message)
		printSnippet(&b, d)
		if d.Hint != "" {
			fmt.Fprintf(&b, "    hint: %s\n", d.Hint)
		}
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
