package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aro/pkg/host/plugin"
)

// TestA06_TamperedPackage holds row A06 of the reliability chapter: a plugin that differs
// from the lock is not run, and a source that gives something else than was locked is not
// taken, whatever it was that changed.
func TestA06_TamperedPackage(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	dir := t.TempDir()
	for k, v := range map[string]string{"HOME": dir, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
		"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com"} {
		t.Setenv(k, v)
	}
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const good, evil = `(Note: Sold Handler) { Log "noted" to the <console>. }`, `(Note: Sold Handler) { Log "stolen" to the <console>. }`
	git := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("git", append([]string{"-C", filepath.Join(dir, "audit")}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	publish := func(text string) string {
		t.Helper()
		write("audit/features/note.aro", text)
		git("add", ".")
		git("commit", "-qm", "a version")
		git("tag", "-f", "v1")
		return git("rev-parse", "HEAD")
	}
	aro := func(args ...string) (string, int) {
		t.Helper()
		cmd, out := aroProcess(t, "", filepath.Join(dir, "cache"), args...)
		cmd.Dir = filepath.Join(dir, "shop")
		if err := cmd.Run(); cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return out.String(), cmd.ProcessState.ExitCode()
	}
	want := func(code int, says string, args ...string) {
		t.Helper()
		if out, got := aro(args...); got != code || !strings.Contains(out, says) {
			t.Fatalf("aro %v ends with %d, not %d saying %q:\n%s", args, got, code, says, out)
		}
	}
	write("shop/main.aro", `(Application-Start: Shop) { Emit a <Sold: event> with { n: 1 }. Return an <OK: status> for the <startup>. }`)
	write("audit/plugin.yaml", "name: audit\nprovides:\n- type: aro-files\n  path: features/\n")
	write("audit/asset", "x")
	if out, err := exec.Command("git", "init", "-q", "-b", "main", filepath.Join(dir, "audit")).CombinedOutput(); err != nil {
		t.Skipf("git init -b: %s", out)
	}
	first := publish(good)
	want(0, "added audit", "add", "../audit", "--ref", "v1")
	want(0, "noted\n", "run", ".")

	// Each kind of change on disk, with a cache that is warm.
	installed := func(path string) string { return filepath.Join(dir, "shop/Plugins/audit", path) }
	for what, change := range map[string]func() error{
		"changed": func() error { return os.WriteFile(installed("features/note.aro"), []byte(evil), 0o644) },
		"new":     func() error { return os.WriteFile(installed("features/more.aro"), []byte(evil), 0o644) },
		"missing": func() error { return os.Remove(installed("asset")) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"run", "check", "compile", "test", "routes"} {
			want(1, fmt.Sprintf("  %-7s Plugins/audit/", what), command, ".")
		}
		want(0, "restored audit", "plugins", "restore")
		want(0, "noted\n", "run", ".")
	}

	// The tag is moved to something else: the lock has the commit.
	second := publish(evil)
	os.RemoveAll(installed("."))
	want(0, "restored audit", "plugins", "restore")
	want(0, "noted\n", "run", ".")

	// What the source gives at the commit is something else than was locked: both hashes are
	// told, and everything stays as it is.
	path := filepath.Join(dir, "shop", plugin.LockFile)
	lock, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write("shop/"+plugin.LockFile, strings.Replace(string(lock), first, second, 1))
	l, err := plugin.ReadLock(filepath.Join(dir, "shop"))
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(installed("asset"))
	want(1, "has something else at commit "+second+" than was locked", "plugins", "restore")
	want(1, "\n  locked  "+l.Get("audit").Hash()+"\n  fetched sha256:", "plugins", "restore")
	if _, err := os.Stat(installed("asset")); err == nil {
		t.Error("restore changed the folder and failed")
	}
	want(1, "  missing Plugins/audit/asset", "run", ".")
	write("shop/"+plugin.LockFile, string(lock))
	want(0, "restored audit", "plugins", "restore")

	// The history of the source is rewritten, and the commit is gone.
	if err := os.RemoveAll(filepath.Join(dir, "audit/.git")); err != nil {
		t.Fatal(err)
	}
	git("init", "-q", "-b", "main")
	publish(evil)
	want(0, "noted\n", "run", ".")
	os.RemoveAll(installed("."))
	want(1, "has no commit "+first+" any more: its history was rewritten", "plugins", "restore")
	want(1, "its folder is not there", "run", ".")
	if left, _ := os.ReadDir(filepath.Join(dir, "shop/Plugins")); len(left) != 1 {
		t.Errorf("left in Plugins: %v", left)
	}
}
