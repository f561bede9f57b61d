//go:build !runtime

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/host/format"
	"aro/pkg/store/durable"
	"aro/pkg/vm/value"
)

func exportCommand() *cobra.Command {
	var form string
	cmd := &cobra.Command{
		Use:   "export FOLDER REPOSITORY [FILE]",
		Short: "Write the rows of a repository as JSON or CSV",
		Long: "export writes the rows of one repository, oldest first, to a file or to its output, also while an\n" +
			"application uses the folder. The format follows from the name of the file; without one it is jsonl,\n" +
			"a row a line. Other programs can read it, but not every kind of value can be told in it: a backup\n" +
			"keeps everything. A file that is there already is not overwritten.",
		Example: "  aro data export ./data order-repository orders.csv\n" +
			"  aro data export ./data order-repository | jq .total",
		Args: cobra.RangeArgs(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := ""
			if len(args) == 3 {
				file = args[2]
			}
			f, err := rowFormat(form, file)
			if err != nil {
				return &exitError{2, "Error: " + err.Error()}
			}
			rows, err := durable.Rows(args[0], args[1])
			if err == nil && file == "" {
				err = f.write(cmd.OutOrStdout(), rows, newProgress(io.Discard, rowsText))
			} else if err == nil {
				p := newProgress(cmd.ErrOrStderr(), rowsText)
				_, err = writeNew(file, func(w io.Writer) error { return f.write(w, rows, p) })
				p.clear()
			}
			if err != nil {
				return &exitError{1, "Error: nothing was exported: " + err.Error()}
			}
			if file != "" {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d rows\n", file, len(rows))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&form, "format", "", "json, jsonl or csv")
	return cmd
}

func importCommand() *cobra.Command {
	var form string
	cmd := &cobra.Command{
		Use:   "import FILE FOLDER REPOSITORY",
		Short: "Store the rows of a JSON or CSV file in a repository",
		Long: "import stores the rows of a file, all of them or, if anything is wrong, none. A row whose id is\n" +
			"there replaces that one, a row without id gets one, as if a program had stored it; no observer\n" +
			"runs. The folder is made if it is not there.",
		Example: "  aro data import orders.csv ./data order-repository\n" +
			"  aro data import users.jsonl ./data user-repository",
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := rowFormat(form, args[0])
			if err != nil {
				return &exitError{2, "Error: " + err.Error()}
			}
			if !strings.HasSuffix(args[2], "-repository") {
				return &exitError{2, fmt.Sprintf("Error: %s is no name of a repository: they end in -repository", args[2])}
			}
			n, there, err := importRows(args[0], f, args[1], args[2])
			if err != nil {
				return &exitError{1, "Error: nothing was imported: " + err.Error()}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d rows imported, %d there now\n", args[2], n, there)
			return nil
		},
	}
	cmd.Flags().StringVar(&form, "format", "", "json, jsonl or csv")
	return cmd
}

// importRows stores the rows of a file with one write, so that they are durable
// together.
func importRows(file string, f rowCodec, folder, repository string) (n, there int, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, 0, err
	}
	if info.Size() > format.MaxSize {
		return 0, 0, fmt.Errorf("%s has %s, and files are read up to %s; split it", file, sizeText(info.Size()), sizeText(format.MaxSize))
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, 0, err
	}
	rows, err := f.read(strings.TrimPrefix(string(b), "\uFEFF"))
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", file, err)
	}
	e, err := durable.Open(folder, durable.Options{})
	if err != nil {
		return 0, 0, err
	}
	r := e.Repository(repository)
	before := e.Position()
	if len(rows) > 0 {
		r.Store(rows...)
	}
	failed := make(chan error, 1)
	already, err := e.Sync(before, e.Position(), func(err error) { failed <- err })
	if !already {
		err = <-failed
	}
	there = r.Count()
	return len(rows), there, errors.Join(err, e.Close())
}

// rowCodec is a format of rows in files.
type rowCodec struct {
	write func(w io.Writer, rows []value.Value, p *progress) error
	read  func(text string) ([]value.Value, error)
}

// rowFormat returns the format of that name, or else the one of a file.
func rowFormat(name, file string) (rowCodec, error) {
	what := name
	if name == "" {
		what = format.OfPath(file).Name
		if file == "" {
			what = "jsonl"
		}
	}
	if f := format.Named(what); f != nil {
		switch f.Name {
		case "json":
			return rowCodec{writeRowsJSON, readRowsJSON}, nil
		case "jsonl":
			return rowCodec{writeRowLines, readRowLines}, nil
		case "csv":
			return rowCodec{writeRowsCSV, readRowsCSV}, nil
		}
	}
	if name != "" {
		return rowCodec{}, fmt.Errorf("%q is no format of rows; there is json, jsonl and csv", name)
	}
	return rowCodec{}, fmt.Errorf("the format does not follow from the name %s; say --format json, jsonl or csv", file)
}
