package main

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// readBuildInfo says what debug/buildinfo says, for every platform that aro builds for.
func TestBuildInfoAgainstOracle(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for each platform")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": "package main\n\nfunc main() {}\n", "go.mod": "module example.org/empty\n\ngo 1.25\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	files := []string{self}
	for _, platform := range platforms {
		goos, goarch, _ := strings.Cut(platform, "/")
		file := filepath.Join(dir, goos+"-"+goarch)
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, ".")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-p=2", "GOOS="+goos, "GOARCH="+goarch)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", platform, err, out)
		}
		files = append(files, file)
	}
	for _, file := range files {
		exe, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := buildinfo.Read(bytes.NewReader(exe))
		if err != nil {
			t.Fatal(err)
		}
		got, err := readBuildInfo(exe)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		} else if got.String() != want.String() {
			t.Errorf("%s:\n%s\nwant\n%s", file, got, want)
		}
		// Whatever is cut off, there is an answer and no panic.
		if at := bytes.Index(exe, []byte("\xff Go buildinf:")); at >= 0 {
			for n := range 100 {
				readBuildInfo(exe[at : at+n])
			}
		}
	}
	for _, other := range []string{"", "#!/bin/sh\n", "\xff Go buildinf:", strings.Repeat("\xff Go buildinf:\x08\x02", 100)} {
		if info, err := readBuildInfo([]byte(other)); err == nil {
			t.Errorf("%q: %v", other, info)
		}
	}
}
