//go:build !runtime

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"aro/pkg/host/plugin"
	"aro/pkg/host/plugin/fetch"
)

func addCommand() *cobra.Command {
	var ref string
	cmd := &cobra.Command{
		Use:   "add SOURCE [PATH]",
		Short: "Fetch a plugin, and those it depends on",
		Long: "add fetches a plugin from a Git repository into the Plugins folder of the application at PATH, the\n" +
			"working directory unless given. Nothing of it is run. What was fetched is noted in\n" +
			"Plugins/plugins.lock, and from then on nothing else is run in its place.\n\n" +
			"SOURCE is github:org/repo, an https or ssh address, or the folder of a repository.",
		Example: "  aro add github:acme/audit\n" +
			"  aro add https://git.example.com/audit.git shop --ref v1.2.0",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "."
			if len(args) > 1 {
				path = args[1]
			}
			if _, err := os.Stat(path); err != nil {
				return &exitError{1, fmt.Sprintf("Error: there is no application at %s; a version is given with --ref", path)}
			}
			return changePlugins(cmd, path, func(ctx context.Context, c *fetch.Change, w io.Writer) error {
				added, err := c.Add(ctx, args[0], ref)
				if err != nil {
					return err
				}
				if err := c.Commit(); err != nil {
					return err
				}
				for _, l := range added {
					fmt.Fprintf(w, "added %s from %s, commit %s\n", l.Name, from(l), short(l.Commit))
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&ref, "ref", "", "`tag`, branch or commit; else the default branch")
	return cmd
}

func removeCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "remove NAME [PATH]",
		Short: "Remove a plugin",
		Long: "remove removes a plugin from the application at PATH: its folder, and its entry in\n" +
			"Plugins/plugins.lock. It refuses one that another plugin depends on and, without --force, one whose\n" +
			"content could not be fetched again.",
		Example: "  aro remove audit\n  aro remove audit shop --force",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "."
			if len(args) > 1 {
				path = args[1]
			}
			return changePlugins(cmd, path, func(_ context.Context, c *fetch.Change, w io.Writer) error {
				unneeded, err := c.Remove(args[0], force)
				if err != nil {
					return err
				}
				fmt.Fprintf(w, "removed %s\n", args[0])
				for _, name := range unneeded {
					fmt.Fprintf(w, "no plugin depends on %s any more: aro remove %s removes it, too\n", name, strings.Join(append([]string{name}, args[1:]...), " "))
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "also if the content would be lost")
	return cmd
}

// changePlugins changes the plugins of the application at path. An interrupt ends it, and
// leaves nothing behind.
func changePlugins(cmd *cobra.Command, path string, change func(context.Context, *fetch.Change, io.Writer) error) error {
	root, err := applicationFolder(path)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	w := cmd.OutOrStdout()
	c, err := fetch.Begin(fetch.Application{Root: root, Version: version(), In: inFolder(root), Log: func(format string, args ...any) {
		fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...)
	}})
	if err == nil {
		defer c.End()
		err = change(ctx, c, w)
	}
	if err != nil {
		return &exitError{1, "Error: " + err.Error()}
	}
	for _, note := range c.Notes {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	return nil
}

// applicationFolder is the folder of the application at path.
func applicationFolder(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", &exitError{1, fmt.Sprintf("Error: the application %s cannot be opened: %s", path, reason(err))}
	case !info.IsDir():
		return filepath.Dir(path), nil
	}
	return path, nil
}

// from is where a plugin was fetched from, with what was asked for.
func from(l plugin.Locked) string {
	if l.Ref == "" {
		return l.Source
	}
	return l.Source + "@" + l.Ref
}

// short is a commit as people write it.
func short(commit string) string { return commit[:min(7, len(commit))] }

// inFolder is what the plugins commands need behind them for an application that is not
// in the working directory.
func inFolder(root string) string {
	switch {
	case filepath.Clean(root) == ".":
		return ""
	case strings.ContainsAny(root, " \t'\"\\$"):
		return fmt.Sprintf(" --in %q", root)
	}
	return " --in " + root
}
