package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWatch: the tests run again when a source changes, and when it is broken the
// next change is waited for.
func TestWatch(t *testing.T) {
	t.Setenv("ARO_CACHE_DIR", t.TempDir())
	app := t.TempDir()
	source := filepath.Join(app, "sums.aro")
	write := func(text string) {
		t.Helper()
		text = "(Application-Start: Sums) {\n    Return an <OK: status> for the <startup>.\n}\n" + text
		if err := os.WriteFile(source, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("(adds: Sum Test) {\n    Given the <a> with 1.\n    Then the <a> with 2.\n}\n")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- watchTests(ctx, w, testOptions{path: app, noColour: true, parallel: 1})
		w.Close()
	}()
	lines := bufio.NewScanner(r)
	until := func(text string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), text) {
				return
			}
		}
		t.Fatalf("ended without %q", text)
	}
	until("FAIL  adds")
	until("Waiting for changes")
	os.WriteFile(filepath.Join(app, "output.txt"), []byte("a program wrote this"), 0o666)
	write("(adds: Sum Test) {\n    Given the <a> with 2.\n    Then the <a> with 2.\n}\n")
	if until("changed"); !strings.HasPrefix(lines.Text(), source+" changed") {
		t.Errorf("what changed: %s", lines.Text())
	}
	until("PASS  adds")
	until("Waiting for changes")
	write("(adds: Sum Test) {\n    Given\n")
	until("error")
	until("Waiting for changes")
	cancel()
	go io.Copy(io.Discard, r)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestBelongs(t *testing.T) {
	for rel, want := range map[string]bool{
		"main.aro": true, "deep/er/orders.aro": true, "openapi.yaml": true, "users.store": true, "templates/a/b.html": true,
		"static/site.css": true, "Plugins/x/plugin.yaml": true, "output.json": false, "templates": false, "log.txt": false, "docs/openapi.yaml": false,
	} {
		if got := isInput(rel); got != want {
			t.Errorf("%s: %t", rel, got)
		}
	}
}
