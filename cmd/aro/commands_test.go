package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestCommandsHaveScripts holds that each command and subcommand is tried by a script
// in testdata/script: its help, one success and one failure,
// and that the help has a summary, a description and two examples.
func TestCommandsHaveScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %d scripts", err, len(files))
	}
	tried := map[string]map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		script, _, _ := strings.Cut(string(text), "\n-- ")
		for line := range strings.Lines(script) {
			if path, outcome := tries(line); path != "" {
				if tried[path] == nil {
					tried[path] = map[string]bool{}
				}
				tried[path][outcome] = true
			}
		}
	}
	root := newRoot()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, outcome := range []string{"help", "success", "failure"} {
			if !tried[c.CommandPath()][outcome] {
				t.Errorf("no script tries %s: %s", c.CommandPath(), outcome)
			}
		}
		if c.Short == "" || c.Long == "" {
			t.Errorf("%s: the help has no summary or no description", c.CommandPath())
		}
		// What cobra writes of shells has its examples in the text.
		shell := c.HasParent() && c.Parent().Name() == "completion"
		if n := strings.Count(c.Example, "aro "); !c.HasSubCommands() && !shell && n < 2 {
			t.Errorf("%s: the help has %d examples, not two", c.CommandPath(), n)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// tries says which command a line of a script runs, and what it expects of it.
func tries(line string) (path, outcome string) {
	words := strings.Fields(line)
	outcome = "success"
	switch {
	case len(words) > 2 && words[0] == "exits" && words[2] == "aro":
		if words[1] != "0" {
			outcome = "failure"
		}
		words = words[3:]
	case len(words) > 2 && words[0] == "!" && words[1] == "exec" && words[2] == "aro":
		outcome, words = "failure", words[3:]
	case len(words) > 1 && words[0] == "exec" && words[1] == "aro":
		words = words[2:]
	default:
		return "", ""
	}
	root := newRoot()
	for i, w := range words {
		if w == "--help" || w == "-h" {
			outcome, words = "help", words[:i]
			break
		}
	}
	c, _, err := root.Find(words)
	if err != nil { // the root's own refusal
		return root.CommandPath(), outcome
	}
	return c.CommandPath(), outcome
}

// TestMistakesPage holds that what docs/mistakes.md quotes of aro is what the script of
// mistakes demands, all of it and nothing else.
func TestMistakesPage(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	held := map[string]bool{}
	for line := range strings.Lines(read("testdata/script/mistakes.txtar")) {
		_, text, ok := strings.Cut(strings.TrimSpace(line), "says '")
		if text, end := strings.CutSuffix(text, "'"); ok && end {
			held[strings.ReplaceAll(text, "''", "'")] = true
		}
	}
	quoted := 0
	for line := range strings.Lines(read("../../docs/mistakes.md")) {
		cells := strings.Split(line, " | ")
		if len(cells) < 3 || !strings.HasPrefix(cells[1], "`") || cells[1] == "`aro` says" {
			continue
		}
		text, _, _ := strings.Cut(cells[1][1:], "`")
		if !held[text] {
			t.Errorf("docs/mistakes.md quotes %q, which no line of mistakes.txtar says", text)
		}
		delete(held, text)
		quoted++
	}
	for text := range held {
		t.Errorf("mistakes.txtar says %q, which is not in docs/mistakes.md", text)
	}
	if quoted < 20 {
		t.Errorf("the page has %d mistakes, not twenty", quoted)
	}
}
