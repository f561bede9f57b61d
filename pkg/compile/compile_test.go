package compile_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
)

var update = flag.Bool("update", false, "rewrite the golden listings")

var options = compile.Options{Verbs: host.Signatures(host.Verbs())}

func build(name string, src []byte) (*bytecode.Program, []*syntax.Diagnostic) {
	f := syntax.NewFile(name, src)
	diags := syntax.Parse(f)
	prog, more := compile.Compile([]*syntax.File{f}, options)
	for _, d := range diags {
		if d.Severity == syntax.Error {
			return nil, diags
		}
	}
	return prog, more
}

// TestListings compares the code of testdata/*.aro with the listing beside it,
// which has the source above the instructions.
func TestListings(t *testing.T) {
	paths, _ := filepath.Glob("testdata/*.aro")
	if len(paths) == 0 {
		t.Fatal("no programs")
	}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		prog, diags := build(filepath.Base(path), src)
		if prog == nil {
			t.Fatal(diags)
		}
		lines := strings.Split(string(src), "\n")
		var b bytes.Buffer
		if err := bytecode.Disassemble(&b, prog, bytecode.ListOptions{Source: func(string) []string { return lines }}); err != nil {
			t.Fatal(err)
		}
		golden := strings.TrimSuffix(path, ".aro") + ".golden"
		if *update {
			if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, _ := os.ReadFile(golden)
		if b.String() != string(want) {
			t.Errorf("%s differs from its listing (go test -update shows how):\n%s", path, b.String())
		}
	}
}

// TestNoSites: control flow, arithmetic, comparison, property access and literals
// are instructions, not host calls.
func TestNoSites(t *testing.T) {
	prog, diags := build("pure.aro", []byte(`(Application-Start: Pure) {
		Create the <m> with { a: [1, 2, { b: 3 }], c: "x" ++ "y" }.
		Extract the <a: first> from the <m: a>.
		Compute the <n> from <a> * 2 + 1 when <m: c> is not empty and <a> > 0.
		match <n> { case 3 { Create the <x> with <m>.c. } case 4..5, /z/ { Create the <x> with -<a>. } otherwise { Create the <x> with <m: a>[0]. } }
		for each <e> at <i> in <m: a> where <e> is a Number { Compute the <y> from <e> % 2 - <i>. }
		for <k> from 0 to 3 { Compute the <z> from "${k}!". }
		Create the <w> with 0. while <w> < 3 { Compute the <w> from <w> + 1. break. }
	}`))
	if prog == nil {
		t.Fatal(diags)
	}
	if n := len(prog.Chunks[0].Sites); n != 0 {
		t.Errorf("%d host calls", n)
	}
}

// TestUnreachable: code behind a Return is reported once and not emitted.
func TestUnreachable(t *testing.T) {
	prog, diags := build("u.aro", []byte(`(Application-Start: U) { Return an <OK: status> for the <x>. Log "a" to the <console>. Log "b" to the <console>. }`))
	if prog == nil || len(diags) != 1 || diags[0].Code != "ARO-F4" {
		t.Fatalf("%v", diags)
	}
	if n := len(prog.Chunks[0].Sites); n != 1 {
		t.Errorf("%d sites", n)
	}
}

// FuzzCompile compiles whatever parses: the code must verify, and the same text
// must give the same bytes, checked or not.
func FuzzCompile(f *testing.F) {
	for _, glob := range []string{"testdata/*.aro", "../host/testdata/lang/*.aro"} {
		paths, _ := filepath.Glob(glob)
		for _, p := range paths {
			src, _ := os.ReadFile(p)
			for part := range strings.SplitSeq(string(src), "\n---\n") {
				f.Add(part)
				f.Add("(Application-Start: Fuzz) {" + part + "\n}")
			}
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		prog, _ := build("fuzz.aro", []byte(src))
		if prog == nil {
			return
		}
		for _, c := range prog.Chunks {
			if err := bytecode.Verify(c); err != nil {
				t.Fatalf("%v\n%s", err, src)
			}
		}
		file := syntax.NewFile("fuzz.aro", []byte(src))
		syntax.Parse(file)
		lint := options
		lint.Lint = true // the checks change nothing
		again, _ := compile.Compile([]*syntax.File{file}, lint)
		if !bytes.Equal(bytecode.Encode(prog, bytecode.Meta{}), bytecode.Encode(again, bytecode.Meta{})) {
			t.Fatalf("two compilations differ\n%s", src)
		}
	})
}

// FuzzTemplate compiles whatever is given as a template.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"a {{ <x> }} b", `<a href="{{ <x> | date: "yy" }}">{{ for each <r> in <rows> { }}{{ r.n }}{{ } }}`, "{{ when <x> { }}a{{ } else { }}b{{ } }}",
		`{{ Print "x" to the <template>. }}`, "<script>var a = '{{ <x> }}'</script>", "{{", "{{ } }}", "{{ match <x> { case 1 { Print <x> to the <template>. } } }}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		c, err := compile.Template("t.html", []byte(src), options)
		if err != nil {
			return
		}
		if err := bytecode.Verify(c); err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
	})
}
