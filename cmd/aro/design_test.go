package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestDesignNamesFiles checks that every file and folder that DESIGN.md and
// docs/internals.md name exists, so that they cannot describe another program than
// this one.
func TestDesignNamesFiles(t *testing.T) {
	const root = "../.."
	text, err := os.ReadFile(filepath.Join(root, "DESIGN.md"))
	if err != nil {
		t.Fatal(err)
	}
	path, err := os.ReadFile(filepath.Join(root, "docs/internals.md"))
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, path...)
	names := regexp.MustCompile("`((?:cmd|pkg|bench|examples|docs)/[A-Za-z0-9_./-]*)`").FindAllSubmatch(text, -1)
	if len(names) < 30 {
		t.Errorf("they name only %d files", len(names))
	}
	for _, m := range names {
		if _, err := os.Stat(filepath.Join(root, string(m[1]))); err != nil {
			t.Errorf("DESIGN.md or docs/internals.md names %s, which does not exist", m[1])
		}
	}
}
