package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"aro/pkg/compile/app"
	"aro/pkg/host"
	"aro/pkg/syntax"
)

func checkCommand() *cobra.Command {
	var noWarnings bool
	cmd := &cobra.Command{
		Use:   "check PATH",
		Short: "Report every problem in an application",
		Long:  "check parses and analyses all files of an application and prints what it finds, with\nline, column and the source. It exits with 1 when there is an error.",
		Example: "  aro check examples/statuspost\n" +
			"  aro check --no-warnings main.aro",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return check(cmd.OutOrStdout(), args[0], !noWarnings)
		},
	}
	cmd.Flags().BoolVar(&noWarnings, "no-warnings", false, "print errors only")
	return cmd
}

func check(w io.Writer, path string, warnings bool) error {
	sources, err := app.Discover(path)
	if err != nil {
		return &exitError{1, "Error: " + err.Error()}
	}
	_, diags := sources.Compile(host.Signatures(verbs()))
	if len(diags) == 0 || !warnings && countErrors(diags) == 0 {
		if _, problems := loadContract(sources); len(problems) > 0 {
			return &exitError{1, problems[0]}
		}
	}
	errs, warns := printFindings(w, diags, warnings)
	if errs+warns == 0 {
		fmt.Fprintf(w, "✅ No issues found in %d file(s)\n", len(sources.Files))
		return nil
	}
	fmt.Fprintln(w)
	if errs > 0 {
		fmt.Fprintf(w, "❌ %d error(s) found\n", errs)
	}
	if warns > 0 {
		fmt.Fprintf(w, "⚠️  %d warning(s) found\n", warns)
	}
	if errs > 0 {
		return &exitError{code: 1}
	}
	return nil
}

func countErrors(diags []*syntax.Diagnostic) (n int) {
	for _, d := range diags {
		if d.Severity == syntax.Error {
			n++
		}
	}
	return n
}

// printFindings prints the findings by file, errors before warnings.
func printFindings(w io.Writer, diags []*syntax.Diagnostic, warnings bool) (errs, warns int) {
	var files []*syntax.File
	byFile := map[*syntax.File][]*syntax.Diagnostic{}
	for _, d := range diags {
		if d.Severity == syntax.Warning && !warnings {
			continue
		}
		if byFile[d.File] == nil {
			files = append(files, d.File)
		}
		byFile[d.File] = append(byFile[d.File], d)
	}
	for _, f := range files {
		e, n := 0, 0
		if f != nil {
			fmt.Fprintf(w, "%s:\n", f.Name)
		}
		for _, sev := range []syntax.Severity{syntax.Error, syntax.Warning} {
			for _, d := range byFile[f] {
				if d.Severity != sev {
					continue
				}
				if sev == syntax.Error {
					e++
				} else {
					n++
				}
				printFinding(w, d)
			}
		}
		errs, warns = errs+e, warns+n
		if f != nil {
			fmt.Fprintf(w, "  Found %d error(s), %d warning(s) in %s\n", e, n, f.Name)
		}
	}
	return errs, warns
}

func printFinding(w io.Writer, d *syntax.Diagnostic) {
	if d.File == nil {
		fmt.Fprintf(w, "%s: %s [%s]\n", d.Severity, d.Message, d.Code)
	} else {
		line, col := d.File.Position(d.Span.Start)
		fmt.Fprintf(w, "  %d:%d: %s: %s [%s]\n", line, col, d.Severity, d.Message, d.Code)
		printSnippet(w, d)
	}
	if d.Hint != "" {
		fmt.Fprintf(w, "    hint: %s\n", d.Hint)
	}
}
