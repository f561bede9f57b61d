//go:build !runtime

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/syntax"
)

// formatting is one run of fmt.
type formatting struct {
	check, diff bool
	out         io.Writer
	changed     int
	failed      bool
}

func fmtCommand() *cobra.Command {
	var f formatting
	cmd := &cobra.Command{
		Use:   "fmt [PATH…]",
		Short: "Lay out source files in the one way that ARO code has",
		Long: "fmt rewrites .aro files and prints the names of those that it changed. Comments stay where they\n" +
			"are, and so do empty lines between statements, maps over several lines, and clauses on lines of\n" +
			"their own. The old form <Log> the <x> becomes Log the <x>. A file with errors is left alone.\n\n" +
			"A folder stands for all .aro files below it, but for plugins and hidden folders. Without a path it\n" +
			"is the current folder, or the standard input if that is piped; - is the standard input too, which\n" +
			"goes to the standard output.",
		Example: "  aro fmt ./board\n" +
			"  aro fmt --check .           # for CI: lists files that would change, exits with 1\n" +
			"  aro fmt --diff board.aro\n" +
			"  aro fmt - < board.aro",
		RunE: func(cmd *cobra.Command, args []string) error {
			f.out = cmd.OutOrStdout()
			if len(args) == 0 {
				args = []string{"."}
				if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice == 0 {
					args[0] = "-"
				}
			}
			for _, a := range args {
				if err := f.path(a, cmd.InOrStdin()); err != nil {
					return err
				}
			}
			if f.failed || f.check && f.changed > 0 {
				return &exitError{code: 1}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "change nothing; list the files that are not formatted and exit with 1")
	cmd.Flags().BoolVar(&f.diff, "diff", false, "change nothing; show what would change")
	return cmd
}

// path formats a file, all files below a folder, or the standard input.
func (f *formatting) path(path string, stdin io.Reader) error {
	if path == "-" {
		src, err := io.ReadAll(stdin)
		if err != nil {
			return &exitError{1, "Error: the standard input cannot be read: " + err.Error()}
		}
		return f.source("stdin", src, nil)
	}
	info, err := os.Stat(path)
	if err != nil {
		return &exitError{1, fmt.Sprintf("Error: %s cannot be formatted: %s", path, reason(err))}
	}
	if !info.IsDir() {
		return f.file(path)
	}
	found := false
	err = filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		switch base := filepath.Base(name); {
		case err != nil:
			return err
		case name == path:
		case e.IsDir() && (strings.HasPrefix(base, ".") || base == "Plugins"):
			return filepath.SkipDir
		case e.Type().IsRegular() && filepath.Ext(name) == ".aro" && !strings.HasPrefix(base, "."):
			found = true
			return f.file(name)
		}
		return nil
	})
	var exit *exitError
	switch {
	case err == nil && !found:
		return &exitError{1, "Error: " + path + " holds no .aro files"}
	case err != nil && !errors.As(err, &exit):
		return &exitError{1, fmt.Sprintf("Error: %s cannot be formatted: %s", path, reason(err))}
	}
	return err
}

func (f *formatting) file(path string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return &exitError{1, fmt.Sprintf("Error: %s cannot be formatted: %s", path, reason(err))}
	}
	return f.source(path, src, func(text []byte) error { return replaceFile(path, text) })
}

// source formats one text. What becomes of it goes to write, or where that is nil
// to the output.
func (f *formatting) source(name string, src []byte, write func([]byte) error) error {
	text, diags, err := syntax.Format(syntax.NewFile(name, src))
	switch {
	case err != nil:
		f.failed = true
		fmt.Fprintf(os.Stderr, "Error: %s is left as it is: %s\nThis is a fault of aro fmt; please report the file.\n", name, err)
		return nil
	case text == nil && len(diags) > 0:
		f.failed = true
		fmt.Fprintf(os.Stderr, "%s is left as it is:\n", name)
		for _, d := range diags {
			line, col := d.File.Position(d.Span.Start)
			fmt.Fprintf(os.Stderr, "  %s [%s:%d:%d]: %s\n", d.Severity, name, line, col, d.Message)
			printSnippet(os.Stderr, d)
			if d.Hint != "" {
				fmt.Fprintf(os.Stderr, "    hint: %s\n", d.Hint)
			}
		}
		return nil
	}
	same := bytes.Equal(src, text)
	if !same {
		f.changed++
	}
	switch {
	case f.diff:
		if !same {
			f.out.Write(unifiedDiff(name, src, text))
		}
	case f.check:
		if !same {
			fmt.Fprintln(f.out, name)
		}
	case write == nil:
		f.out.Write(text)
	case !same:
		if err := write(text); err != nil {
			return &exitError{1, fmt.Sprintf("Error: %s cannot be written: %s", name, reason(err))}
		}
		fmt.Fprintln(f.out, name)
	}
	return nil
}

// replaceFile puts data in the place of a file, at once and with its mode. Of a
// symbolic link it replaces what the link leads to.
func replaceFile(path string, data []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if w, err := os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		return err // read-only, which renaming would get round
	} else if err := w.Close(); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".aro-fmt-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	if e := temp.Chmod(info.Mode().Perm()); err == nil {
		err = e
	}
	if e := temp.Sync(); err == nil {
		err = e
	}
	if e := temp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// reason is why the system refused, without the path and the call.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
