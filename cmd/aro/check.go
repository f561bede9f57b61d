//go:build !runtime

package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/compile/app"
	"aro/pkg/compile/explain"
	"aro/pkg/host"
	aronet "aro/pkg/net"
	"aro/pkg/net/contract"
	"aro/pkg/syntax"
)

func checkCommand() *cobra.Command {
	var noWarnings, snippet, asJSON bool
	var format, code string
	cmd := &cobra.Command{
		Use:   "check PATH",
		Short: "Report every problem in an application",
		Long: "check parses and analyses all files of an application, its contract and its templates, and\nprints what it finds with line, column and the source. It exits with 1 when there is an error.\n\n" +
			"--syntax checks a piece of source: a file, - for the standard input, or the text itself.",
		Example: "  aro check examples/statuspost\n" +
			"  aro check --format sarif . > findings.sarif\n" +
			"  aro check --explain ARO-N1",
		Args: func(cmd *cobra.Command, args []string) error {
			if code != "" {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			w := cmd.OutOrStdout()
			if code != "" {
				return explainCheck(w, code)
			}
			if asJSON {
				format = "json"
			}
			write := reports[format]
			if write == nil {
				return &exitError{64, "Error: unknown format '" + format + "'; use text, json or sarif"}
			}
			var r *report
			var err error
			if snippet {
				r, err = checkSnippet(args[0], cmd.InOrStdin())
			} else {
				r, err = checkApplication(args[0])
			}
			if err != nil {
				return err
			}
			r.finish(!noWarnings)
			if err := write(w, r); err != nil {
				return err
			}
			if r.Errors > 0 {
				return &exitError{code: 1}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&noWarnings, "no-warnings", false, "print errors only")
	cmd.Flags().BoolVar(&snippet, "syntax", false, "check a piece of source: a file, - or the text itself")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the same as --format json")
	cmd.Flags().StringVar(&format, "format", "text", "text, json or sarif")
	cmd.Flags().StringVar(&code, "explain", "", "explain a check by its `code`, or all")
	return cmd
}

// explainCheck prints what a check means.
func explainCheck(w io.Writer, code string) error {
	if code == "all" {
		for _, c := range explain.Checks() {
			fmt.Fprintf(w, "%-7s %s\n", c.Code, c.Title)
		}
		return nil
	}
	c, ok := explain.Find(code)
	if !ok {
		return &exitError{64, "Error: there is no check '" + code + "'; aro check --explain all lists them"}
	}
	fmt.Fprintf(w, "%s %s\n\n", c.Code, c.Title)
	inExample := false
	for line := range strings.SplitSeq(c.Text, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			if inExample = !inExample; inExample {
				label := "Right:"
				if strings.Contains(line, " bad") {
					label = "Wrong:"
				}
				fmt.Fprintf(w, "%s\n\n", label)
			}
		case inExample && line != "":
			fmt.Fprintf(w, "    %s\n", line)
		default:
			fmt.Fprintln(w, line)
		}
	}
	return nil
}

// checkApplication checks the sources, the contract and the templates.
func checkApplication(path string) (*report, error) {
	defer relaxCollector()()
	sources, plugins, err := discover(path, warn)
	if err != nil {
		return nil, err
	}
	plugins, _ = describe(plugins, warn)
	for _, p := range plugins {
		p.Close(time.Now().Add(time.Second))
	}
	signatures := host.Signatures(verbsWith(aronet.New(), plugins))
	folder := templateFolder(sources.Root)
	defer folder.Close()
	prog, diags := sources.Compile(compile.Options{Verbs: signatures, Lint: true, Template: folder.has})
	r := &report{Files: len(sources.Files), diags: diags}
	if _, err := r.checkContract(sources, prog); err != nil {
		return nil, err
	}
	r.checkTemplates(folder, signatures)
	return r, nil
}

// checkContract reports problems of the contract, and operations that no feature
// set serves. It returns the contract, nil when there is none or an error in it.
func (r *report) checkContract(sources *app.Sources, prog *bytecode.Program) (*contract.Contract, error) {
	name, document, err := sources.Contract()
	if err != nil {
		return nil, &exitError{1, fmt.Sprintf("Error: %s cannot be read: %s", name, err)}
	}
	if document == nil {
		return nil, nil
	}
	r.Files++
	file := syntax.NewFile(name, document)
	c, problems := contract.Load(document, name)
	for _, p := range problems {
		d := &syntax.Diagnostic{File: file, Code: "ARO-C1", Message: p.Message}
		if p.Warning {
			d.Severity = syntax.Warning
		}
		d.Span.Start = file.Offset(max(p.Line, 1), max(p.Column, 1))
		d.Span.End = d.Span.Start + 1
		r.diags = append(r.diags, d)
	}
	if c == nil || prog == nil {
		return c, nil
	}
	missing := c.Unserved(func(id string) bool {
		return slices.ContainsFunc(prog.Chunks, func(ch *bytecode.Chunk) bool { return contract.SameName(ch.Name, id) })
	})
	for _, op := range missing {
		r.diags = append(r.diags, &syntax.Diagnostic{File: file, Span: operationSpan(document, op.ID), Code: "ARO-C1",
			Message: fmt.Sprintf("%s %s requires a feature set named '%s'", op.Method, op.Path, op.ID),
			Hint:    "Add one: (" + op.ID + ": " + sources.Name() + " API) { Return an <OK: status> for the <request>. }"})
	}
	return c, nil
}

// operationSpan finds the place of an operationId in the document.
func operationSpan(document []byte, id string) syntax.Span {
	offset := 0
	for line := range bytes.Lines(document) {
		if at := bytes.Index(line, []byte("operationId")); at >= 0 {
			if i := bytes.Index(line[at:], []byte(id)); i >= 0 {
				start := syntax.Pos(offset + at + i)
				return syntax.Span{Start: start, End: start + syntax.Pos(len(id))}
			}
		}
		offset += len(line)
	}
	return syntax.Span{}
}

// maxTemplate is the size up to which check looks into a file of the template
// folder.
const maxTemplate = 4 << 20

// templates is the template folder of an application; the root is nil when there is none.
type templates struct{ root *os.Root }

func templateFolder(root string) templates {
	folder, err := os.OpenRoot(filepath.Join(root, "templates"))
	if err != nil {
		return templates{}
	}
	return templates{folder}
}

func (t templates) has(name string) bool {
	if strings.HasPrefix(name, "static/") {
		return true // it may be in the folder static of the application
	}
	if t.root == nil {
		return false
	}
	info, err := t.root.Stat(path.Clean(name))
	return err == nil && info.Mode().IsRegular()
}

// Close lets go of the folder.
func (t templates) Close() {
	if t.root != nil {
		t.root.Close()
	}
}

// checkTemplates compiles every text file in the template folder.
func (r *report) checkTemplates(folder templates, signatures bytecode.Verbs) {
	if folder.root == nil {
		return
	}
	fsys := folder.root.FS()
	fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return nil
		}
		if info, err := e.Info(); err != nil || info.Size() > maxTemplate {
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil || !utf8.Valid(src) || !bytes.Contains(src, []byte("{{")) {
			return nil
		}
		r.Files++
		_, diags := compile.TemplateFile(syntax.NewFile("templates/"+name, src), compile.Options{Verbs: signatures, Template: folder.has})
		r.diags = append(r.diags, diags...)
		return nil
	})
}

var (
	headerLine = pattern(`(?m)^[ \t]*\([^*()\n][^()\n]*:[^()\n]*\)[^\n]*\{`)
	comment    = pattern(`(?s)\(\*.*?\*\)|//[^\n]*`)
)

// pattern compiles a regular expression when it is first needed: aro run starts in a
// few milliseconds, and needs none of them.
func pattern(s string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(s) })
}

// looseStatements splits a piece of source in front of its first feature set. loose
// is nil when nothing but comments and imports stands there.
func looseStatements(src []byte) (loose, sets []byte) {
	loose = src
	if at := headerLine().FindIndex(src); at != nil {
		loose = src[:at[0]]
	}
	text := bytes.TrimSpace(comment().ReplaceAll(loose, nil))
	if len(text) == 0 || bytes.HasPrefix(text, []byte("import ")) {
		return nil, src
	}
	return loose, src[len(loose):]
}

// checkSnippet checks a piece of source that need not be a program: statements,
// or feature sets.
func checkSnippet(arg string, stdin io.Reader) (*report, error) {
	src, name := []byte(arg), "text"
	var err error
	switch info, statErr := os.Stat(arg); {
	case arg == "-":
		name = "stdin"
		src, err = io.ReadAll(stdin)
	case statErr == nil && !info.IsDir():
		name = arg
		src, err = os.ReadFile(arg)
	}
	if err != nil {
		return nil, &exitError{1, "Error: " + err.Error()}
	}
	r := &report{Files: 1}
	end := syntax.Pos(len(src))
	// Statements in front of the first feature set get one of their own.
	if loose, rest := looseStatements(src); loose != nil {
		src = append([]byte("(Application-Start: Snippet) {\n"), loose...)
		r.shift, end = 1, syntax.Pos(len(src))
		if len(rest) > 0 {
			src = append(append(src, '}'), rest...)
			end = syntax.Pos(len(src))
		} else {
			src = append(src, "\n}"...)
		}
	}
	file := syntax.NewFile(name, src)
	r.diags = syntax.Parse(file)
	_, more := compile.Compile([]*syntax.File{file}, compile.Options{Verbs: host.Signatures(verbs()), SingleFile: true, Lint: true})
	for _, d := range more {
		// What a piece lacks, the rest of its program may have.
		if !slices.Contains([]string{"ARO-N4", "ARO-N5", "ARO-F2", "ARO-F5", "ARO-V1", "ARO-A2"}, d.Code) {
			r.diags = append(r.diags, d)
		}
	}
	for _, d := range r.diags {
		if d.Span.Start >= end { // the brace that we put behind the text
			d.Span = syntax.Span{Start: end, End: end}
			if want, _, ok := strings.Cut(d.Message, ", but got"); ok {
				d.Message = want + ", but got the end of the text"
			}
		}
	}
	return r, nil
}
