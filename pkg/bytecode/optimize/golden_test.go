package optimize

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aro/pkg/bytecode"
)

var update = flag.Bool("update", false, "rewrite what the golden files expect")

// Each pass has a file in testdata: listings, each followed by what the pass makes of it.
func TestGolden(t *testing.T) {
	for _, p := range passes {
		path := filepath.Join("testdata", p.name+".txt")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for i, part := range strings.Split(string(data), "\n====\n") {
			before, _, _ := strings.Cut(part, "\n----\n")
			prog, err := bytecode.AssembleProgram(before)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			original := list(t, prog)
			chunk := prog.Chunks[0]
			if err := bytecode.Verify(chunk); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			prog.Chunks[0] = run(chunk, []pass{p})
			if err := bytecode.Verify(prog.Chunks[0]); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			after := list(t, prog)
			prog.Chunks[0] = chunk
			if list(t, prog) != original {
				t.Errorf("%s: the argument was changed", path)
			}
			if i > 0 {
				out.WriteString("\n====\n")
			}
			out.WriteString(before + "\n----\n" + strings.TrimSuffix(after, "\n"))
		}
		out.WriteString("\n")
		if *update {
			if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if out.String() != string(data) {
			t.Errorf("%s: got\n%s", path, out.String())
		}
	}
}

func list(t *testing.T, p *bytecode.Program) string {
	var b strings.Builder
	if err := bytecode.Disassemble(&b, p, bytecode.ListOptions{Tables: true}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
