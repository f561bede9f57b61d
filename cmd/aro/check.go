package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/bytecode"
	"aro/pkg/compile/app"
	"aro/pkg/host"
	"aro/pkg/net/contract"
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
	prog, diags := sources.Compile(host.Signatures(verbs()))
	errs, warns := printFindings(w, diags, warnings)
	contractErrs, err := checkContract(w, sources, prog)
	if err != nil {
		return err
	}
	errs += contractErrs
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

// checkContract reports problems of the contract, and operations that no feature
// set serves.
func checkContract(w io.Writer, sources *app.Sources, prog *bytecode.Program) (errs int, err error) {
	name, document, err := sources.Contract()
	if err != nil {
		return 0, &exitError{1, fmt.Sprintf("Error: %s cannot be read: %s", name, err)}
	}
	if document == nil {
		return 0, nil
	}
	c, problems := readContract(name, document)
	for _, p := range problems {
		fmt.Fprintln(w, p)
	}
	if c == nil {
		return len(problems), nil
	}
	if prog == nil {
		return 0, nil
	}
	missing := c.MissingHandlers(func(id string) bool {
		return slices.ContainsFunc(prog.Chunks, func(ch *bytecode.Chunk) bool { return contract.SameName(ch.Name, id) })
	})
	if missing == "" {
		return 0, nil
	}
	fmt.Fprintln(w, missing)
	return strings.Count(missing, "\n"), nil
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
