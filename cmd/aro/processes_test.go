package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// aroProcess is a command that runs this test binary as aro, exe if it is not "".
func aroProcess(t *testing.T, exe, cacheDir string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	if exe == "" {
		var err error
		if exe, err = os.Executable(); err != nil {
			t.Fatal(err)
		}
	}
	out := &bytes.Buffer{}
	cmd := &exec.Cmd{Path: exe, Args: append([]string{"aro"}, args...), Stdout: out, Stderr: out,
		Env: append(os.Environ(), "ARO_CACHE_DIR="+cacheDir)}
	return cmd, out
}

func writeApp(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range damagedApp {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Processes that start at once on a cold cache are all right, and leave one sound entry.
func TestColdCacheTogether(t *testing.T) {
	app := writeApp(t)
	for range 5 {
		dir := filepath.Join(t.TempDir(), "cache")
		var all sync.WaitGroup
		for range 6 {
			cmd, out := aroProcess(t, "", dir, "run", "-v", app)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "<p>Ada is 36, grown up</p>\n") {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
		all.Wait()
		entries := 0
		err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				entries++
				if filepath.Ext(path) != ".aroc" {
					t.Errorf("left behind: %s", path)
				}
			}
			return err
		})
		if err != nil || entries != 1 {
			t.Errorf("%d entries, %v", entries, err)
		}
		cmd, out := aroProcess(t, "", dir, "run", "-v", app)
		if err := cmd.Run(); err != nil || !strings.Contains(out.String(), "cache: hit") {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// Another build of aro does not read what this one wrote.
func TestAnotherCompilerCompilesAgain(t *testing.T) {
	app, dir := writeApp(t), filepath.Join(t.TempDir(), "cache")
	for _, want := range []string{"compiled 2 file", "cache: hit"} {
		cmd, out := aroProcess(t, "", dir, "run", "-v", app)
		if err := cmd.Run(); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%v\n%s", err, out)
		}
	}
	other := filepath.Join(t.TempDir(), "aro")
	copyExecutable(t, other)
	if err := os.Chtimes(other, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	cmd, out := aroProcess(t, other, dir, "run", "-v", app)
	if err := cmd.Run(); err != nil || !strings.Contains(out.String(), "compiled 2 file") {
		t.Errorf("%v\n%s", err, out)
	}
}

func copyExecutable(t *testing.T, to string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(f, from)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		t.Fatal(err)
	}
}
