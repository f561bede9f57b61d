//go:build !runtime

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	aronet "aro/pkg/net"
	"aro/pkg/syntax"
)

// piped reports whether somebody hands a text over: a pipe or a file, and no terminal
// and no null device.
func piped(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice == 0 && (info.Mode().IsRegular() || info.Mode()&fs.ModeNamedPipe != 0)
}

// runSnippet runs the text that `aro` alone was given on its standard input (03 §14):
// statements without a header, feature sets, or both.
func runSnippet(src []byte, err error) error {
	if err != nil {
		return &exitError{1, "Error: the standard input cannot be read: " + err.Error()}
	}
	network := aronet.New()
	l := &loaded{root: ".", network: network, verbs: verbsWith(network, nil)}
	file, diags := snippet(src)
	prog, more := compile.Compile([]*syntax.File{file}, compile.Options{Verbs: host.Signatures(l.verbs), SingleFile: true})
	for _, d := range diags {
		if d.Severity == syntax.Error {
			prog = nil
		}
	}
	if prog == nil {
		return compileErrors(append(diags, more...), false)
	}
	if err := verify(prog); err != nil {
		return &exitError{1, "Error: " + err.Error()}
	}
	l.program = prog
	return l.run(runOptions{path: ".", params: parameters(nil)})
}

// snippet parses a text as a program. Loose statements become its Application-Start,
// which answers nothing unless they say so themselves.
func snippet(src []byte) (*syntax.File, []*syntax.Diagnostic) {
	loose, sets := looseStatements(src)
	if loose == nil {
		file := syntax.NewFile("stdin", src)
		return file, syntax.Parse(file)
	}
	file := syntax.NewFile("stdin", loose)
	body, diags := syntax.ParseSnippet(file)
	silent, _ := syntax.ParseSnippet(syntax.NewFile("stdin", []byte("Return an <OK: status> for the <application>.")))
	body.Stmts = append(body.Stmts, silent.Stmts...)
	// The feature sets behind keep their lines; each has its own file in any case.
	rest := syntax.NewFile("stdin", append(lines(bytes.Count(loose, []byte("\n"))), sets...))
	diags = append(diags, syntax.Parse(rest)...)
	rest.Sets = append([]*syntax.FeatureSet{{Span: body.Span, File: file, Name: "Application-Start", Activity: "Snippet", Body: body}}, rest.Sets...)
	return rest, diags
}

// verify checks a program that was compiled just now.
func verify(prog *bytecode.Program) error {
	for _, c := range prog.Chunks {
		if err := bytecode.Verify(c); err != nil {
			return fmt.Errorf("the compiler produced code that does not verify, which is a bug of aro: %w", err)
		}
	}
	return nil
}
