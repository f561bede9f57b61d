package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The tests below compare with the reference implementation, whose texts are not
// part of this repository: ARO_REFERENCE names a checkout of it. docs/conformance.md
// says which commit, and what came out.

func reference(t *testing.T) string {
	dir := os.Getenv("ARO_REFERENCE")
	if dir == "" {
		t.Skip("ARO_REFERENCE names no checkout of the reference implementation")
	}
	return dir
}

// TestReferenceExamples: every application of the reference's examples is
// accepted, but for what testdata/reference/examples.tsv lists.
func TestReferenceExamples(t *testing.T) {
	root := reference(t)
	known, err := os.ReadFile("testdata/reference/examples.tsv")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	roots := map[string]bool{}
	err = filepath.WalkDir(filepath.Join(root, "Examples"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".aro") {
			files++
			roots[application(path)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range roots {
		r, err := checkApplication(dir)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		r.finish(false)
		for _, f := range r.Findings {
			if strings.Contains(string(known), fmt.Sprintf("%s/%s:%d\t", filepath.Base(dir), f.File, f.Line)) {
				continue
			}
			t.Errorf("%s: %s:%d:%d: %s [%s]", dir, f.File, f.Line, f.Column, f.Message, f.Code)
		}
	}
	t.Logf("%d files of %d applications", files, len(roots))
}

// application finds the folder that holds the entry point for a source file: the
// nearest one above it that declares Application-Start.
func application(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		sources, _ := filepath.Glob(filepath.Join(dir, "*.aro"))
		for _, s := range sources {
			if data, err := os.ReadFile(s); err == nil && strings.Contains(string(data), "(Application-Start:") {
				return dir
			}
		}
		if filepath.Base(filepath.Dir(dir)) == "Examples" || dir == filepath.Dir(dir) {
			return dir
		}
	}
}

var codeBlock = regexp.MustCompile("(?ms)^[ \t]*```(\\w*)[^\n]*\n(.*?)^[ \t]*```")

// TestReferenceFences: the code blocks of the reference's books and proposals are
// accepted, but for those that testdata/reference/fences.tsv lists with a reason.
func TestReferenceFences(t *testing.T) {
	root := reference(t)
	data, err := os.ReadFile("testdata/reference/fences.tsv")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if place, why, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && line[0] != '#' {
			number, why, _ := strings.Cut(why, "\t")
			known[place+":"+number] = why
		}
	}
	total, counts := 0, map[string]int{}
	for _, part := range []string{"Book", "Proposals"} {
		err := filepath.WalkDir(filepath.Join(root, part), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".md") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, _ := filepath.Rel(root, path)
			for _, m := range codeBlock.FindAllSubmatchIndex(text, -1) {
				if string(text[m[2]:m[3]]) != "aro" {
					continue
				}
				total++
				place := fmt.Sprintf("%s:%d", filepath.ToSlash(name), 1+strings.Count(string(text[:m[0]]), "\n"))
				r, err := checkSnippet("-", strings.NewReader(string(text[m[4]:m[5]])))
				if err != nil {
					return err
				}
				r.finish(false)
				why, listed := known[place]
				switch {
				case r.Errors > 0 && !listed:
					t.Errorf("%s: %v", place, r.Findings[0])
				case r.Errors == 0 && listed:
					t.Errorf("%s is accepted now: take it off the list", place)
				case listed:
					counts[why]++
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	valid := total
	for why, n := range counts {
		if why != "other syntax" {
			valid -= n
		}
	}
	t.Logf("%d blocks; not accepted: %v; %.1f %% of those that are meant to be programs are accepted", total, counts,
		100*float64(valid-counts["other syntax"])/float64(valid))
}
