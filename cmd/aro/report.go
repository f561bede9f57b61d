//go:build !runtime

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"aro/pkg/compile/explain"
	"aro/pkg/syntax"
)

// report is what a check found.
type report struct {
	Files    int       `json:"files"`
	Errors   int       `json:"errors"`
	Warnings int       `json:"warnings"`
	Findings []finding `json:"findings"`

	diags []*syntax.Diagnostic
	shift int // lines that were put in front of the source
}

// finding is one finding with its place as tools want it: lines and columns from
// 1, columns in Unicode scalars; file is empty for the program as a whole.
type finding struct {
	Code      string `json:"code"`
	Severity  string `json:"severity"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"endLine,omitempty"`
	EndColumn int    `json:"endColumn,omitempty"`

	snippet string
}

// finish turns the diagnostics into findings, file by file in the order of the
// first finding, in source order within a file.
func (r *report) finish(warnings bool) {
	order := map[*syntax.File]int{}
	for _, d := range r.diags {
		if order[d.File] == 0 {
			order[d.File] = len(order) + 1
		}
	}
	slices.SortStableFunc(r.diags, func(a, b *syntax.Diagnostic) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	r.Findings = []finding{}
	for _, d := range r.diags {
		if d.Severity == syntax.Warning {
			if !warnings {
				continue
			}
			r.Warnings++
		} else {
			r.Errors++
		}
		f := finding{Code: d.Code, Severity: d.Severity.String(), Message: d.Message, Hint: d.Hint}
		if d.File != nil {
			f.File = d.File.Name
			f.snippet = d.Snippet()
			f.Line, f.Column = d.File.Position(d.Span.Start)
			f.EndLine, f.EndColumn = d.File.Position(max(d.Span.End, d.Span.Start))
			f.Line, f.EndLine = f.Line-r.shift, f.EndLine-r.shift
		}
		r.Findings = append(r.Findings, f)
	}
}

// reports are the formats of `aro check --format`.
var reports = map[string]func(io.Writer, *report) error{"text": writeText, "json": writeJSON, "sarif": writeSARIF}

// writeText prints the findings for people: by file, errors before warnings.
func writeText(w io.Writer, r *report) error {
	paint := painter(w)
	if len(r.Findings) == 0 {
		_, err := fmt.Fprintf(w, "✅ No issues found in %d file(s)\n", r.Files)
		return err
	}
	for rest := r.Findings; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].File == rest[0].File {
			n++
		}
		writeFile(w, paint, rest[:n])
		rest = rest[n:]
	}
	fmt.Fprintln(w)
	if r.Errors > 0 {
		fmt.Fprintf(w, "❌ %d error(s) found\n", r.Errors)
	}
	if r.Warnings > 0 {
		fmt.Fprintf(w, "⚠️  %d warning(s) found\n", r.Warnings)
	}
	return nil
}

func writeFile(w io.Writer, paint func(colour, string) string, findings []finding) {
	file := findings[0].File
	if file != "" {
		fmt.Fprintf(w, "%s:\n", paint(bold, file))
	}
	counts := map[string]int{}
	for _, severity := range []string{"error", "warning"} {
		for _, f := range findings {
			if f.Severity != severity {
				continue
			}
			counts[severity]++
			c := red
			if severity == "warning" {
				c = yellow
			}
			if file == "" {
				fmt.Fprintf(w, "%s: %s [%s]\n", paint(c, severity), f.Message, f.Code)
			} else {
				fmt.Fprintf(w, "  %d:%d: %s: %s [%s]\n", f.Line, f.Column, paint(c, severity), f.Message, f.Code)
				for line := range strings.SplitSeq(f.snippet, "\n") {
					if strings.Trim(line, " \t^") == "" {
						line = paint(c, line)
					}
					fmt.Fprintf(w, "    | %s\n", line)
				}
			}
			if f.Hint != "" {
				fmt.Fprintf(w, "    hint: %s\n", f.Hint)
			}
		}
	}
	if file != "" {
		fmt.Fprintf(w, "  Found %d error(s), %d warning(s) in %s\n", counts["error"], counts["warning"], file)
	}
}

type colour string

const (
	bold   colour = "\x1b[1m"
	red    colour = "\x1b[1;31m"
	yellow colour = "\x1b[1;33m"
	green  colour = "\x1b[1;32m"
)

// painter colours text for terminals, unless NO_COLOR says otherwise.
func painter(w io.Writer) func(colour, string) string {
	f, ok := w.(*os.File)
	if ok {
		info, err := f.Stat()
		ok = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return func(c colour, s string) string {
		if !ok {
			return s
		}
		return string(c) + s + "\x1b[0m"
	}
}

func writeJSON(w io.Writer, r *report) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// writeSARIF writes SARIF 2.1.0, which code hosts and editors read.
func writeSARIF(w io.Writer, r *report) error {
	type text struct {
		Text string `json:"text"`
	}
	type rule struct {
		ID    string `json:"id"`
		Short text   `json:"shortDescription"`
		Full  text   `json:"help"`
	}
	type region struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
	type artifact struct {
		URI string `json:"uri"`
	}
	type physical struct {
		Artifact artifact `json:"artifactLocation"`
		Region   region   `json:"region"`
	}
	type location struct {
		Physical physical `json:"physicalLocation"`
	}
	type result struct {
		RuleID    string     `json:"ruleId"`
		Level     string     `json:"level"`
		Message   text       `json:"message"`
		Locations []location `json:"locations,omitempty"`
	}
	type driver struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Rules   []rule `json:"rules"`
	}
	type tool struct {
		Driver driver `json:"driver"`
	}
	type run struct {
		Tool       tool     `json:"tool"`
		ColumnKind string   `json:"columnKind"`
		Results    []result `json:"results"`
	}
	out := run{Tool: tool{driver{Name: "aro", Version: version(), Rules: []rule{}}}, ColumnKind: "unicodeCodePoints", Results: []result{}}
	for _, c := range explain.Checks() {
		if slices.ContainsFunc(r.Findings, func(f finding) bool { return f.Code == c.Code }) {
			out.Tool.Driver.Rules = append(out.Tool.Driver.Rules, rule{c.Code, text{c.Title}, text{c.Text}})
		}
	}
	for _, f := range r.Findings {
		message := f.Message
		if f.Hint != "" {
			message += ". " + f.Hint
		}
		res := result{RuleID: f.Code, Level: f.Severity, Message: text{message}}
		if f.File != "" {
			res.Locations = []location{{physical{artifact{f.File}, region{f.Line, f.Column, f.EndLine, f.EndColumn}}}}
		}
		out.Results = append(out.Results, res)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []run  `json:"runs"`
	}{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []run{out}})
}

// diagnosticText is a finding with its place, the source and the hint, each line
// indented.
func diagnosticText(d *syntax.Diagnostic) string {
	var b strings.Builder
	where := ""
	if d.File != nil {
		line, col := d.File.Position(d.Span.Start)
		where = fmt.Sprintf(" [%s:%d:%d]", d.File.Name, line, col)
	}
	fmt.Fprintf(&b, "  %s%s: %s\n", d.Severity, where, d.Message)
	printSnippet(&b, d)
	if d.Hint != "" {
		fmt.Fprintf(&b, "    hint: %s\n", d.Hint)
	}
	return b.String()
}
