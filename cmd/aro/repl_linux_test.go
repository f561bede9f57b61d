package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// typing is a terminal with somebody in front of it.
type typing struct {
	t    *testing.T
	keys *os.File
	mu   sync.Mutex
	seen string
	more chan struct{}
}

// openTerminal opens a pseudo terminal. What is written on it is collected.
func openTerminal(t *testing.T) (*typing, *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { keys.Close() })
	if err := unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	n, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skip(err)
	}
	terminal, err := os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { terminal.Close() })
	x := &typing{t: t, keys: keys, more: make(chan struct{}, 1)}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := keys.Read(buf)
			x.mu.Lock()
			x.seen += string(buf[:n])
			x.mu.Unlock()
			select {
			case x.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return x, terminal
}

// types sends keys once the terminal shows what is awaited, which is then forgotten.
func (x *typing) types(awaited, keys string) {
	x.t.Helper()
	deadline := time.After(time.Minute)
	for {
		x.mu.Lock()
		at := strings.Index(x.seen, awaited)
		if at >= 0 {
			x.seen = x.seen[at+len(awaited):]
		}
		seen := x.seen
		x.mu.Unlock()
		if at >= 0 {
			break
		}
		select {
		case <-x.more:
		case <-deadline:
			x.t.Fatalf("the terminal does not show %q but %q", awaited, seen)
		}
	}
	if _, err := x.keys.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// TestReplTerminal types on a terminal: lines that go on, completion of verbs and
// names, the history of this session and of the one before, Ctrl-C at the prompt and
// while a statement runs.
func TestReplTerminal(t *testing.T) {
	x, terminal := openTerminal(t)
	before, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Skip(err)
	}
	history := filepath.Join(t.TempDir(), "state", "history")
	if err := os.MkdirAll(filepath.Dir(history), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(history, []byte("40 + 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- replTerminal(terminal, terminal, history, "") }()

	x.types("aro> ", "\x1b[A\r")       // up: the session before
	x.types("42 : Integer", "Compu\t") // the only verb that begins so
	x.types("Compute", " the <customer-name> from\r")
	x.types("...> ", "  \"Ada\".\r")
	x.types("aro> ", "<cus\t>\r")
	x.types("<customer-name>", "")
	x.types(`"Ada" : String`, "St\t") // several
	x.types("Stage", "")
	x.types("Store", "\x03") // Ctrl-C gives the line up
	x.types("aro> ", "7\r")
	x.types("7 : Integer", "\x1b[200~\tCreate the <pasted>\n\t\twith 8.\n<pasted>\n\x1b[201~\r")
	x.types("8 : Integer", "")
	x.types("aro> ", "Log \"sleeping\" to the <console>. Sleep the <nap> for 1 hours.\r")
	x.types("\x1b[?2004lsleeping", "")
	stop := time.NewTicker(20 * time.Millisecond) // until the sleep has begun
	defer stop.Stop()
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop.C:
				syscall.Kill(os.Getpid(), syscall.SIGINT)
			case <-done:
				return
			}
		}
	}()
	x.types("Stopped.", "")
	close(done)
	x.types("aro> ", "<nap>\r")
	x.types("Undefined variable: 'nap'", ":quit\r")
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	after, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil || *after != *before {
		t.Errorf("the terminal is left changed (%v)", err)
	}
	text, err := os.ReadFile(history)
	if err != nil {
		t.Fatal(err)
	}
	if want := "40 + 2\nCompute the <customer-name> from\n  \"Ada\".\n<customer-name>\n7\n\tCreate the <pasted>\n\t\twith 8.\n<pasted>\n"; !strings.HasPrefix(string(text), want) {
		t.Errorf("the history is %q, want it to begin with %q", text, want)
	}
}
