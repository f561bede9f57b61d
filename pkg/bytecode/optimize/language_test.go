package optimize_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/optimize"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
)

// TestLanguage runs every program of the language's tests as it is compiled and as it
// is optimized, and compares all that both say. Programs that say something else each
// time, of random numbers or of the process, are left out.
func TestLanguage(t *testing.T) {
	paths, _ := filepath.Glob("../../host/testdata/lang/*.aro")
	compared, differ, before, after, smaller := 0, 0, 0, 0, 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n---\n") {
			name := fmt.Sprintf("%s/%d", filepath.Base(path), i)
			c := newProgram(name, text)
			if c == nil {
				continue
			}
			plain := c.run(t, c.prog)
			if plain != c.run(t, c.prog) {
				differ++
				continue
			}
			better := optimize.Program(c.prog)
			for _, chunk := range better.Chunks {
				if err := bytecode.Verify(chunk); err != nil {
					t.Fatalf("%s: %v\n%s", name, err, text)
				}
			}
			if got := c.run(t, better); process.ReplaceAllString(got, "") != process.ReplaceAllString(plain, "") {
				t.Errorf("%s\n%s\nsays optimized\n%s\nand not\n%s", name, text, got, plain)
			}
			compared++
			before, after = before+instructions(c.prog), after+instructions(better)
			smaller += len(bytecode.Encode(c.prog, bytecode.Meta{})) - len(bytecode.Encode(better, bytecode.Meta{}))
		}
	}
	t.Logf("%d programs with %d instructions, %d when optimized, and %d bytes less; %d are never the same", compared, before, after, smaller, differ)
	if compared < 100 || after >= before || smaller <= 0 {
		t.Error("too few programs, or nothing gained")
	}
}

// process is what a program prints of the process that it runs in.
var process = regexp.MustCompile(`cpu=[^,]*, mem=[^,]*, fds=\S*`)

func instructions(p *bytecode.Program) (n int) {
	for _, c := range p.Chunks {
		n += len(c.Code)
	}
	return n
}

// program is a chunk of a test file: a program, its templates and what it reads.
type program struct {
	prog  *bytecode.Program
	opts  compile.Options
	files map[string]string
	stdin string
}

// newProgram compiles a chunk; nil if it is not meant to compile.
func newProgram(name, text string) *program {
	c := &program{opts: compile.Options{Verbs: host.Signatures(host.Verbs())}, files: map[string]string{}}
	var source []string
	file := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		trimmed := strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(trimmed, "//> "); ok {
			file = rest
		} else if rest, ok := strings.CutPrefix(trimmed, "//<"); ok {
			c.stdin += strings.TrimPrefix(rest, " ") + "\n"
		} else if file != "" {
			c.files[file] += line + "\n"
		} else {
			source = append(source, line)
		}
	}
	src := strings.Join(source, "\n")
	f := syntax.NewFile("main.aro", []byte(src))
	syntax.Parse(f)
	if len(f.Sets) == 0 {
		src = "(Application-Start: Test) { " + src + "\n}"
	} else if !strings.Contains(src, "Application-Start") {
		src += "\n(Application-Start: Test) { Return an <OK: status> for the <application>. }"
	}
	f = syntax.NewFile("main.aro", []byte(src))
	if slices.ContainsFunc(syntax.Parse(f), func(d *syntax.Diagnostic) bool { return d.Severity == syntax.Error }) {
		return nil
	}
	if c.prog, _ = compile.Compile([]*syntax.File{f}, c.opts); c.prog == nil {
		return nil
	}
	return c
}

// run returns all that the program writes, its files included.
func (c *program) run(t *testing.T, prog *bytecode.Program) string {
	root, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range c.files {
		path := filepath.Join(root, "templates", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	templates := func(name string, src []byte) (*bytecode.Chunk, error) {
		chunk, err := compile.Template(name, src, c.opts)
		if err == nil && prog != c.prog {
			chunk = optimize.Chunk(chunk)
			err = bytecode.Verify(chunk)
		}
		return chunk, err
	}
	var out, problems bytes.Buffer
	code := 0
	synctest.Test(t, func(*testing.T) {
		h := host.New(prog, host.Config{Root: root, WorkDir: root, Stdin: strings.NewReader(c.stdin), Verbs: host.Verbs(),
			Stdout: &out, Stderr: &problems, Templates: templates})
		signals := make(chan os.Signal)
		code = h.Run(signals)
		close(signals)
	})
	return strings.ReplaceAll(fmt.Sprintf("%s%s%d", out.String(), problems.String(), code), root, "")
}
