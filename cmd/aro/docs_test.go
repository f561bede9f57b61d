package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocs checks every aro block of the documentation, and runs those that an
// output block follows. The commands of a console block that begins with "$ aro" run
// beside the last aro block, and must print what stands there. A session block is typed
// into aro repl.
func TestDocs(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	aro := filepath.Join(t.TempDir(), "aro")
	if out, err := exec.Command("go", "build", "-o", aro, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ran, typed, sessions := 0, 0, 0
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := fences(string(text))
		src := ""
		for i, b := range blocks {
			if b.kind == "console" && strings.HasPrefix(b.text, "$ aro ") {
				typed++
				if got := console(t, aro, filepath.Dir(src), b.text); got != b.text {
					t.Errorf("%s: the block\n%sgives\n%s", file, b.text, got)
				}
			}
			if b.kind == "session" {
				sessions++
				keys, want := dialogue(b.text)
				cmd := exec.Command(aro, "repl")
				cmd.Stdin = strings.NewReader(keys)
				if got, _ := cmd.CombinedOutput(); string(got) != want {
					t.Errorf("%s: the session\n%sgives\n%s", file, b.text, got)
				}
			}
			if b.kind != "aro" {
				continue
			}
			src = filepath.Join(t.TempDir(), "main.aro")
			if err := os.WriteFile(src, []byte(b.text), 0o644); err != nil {
				t.Fatal(err)
			}
			command := func(arg string) string {
				cmd := exec.Command(aro, arg, src)
				cmd.Dir = filepath.Dir(src) // some write files
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
	if ran < 5 || typed < 2 || sessions < 2 {
		t.Errorf("only %d blocks with output, %d with commands, %d sessions", ran, typed, sessions)
	}
}

// took are the times in a report of tests.
var took = regexp.MustCompile(`\((?:[0-9.]+m?s|<1ms)\)`)

// console runs the commands of a block in dir, and returns the block as it would have
// to be. Empty lines around what a command prints do not count.
func console(t *testing.T, aro, dir, block string) string {
	var out strings.Builder
	for line := range strings.Lines(block) {
		words, ok := strings.CutPrefix(line, "$ aro ")
		if !ok {
			continue
		}
		cmd := exec.Command(aro, strings.Fields(words)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "ARO_CACHE_DIR="+dir)
		got, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		out.WriteString(line)
		out.WriteString(took.ReplaceAllString(strings.Trim(string(got), "\n")+"\n", "(<1ms)"))
	}
	return out.String()
}

// dialogue splits what is typed from what it gives.
func dialogue(block string) (typed, printed string) {
	for line := range strings.Lines(block) {
		if text, ok := strings.CutPrefix(line, "aro> "); ok {
			typed += text
		} else if text, ok := strings.CutPrefix(line, "...> "); ok {
			typed += text
		} else {
			printed += line
		}
	}
	return typed, printed
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
