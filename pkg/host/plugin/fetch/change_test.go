package fetch

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aro/pkg/host/plugin"
)

// shop is an application, and repositories beside it.
type shop struct {
	*testing.T
	dir string
}

func newShop(t *testing.T) shop {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	dir := t.TempDir()
	for _, kv := range []string{"HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=a@b"} {
		name, v, _ := strings.Cut(kv, "=")
		t.Setenv(name, v)
	}
	t.Chdir(dir)
	if err := os.Mkdir("shop", 0o755); err != nil {
		t.Fatal(err)
	}
	return shop{t, dir}
}

// publish commits a plugin with some files to the repository of its name.
func (s shop) publish(name string, files map[string]string) {
	s.Helper()
	if _, err := os.Stat(name); err != nil {
		if out, err := exec.Command("git", "init", "-q", name).CombinedOutput(); err != nil {
			s.Fatalf("%v\n%s", err, out)
		}
	}
	if files["plugin.yaml"] == "" {
		files["plugin.yaml"] = "name: " + name + "\nprovides:\n- type: aro-files\n  path: .\n"
	}
	for path, text := range files {
		path = filepath.Join(name, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			s.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	for _, args := range [][]string{{"add", "-A"}, {"commit", "-qm", "x"}} {
		if out, err := exec.Command("git", append([]string{"-C", name}, args...)...).CombinedOutput(); err != nil {
			s.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
}

func (s shop) begin() *Change {
	s.Helper()
	c, err := Begin(Application{Root: "shop", Version: "v1.0.0", Log: func(string, ...any) {}})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(c.End)
	return c
}

// add adds a plugin and puts it in place.
func (s shop) add(source string) {
	s.Helper()
	c := s.begin()
	defer c.End()
	if _, err := c.Add(context.Background(), source, ""); err != nil {
		s.Fatal(err)
	}
	if err := c.Commit(); err != nil {
		s.Fatal(err)
	}
}

func (s shop) verify() error { return plugin.Verify("shop", "") }

// A change that cannot be put in place leaves everything as it was, the lock too.
func TestCommitFails(t *testing.T) {
	s := newShop(t)
	s.publish("b", map[string]string{"x.aro": "one"})
	s.add("b")
	before, err := os.ReadFile("shop/Plugins/plugins.lock")
	if err != nil {
		t.Fatal(err)
	}
	s.publish("a", map[string]string{"plugin.yaml": "name: a\nprovides:\n- type: aro-files\n  path: .\ndependencies:\n  c:\n    git: ../c\n"})
	s.publish("c", map[string]string{})
	c := s.begin()
	if _, err := c.Add(context.Background(), "a", ""); err != nil {
		t.Fatal(err)
	}
	os.RemoveAll(c.staged[1].dir) // the disk has lost it, say
	if err := c.Commit(); err == nil {
		t.Fatal("it is in place all the same")
	}
	c.End()
	after, err := os.ReadFile("shop/Plugins/plugins.lock")
	if err != nil || string(after) != string(before) {
		t.Errorf("the lock is another one: %v\n%s", err, after)
	}
	if left, _ := os.ReadDir("shop/Plugins"); len(left) != 2 {
		t.Errorf("left in Plugins: %v", left)
	}
	if err := s.verify(); err != nil {
		t.Error(err)
	}
}

// When the process is killed before folders are in place, the lock asks for them.
func TestKilledInCommit(t *testing.T) {
	s := newShop(t)
	s.publish("a", map[string]string{"x.aro": "one"})
	c := s.begin()
	list, err := c.Add(context.Background(), "a", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Lock.With(list...).Write("shop"); err != nil { // the first step of Commit
		t.Fatal(err)
	}
	if err := s.verify(); err == nil || !strings.Contains(err.Error(), "aro plugins restore a gets it") {
		t.Errorf("%v", err)
	}
	// The work folder is still there: nobody can know whether the other one runs.
	if _, err := Begin(Application{Root: "shop"}); err == nil || !strings.Contains(err.Error(), "remove "+filepath.Join("shop", "Plugins", ".changing")) {
		t.Errorf("%v", err)
	}
	c.End()
	c = s.begin()
	if _, err := c.Restore(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := s.verify(); err != nil {
		t.Error(err)
	}
}

// An interrupt ends a change, and nothing of it stays.
func TestInterrupted(t *testing.T) {
	s := newShop(t)
	s.publish("a", map[string]string{})
	c := s.begin()
	ctx, cancel := context.WithCancel(context.Background())
	c.Log = func(string, ...any) { cancel() }
	if _, err := c.Add(ctx, "a", ""); err != errStopped {
		t.Errorf("%v", err)
	}
	c.End()
	if _, err := os.Stat("shop/Plugins"); err == nil {
		t.Error("a folder is left")
	}
}

// A plugin from elsewhere must not make us read what is on this machine.
func TestLocalDependency(t *testing.T) {
	s := newShop(t)
	c := s.begin()
	far := &fetched{Locked: plugin.Locked{Name: "a"}, place: place{"github:x/y", "https://github.com/x/y.git", "https"}}
	for _, source := range []string{"/etc", "../b", "file:///srv/b"} {
		err := c.need(context.Background(), plugin.Dependency{Name: "b", Source: source}, far, []string{"a"})
		if err == nil || !strings.Contains(err.Error(), "a place on this machine") {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// One repository has many addresses; two versions of it are told apart all the same.
func TestSameDependency(t *testing.T) {
	s := newShop(t)
	needs := func(name, source, ref string) {
		s.publish(name, map[string]string{"plugin.yaml": "name: " + name + "\nprovides:\n- type: aro-files\n  path: .\ndependencies:\n  c:\n    git: " + source + "\n    ref: " + ref + "\n"})
	}
	s.publish("c", map[string]string{})
	if out, err := exec.Command("git", "-C", "c", "tag", "v1").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	needs("a", "../c", "v1")
	needs("b", filepath.Join(s.dir, "c"), "v1")
	needs("d", "../c", "v2")
	s.add("a")
	s.add("b")
	c := s.begin()
	defer c.End()
	_, err := c.Add(context.Background(), "d", "")
	if err == nil || err.Error() != "d wants c from ../c@v2, and it is here from ../c@v1: aro plugins update c --ref REF changes that" {
		t.Errorf("%v", err)
	}
}

// What Python keeps is never taken from others, and no name of theirs leads elsewhere.
func TestUnpacked(t *testing.T) {
	s := newShop(t)
	s.publish("a", map[string]string{"x.aro": "one", "src/__pycache__/x.cpython-311.pyc": "evil", "src/__pycache__/note": "kept"})
	s.add("a")
	if _, err := os.Stat("shop/Plugins/a/src/__pycache__/x.cpython-311.pyc"); err == nil {
		t.Error("compiled Python is fetched")
	}
	if _, err := os.Stat("shop/Plugins/a/src/__pycache__/note"); err != nil {
		t.Error(err)
	}
	if err := s.verify(); err != nil {
		t.Error(err)
	}
	if text := plainText(os.NewSyscallError("a\x1b[2Jb\u009bc\nd", os.ErrInvalid)); strings.ContainsAny(text, "\x1b\u009b") || !strings.Contains(text, "\n") {
		t.Errorf("%q", text)
	}
}
