package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRelease makes the release for this machine: the archive is as its sum says, holds
// what users need, and the aro in it runs.
func TestRelease(t *testing.T) {
	here := runtime.GOOS + "/" + runtime.GOARCH
	if !slices.Contains(platforms, here) || runtime.GOOS == "windows" {
		t.Skip("nothing is released for " + here + ", or as .zip")
	}
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	dir := t.TempDir()
	r := release{source: "../..", out: filepath.Join(dir, "out"), version: "v0.0-test", platforms: []string{here}}
	if err := r.make(); err != nil {
		t.Fatal(err)
	}
	folder := "aro-v0.0-test-" + runtime.GOOS + "-" + runtime.GOARCH
	data, err := os.ReadFile(filepath.Join(r.out, folder+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(r.out, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	if want := hex.EncodeToString(sum[:]) + "  " + folder + ".tar.gz\n"; string(sums) != want {
		t.Errorf("SHA256SUMS is %q, want %q", sums, want)
	}
	names := unpack(t, data, dir)
	for _, want := range []string{"aro-runtime", "LICENSE", "README.md", "docs/licences.md", "man/man1/aro-run.1", "completions/aro.bash", "completions/aro.fish"} {
		if !slices.Contains(names, folder+"/"+want) {
			t.Errorf("the archive has no %s: %s", want, names)
		}
	}
	aro := exec.Command(filepath.Join(dir, folder, "aro"))
	aro.Stdin = strings.NewReader(`Log "hello" to the <console>.`)
	aro.Env = append(os.Environ(), "ARO_CACHE_DIR="+dir)
	if out, err := aro.CombinedOutput(); err != nil || string(out) != "hello\n" {
		t.Errorf("the aro of the archive: %v, %q", err, out)
	}
}

// unpack writes an archive below dir and returns the names in it.
func unpack(t *testing.T, data []byte, dir string) (names []string) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(time.Unix(1700000000, 0)) || h.Uname != "" || h.Uid != 0 {
			t.Errorf("%s tells of this machine: %+v", h.Name, h)
		}
		names = append(names, h.Name)
		to := filepath.Join(dir, h.Name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, os.FileMode(h.Mode)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPacking: packing twice gives the same bytes, also for Windows.
func TestPacking(t *testing.T) {
	files := []entry{{name: "aro.exe", data: []byte("program"), executable: true}, {name: "LICENSE", data: []byte("MIT")}}
	at := time.Unix(1700000000, 0).UTC()
	for _, pack := range []func(string, []entry, time.Time) ([]byte, error){tarred, zipped} {
		a, err := pack("aro", files, at)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := pack("aro", files, at); !bytes.Equal(a, b) {
			t.Error("two archives of the same files differ")
		}
	}
	data, _ := zipped("aro", files, at)
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if len(z.File) != 2 || z.File[0].Name != "aro/aro.exe" || !z.File[1].Modified.Equal(at) {
		t.Errorf("the .zip holds %v", z.File)
	}
}

// TestUnknownPlatform is a mistake that says what there is.
func TestUnknownPlatform(t *testing.T) {
	r := release{source: "../..", platforms: []string{"plan9/amd64"}}
	if err := r.make(); err == nil || !strings.Contains(err.Error(), "windows/arm64") {
		t.Error(err)
	}
}
