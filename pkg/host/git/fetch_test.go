package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// foreign makes a repository of somebody else; git runs git in it.
func foreign(t *testing.T) (dir string, git func(args ...string) string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	dir = t.TempDir()
	for _, kv := range []string{"HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=a@b"} {
		name, v, _ := strings.Cut(kv, "=")
		t.Setenv(name, v)
	}
	git = func(args ...string) string {
		t.Helper()
		out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q")
	return dir, git
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What comes out is what was committed, byte by byte, whatever the repository and the
// settings of the user say of line ends, filters and hooks.
func TestFetch(t *testing.T) {
	ctx := context.Background()
	dir, git := foreign(t)
	large := strings.Repeat("0123456789abcdef", 1<<14)
	files := map[string]string{"a.txt": "one\r\ntwo\n", "b/empty": "", "b/large": large, "ü \t\"x\"": "name", ".gitattributes": "*.txt text eol=crlf filter=evil ident\n"}
	for name, text := range files {
		put(t, dir, name, text)
	}
	put(t, dir, ".gitmodules", "[submodule \"m\"]\n\tpath = m\n\turl = ../nowhere\n")
	files[".gitmodules"] = "[submodule \"m\"]\n\tpath = m\n\turl = ../nowhere\n"
	// As plumbing does it, so that the attributes have no say yet.
	for name, text := range files {
		cmd := exec.Command("git", "-C", dir, "hash-object", "-w", "--stdin")
		cmd.Stdin = strings.NewReader(text)
		id, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		mode := "100644"
		if name == "a.txt" {
			mode = "100755"
		}
		git("update-index", "--add", "--cacheinfo", mode+","+strings.TrimSpace(string(id))+","+name)
	}
	git("update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",m")
	git("commit", "-qm", "one")
	one := git("rev-parse", "HEAD")
	git("tag", "-am", "annotated", "v1")
	git("branch", "side")
	git("commit", "-qm", "two", "--allow-empty")
	two := git("rev-parse", "HEAD")
	git("tag", "side") // a tag goes before a branch
	put(t, dir, ".git/hooks/post-checkout", "#!/bin/sh\ntouch "+dir+"/hooked\n")
	os.Chmod(filepath.Join(dir, ".git/hooks/post-checkout"), 0o755)
	put(t, dir, ".gitconfig", "[core]\n\tautocrlf = true\n[filter \"evil\"]\n\tsmudge = touch "+dir+"/filtered\n[safe]\n\tbareRepository = explicit\n[init]\n\ttemplateDir = "+dir+"/.git\n")

	r, err := Fetch(ctx, dir, "file", filepath.Join(t.TempDir(), "copy"))
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{"": two, "v1": one, "side": two, one: one, one[:9]: one} {
		if got, err := r.Resolve(ctx, ref); err != nil || got != want {
			t.Errorf("%q is %s, %v; want %s", ref, got, err, want)
		}
	}
	for _, ref := range []string{"v2", strings.Repeat("0", 40), "abc"} {
		if _, err := r.Resolve(ctx, ref); !errors.Is(err, ErrNoCommit) {
			t.Errorf("%q: %v", ref, err)
		}
	}
	if _, err := r.Resolve(ctx, "--all"); err == nil || errors.Is(err, ErrNoCommit) {
		t.Errorf("an option as a ref: %v", err)
	}
	entries, err := r.Tree(ctx, one)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var real []Entry
	for _, e := range entries {
		switch {
		case (e.Kind == "module") != (e.Path == "m"), (e.Kind == "executable") != (e.Path == "a.txt"):
			t.Errorf("%+v", e)
		case e.Kind != "module":
			real = append(real, e)
		}
	}
	if err := r.Contents(ctx, real, func(e Entry, content io.Reader) error {
		if e.Path == "b/large" { // whoever reads only a part loses nothing of the next
			part := make([]byte, 100)
			_, err := io.ReadFull(content, part)
			got[e.Path] = string(part) + large[100:]
			return err
		}
		data, err := io.ReadAll(content)
		got[e.Path] = string(data)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(files, got); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"hooked", "filtered"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("fetching ran what the repository wanted: %s", name)
		}
	}
	stop := errors.New("enough")
	if err := r.Contents(ctx, real, func(Entry, io.Reader) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the error of take becomes %v", err)
	}
}

// A commit that no branch leads to any more is there as long as the source has it.
func TestFetchAbandoned(t *testing.T) {
	ctx := context.Background()
	dir, git := foreign(t)
	git("commit", "-qm", "one", "--allow-empty")
	one := git("rev-parse", "HEAD")
	git("commit", "-qm", "other", "--allow-empty", "--amend")
	git("config", "uploadpack.allowAnySHA1InWant", "true")
	r, err := Fetch(ctx, dir, "file", filepath.Join(t.TempDir(), "copy"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Resolve(ctx, one); got != one || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

func TestFetchRefused(t *testing.T) {
	ctx := context.Background()
	dir, _ := foreign(t)
	ran := filepath.Join(dir, "ran")
	for _, c := range []struct{ url, protocol string }{
		{"ext::sh -c touch% " + ran, "https"}, {"ext::sh -c touch% " + ran, "ext"}, {dir, "https"}, {"--upload-pack=touch " + ran, "file"}, {filepath.Join(dir, "no"), "file"},
	} {
		if _, err := Fetch(ctx, c.url, c.protocol, filepath.Join(t.TempDir(), "copy")); err == nil {
			t.Errorf("%s is fetched with %s", c.url, c.protocol)
		}
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a repository ran a command")
	}
}

func TestParseTree(t *testing.T) {
	list, err := parseTree("100644 blob aa       3\ta b\x00120000 blob bb 4\tl\x00160000 commit cc -\tm\x00100755 blob dd 0\tx\ty\n\x00")
	want := []Entry{{"a b", "file", 3, ""}, {"l", "link", 4, ""}, {"m", "module", 0, ""}, {"x\ty\n", "executable", 0, ""}}
	if diff := cmp.Diff(want, list, cmpopts.IgnoreUnexported(Entry{})); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, out := range []string{"x", "100644 blob aa\tf", "040000 tree aa -\tf", "100644 blob aa -\tf"} {
		if _, err := parseTree(out + "\x00"); err == nil {
			t.Errorf("%q is accepted", out)
		}
	}
}

// Answers of git that end early or are of something else are errors.
func TestReadBatch(t *testing.T) {
	entries := []Entry{{Path: "a", Size: 2, id: "i"}, {Path: "b", Size: 1, id: "j"}}
	good := "i blob 2\nxy\nj blob 1\nz\n"
	read := func(text string) error {
		return readBatch(bufio.NewReader(strings.NewReader(text)), entries, func(Entry, io.Reader) error { return nil })
	}
	if err := read(good); err != nil {
		t.Error(err)
	}
	for i := range len(good) {
		if read(good[:i]) == nil {
			t.Errorf("%d bytes are enough", i)
		}
	}
	for _, text := range []string{"i missing\n", "i blob 3\nxyz\n", "k blob 2\nxy\n", "i tree 2\nxy\n"} {
		if err := read(text); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", "a")) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
