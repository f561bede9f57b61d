package main

import (
	"bytes"
	"os"
	"testing"
)

// TestPicture: the picture in the documentation is the one that aro graph draws.
func TestPicture(t *testing.T) {
	t.Setenv("ARO_CACHE_DIR", t.TempDir())
	l, err := load("../../examples/statuspost", loadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l.wait()
	g, err := l.graph(l.program, l.contract)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../docs/statuspost.svg")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g.SVG(), want) {
		t.Error("docs/statuspost.svg is not what aro graph draws: aro graph examples/statuspost -o docs/statuspost.svg")
	}
}
