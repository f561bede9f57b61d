//go:build !runtime

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"aro/pkg/store/durable"
)

func backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FOLDER FILE",
		Short: "Write a data folder to one file, also while an application uses it",
		Long: "backup writes what a data folder holds at this moment to one file. An application that uses the\n" +
			"folder goes on meanwhile. Every change is in it whose statement had ended before. A file that is\n" +
			"there already is not overwritten.",
		Example: "  aro data backup ./data monday.backup\n" +
			"  aro data backup /var/lib/board /backup/board.backup",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			size, err := writeNew(args[1], func(w io.Writer) error {
				p := newProgress(cmd.ErrOrStderr(), sizeText)
				defer p.clear()
				return durable.Backup(args[0], w, p.show)
			})
			if err != nil {
				return &exitError{1, "Error: there is no backup: " + err.Error()}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", args[1], sizeText(size))
			return nil
		},
	}
}

func restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE FOLDER",
		Short: "Make a data folder of a backup",
		Long: "restore makes a data folder of what backup has written. The folder must be empty, or not be there\n" +
			"yet. If anything is wrong with the file, nothing of it is restored.",
		Example: "  aro data restore monday.backup ./data\n" +
			"  aro data restore /backup/board.backup /var/lib/board",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := restore(cmd, args[0], args[1])
			if err != nil {
				return &exitError{1, "Error: nothing was restored: " + err.Error()}
			}
			describeData(cmd.OutOrStdout(), r)
			return nil
		},
	}
}

func restore(cmd *cobra.Command, file, folder string) (*durable.Report, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	p := newProgress(cmd.ErrOrStderr(), sizeText)
	defer p.clear()
	return durable.Restore(f, info.Size(), folder, p.show)
}

// writeNew makes a file that must not be there yet, and returns its size. Until it is
// whole it has another name.
func writeNew(name string, write func(io.Writer) error) (size int64, err error) {
	if _, err := os.Stat(name); err == nil {
		return 0, fmt.Errorf("%s is there already; choose another name, or remove it", name)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	partial := name + ".partial"
	f, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(partial)
		}
	}()
	if err := write(f); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	if err := f.Close(); err != nil {
		return 0, err
	}
	return info.Size(), os.Rename(partial, name)
}
