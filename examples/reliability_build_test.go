package examples_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"aro/examples/internal/aroproc"
	"aro/examples/internal/tryfile"
)

// modes runs a test with an application compiled at its start, taken from the cache, and
// built. Each gets a copy of the folder, whose path it is given; for the built one, the
// executable in it.
func modes(t *testing.T, app string, test func(t *testing.T, mode, app string)) {
	t.Helper()
	// A comment that no run before had makes the first start a cold one.
	mark := []byte("\n// " + t.Name() + " " + t.TempDir() + "\n")
	fresh := func(t *testing.T) string {
		dir := filepath.Join(t.TempDir(), filepath.Base(app))
		must(t, os.CopyFS(dir, os.DirFS(app)))
		if source, _ := os.ReadFile(filepath.Join(app, "main.aro")); beside.Match(source) {
			dir = workplace(t, app) // with the applications that it imports
		}
		main := filepath.Join(dir, "main.aro")
		text, err := os.ReadFile(main)
		must(t, err)
		must(t, os.WriteFile(main, append(text, mark...), 0o644))
		return dir
	}
	for _, mode := range []string{"compiled", "cached"} { // in this order
		t.Run(mode, func(t *testing.T) { test(t, mode, fresh(t)) })
	}
	t.Run("built", func(t *testing.T) {
		dir := fresh(t)
		exe := filepath.Join(dir, "built")
		if out, err := exec.Command(aro, "build", dir, "-o", exe).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		test(t, "built", exe)
	})
}

// TestB05_Examples: every example says the same whichever way it is run.
func TestB05_Examples(t *testing.T) {
	t.Parallel()
	mains, err := filepath.Glob("*/main.aro")
	must(t, err)
	for _, m := range mains {
		name := filepath.Dir(m)
		expected, errExpected := os.ReadFile(filepath.Join(name, "expected.txt"))
		try, errTry := os.ReadFile(filepath.Join(name, "try.txt"))
		if errExpected != nil && errTry != nil {
			continue // TestB05_Talks
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modes(t, name, func(t *testing.T, mode, app string) {
				dir, built := workplace(t, name), ""
				if mode == "built" {
					built = app
				} else {
					must(t, os.CopyFS(filepath.Join(dir, "copy"), os.DirFS(app)))
					must(t, os.Rename(filepath.Join(dir, "copy", "main.aro"), filepath.Join(dir, "main.aro")))
					must(t, os.RemoveAll(filepath.Join(dir, "copy")))
				}
				if errExpected == nil {
					bin, args := aro, []string{"run", "."}
					if built != "" {
						bin, args = built, nil
					}
					stdout, stderr, code := aroproc.RunIn(t, dir, bin, args...)
					if stdout != string(expected) || stderr != "" || code != 0 {
						t.Errorf("exit code %d, stderr %q, stdout\n%s\nwant\n%s", code, stderr, stdout, expected)
					}
				}
				if errTry == nil {
					steps, err := tryfile.Parse(string(try))
					must(t, err)
					play(t, name, dir, built, steps)
				}
			})
		})
	}
}

// TestB05_Talks: the applications of the founding documents, the listings of their
// guide, and those examples that need a client of their own.
func TestB05_Talks(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		app  string
		talk func(t *testing.T, app string)
		seed bool
	}{
		{"hello", hello, false}, {"echo", talkEcho, false}, {"chat", talkChat, false}, {"statuspost", statusPost, false},
		{"statuspost", seedStatusPost, true}, {"statuspost", seedStatusPostConsole, true}, {"echo", seedEcho, true}, {"chat", seedChat, true}, {"protocol", seedProtocol, true},
		{"testdata/guide/server", guideServer, false}, {"testdata/guide/hall", guideHall, false}, {"testdata/guide/client", guideClient, false},
		{"testdata/guide/admin", guideAdmin, false}, {"testdata/guide/messages", guideMessages, false},
	} {
		t.Run(fmt.Sprintf("%s-%t", filepath.Base(one.app), one.seed), func(t *testing.T) {
			t.Parallel()
			app := one.app
			if one.seed {
				app = seed(t, one.app)
			}
			modes(t, app, func(t *testing.T, _, app string) { one.talk(t, app) })
		})
	}
}

// TestB05_Resilient is not parallel: its application needs a port of its own.
func TestB05_Resilient(t *testing.T) {
	modes(t, seed(t, "resilient"), func(t *testing.T, _, app string) { seedResilient(t, app) })
}

// TestB04: whatever byte of the program in a built file is changed, and wherever it is
// cut off, it says that it is damaged and ends with 1.
func TestB04_Damaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var first []byte
	for i := range 2 {
		exe := filepath.Join(dir, fmt.Sprint("hello", i))
		if out, err := exec.Command(aro, "build", "hello", "-o", exe).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		data, err := os.ReadFile(exe)
		must(t, err)
		if i == 0 {
			first = data
		} else if !bytes.Equal(first, data) {
			t.Error("built twice, it is not the same")
		}
	}
	exe := filepath.Join(dir, "hello1")
	plain, err := os.ReadFile(aro)
	must(t, err)
	changed := []int{} // of the runtime: what says where the program is
	for i := range plain {
		if plain[i] != first[i] {
			changed = append(changed, i)
		}
	}
	if len(changed) < 16 || len(changed) > 64 {
		t.Fatalf("%d bytes of the runtime differ", len(changed))
	}
	for i := len(plain); i < len(first); i += 1 + (len(first)-len(plain))/40 {
		changed = append(changed, i)
	}
	damaged := func(what string) {
		t.Helper()
		stdout, stderr, code := aroproc.Run(t, exe)
		if code != 1 || !strings.Contains(stdout+stderr, "this file is damaged") || strings.Count(stdout+stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, %q, %q", what, code, stdout, stderr)
		}
	}
	write := func(data []byte) {
		// A new file each time, and no process begins while it is open for writing: that
		// would have it open, too, and the file could not be run.
		must(t, os.Remove(exe))
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		must(t, os.WriteFile(exe, data, 0o755))
	}
	for _, i := range append(changed, len(first)-1) {
		bad := bytes.Clone(first)
		bad[i] ^= 0x10
		write(bad)
		damaged(fmt.Sprintf("byte %d of %d changed", i, len(first)))
	}
	for i := len(plain); i < len(first); i += 1 + (len(first)-len(plain))/10 {
		write(first[:i])
		damaged(fmt.Sprintf("cut off at byte %d of %d", i, len(first)))
	}
}
