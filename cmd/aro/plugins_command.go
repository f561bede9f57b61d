//go:build !runtime

package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"aro/pkg/host/plugin"
	"aro/pkg/host/plugin/fetch"
)

func pluginsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugins [PATH]",
		Short: "List, restore, update and check the plugins of an application",
		Long: "plugins looks after the plugins of an application. Those that aro add fetched are in\n" +
			"Plugins/plugins.lock, and aro runs, checks and builds an application only if they are as they were\n" +
			"fetched. Without a command, plugins lists them.",
		Args: cobra.MaximumNArgs(1),
		RunE: listPlugins,
	}
	list := &cobra.Command{
		Use:   "list [PATH]",
		Short: "List the plugins of an application",
		Long: "list prints a line for each plugin: its name and version, where it was fetched from, the commit,\n" +
			"and whether it is as it was locked, changed, missing, or not locked: written in the application.\n" +
			"Edited ones were changed, and the change was accepted.",
		Example: "  aro plugins list\n  aro plugins list shop",
		Args:    cobra.MaximumNArgs(1),
		RunE:    listPlugins,
	}
	validate := &cobra.Command{
		Use:   "validate [PATH]",
		Short: "Check the manifests and contents of all plugins",
		Long: "validate reads the plugin.yaml of each plugin, and compares those that were fetched with\n" +
			"Plugins/plugins.lock. It ends with code 1 if there is a problem.",
		Example: "  aro plugins validate\n  aro plugins validate shop",
		Args:    cobra.MaximumNArgs(1),
		RunE:    validatePlugins,
	}
	export := &cobra.Command{
		Use:   "export [PATH]",
		Short: "Print where the plugins were fetched from, for other tools",
		Long: "export prints name, source and ref of each plugin that was fetched, with tabs between. The ref is\n" +
			"the commit when none was asked for.",
		Example: "  aro plugins export\n  aro plugins export shop > sources.txt",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, lock, err := openLock(args)
			if err != nil {
				return err
			}
			for _, l := range lock.Plugins {
				ref := l.Ref
				if ref == "" {
					ref = l.Commit
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\n", l.Name, l.Source, ref)
			}
			return nil
		},
	}
	cmd.AddCommand(list, restorePluginsCommand(), updatePluginCommand(), acceptPluginCommand(), validate, export)
	return cmd
}

// openLock reads the lock of the application that the arguments name.
func openLock(args []string) (root string, lock *plugin.Lock, err error) {
	root = "."
	if len(args) > 0 {
		root = args[0]
	}
	if root, err = applicationFolder(root); err != nil {
		return "", nil, err
	}
	if lock, err = plugin.ReadLock(root); err != nil {
		return "", nil, &exitError{1, "Error: " + err.Error()}
	}
	return root, lock, nil
}

func listPlugins(cmd *cobra.Command, args []string) error {
	root, lock, err := openLock(args)
	if err != nil {
		return err
	}
	there, _ := plugin.Find(root)
	if len(there) == 0 && len(lock.Plugins) == 0 {
		fmt.Fprintln(cmd.OutOrStdout(), "there are no plugins")
		return nil
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	listed := map[string]bool{}
	versions := map[string]string{}
	for _, p := range there {
		versions[p.Folder] = dash(plugin.Printable(p.Version))
	}
	for _, l := range lock.Plugins {
		listed[l.Name] = true
		state, _, err := l.Compare(root)
		if err != nil {
			return &exitError{1, "Error: " + err.Error()}
		}
		text := string(state)
		if l.Edited {
			text += ", edited"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", l.Name, dash(versions[l.Name]), from(l), short(l.Commit), text)
	}
	for _, p := range there {
		if !listed[p.Folder] {
			fmt.Fprintf(table, "%s\t%s\t-\t-\t%s\n", plugin.Printable(p.Folder), versions[p.Folder], plugin.NotLocked)
		}
	}
	return table.Flush()
}

// dash stands in a table for what is not there.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func validatePlugins(cmd *cobra.Command, args []string) error {
	root, _, err := openLock(args)
	if err != nil {
		return err
	}
	problems := plugin.Validate(root, version())
	if err := verifyPlugins(root); err != nil {
		problems = append(problems, err.Error())
	}
	w := cmd.OutOrStdout()
	for _, p := range problems {
		fmt.Fprintln(w, p)
	}
	there, _ := plugin.Find(root)
	if len(problems) > 0 {
		return &exitError{1, fmt.Sprintf("%s, %s", counted(len(there), "plugin"), counted(len(problems), "problem"))}
	}
	fmt.Fprintf(w, "%s, no problems\n", counted(len(there), "plugin"))
	return nil
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// inFlag adds the flag that names the application.
func inFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("in", ".", "`folder` of the application")
}

func restorePluginsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore [NAME...]",
		Short: "Fetch plugins again as they were locked",
		Long: "restore fetches the plugins that it is given, or all that are missing or changed, at the commit in\n" +
			"Plugins/plugins.lock. If the source has something else at that commit now, it says so and changes\n" +
			"nothing.",
		Example: "  aro plugins restore\n  aro plugins restore audit --in shop",
	}
	path := inFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		return changePlugins(cmd, *path, func(ctx context.Context, c *fetch.Change, w io.Writer) error {
			restored, err := c.Restore(ctx, names)
			if err != nil {
				return err
			}
			if err := c.Commit(); err != nil {
				return err
			}
			for _, l := range restored {
				fmt.Fprintf(w, "restored %s, commit %s\n", l.Name, short(l.Commit))
			}
			if len(restored) == 0 {
				fmt.Fprintln(w, "all plugins are as they were locked")
			}
			return nil
		})
	}
	return cmd
}

func updatePluginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "update NAME",
		Short: "Fetch the newest commit of a plugin",
		Long: "update fetches the newest commit of the tag or branch that a plugin was added with, or of --ref,\n" +
			"and notes it in Plugins/plugins.lock. It refuses, without --force, a plugin that was changed here.",
		Example: "  aro plugins update audit\n  aro plugins update audit --ref v1.3.0",
		Args:    cobra.ExactArgs(1),
	}
	path := inFlag(cmd)
	ref := cmd.Flags().String("ref", "", "another `tag`, branch or commit than before")
	force := cmd.Flags().Bool("force", false, "drop what was changed here")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return changePlugins(cmd, *path, func(ctx context.Context, c *fetch.Change, w io.Writer) error {
			if !cmd.Flags().Changed("ref") {
				ref = nil
			}
			old, updated, same, err := c.Update(ctx, args[0], ref, *force)
			if err != nil {
				return err
			}
			if same {
				fmt.Fprintf(w, "%s is at the newest commit of %s: %s\n", old.Name, from(old), short(old.Commit))
				return nil
			}
			if err := c.Commit(); err != nil {
				return err
			}
			for _, l := range updated {
				if l.Name == old.Name && l.Commit == old.Commit {
					fmt.Fprintf(w, "fetched %s from %s anew, commit %s\n", l.Name, from(l), short(l.Commit))
				} else if l.Name == old.Name {
					fmt.Fprintf(w, "updated %s from %s: %s → %s\n", l.Name, from(l), short(old.Commit), short(l.Commit))
				} else {
					fmt.Fprintf(w, "added %s from %s, commit %s\n", l.Name, from(l), short(l.Commit))
				}
			}
			return nil
		})
	}
	return cmd
}

func acceptPluginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "accept NAME",
		Short: "Take what was changed in a plugin here",
		Long: "accept notes in Plugins/plugins.lock what is in the folder of a plugin now. Its source does not\n" +
			"have that, so restore cannot get it any more; keep the folder in version control.",
		Example: "  aro plugins accept audit\n  aro plugins accept audit --in shop",
		Args:    cobra.ExactArgs(1),
	}
	path := inFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return changePlugins(cmd, *path, func(_ context.Context, c *fetch.Change, w io.Writer) error {
			changed, err := c.Accept(args[0])
			if err != nil {
				return err
			}
			if !changed {
				fmt.Fprintf(w, "%s is as it was locked\n", args[0])
				return nil
			}
			fmt.Fprintf(w, "accepted %s as it is\n", args[0])
			return nil
		})
	}
	return cmd
}
