package plugin

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fill makes a plugin of some files, below root/Plugins.
func fill(t testing.TB, root, name string, files map[string]string) string {
	t.Helper()
	dir := Dir(root, name)
	for path, text := range files {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func contents(t testing.TB, dir string) []File {
	t.Helper()
	list, err := Contents(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Any change of one byte, one name or one mode changes the hash; the same content in
// another place has the same.
func TestHash(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes and links")
	}
	root := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	files := map[string]string{"plugin.yaml": "name: p\n", "empty": "", "run.sh": "#!/bin/sh\n"}
	for i := range 12 {
		text := make([]byte, 1+r.IntN(3000))
		for j := range text {
			text[j] = byte(r.Uint32())
		}
		files[fmt.Sprintf("src/%c/%d.py", 'a'+i%3, i)] = string(text)
	}
	dir := fill(t, root, "p", files)
	other := fill(t, t.TempDir(), "q", files)
	want := Hash(contents(t, dir))
	if got := Hash(contents(t, other)); got != want {
		t.Fatalf("the same files give %s and %s", want, got)
	}
	seen := map[string]string{want: "the original"}
	differs := func(what string) {
		t.Helper()
		hash := Hash(contents(t, dir))
		if before, ok := seen[hash]; ok {
			t.Errorf("%s has the hash of %s", what, before)
		}
		seen[hash] = what
	}
	for _, path := range slices.Sorted(mapKeys(files)) {
		full := filepath.Join(dir, path)
		text := files[path]
		for range 3 {
			changed := []byte(text + "\n")
			if text != "" {
				changed = []byte(text)
				changed[r.IntN(len(changed))] ^= 1 << r.IntN(8)
			}
			if err := os.WriteFile(full, changed, 0o644); err != nil {
				t.Fatal(err)
			}
			if string(changed) != text {
				if hash := Hash(contents(t, dir)); hash == want {
					t.Errorf("%s with another byte has the same hash", path)
				}
			}
		}
		os.WriteFile(full, []byte(text), 0o644)
		os.Chmod(full, 0o755)
		differs(path + " made executable")
		os.Chmod(full, 0o644)
		os.Rename(full, full+"x")
		differs(path + " with another name")
		os.Rename(full+"x", filepath.Join(dir, "src", "moved"))
		differs(path + " moved")
		os.Remove(filepath.Join(dir, "src", "moved"))
		differs(path + " removed")
		os.Symlink("plugin.yaml", full)
		differs(path + " made a link")
		os.Remove(full)
		os.WriteFile(full, []byte(text), 0o644)
		if Hash(contents(t, dir)) != want {
			t.Fatal("the test does not put things back")
		}
	}
	// What stands between two files cannot be moved from one to the other.
	for _, split := range []string{"ab|c", "a|bc", "|abc", "abc|"} {
		one, two, _ := strings.Cut(split, "|")
		fill(t, root, "p", map[string]string{"x": one, "y": two})
		differs(split)
	}
	// Version control and Python are left out, what only looks like them is not.
	before := Hash(contents(t, dir))
	fill(t, root, "p", map[string]string{".git/config": "x", "src/__pycache__/a.cpython-311.pyc": "x"})
	if Hash(contents(t, dir)) != before {
		t.Error("what git and Python write counts")
	}
	for _, path := range []string{"src/__pycache__/b.py", "src/c.pyc", "src/.git/d", ".gitignore"} {
		fill(t, root, "p", map[string]string{path: "x"})
		differs(path)
	}
}

func mapKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func TestDifferences(t *testing.T) {
	root := t.TempDir()
	dir := fill(t, root, "p", map[string]string{"a": "1", "b/c": "2", "d": "3"})
	before := contents(t, dir)
	fill(t, root, "p", map[string]string{"b/b": "new", "d": "4", "z": "new"})
	os.Remove(filepath.Join(dir, "a"))
	want := []Difference{{"missing", "a"}, {"new", "b/b"}, {"changed", "d"}, {"new", "z"}}
	if diff := cmp.Diff(want, Differences(before, contents(t, dir))); diff != "" {
		t.Error(diff)
	}
	if list := Differences(before, before); list != nil {
		t.Error(list)
	}
}

// What is written is read again, whatever the files are called.
func TestLockRoundTrip(t *testing.T) {
	root := t.TempDir()
	a := fill(t, root, "a", map[string]string{"plugin.yaml": "x", "with  two spaces": "y", "ü/日本": "z", "plugin b": "", "hash x": "", "#": ""})
	l := (&Lock{}).With(
		Locked{Name: "b-2", Source: "../some where/b", Commit: strings.Repeat("0a", 32), Edited: true, Files: contents(t, fill(t, root, "b", map[string]string{"plugin.yaml": ""}))},
		Locked{Name: "a", Source: "https://example.com/a.git", Ref: "v1.0.0", Commit: strings.Repeat("9f", 20), Files: contents(t, a)},
	)
	if err := l.Write(root); err != nil {
		t.Fatal(err)
	}
	got, err := ReadLock(root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(l, got); diff != "" {
		t.Error(diff)
	}
	if got.Plugins[0].Name != "a" || got.String() != l.String() {
		t.Error("the lock is not sorted")
	}
	// With CRLF, as some give it out of version control.
	crlf, err := parseLock([]byte(strings.ReplaceAll(l.String(), "\n", "\r\n")))
	if err != nil || cmp.Diff(l, crlf) != "" {
		t.Errorf("with CRLF: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(root, folder)); len(left) != 3 {
		t.Errorf("beside the lock are %v", left)
	}
	if err := l.Without("a").Without("b-2").Write(root); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadLock(root); err != nil || len(got.Plugins) != 0 {
		t.Error(got, err)
	}
}

// A lock that was damaged or merged badly is an error that names the line.
func TestLockRefused(t *testing.T) {
	root := t.TempDir()
	l := (&Lock{}).With(Locked{Name: "a", Source: "s", Ref: "r", Commit: strings.Repeat("9f", 20), Files: contents(t, fill(t, root, "a", map[string]string{"f": "x"}))})
	good := l.String()
	file := l.Plugins[0].Files[0].String()
	for _, c := range []struct{ old, now, want string }{
		{"  source s", "<<<<<<< HEAD\n  source s", ":6: \"<<<<<<< HEAD\" is not understood"},
		{"source s", "source \x1b[2Js", "is not understood"},
		{"  source s\n", "", ":5: the plugin a lacks its source, commit or hash"},
		{"  source s", "  source", ":6: \"source\" is not understood"},
		{"plugin a", "plugin ../a", `:5: "../a" is no name of a plugin`},
		{"plugin a", "", ":6: \"source s\" is not understood"},
		{"commit 9f", "commit f", "is not understood"},
		{"hash   sha256:", "hash   sha256:0", "the hash of a is not that of the files"},
		{"    " + file + "\n", "", "the hash of a is not that of the files"},
		{file, file[1:], "is not understood"},
		{" - f", " x f", "the hash of a is not that of the files"},
		{" - f", " ? f", "is not understood"},
		{" - f", " - ", "is not understood"},
		{file, file + "\n" + file, "the hash of a is not that of the files"},
		{"plugin a", good[strings.Index(good, "plugin a"):] + "plugin a", "the plugin a is there twice"},
	} {
		text := strings.Replace(good, c.old, c.now, 1)
		if text == good {
			t.Fatalf("%q is not in the lock", c.old)
		}
		if _, err := parseLock([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), LockFile+":") {
			t.Errorf("%q for %q: %v, want %s", c.now, c.old, err, c.want)
		}
	}
}

func FuzzLock(f *testing.F) {
	f.Add([]byte("plugin a\n" + strings.Repeat("0", 66) + " - x")) // a sum that is too long
	f.Add([]byte((&Lock{}).With(Locked{Name: "a", Source: "s", Ref: "r", Commit: strings.Repeat("9f", 20), Edited: true, Files: []File{{Path: "x", Mode: ordinary}}}).String()))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseLock(data)
		if err != nil {
			return
		}
		again, err := parseLock([]byte(l.String()))
		if err != nil || cmp.Diff(l, again) != "" {
			t.Errorf("%q: %v", data, err)
		}
	})
}

// Links may stay in the plugin only.
func TestFit(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links")
	}
	root := t.TempDir()
	dir := fill(t, root, "p", map[string]string{"a/b": "x", "c": "y"})
	for to, good := range map[string]bool{"../c": true, "b": true, ".": true, "../../other": false, "/etc/passwd": false, "nowhere": false, "../..": false, "deep/../../..": false} {
		path := filepath.Join(dir, "a", "link")
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
		if err := Fit(dir, contents(t, dir)); (err == nil) != good {
			t.Errorf("a link to %s: %v", to, err)
		}
		os.Remove(path)
	}
	fill(t, root, "p", map[string]string{"a/\nb": ""})
	if err := Fit(dir, contents(t, dir)); err == nil {
		t.Error("a name with a line end is accepted")
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		needs, version string
		fits           bool
	}{
		{"", "v1.0.0", true}, {">=1.2.3", "v1.2.3", true}, {">= 1.2.3", "v1.10.0", true}, {">=1.2.3", "v2.0.0", true}, {">=1.2.3", "v1.2.2", false},
		{">=1.2.3", "v0.9.9", false}, {"1.2.3", "v1.2.3", true}, {"1.2.3", "v1.2.4", false}, {"1.2.3", "v1.2.2", false},
		{">=9.0.0", "(devel)", true}, {">=9.0.0", "8f14e45fceea", true}, {">=9.0.0", "v0.0.0-20260101000000-8f14e45fceea", true}, {">=9.0.0", "v1.0.0+dirty", true},
		{"^1.2", "v1.2.3", false}, {"latest", "(devel)", false}, {">=1.2", "v1.2.3", false},
	} {
		if err := Fits(c.needs, c.version); (err == nil) != c.fits {
			t.Errorf("%q with %s: %v", c.needs, c.version, err)
		}
	}
}

// BenchmarkVerify is what the lock costs each start, for a plugin of 50 files.
func BenchmarkVerify(b *testing.B) {
	root := b.TempDir()
	files := map[string]string{}
	for i := range 50 {
		files[fmt.Sprintf("src/%d/%d.py", i%5, i)] = strings.Repeat("x = 1\n", 400)
	}
	l := (&Lock{}).With(Locked{Name: "p", Source: "s", Commit: strings.Repeat("9f", 20), Files: contents(b, fill(b, root, "p", files))})
	if err := l.Write(root); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := Verify(root, ""); err != nil {
			b.Fatal(err)
		}
	}
}
