//go:build !runtime

package main

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/host/plugin"
)

//go:embed scaffold
var scaffolds embed.FS

// kinds are the applications that new writes, and a plugin, each a folder of scaffold.
var kinds = []struct{ name, doc string }{
	{"api", "a REST service: contract, validation, a page to try it"},
	{"chat", "a page in the browser and a WebSocket"},
	{"socket", "a TCP server for lines of text"},
	{"worker", "takes jobs from a folder, on a schedule"},
	{"plugin", "a plugin that applications can add: a manifest and a handler"},
}

func newCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new KIND NAME",
		Short: "Write a small application to begin with, or a plugin",
		Long: "new writes a small application that runs at once: sources, contract, tests and a README with\n" +
			"the commands to try. Nothing that exists is overwritten. The kinds are\n\n" + kindList("  "),
		Example: "  aro new api shop\n  aro new chat examples/lobby",
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return fmt.Errorf("new needs a kind and a name: aro new KIND NAME; the kinds are %s", kindNames())
			case kindOf(args[0]) == "":
				return fmt.Errorf("there is no kind '%s'%s; the kinds are %s", args[0], meant(args[0], strings.Split(kindNames(), ", ")), kindNames())
			case len(args) == 1:
				return fmt.Errorf("new needs a name: aro new %s NAME", args[0])
			case len(args) > 2:
				return fmt.Errorf("new takes a kind and one name, not %d words: aro new %s NAME", len(args), args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, dir := kindOf(args[0]), filepath.Clean(args[1])
			if err := scaffold(kind, dir); err != nil {
				return &exitError{1, "Error: " + err.Error()}
			}
			dir = filepath.ToSlash(dir)
			if kind == "plugin" {
				fmt.Fprintf(cmd.OutOrStdout(), "%s is %s. %s/README.md says what to try.\n", dir, kindDoc(kind), dir)
				return nil
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is %s. Now:\n\n  aro run %s --watch\n  aro test %s\n\n%s/README.md says what to try.\n",
				dir, kindDoc(kind), dir, dir, dir)
			return nil
		},
	}
	return cmd
}

// kindOf is the kind that a word names, "" for none.
func kindOf(word string) string {
	for _, k := range kinds {
		if strings.EqualFold(word, k.name) {
			return k.name
		}
	}
	return ""
}

func kindDoc(name string) string {
	for _, k := range kinds {
		if k.name == name {
			if strings.HasPrefix(k.doc, "a ") {
				return k.doc
			}
			return "a " + name + " that " + k.doc
		}
	}
	return name
}

func kindNames() string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

func kindList(indent string) string {
	var b strings.Builder
	for _, k := range kinds {
		fmt.Fprintf(&b, "%s%-8s %s\n", indent, k.name, k.doc)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// applicationNames is what the last part of a path may be: a name that needs no
// quotes in a shell, in a URL or on another system.
var applicationNames = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,62}$`)

// scaffold writes an application of a kind to dir, which must be absent or empty. In
// the README, NAME stands for dir. When it fails half way, what it wrote stays.
func scaffold(kind, dir string) error {
	name := filepath.Base(dir)
	if !applicationNames.MatchString(name) {
		return fmt.Errorf("'%s' cannot be the name of an application: use letters, digits, - and _, a letter first", name)
	}
	if kind == "plugin" && !plugin.SafeName(name) {
		return fmt.Errorf("'%s' cannot be the name of a plugin: use lower-case letters, digits and hyphens", name)
	}
	switch entries, err := os.ReadDir(dir); {
	case err == nil && len(entries) > 0:
		return fmt.Errorf("%s is there already and not empty; choose another name", dir)
	case err != nil && !os.IsNotExist(err):
		if info, e := os.Stat(dir); e == nil && !info.IsDir() {
			return fmt.Errorf("%s is a file; choose another name", dir)
		}
		return err
	}
	return writeScaffold("scaffold/"+kind, dir)
}

// writeScaffold writes one embedded folder to dir, and those in it.
func writeScaffold(from, dir string) error {
	entries, err := scaffolds.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, e := range entries {
		source, to := from+"/"+e.Name(), filepath.Join(dir, e.Name())
		if e.IsDir() {
			if err := writeScaffold(source, to); err != nil {
				return err
			}
			continue
		}
		text, err := scaffolds.ReadFile(source)
		if err != nil {
			return err
		}
		switch e.Name() {
		case "plugin.yaml":
			text = []byte(strings.ReplaceAll(string(text), "NAME", filepath.Base(dir)))
		case "README.md":
			text = []byte(strings.ReplaceAll(strings.Replace(string(text), "# NAME", "# "+filepath.Base(dir), 1), "NAME", filepath.ToSlash(dir)))
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
