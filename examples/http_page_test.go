package examples_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
)

// TestHTTPPage builds the application of docs/http.md and runs its commands.
func TestHTTPPage(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		if onCI() {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	text, err := os.ReadFile("../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string][]string{}
	for i, part := range strings.Split(string(text), "\n```") {
		if i%2 == 1 {
			kind, body, _ := strings.Cut(part, "\n")
			blocks[kind] = append(blocks[kind], body+"\n")
		}
	}
	app := t.TempDir()
	for name, body := range map[string]string{"openapi.yaml": blocks["yaml"][0], "main.aro": blocks["aro"][0], "templates/static/note.txt": blocks["txt"][0]} {
		file := filepath.Join(app, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	ran := 0
	for _, block := range blocks["console"] {
		for _, step := range strings.Split("\n"+block, "\n$ ")[1:] {
			command, want, _ := strings.Cut(step, "\n")
			out, err := exec.Command("sh", "-c", strings.ReplaceAll(command, "localhost:8080", fmt.Sprintf("127.0.0.1:%d", p.Port))).CombinedOutput()
			got := strings.TrimSpace(strings.ReplaceAll(string(out), "\r", ""))
			if err != nil || got != strings.TrimSpace(want) {
				t.Errorf("$ %s\n%s\nnot\n%s\n%v", command, got, want, err)
			}
			ran++
		}
	}
	if ran < 6 {
		t.Errorf("only %d commands", ran)
	}
}
