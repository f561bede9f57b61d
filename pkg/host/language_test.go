package host_test

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
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/store"
	"aro/pkg/store/durable"
	"aro/pkg/syntax"
)

// The language is tested in the language: testdata/lang/*.aro hold programs,
// separated by lines of three hyphens. A chunk without a feature set is the body
// of an Application-Start. What a chunk says about itself:
//
//	//= text        the next line of console output is exactly text
//	//~ regexp      the next line of console output matches
//	//! text        standard error holds the text
//	//x text        the program fails, and the block that says why holds the text
//	// ERROR "rx"   the compiler reports this on the line
//	//< text        the next line of standard input
//	//> file.html   the lines up to the next such line, or the end of the chunk,
//	                are the template file.html, and no part of the program
//
// The final response line is compared only if the chunk expects it.

type chunk struct {
	name     string
	source   string
	want     []string // console lines; a leading ~ marks a pattern
	stderr   []string
	fails    []string
	errors   map[int]string
	files    map[string]string
	stdin    string
	response bool
}

var (
	errorMark    = regexp.MustCompile(`// ERROR "(.*)"`)
	responseLine = regexp.MustCompile(`^\[[A-Za-z]+\] \w`)
)

func readChunks(t *testing.T, path string) (list []chunk) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	line := 1
	for text := range strings.SplitSeq(strings.TrimSuffix(string(data), "\n"), "\n---\n") {
		c := chunk{name: fmt.Sprintf("%s:%d", filepath.Base(path), line), errors: map[int]string{}, files: map[string]string{}}
		var program []string
		file := ""
		for i, l := range strings.Split(text, "\n") {
			trimmed := strings.TrimSpace(l)
			switch {
			case strings.HasPrefix(trimmed, "//> "):
				file = strings.TrimPrefix(trimmed, "//> ")
				program = append(program, "")
				continue
			case strings.HasPrefix(trimmed, "//="):
				want := strings.TrimPrefix(strings.TrimPrefix(trimmed, "//="), " ")
				c.want = append(c.want, want)
				c.response = c.response || responseLine.MatchString(want)
			case strings.HasPrefix(trimmed, "//~ "):
				c.want = append(c.want, "~"+strings.TrimPrefix(trimmed, "//~ "))
			case strings.HasPrefix(trimmed, "//<"):
				c.stdin += strings.TrimPrefix(strings.TrimPrefix(trimmed, "//<"), " ") + "\n"
			case strings.HasPrefix(trimmed, "//! "):
				c.stderr = append(c.stderr, strings.TrimPrefix(trimmed, "//! "))
			case strings.HasPrefix(trimmed, "//x "):
				c.fails = append(c.fails, strings.TrimPrefix(trimmed, "//x "))
			case file != "":
				c.files[file] += l + "\n"
				program = append(program, "")
				continue
			}
			if m := errorMark.FindStringSubmatch(l); m != nil {
				c.errors[i+1] = m[1]
			}
			program = append(program, l)
		}
		c.source = strings.Join(program, "\n")
		if !regexp.MustCompile(`(?m)^\([A-Za-z]`).MatchString(c.source) {
			c.source = "(Application-Start: Test) { " + c.source + "\n}"
		} else if !strings.Contains(c.source, "Application-Start") {
			c.source += "\n(Application-Start: Test) { Return an <OK: status> for the <application>. }"
		}
		list = append(list, c)
		line += strings.Count(text, "\n") + 2
	}
	return list
}

func TestLanguage(t *testing.T) {
	paths, _ := filepath.Glob("testdata/lang/*.aro")
	if len(paths) < 5 {
		t.Fatalf("found %d files", len(paths))
	}
	for _, path := range paths {
		for _, c := range readChunks(t, path) {
			t.Run(c.name, func(t *testing.T) { c.run(t, "") })
			if strings.Contains(c.source, "-repository") { // a program cannot tell that its rows are kept
				t.Run(c.name+"/durable", func(t *testing.T) { c.run(t, t.TempDir()) })
			}
		}
	}
}

// run runs the chunk, with durable rows if there is a folder for them.
func (c chunk) run(t *testing.T, data string) {
	f := syntax.NewFile("main.aro", []byte(c.source))
	diags := syntax.Parse(f)
	verbs := host.Verbs()
	opts := compile.Options{Verbs: host.Signatures(verbs)}
	prog, more := compile.Compile([]*syntax.File{f}, opts)
	found := map[int][]string{}
	for _, d := range append(diags, more...) {
		line := 0
		if d.File != nil {
			line, _ = d.File.Position(d.Span.Start)
		}
		if d.Severity == syntax.Error || c.errors[line] != "" {
			found[line] = append(found[line], d.Message)
		}
	}
	for line, rx := range c.errors {
		if !slices.ContainsFunc(found[line], regexp.MustCompile(rx).MatchString) {
			t.Errorf("line %d: no error matches %q; found %q", line, rx, found[line])
		}
		delete(found, line)
	}
	for line, msgs := range found {
		t.Errorf("line %d: unexpected %q", line, msgs)
	}
	if prog == nil || t.Failed() {
		return
	}
	for _, ch := range prog.Chunks {
		if err := bytecode.Verify(ch); err != nil {
			t.Fatal(err)
		}
	}
	root := t.TempDir()
	for name, text := range c.files {
		path := filepath.Join(root, "templates", name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr bytes.Buffer
	watchdog := time.AfterFunc(20*time.Second, func() { panic(c.name + " does not end") })
	defer watchdog.Stop()
	// Time is faked, so that programs which wait take no time.
	synctest.Test(t, func(t *testing.T) {
		var engine store.Engine
		if data != "" {
			e, err := durable.Open(data, durable.Options{SnapshotAfter: 200, Warn: func(err error) { t.Error(err) }})
			if err != nil {
				t.Fatal(err)
			}
			engine = e
		}
		h := host.New(prog, host.Config{Engine: engine, Root: root, WorkDir: root, Stdin: strings.NewReader(c.stdin), Verbs: verbs, Stdout: &stdout, Stderr: &stderr,
			Templates: func(name string, src []byte) (*bytecode.Chunk, error) { return compile.Template(name, src, opts) }})
		signals := make(chan os.Signal)
		h.Run(signals)
		close(signals)
	})
	c.compare(t, stdout.String(), stderr.String())
}

func (c chunk) compare(t *testing.T, stdout, stderr string) {
	got := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if stdout == "" {
		got = nil
	}
	if !c.response {
		if i := slices.IndexFunc(got, responseLine.MatchString); i >= 0 {
			got = got[:i]
		}
	}
	if len(c.fails) > 0 {
		at := slices.IndexFunc(got, func(l string) bool { return strings.HasPrefix(l, "Runtime error: ") })
		if at < 0 {
			t.Errorf("the program does not fail: %q", got)
			return
		}
		block := strings.Join(got[at:], "\n")
		for _, text := range c.fails {
			if !strings.Contains(block, text) {
				t.Errorf("the error lacks %q:\n%s", text, block)
			}
		}
		got = got[:at]
	}
	for i := range max(len(got), len(c.want)) {
		switch {
		case i >= len(got):
			t.Errorf("output ends before %q\nstderr: %s", c.want[i], stderr)
			return
		case i >= len(c.want):
			t.Errorf("unexpected output %q", got[i:])
			return
		}
		if rx, ok := strings.CutPrefix(c.want[i], "~"); ok {
			if !regexp.MustCompile("^(?:" + rx + ")$").MatchString(got[i]) {
				t.Errorf("line %d: got %q, want a match of %q", i+1, got[i], rx)
			}
		} else if got[i] != c.want[i] {
			t.Errorf("line %d: got %q, want %q\nstderr: %s", i+1, got[i], c.want[i], stderr)
		}
	}
	for _, text := range c.stderr {
		if !strings.Contains(stderr, text) {
			t.Errorf("stderr lacks %q:\n%s", text, stderr)
		}
	}
	if len(c.stderr) == 0 && stderr != "" {
		t.Errorf("unexpected on stderr: %s", stderr)
	}
}
