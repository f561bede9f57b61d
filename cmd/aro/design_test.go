package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestDesignNamesFiles checks that every file and folder that DESIGN.md names
// exists, so that the document cannot describe another program than this one.
func TestDesignNamesFiles(t *testing.T) {
	const root = "../.."
	text, err := os.ReadFile(filepath.Join(root, "DESIGN.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("`((?:cmd|pkg|bench|examples|docs)/[A-Za-z0-9_./-]*)`").FindAllSubmatch(text, -1)
	if len(names) < 30 {
		t.Errorf("DESIGN.md names only %d files", len(names))
	}
	for _, m := range names {
		if _, err := os.Stat(filepath.Join(root, string(m[1]))); err != nil {
			t.Errorf("DESIGN.md names %s, which does not exist", m[1])
		}
	}
}
