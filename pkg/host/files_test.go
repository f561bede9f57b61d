package host_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// hostIn links a program whose paths are relative to a directory of the test.
func hostIn(t testing.TB, dir, src string, out *bytes.Buffer, stdin io.Reader) *host.Host {
	t.Helper()
	f := syntax.NewFile("main.aro", []byte(src+"\n(Application-Start: Test) { Return an <OK: status> for the <application>. }"))
	for _, d := range syntax.Parse(f) {
		t.Fatal(d)
	}
	verbs := host.Verbs()
	prog, diags := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(verbs)})
	if prog == nil {
		t.Fatal(diags)
	}
	return host.New(prog, host.Config{WorkDir: dir, Verbs: verbs, Stdout: out, Stderr: out, Stdin: stdin})
}

// invoke runs the feature set Go and fails the test if a statement fails.
func invoke(t testing.TB, h *host.Host) {
	t.Helper()
	e := h.Invoke(h.Named("Go"), host.Payload{Event: value.EmptyMap})
	defer e.Release()
	if e.State() == vm.Failed {
		t.Fatal(host.Describe(e.Err()))
	}
}

func contentOf(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestWriteKeeps: permissions stay, a link stays a link, nothing is left beside
// the file.
func TestWriteKeeps(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret.dat")
	if err := os.WriteFile(file, []byte("a long old content"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o604); err != nil { // whatever the umask says
		t.Fatal(err)
	}
	if err := os.Symlink("secret.dat", filepath.Join(dir, "link.dat")); err != nil {
		t.Skip(err)
	}
	var out bytes.Buffer
	invoke(t, hostIn(t, dir, `(Go: X) { Write "new" to "./link.dat". Write "" to "./fresh.dat". }`, &out, nil))
	if got := contentOf(t, file); got != "new" {
		t.Errorf("content %q", got)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o604 {
		t.Errorf("mode %v", info.Mode())
	}
	if info, _ := os.Lstat(filepath.Join(dir, "link.dat")); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link became a file")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 3 {
		t.Errorf("files beside it: %v", entries)
	}
}

// TestWriteIsAtomic: whoever reads while others write sees one content or the
// other, never a part.
func TestWriteIsAtomic(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	h := hostIn(t, dir, `(Go: X) {
    Create the <big> with "x" * 300000.
    for <i> from 1 to 20 { Write <big> to "./f.dat". Write "small" to "./f.dat". }
}`, &out, nil)
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		wg.Go(func() { invoke(t, h) })
	}
	go func() { wg.Wait(); close(done) }()
	seen := map[int]int{}
	for {
		data, err := os.ReadFile(filepath.Join(dir, "f.dat"))
		if err == nil {
			seen[len(data)]++
		} else if !os.IsNotExist(err) {
			t.Fatal(err)
		}
		select {
		case <-done:
			for n := range seen {
				if n != 5 && n != 300000 {
					t.Errorf("a reader saw %d bytes", n)
				}
			}
			return
		default:
		}
	}
}

// TestWriteFails: the old content stays, nothing is left behind, and the message
// names the file.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for path, want := range map[string]string{"folder": "folder: is a directory", "file/x": "file/x: not a directory", "a\x00b": "NUL"} {
		h := hostIn(t, dir, `(Go: X) { Write "x" to the <file: event>. }`, &out, nil)
		e := h.Invoke(h.Named("Go"), host.Payload{Event: value.OfString(path)})
		if e.State() != vm.Failed || !strings.Contains(host.Describe(e.Err()), want) {
			t.Errorf("%q: %v", path, e.Err())
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
}

// TestAppendsDoNotMix: entries of concurrent writers stay whole.
func TestAppendsDoNotMix(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	h := hostIn(t, dir, `(Go: X) {
    Create the <line> with "0123456789" * 50 ++ "\n".
    for <i> from 0 to 50 { Append the <line> to the <file: "log.dat">. Log "0123456789" * 50 to the <file: "log.dat">. }
}`, &out, nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { invoke(t, h) })
	}
	wg.Wait()
	n := 0
	for line := range strings.Lines(contentOf(t, filepath.Join(dir, "log.dat"))) {
		if n++; line != strings.Repeat("0123456789", 50)+"\n" {
			t.Fatalf("line %d: %q", n, line)
		}
	}
	if n != 400 {
		t.Errorf("%d lines", n)
	}
}

// TestStdinEndsWithTheApplication: a statement that waits for input continues
// when the application shall stop.
func TestStdinEndsWithTheApplication(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	var out bytes.Buffer
	h := hostIn(t, "", `(Go: X) { Read the <a> from the <stdin>. Read the <b> from the <stdin>. Log "${<a>} ${<b>}" to the <console>. }`, &out, r)
	go func() {
		io.WriteString(w, "line\n")
		h.Shutdown("")
	}()
	invoke(t, h)
	if text := out.String(); text != "line null\n" && text != "null null\n" {
		t.Errorf("output %q", text)
	}
}

// TestBinaryFile: what is no text gives bytes when asked for, else a dump.
func TestBinaryFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.json"), []byte{0xff, 0x00, 'a'}, 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	invoke(t, hostIn(t, dir, `(Go: X) {
    Read the <b: bytes> from "./x.json".
    Read the <d> from "./x.json".
    Write the <b: bytes> to "./copy.dat".
    Log <b> to the <console>. Log <d> to the <console>.
}`, &out, nil))
	if !strings.HasPrefix(out.String(), "3 bytes\n00000000  ff 00 61") {
		t.Errorf("output %q", out.String())
	}
	if contentOf(t, filepath.Join(dir, "copy.dat")) != "\xff\x00a" {
		t.Error("the copy differs")
	}
}

// TestLinksInTrees: a listing does not follow links to directories, a copy makes
// links of links.
func TestLinksInTrees(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no links")
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "t"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"circle": ".", "broken": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, "t", name)); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	invoke(t, hostIn(t, dir, `(Go: X) {
    List the <all: recursively> from the <directory: "t">.
    for each <e> in <all> { Log <e: name> to the <console>. }
    Copy the <x: "t"> to the <destination: "u">.
    Delete the <directory: "t">.
}`, &out, nil))
	if out.String() != "broken\ncircle\n" {
		t.Errorf("listed %q", out.String())
	}
	if target, err := os.Readlink(filepath.Join(dir, "u", "circle")); target != "." {
		t.Errorf("copied as %q, %v", target, err)
	}
}
