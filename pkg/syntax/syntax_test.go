package syntax

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aro/pkg/syntax/chunkfile"
)

func chunks(t testing.TB) []chunkfile.Chunk {
	t.Helper()
	files, err := filepath.Glob("testdata/*.aro")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	var all []chunkfile.Chunk
	for _, f := range files {
		c, err := chunkfile.Read(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c...)
	}
	return all
}

// TestChunks parses every chunk of testdata and compares the diagnostics with
// the expectations written on its lines.
func TestChunks(t *testing.T) {
	for _, c := range chunks(t) {
		t.Run(c.Name, func(t *testing.T) {
			f := NewFile(c.Name, []byte(c.Source))
			var found []chunkfile.Found
			last := Pos(-1)
			for _, d := range Parse(f) {
				line, _ := f.Position(d.Span.Start)
				found = append(found, chunkfile.Found{Line: line, Warning: d.Severity == Warning, Message: d.Message})
				if d.Span.Start < last || d.Span.End < d.Span.Start {
					t.Errorf("%v: out of order or reversed: %v", d, d.Span)
				}
				last = d.Span.Start
				if !strings.HasPrefix(d.Code, "ARO-") {
					t.Errorf("%v has no code", d)
				}
			}
			for _, problem := range c.Match(found) {
				t.Error(problem)
			}
			if len(found) == 0 {
				roundTrip(t, f)
			}
			checkSpans(t, f)
		})
	}
}

func printed(f *File) string {
	var b strings.Builder
	Print(&b, f)
	return b.String()
}

func dumped(f *File) string {
	var b strings.Builder
	for _, d := range f.Imports {
		Dump(&b, d)
		b.WriteByte('\n')
	}
	for _, s := range f.Sets {
		Dump(&b, s)
		b.WriteByte('\n')
	}
	return b.String()
}

// roundTrip checks that a file without errors prints to a text that parses to
// the same tree and prints as itself.
func roundTrip(t testing.TB, f *File) {
	t.Helper()
	text := printed(f)
	again := NewFile("printed", []byte(text))
	for _, d := range Parse(again) {
		t.Errorf("printed text: %v\n%s", d, d.Snippet())
	}
	if a, b := dumped(f), dumped(again); a != b {
		t.Errorf("trees differ\n%s\n----\n%s\n---- text\n%s", a, b, text)
	}
	if second := printed(again); second != text {
		t.Errorf("not a fixed point\n%s\n----\n%s", text, second)
	}
}

// checkSpans checks that every node lies inside its parent and the file.
func checkSpans(t testing.TB, f *File) {
	t.Helper()
	var visit func(parent Span) func(Node) bool
	visit = func(parent Span) func(Node) bool {
		first := true
		return func(n Node) bool {
			if first {
				first = false
				return true
			}
			if s := n.Range(); s.Start < parent.Start || s.End > parent.End || s.End < s.Start {
				t.Errorf("%T %v %q outside of its parent %v %q", n, s, f.Text(s), parent, f.Text(parent))
			}
			Walk(n, visit(n.Range()))
			return false
		}
	}
	for _, s := range f.Sets {
		if s.Start < 0 || int(s.End) > len(f.Src) {
			t.Errorf("set outside of the file: %v", s.Span)
		}
		Walk(s, visit(s.Span))
	}
}

var update = flag.Bool("update", false, "rewrite the golden trees")

// TestTrees compares trees of one statement each with testdata/trees.txt: a
// statement, and below it, indented, its tree.
func TestTrees(t *testing.T) {
	const path = "testdata/trees.txt"
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimRight(string(src), "\n"), "\n") {
		if strings.HasPrefix(line, "\t") {
			continue
		}
		out.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		b, diags := ParseSnippet(NewFile("tree", []byte(line)))
		for _, d := range diags {
			out.WriteString("\t" + d.Code + " " + d.Message + "\n")
		}
		for _, s := range b.Stmts {
			out.WriteString("\t")
			Dump(&out, s)
			out.WriteString("\n")
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got := out.String(); got != string(src) {
		a, b := strings.Split(got, "\n"), strings.Split(string(src), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("line %d:\n got %s\nwant %s", i+1, a[i], b[i])
			}
		}
		t.Fatal("trees end early")
	}
}
