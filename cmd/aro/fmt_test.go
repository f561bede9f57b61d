package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
)

// TestExamplesFormatted holds the examples to the layout of aro fmt, and checks
// that formatting a file that lost its layout gives the same instructions.
func TestExamplesFormatted(t *testing.T) {
	n := 0
	err := filepath.WalkDir("../../examples", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".aro" {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text, diags, err := syntax.Format(syntax.NewFile(path, src))
		if err != nil || text == nil {
			t.Errorf("%s: %v %v", path, err, diags)
			return nil
		}
		if !bytes.Equal(text, src) {
			t.Errorf("%s is not formatted: aro fmt examples", path)
		}
		var flat []byte
		for line := range bytes.Lines(src) {
			flat = append(append(flat, bytes.TrimSpace(line)...), "\r\n\r\n\r\n"...)
		}
		text, diags, err = syntax.Format(syntax.NewFile(path, flat))
		if err != nil || text == nil {
			t.Errorf("%s without its layout: %v %v", path, err, diags)
			return nil
		}
		a, b := instructions(t, src), instructions(t, text)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s is another program when formatted\n%v\n%v", path, a, b)
		}
		n++
		return nil
	})
	if err != nil || n < 10 {
		t.Fatalf("%d examples, %v", n, err)
	}
}

// instructions compiles one file; positions and texts of statements are left out.
func instructions(t *testing.T, src []byte) []any {
	prog, diags := compile.Compile([]*syntax.File{syntax.NewFile("main.aro", src)}, compile.Options{Verbs: host.Signatures(verbs()), SingleFile: true})
	var all []any
	if prog == nil { // a part of a program: its findings are the same at least
		for _, d := range diags {
			all = append(all, d.Message)
		}
		return all
	}
	for _, c := range prog.Chunks {
		all = append(all, c.Kind, c.Name, c.Activity, c.StateGuard, c.Takes, append([]bytecode.Ins{}, c.Code...), c.Consts, c.Names, c.Fields, c.Shapes, c.Entry, c.Locals)
	}
	return all
}
