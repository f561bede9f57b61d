package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestTargets(t *testing.T) {
	all, err := targets("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []target{{"../../pkg/syntax", "FuzzParse"}, {"../../pkg/vm", "FuzzVerified"}, {"../../pkg/net/httpd", "FuzzBody"}} {
		if !slices.Contains(all, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestCorpus(t *testing.T) {
	dir := t.TempDir()
	learnt, kept, again := filepath.Join(dir, "learnt"), filepath.Join(dir, "corpus", "FuzzX.tar.gz"), filepath.Join(dir, "again")
	if err := unpack(kept, learnt); err != nil {
		t.Fatal("nothing kept yet:", err)
	}
	if n, err := pack(learnt, kept); n != 0 || err != nil {
		t.Fatal("nothing learnt yet:", n, err)
	}
	inputs := map[string]string{"a": "go test fuzz v1\nint(1)\n", "b": "go test fuzz v1\nint(2)\n", "long": string(make([]byte, maxInput+1))}
	if err := os.Mkdir(learnt, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range inputs {
		if err := os.WriteFile(filepath.Join(learnt, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := pack(learnt, kept); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	first, _ := os.ReadFile(kept)
	if err := unpack(kept, again); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if got, _ := os.ReadFile(filepath.Join(again, name)); string(got) != inputs[name] {
			t.Errorf("%s is %q", name, got)
		}
	}
	if n, err := pack(again, kept); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if second, _ := os.ReadFile(kept); !bytes.Equal(first, second) {
		t.Error("the same inputs give other bytes")
	}
	if err := os.WriteFile(kept, first[:len(first)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if unpack(kept, again) == nil {
		t.Error("half an archive is taken")
	}
}
