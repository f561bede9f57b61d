//go:build !runtime

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	aronet "aro/pkg/net"
	"aro/pkg/store"
	"aro/pkg/syntax"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// session is a program that grows: each entry is compiled as Application-Start beside
// the feature sets that were defined so far, and reads what earlier entries bound.
//
// New feature sets make a new program, which takes the place of the old one in the
// same host: names, rows, connections and schedules stay.
type session struct {
	out      io.Writer
	config   host.Config
	host     *host.Host
	network  *aronet.Network
	verbs    []*host.Verb
	compiler bytecode.Verbs
	rows     store.Engine
	defined  []definition
	sets     *bytecode.Program // what is defined, compiled
	last     *bytecode.Program // of the last entry, for :disasm
}

// definition is a feature set of the session, kept as text.
type definition struct {
	name, file, text string
	line             int
}

// piece is a text to enter: where it comes from, and the line it begins at.
type piece struct {
	file string
	line int
	text string
}

func newSession(cfg host.Config) *session {
	s := &session{out: cfg.Stdout, config: cfg}
	s.clear()
	return s
}

// clear begins anew, with no names, feature sets and rows.
func (s *session) clear() {
	s.close()
	s.rows, s.network = store.NewMemory(), aronet.New()
	s.defined, s.sets, s.last = nil, &bytecode.Program{}, nil
	s.verbs = verbsWith(s.network, nil)
	s.compiler = host.Signatures(s.verbs)
	cfg := s.config
	cfg.Engine, cfg.Verbs, cfg.Root = s.rows, s.verbs, "."
	l := &loaded{verbs: s.verbs, root: "."}
	cfg.Templates = l.templates()
	s.host = host.New(s.sets, cfg)
	s.network.Attach(s.host)
}

func (s *session) close() {
	if s.host != nil {
		s.host.Close()
	}
}

// become makes a program the one that events of the session meet.
func (s *session) become(sets *bytecode.Program) error {
	return s.network.Reload(nil, func() { s.host.Reload(sets) })
}

// valueName is what the value of an expression is called while it is computed.
const valueName = "_value"

// parsed is an entry: its statements, and the feature sets that it defines.
type parsed struct {
	start      *syntax.FeatureSet
	sets       []definition // new ones
	expression bool         // start binds valueName
	diags      []*syntax.Diagnostic
	incomplete bool // more text may make it right
}

// parse reads an entry.
func (s *session) parse(p piece) *parsed {
	out := &parsed{}
	loose, sets := looseStatements([]byte(p.text))
	body := &syntax.Block{}
	file := syntax.NewFile(p.file, nil)
	if loose != nil {
		file, body = out.statements(p, string(loose), len(sets) > 0)
	}
	if len(bytes.TrimSpace(sets)) > 0 {
		p.line += bytes.Count(loose, []byte("\n"))
		f := syntax.NewFile(p.file, append(lines(p.line-1), sets...))
		diags := syntax.Parse(f)
		out.finding(f, diags)
		if len(f.Imports) > 0 {
			d := &syntax.Diagnostic{File: f, Span: f.Imports[0].Range(), Code: "ARO-F2", Message: "import works in the files of an application only", Hint: "Load its files with :load FILE"}
			out.diags = append(out.diags, d)
		}
		for _, set := range f.Sets {
			if set.Name == "Application-Start" && loose == nil && body.Stmts == nil && set.Body != nil {
				file, body = f, set.Body
				continue
			}
			line, _ := f.Position(set.Start)
			out.sets = append(out.sets, definition{set.Name, p.file, f.Text(set.Span), line})
		}
	}
	out.start = &syntax.FeatureSet{Span: body.Span, File: file, Name: "Application-Start", Activity: "Session", Body: body}
	return out
}

// statements reads the statements of an entry, or the expression that it is.
func (out *parsed) statements(p piece, text string, beforeSets bool) (*syntax.File, *syntax.Block) {
	file := syntax.NewFile(p.file, append(lines(p.line-1), text...))
	body, diags := syntax.ParseSnippet(file)
	if !slices.ContainsFunc(diags, isMistake) || beforeSets {
		out.finding(file, diags)
		return file, body
	}
	x, more := syntax.ParseExpression(file)
	switch {
	case x != nil:
		out.expression = true
		stmt := &syntax.Simple{Span: x.Range(), Verb: "Create", VerbPos: x.Range().Start, Result: &syntax.Noun{Span: x.Range(), Base: valueName},
			Object: &syntax.Operand{Span: x.Range(), Prep: "with", Kind: syntax.ExprOperand, Expr: x}}
		return file, &syntax.Block{Span: x.Range(), Stmts: []syntax.Stmt{stmt}}
	case startsExpression(text):
		diags = more
	}
	out.finding(file, diags)
	return file, body
}

// startsExpression reports whether a text that cannot be read was meant as a value:
// statements begin with a word.
func startsExpression(text string) bool {
	text = strings.TrimSpace(text)
	c := text[0] | 0x20
	return c < 'a' || c > 'z'
}

// finding notes what is wrong. A text whose first mistake is that it ends, or that a
// comment or string does not, may only be too short.
func (out *parsed) finding(f *syntax.File, diags []*syntax.Diagnostic) {
	end := syntax.Pos(len(bytes.TrimRight(f.Src, " \t\r\n")))
	if i := slices.IndexFunc(diags, isMistake); i >= 0 && !slices.ContainsFunc(out.diags, isMistake) {
		out.incomplete = diags[i].Span.Start >= end || diags[i].Code == "ARO-L2"
	}
	for _, d := range diags { // an entry is no file
		d.Message = strings.Replace(d.Message, "Unexpected end of file", "Unexpected end", 1)
	}
	out.diags = append(out.diags, diags...)
}

func isMistake(d *syntax.Diagnostic) bool { return d.Severity == syntax.Error }

func lines(n int) []byte { return bytes.Repeat([]byte{'\n'}, n) }

// compile compiles an entry beside what is defined.
func (s *session) compile(p *parsed) (*bytecode.Program, []definition, error) {
	defined := slices.Clone(s.defined)
	for _, d := range p.sets {
		if i := slices.IndexFunc(defined, func(x definition) bool { return x.name == d.name }); i >= 0 {
			defined[i] = d
		} else {
			defined = append(defined, d)
		}
	}
	var files []*syntax.File
	for _, d := range defined {
		f := syntax.NewFile(d.file, append(lines(d.line-1), d.text...))
		syntax.Parse(f)
		files = append(files, f)
	}
	entry := &syntax.File{Name: p.start.File.Name, Sets: []*syntax.FeatureSet{p.start}}
	files = append(files, entry)
	given := slices.Sorted(maps.Keys(s.host.Names()))
	prog, diags := compile.Compile(files, compile.Options{Verbs: s.compiler, Given: given})
	diags = append(p.diags, diags...)
	if prog == nil || slices.ContainsFunc(p.diags, isMistake) {
		return nil, nil, &sourceError{diags}
	}
	if err := verify(prog); err != nil {
		return nil, nil, err
	}
	for _, d := range diags {
		if d.Code != "ARO-F3" {
			io.WriteString(s.out, diagnosticText(d))
		}
	}
	return prog, defined, nil
}

// enter compiles and runs an entry. stop ends it early. Its feature sets are there
// while it runs, and go again if it fails.
func (s *session) enter(p *parsed, stop <-chan struct{}) (host.Entered, error) {
	prog, defined, err := s.compile(p)
	if err != nil {
		return host.Entered{}, err
	}
	at := slices.IndexFunc(prog.Chunks, func(c *bytecode.Chunk) bool { return c.Name == "Application-Start" })
	start, sets := prog.Chunks[at], s.sets
	if len(p.sets) > 0 {
		sets = &bytecode.Program{Files: prog.Files, Chunks: slices.Delete(slices.Clone(prog.Chunks), at, at+1)}
		if err := s.become(sets); err != nil {
			return host.Entered{}, err
		}
	}
	want := ""
	if p.expression {
		want = valueName
	}
	result := s.host.Enter(start, want, stop)
	if result.Err != nil {
		if sets != s.sets {
			if err := s.become(s.sets); err != nil {
				return result, errors.Join(result.Err, err)
			}
		}
		return result, result.Err
	}
	s.last, s.sets, s.defined = prog, sets, defined
	return result, nil
}

// sourceError is a text that does not compile.
type sourceError struct{ diags []*syntax.Diagnostic }

// Error implements error.
func (e *sourceError) Error() string {
	var b strings.Builder
	for _, d := range e.diags {
		if d.Severity == syntax.Error {
			b.WriteString(diagnosticText(d))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// failureText says why an entry failed: the statement, its cause and the values in
// it. In which feature set goes without saying.
func failureText(err error) string {
	var plain *vm.PlainError
	var statement *vm.StatementError
	var source *sourceError
	switch {
	case errors.Is(err, host.ErrStopped):
		return "Stopped."
	case errors.As(err, &source):
		return err.Error()
	case errors.As(err, &statement):
		lines := strings.Split(statement.Block(), "\n")
		lines = slices.DeleteFunc(lines, func(l string) bool {
			return strings.HasPrefix(l, "  Feature: ") || strings.HasPrefix(l, "  Business Activity: ") || strings.HasPrefix(l, "  Statement: ")
		})
		if strings.Contains(statement.Statement, "<"+valueName+">") { // not the user's statement
			return "Error: " + strings.TrimPrefix(lines[1], "  Cause: ")
		}
		return strings.Join(lines, "\n")
	case errors.As(err, &plain):
		return "Error: " + plain.Error()
	}
	return "Error: " + err.Error()
}

// shown is a value as the session prints it: as it could be typed, where that is
// possible, and the type behind.
func shown(v value.Value) string {
	text := v.Text()
	switch v.Kind() {
	case value.String, value.List, value.Map:
		text = string(v.AppendJSON(nil))
	}
	return text + " : " + v.TypeName()
}

// load reads a file as one entry.
func (s *session) load(path string) (*parsed, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %s", path, reason(err))
	}
	return s.parse(piece{path, 1, string(text)}), nil
}
