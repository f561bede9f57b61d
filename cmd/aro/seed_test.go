package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestSeedChecklist: docs/seed-checklist.md has all rows, and each names tests that
// exist: a function of a Go test file, or a line of another file.
func TestSeedChecklist(t *testing.T) {
	page, err := os.ReadFile("../../docs/seed-checklist.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`^\| (\d+) \| (.+?) \| (.*) \|$`)
	holds := regexp.MustCompile("^`([^`: ]+): ([^`]+)`$")
	lines := map[string][]string{}
	next := 1
	for line := range strings.Lines(string(page)) {
		m := row.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			continue
		}
		if m[1] != strconv.Itoa(next) {
			t.Fatalf("row %s stands where row %d should", m[1], next)
		}
		next++
		for test := range strings.SplitSeq(m[3], "<br>") {
			h := holds.FindStringSubmatch(test)
			if h == nil {
				t.Errorf("row %s: %q does not name a test", m[1], test)
				continue
			}
			path, name := h[1], h[2]
			if lines[path] == nil {
				text, err := os.ReadFile(filepath.Join("../..", path))
				if err != nil {
					t.Errorf("row %s: %v", m[1], err)
					continue
				}
				lines[path] = strings.Split(string(text), "\n")
			}
			if !slices.ContainsFunc(lines[path], func(l string) bool {
				if strings.HasSuffix(path, "_test.go") {
					return l == "func "+name+"(t *testing.T) {"
				}
				return strings.TrimLeft(l, "/# ") == name
			}) {
				t.Errorf("row %s: %s has no %s", m[1], path, name)
			}
		}
	}
	if next != 182 {
		t.Errorf("the last row is %d, not 181", next-1)
	}
}
