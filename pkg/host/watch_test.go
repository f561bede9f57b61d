package host_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// tell is a verb that sends its object's text to a channel.
func tell() (*host.Verb, chan string) {
	lines := make(chan string, 100)
	return &host.Verb{Verb: bytecode.Verb{Name: "tell", Result: bytecode.Labels, Object: bytecode.ReadObject}, Do: func(c *vm.Call) (value.Value, error) {
		lines <- c.Arg(bytecode.SlotObject).Text()
		return value.Value{}, nil
	}}, lines
}

func next(t *testing.T, lines chan string, want string) {
	t.Helper()
	select {
	case got := <-lines:
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("%q does not come", want)
	}
}

// TestFileMonitor: what happens to the files of a watched folder runs the handlers
// that their names choose, one by one and in order.
func TestFileMonitor(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "inside")
	os.Mkdir(inside, 0o755)
	var out bytes.Buffer
	say, lines := tell()
	h := linkWith(t, `(Handle File Created: File Event Handler) { Tell the <test> with "created " ++ <event: path>. }
(Handle MODIFIED file: File Event Handler) { Tell the <test> with "modified " ++ <event: path>. }
(on deleted: File Event Handler) { Tell the <test> with "deleted " ++ <event: path>. }
(Every: File Event Handler<type:deleted>) { Tell the <test> with "any " ++ <event: type>. }
(Domain: file.created Handler) { Tell the <test> with "domain " ++ <event: path>. }
(Watch: Go Handler) {
    Start the <file-monitor> with { directory: <event: dir> }.
    Start the <file-monitor> with <event: dir>.
    Tell the <test> with <file-monitor: path>.
}
(End: End Handler) { Stop the <file-monitor> with <application>. }
(Bad: Bad Handler) { Start the <file-monitor> with <event: dir>. }`, &out, 0, say)
	raise := func(event string, path string) {
		h.Deliver(h.EventHandlers(event), host.Payload{Event: value.MapOf("dir", value.OfString(path))})
	}
	raise("Go", dir)
	next(t, lines, dir)
	path, beside := filepath.Join(dir, "a.txt"), filepath.Join(dir, "b.txt")
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	add := func(name, text string) {
		t.Helper()
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		do(err)
		_, err = f.WriteString(text)
		do(err)
		do(f.Close())
	}
	add(path, "1")
	next(t, lines, "created "+path)
	next(t, lines, "domain "+path)
	add(path, "2")
	next(t, lines, "modified "+path)
	do(os.Chmod(path, 0o600)) // no change of the file
	add(filepath.Join(inside, "deep"), "1")
	add(filepath.Join(dir, ".hidden"), "1")
	next(t, lines, "created "+filepath.Join(dir, ".hidden"))
	next(t, lines, "domain "+filepath.Join(dir, ".hidden"))
	add(filepath.Join(dir, ".hidden"), "2")
	add(beside, "new")
	next(t, lines, "created "+beside)
	next(t, lines, "domain "+beside)
	do(os.Rename(beside, path)) // as editors save
	for range 3 {
		select {
		case got := <-lines:
			if got != "modified "+path && got != "deleted "+beside && got != "any deleted" {
				t.Fatalf("renamed: %q", got)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("renamed: too few events")
		}
	}
	do(os.Remove(path))
	next(t, lines, "deleted "+path)
	next(t, lines, "any deleted")

	raise("Bad", filepath.Join(dir, "nowhere"))
	raise("Bad", filepath.Join(dir, ".hidden"))
	raise("End", "")
	raise("End", "")
	add(path, "unseen")
	raise("Go", inside)
	next(t, lines, inside)
	add(filepath.Join(inside, "seen"), "1")
	next(t, lines, "created "+filepath.Join(inside, "seen"))
	raise("End", "")
	for _, want := range []string{"nowhere: no such file", "is not a folder; the file monitor watches folders"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %s", want, out.String())
		}
	}
}

// TestHammerFileMonitor changes many files from many goroutines: in the end, what
// the handlers heard of each file is true, and they heard it in order.
func TestHammerFileMonitor(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	say, lines := tell()
	h := linkWith(t, `(created: File Event Handler) { Tell the <test> with "+" ++ <event: path>. }
(deleted: File Event Handler) { Tell the <test> with "-" ++ <event: path>. }
(Watch: Go Handler) { Start the <file-monitor> with <event: dir>. }
(End: End Handler) { Stop the <file-monitor>. }`, &out, 0, say)
	h.Deliver(h.EventHandlers("Go"), host.Payload{Event: value.MapOf("dir", value.OfString(dir))})
	defer h.Deliver(h.EventHandlers("End"), host.Payload{Event: value.EmptyMap})
	const files, rounds = 20, 30
	var wg sync.WaitGroup
	for n := range files {
		wg.Go(func() {
			path := filepath.Join(dir, string(rune('a'+n)))
			for range rounds {
				os.WriteFile(path, []byte("x"), 0o644)
				os.Remove(path)
			}
			os.WriteFile(path, []byte("x"), 0o644)
		})
	}
	go func() {
		wg.Wait()
		os.WriteFile(filepath.Join(dir, "end"), nil, 0o644)
	}()
	there := map[string]bool{}
	for !there[filepath.Join(dir, "end")] || len(there) < files+1 {
		select {
		case l := <-lines:
			path, up := l[1:], l[0] == '+'
			if there[path] == up {
				t.Fatalf("%s twice", l)
			}
			if there[path] = up; !up {
				delete(there, path)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("only %d files are said to be there", len(there))
		}
	}
}
