package main

import (
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestBuildInfo: for executables of all formats ours says what the standard library
// says.
func TestBuildInfo(t *testing.T) {
	if testing.Short() {
		t.Skip("builds executables")
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, goos := range []string{"linux", "darwin", "windows"} {
		file := filepath.Join(dir, goos)
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, source)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=arm64", "GOOS="+goos)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		exe, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := buildinfo.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := buildInfo(exe)
		if err != nil || got.String() != want.String() || setting(got, "GOOS") != goos {
			t.Errorf("%s: %v, %v", goos, got, err)
		}
		for _, cut := range []int{0, 1, len(exe) / 2} {
			buildInfo(exe[:cut]) // must not panic
		}
	}
	if _, err := buildInfo([]byte("\xff Go buildinf:")); err == nil {
		t.Error("a mark alone is no build information")
	}
}
