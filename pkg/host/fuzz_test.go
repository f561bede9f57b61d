package host_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// harmless are the verbs that FuzzRun lets programs use: those that touch nothing
// outside the host and do not wait.
var harmless = strings.Fields(`extract receive create compute process validate parse update merge filter map reduce group sort
	compare transform split join store retrieve delete clear emit log return throw accept notify configure`)

// FuzzRun runs whatever compiles. Programs may fail, but never from inside: a
// panic of ours is a bug, and so is a run that does not end in its budget.
func FuzzRun(f *testing.F) {
	paths, _ := filepath.Glob("testdata/lang/*.aro")
	for _, p := range paths {
		src, _ := os.ReadFile(p)
		for part := range strings.SplitSeq(string(src), "\n---\n") {
			if !strings.Contains(part, "(Application-Start") {
				f.Add(part)
			}
		}
	}
	var verbs []*host.Verb
	for _, v := range host.Verbs() {
		if slices.Contains(harmless, v.Name) || strings.HasPrefix(v.Name, "(") {
			verbs = append(verbs, v)
		}
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, src string) {
		file := syntax.NewFile("fuzz.aro", []byte("(fuzz: Fuzz) {"+src+"\n}\n(Application-Start: Fuzz) { Return an <OK: status> for the <application>. }"))
		if slices.ContainsFunc(syntax.Parse(file), func(d *syntax.Diagnostic) bool { return d.Severity == syntax.Error }) {
			return
		}
		prog, _ := compile.Compile([]*syntax.File{file}, compile.Options{Verbs: host.Signatures(verbs)})
		if prog == nil || slices.ContainsFunc(prog.Chunks, reaches) {
			return
		}
		var out bytes.Buffer
		h := host.New(prog, host.Config{Verbs: verbs, Stdout: &out, Stderr: io.Discard, HandlerBudget: 300 * time.Millisecond, Root: dir, WorkDir: dir})
		set := h.Named("fuzz")
		if set == nil {
			return
		}
		began := time.Now()
		e := h.Invoke(set, host.Payload{Event: value.MapOf("text", value.OfString("x"))})
		err := e.Err()
		if d := time.Since(began); d > 20*time.Second {
			t.Fatalf("%v for\n%s", d, src)
		}
		for ; err != nil; err = errors.Unwrap(err) {
			if p, ok := err.(*vm.PanicError); ok {
				t.Fatalf("%v\n%s\n%s", p, p.Stack, src)
			}
		}
	})
}

// reaches reports whether a chunk names something outside: a file, the
// environment, a template.
func reaches(c *bytecode.Chunk) bool {
	return slices.ContainsFunc(c.Sites, func(s bytecode.Site) bool {
		return slices.Contains([]string{"file", "directory", "path", "url", "template", "stdin", "env"}, s.Object.Base)
	})
}
