package host_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// pseudoTerminal opens a terminal and the side that types on it.
func pseudoTerminal(t *testing.T) (typist, terminal *os.File) {
	t.Helper()
	typist, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { typist.Close() })
	if err := unix.IoctlSetPointerInt(int(typist.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	n, err := unix.IoctlGetInt(int(typist.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skip(err)
	}
	terminal, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return typist, terminal
}

// TestKeyboard types on a terminal: handlers get single keys, Stop ends Keepalive,
// and the terminal is then as it was.
func TestKeyboard(t *testing.T) {
	typist, terminal := pseudoTerminal(t)
	before, err := unix.IoctlGetTermios(int(typist.Fd()), unix.TCGETS)
	if err != nil {
		t.Skip(err)
	}
	say, lines := tell()
	var h *host.Host
	open := &host.Verb{Verb: bytecode.Verb{Name: "open", Result: bytecode.Labels, Object: bytecode.LabelObject}, Do: func(*vm.Call) (value.Value, error) {
		h.ListenKeyboard()
		h.ListenKeyboard()
		return value.Value{}, nil
	}}
	verbs := append(host.Verbs(), say, open)
	f := syntax.NewFile("main.aro", []byte(`(Application-Start: Test) {
    Open the <keyboard> to the <stdin>.
    Tell the <test> with "open".
    Keepalive the <application> for the <events>.
    Tell the <test> with "over".
    Return an <OK: status> for the <application>.
}
(Any: KeyPress Handler) { Tell the <test> with "any " ++ <event: key>. }
(Enter: KeyPress Handler<key:enter,UP>) { Tell the <test> with "some " ++ <key>. }
(Quit: KeyPress Handler) when <key> is "q" { Stop the <keyboard> with <application>. }`))
	syntax.Parse(f)
	prog, diags := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(verbs)})
	if prog == nil {
		t.Fatal(diags)
	}
	var out bytes.Buffer
	h = host.New(prog, host.Config{Verbs: verbs, Stdin: terminal, Stdout: &out, Stderr: &out})
	signals, ended := make(chan os.Signal), make(chan struct{})
	close(signals)
	go func() {
		h.Run(signals)
		close(ended)
	}()
	next(t, lines, "open")
	press := func(s string) {
		t.Helper()
		if _, err := typist.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	press("a")
	next(t, lines, "any a")
	press("\x1b[A")
	next(t, lines, "any up")
	next(t, lines, "some up")
	press("é\r")
	next(t, lines, "any é")
	next(t, lines, "any enter")
	next(t, lines, "some enter")
	press("q")
	next(t, lines, "any q")
	next(t, lines, "over")
	<-ended
	after, _ := unix.IoctlGetTermios(int(typist.Fd()), unix.TCGETS)
	if after.Lflag != before.Lflag || after.Cc != before.Cc {
		t.Errorf("the terminal is left as %v, it was %v", after, before)
	}
	if out.String() != "" {
		t.Errorf("output %s", out.String())
	}
}

// TestKeyboardWithoutTerminal: reading keys from something else does nothing.
func TestKeyboardWithoutTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	h := host.New(&bytecode.Program{}, host.Config{Stdin: r})
	h.ListenKeyboard()
	w.WriteString("left alone")
	w.Close()
	var b [20]byte
	if n, _ := r.Read(b[:]); string(b[:n]) != "left alone" {
		t.Errorf("read %q", b[:n])
	}
}
