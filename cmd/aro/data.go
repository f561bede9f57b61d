//go:build !runtime

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/store"
	"aro/pkg/store/durable"
)

func dataCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "Check, repair, back up and restore data folders, export and import rows",
		Long: "data looks after the folders in which aro run --data keeps the rows of repositories. backup and\n" +
			"export may be used while an application uses the folder, the others not.",
	}
	cmd.AddCommand(&cobra.Command{
		Use:     "check FOLDER",
		Short:   "Read a data folder and say what is damaged",
		Long:    "check reads every byte of a data folder, changes nothing, and ends with code 1 if something\nis not as it was written.",
		Example: "  aro data check ./data\n  aro data check ./data && aro run ./shop --data ./data",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := durable.Check(args[0])
			if err != nil {
				return dataError(args[0], err)
			}
			describeData(cmd.OutOrStdout(), r)
			if r.Damage != nil {
				return &exitError{1, "Error: " + r.Damage.Error() + "; aro data repair keeps what is in front of it, which is listed here"}
			}
			fmt.Fprintln(cmd.OutOrStdout(), "nothing is damaged")
			return nil
		},
	}, &cobra.Command{
		Use:     "repair FOLDER",
		Short:   "Make a damaged data folder usable again",
		Long:    "repair keeps everything that is in front of the damage. The old files stay in the folder, with\n.damaged behind their names. A folder without damage is left alone.",
		Example: "  aro data repair ./data\n  cp -a data before && aro data repair data",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := durable.Repair(args[0])
			if err != nil {
				return dataError(args[0], err)
			}
			out := cmd.OutOrStdout()
			describeData(out, r)
			if r.Damage == nil {
				fmt.Fprintln(out, "nothing is damaged, and nothing was changed")
				return nil
			}
			fmt.Fprintf(out, "%s\nwhat was stored before that is kept, what was stored after it is lost; the old files are still there: %s\n", r.Damage, strings.Join(r.Kept, ", "))
			return nil
		},
	}, backupCommand(), restoreCommand(), exportCommand(), importCommand())
	return cmd
}

// dataError says which folder the system refused. What the store says itself names it.
func dataError(folder string, err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return &exitError{1, fmt.Sprintf("Error: the data folder %s cannot be used: %s", folder, path.Err)}
	}
	return &exitError{1, "Error: " + err.Error()}
}

// describeData lists what is in a data folder.
func describeData(w io.Writer, r *durable.Report) {
	for _, c := range r.Repositories {
		if c.Name == store.Events {
			if c.Rows > 0 {
				fmt.Fprintf(w, "events that wait for their handlers: %d\n", c.Rows)
			}
			continue
		}
		fmt.Fprintf(w, "%s: %d rows\n", c.Name, c.Rows)
	}
	if r.Torn > 0 {
		fmt.Fprintf(w, "%d bytes of a write that never ended are ignored\n", r.Torn)
	}
}
