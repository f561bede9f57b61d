package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestManPages: each command has a page with its flags and examples, which man shows
// without a complaint.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	root := newRoot()
	n, err := writeManPages(root, dir)
	if err != nil {
		t.Fatal(err)
	}
	shows := exec.Command("man", "--warnings=w", "--version").Run() == nil // that of man-db can tell
	visited := 0
	eachCommand(root, func(c *cobra.Command) error {
		visited++
		path := filepath.Join(dir, manName(c)+".1")
		source, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			return nil
		}
		page := strings.ReplaceAll(string(source), `\-`, "-")
		if shows {
			cmd := exec.Command("man", "--warnings=w", "-l", path)
			cmd.Env = append(os.Environ(), "MANPAGER=cat", "MANWIDTH=200", "LC_ALL=C.UTF-8")
			var complaints strings.Builder
			cmd.Stderr = &complaints
			out, err := cmd.Output()
			if err != nil || complaints.Len() > 0 {
				t.Errorf("man shows %s like this: %v %s", path, err, complaints.String())
			}
			page = strings.ReplaceAll(string(out), "‐", "-")
		}
		want := []string{manName(c), "DESCRIPTION", "EXIT STATUS"}
		if c.Example != "" {
			for line := range strings.SplitSeq(c.Example, "\n") {
				want = append(want, strings.TrimSpace(line))
			}
		}
		if c.DisableFlagParsing {
			for _, f := range runFlags() {
				want = append(want, f.name)
			}
		}
		c.Flags().VisitAll(func(f *pflag.Flag) { want = append(want, "--"+f.Name) })
		for _, w := range want {
			if !strings.Contains(page, strings.ReplaceAll(w, `\`, `\e`)) && !strings.Contains(page, w) {
				t.Errorf("the page of %s lacks %q:\n%s", c.CommandPath(), w, page)
			}
		}
		return nil
	})
	if n != visited || n < 20 {
		t.Errorf("%d pages for %d commands", n, visited)
	}
}
