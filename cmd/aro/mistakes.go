//go:build !runtime

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// forgiving makes a command and those below it say what a mistake on the command line
// most likely meant, and how the command is used.
func forgiving(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return flagMistake(c, err) })
	for _, c := range cmd.Commands() {
		forgiving(c)
	}
	if !cmd.HasParent() {
		return
	}
	check, run := cmd.Args, cmd.RunE
	cmd.Args = func(c *cobra.Command, args []string) error {
		if c.HasSubCommands() && len(args) > 0 && (run == nil || check == nil || check(c, args) != nil || !isFolder(args[0])) {
			return fmt.Errorf("unknown command %q for %q%s", args[0], c.CommandPath(), meant(args[0], subcommands(c)))
		}
		if check == nil {
			return nil
		}
		err := check(c, args)
		if err != nil && strings.HasPrefix(err.Error(), "unknown command ") && c.Name() != "help" {
			return fmt.Errorf("%s takes no argument, received %s; it is used like this: %s", c.CommandPath(), args[0], c.UseLine())
		}
		if err != nil && strings.HasPrefix(err.Error(), "accepts ") {
			return fmt.Errorf("%s %s; it is used like this: %s", c.CommandPath(), err, c.UseLine())
		}
		return err
	}
	if run == nil {
		if cmd.HasSubCommands() {
			cmd.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		}
		return
	}
	cmd.RunE = func(c *cobra.Command, args []string) error {
		err := run(c, args)
		var exit *exitError
		if errors.As(err, &exit) {
			for _, a := range args {
				if near := nearPath(a); near != "" && strings.Contains(exit.msg, a) {
					return &exitError{exit.code, exit.msg + "\nDid you mean " + near + "?"}
				}
			}
		}
		return err
	}
}

// isFolder reports whether a word behind a command that has commands of its own is what
// it works on instead, as in aro plugins shop.
func isFolder(word string) bool {
	info, err := os.Stat(word)
	return err == nil && info.IsDir()
}

// helping gives root the command help. The one that cobra has knows no examples, and
// answers an unknown word with success.
func helping(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Use, c.Short, c.Args = "help [COMMAND]", "Show what a command does and takes", helpTopic
			c.Long = "help shows what --help shows behind the command: what it does, its flags, and examples."
			c.Example = "  aro help run\n  aro help cache clean"
		}
	}
}

// helpTopic accepts the words of a command behind help.
func helpTopic(c *cobra.Command, args []string) error {
	at, rest, err := c.Root().Find(args)
	if err != nil {
		at, rest = c.Root(), args
	}
	if len(rest) > 0 {
		return fmt.Errorf("unknown command %q for %q%s", rest[0], at.CommandPath(), meant(rest[0], subcommands(at)))
	}
	return nil
}

// flagMistake adds the flag that a misspelt one most likely means.
func flagMistake(cmd *cobra.Command, err error) error {
	word, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := closest(word, names); near != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return fmt.Errorf("%w; %s --help lists the flags", err, cmd.CommandPath())
}

func subcommands(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// nearPath is the existing path that one which does not exist most likely means: each
// part that is not there is taken for the closest name in its folder. It is "" when
// the path exists or nothing is near.
func nearPath(path string) string {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) || path == "" {
		return ""
	}
	at := ""
	if filepath.IsAbs(path) {
		at = string(filepath.Separator)
	}
	for _, part := range strings.Split(filepath.ToSlash(filepath.Clean(path)), "/") {
		if part == "" {
			continue
		}
		next := filepath.Join(at, part)
		if _, err := os.Lstat(next); err != nil {
			entries, _ := os.ReadDir(filepath.Clean(at)) // the working directory for ""
			var names []string
			for _, e := range entries {
				if !strings.HasPrefix(e.Name(), ".") {
					names = append(names, e.Name())
				}
			}
			near := closest(part, names)
			if near == "" {
				return ""
			}
			next = filepath.Join(at, near)
		}
		at = next
	}
	return at
}
