package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocs checks every aro block of the documentation, and runs those that an
// output block follows.
func TestDocs(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	aro := filepath.Join(t.TempDir(), "aro")
	if out, err := exec.Command("go", "build", "-o", aro, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ran := 0
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := fences(string(text))
		for i, b := range blocks {
			if b.kind != "aro" {
				continue
			}
			src := filepath.Join(t.TempDir(), "main.aro")
			if err := os.WriteFile(src, []byte(b.text), 0o644); err != nil {
				t.Fatal(err)
			}
			command := func(arg string) string {
				cmd := exec.Command(aro, arg, src)
				cmd.Env = append(os.Environ(), "ARO_CACHE_DIR="+filepath.Dir(src))
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Errorf("%s: aro %s of the block\n%s%v\n%s", file, arg, b.text, err, out)
				}
				return string(out)
			}
			if out := command("check"); !strings.Contains(out, "No issues found") {
				t.Errorf("%s: the block\n%shas issues:\n%s", file, b.text, out)
			}
			if i+1 < len(blocks) && blocks[i+1].kind == "output" {
				ran++
				if got := command("run"); got != blocks[i+1].text {
					t.Errorf("%s: the block\n%sprints\n%snot\n%s", file, b.text, got, blocks[i+1].text)
				}
			}
		}
	}
	if ran < 5 {
		t.Errorf("only %d blocks with output", ran)
	}
}

type fence struct{ kind, text string }

func fences(text string) (out []fence) {
	open := false
	for line := range strings.Lines(text) {
		switch kind, ok := strings.CutPrefix(line, "```"); {
		case ok && !open:
			out = append(out, fence{kind: strings.TrimSpace(kind)})
			open = true
		case ok:
			open = false
		case open:
			out[len(out)-1].text += line
		}
	}
	return out
}
