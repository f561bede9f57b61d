package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

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

// dashes part the programs of a test file.
var dashes = regexp.MustCompile(`(?m)^---.*$`)

// TestFormatKeepsPrograms formats every sound ARO text of this repository: those of
// examples, of scaffolds, of the documentation, and of the tests. Formatting a
// second time changes nothing, and the instructions stay the same. That no comment is
// lost is checked by Format itself.
func TestFormatKeepsPrograms(t *testing.T) {
	texts := map[string][]byte{}
	err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := e.Name(); e.IsDir() && (name == ".git" || name == "bin" || name == "node_modules") {
			return filepath.SkipDir
		}
		ext := filepath.Ext(path)
		if !e.Type().IsRegular() || ext != ".aro" && ext != ".md" && ext != ".txtar" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch ext {
		case ".aro": // some hold several, between lines of dashes
			for i, part := range dashes.Split(string(text), -1) {
				texts[fmt.Sprint(path, "#", i)] = []byte(part)
			}
		case ".md":
			for i, b := range fences(string(text)) {
				if b.kind == "aro" {
					texts[fmt.Sprint(path, "#", i)] = []byte(b.text)
				}
			}
		case ".txtar":
			for _, f := range txtar.Parse(text).Files {
				if filepath.Ext(f.Name) == ".aro" {
					texts[path+"/"+f.Name] = f.Data
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	formatted := 0
	for name, src := range texts {
		text, diags, err := syntax.Format(syntax.NewFile(name, src))
		if text == nil && err == nil { // loose statements, as some tests have them
			src = slices.Concat([]byte("(Application-Start: Test) {\n"), src, []byte("\n}\n"))
			text, diags, err = syntax.Format(syntax.NewFile(name, src))
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil || text == nil {
			if len(diags) == 0 && err == nil && len(bytes.TrimSpace(src)) > 0 {
				t.Errorf("%s: neither a text nor a finding", name)
			}
			continue
		}
		formatted++
		if again, _, err := syntax.Format(syntax.NewFile(name, text)); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%s: formatted twice is not formatted once: %v\n%s", name, err, again)
		}
		if a, b := instructions(t, src), instructions(t, text); !reflect.DeepEqual(a, b) {
			t.Errorf("%s is another program when formatted\n%v\n%v", name, a, b)
		}
	}
	if formatted < 600 {
		t.Errorf("%d of %d texts were formatted", formatted, len(texts))
	}
	t.Logf("%d of %d texts were formatted", formatted, len(texts))
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
