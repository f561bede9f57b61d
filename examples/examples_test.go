package examples_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
)

// TestCheck: no example has an error or a warning.
func TestCheck(t *testing.T) {
	t.Parallel()
	mains, err := filepath.Glob("*/main.aro")
	if err != nil || len(mains) < 4 {
		t.Fatalf("found %v (%v)", mains, err)
	}
	for _, m := range mains {
		app, err := filepath.Abs(filepath.Dir(m))
		if err != nil {
			t.Fatal(err)
		}
		stdout, stderr, code := aroproc.Run(t, aro, "check", app)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "No issues found") {
			t.Errorf("aro check %s: exit code %d\n%s%s", m, code, stdout, stderr)
		}
		if _, err := os.Stat(filepath.Join(app, "README.md")); err != nil {
			t.Error(err)
		}
	}
}

func TestHello(t *testing.T) {
	t.Parallel()
	app, _ := filepath.Abs("hello")
	hello(t, app)
}

func hello(t *testing.T, app string) {
	t.Helper()
	bin, args := aro, []string{"run", app}
	if filepath.Base(app) == "built" {
		bin, args = app, nil
	}
	stdout, stderr, code := aroproc.Run(t, bin, args...)
	want := "Hello from ARO!\nSeat 1: Ada\nSeat 2: Grace\nSeat 3: Linus\nThat is a full table.\n[OK] startup\n"
	if stdout != want || stderr != "" || code != 0 {
		t.Errorf("exit code %d\n%s%s\nwant %s", code, stdout, stderr, want)
	}
}

func TestEcho(t *testing.T) {
	t.Parallel()
	talkEcho(t, "echo")
}

func talkEcho(t *testing.T, app string) {
	t.Helper()
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "tcp"})
	c := dialTCP(t, p.TCP)
	for _, text := range []string{"hello\n", "no newline", "ünïcödé ☃", "\x00\xff\xfe\x80 binary"} {
		c.send(text)
		c.want(text)
	}
	blob := make([]byte, 1<<20)
	rand.Read(blob)
	go c.Write(blob)
	back := make([]byte, len(blob))
	if _, err := io.ReadFull(c.r, back); err != nil || !bytes.Equal(back, blob) {
		t.Fatalf("a megabyte did not come back unchanged (%v)", err)
	}
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if got, want := p.Stdout(), "Echo is listening on port 9000\n[OK] startup\n"; got != want {
		t.Errorf("stdout %q, want %q", got, want)
	}
}

func TestChat(t *testing.T) {
	t.Parallel()
	talkChat(t, "chat")
}

func talkChat(t *testing.T, app string) {
	t.Helper()
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "tcp"})
	join := func(name string) *tcpConn {
		c := dialTCP(t, p.TCP)
		if got := c.line(); got != "Welcome! What is your name?" {
			t.Fatalf("greeted with %q", got)
		}
		c.send(name + "\n")
		return c
	}
	says := func(text string, cs ...*tcpConn) {
		t.Helper()
		for _, c := range cs {
			if got := c.line(); got != text {
				t.Fatalf("got line %q, want %q", got, text)
			}
		}
	}
	ada := join("Ada")
	says("* Ada came in", ada)
	bob := join("Bob")
	says("* Bob came in", ada, bob)
	ada.send("hello\nand ")
	says("Ada: hello", ada, bob)
	ada.send("again\r\n")
	says("Ada: and again", ada, bob)
	bob.send("/who\n")
	who := []string{bob.line(), bob.line()}
	if s := strings.Join(who, " "); !strings.Contains(s, "- Ada") || !strings.Contains(s, "- Bob") {
		t.Errorf("/who answered %q", who)
	}
	bob.Close()
	says("* Bob left", ada)
	code := p.Stop()
	says("* The room closes. Good night!", ada)
	if rest := ada.end(); rest != "" || code != 0 {
		t.Errorf("after the farewell: %q, exit code %d", rest, code)
	}
}

func TestStatusPost(t *testing.T) {
	t.Parallel()
	statusPost(t, "statuspost")
}

func statusPost(t *testing.T, app string) {
	t.Helper()
	board(t, app, boardApp{
		title:   "<title>StatusPost</title>",
		started: "StatusPost is open on http://localhost:",
		cleaned: "Tidied up: the newest 20 messages stay",
		ended:   "StatusPost closes\n",
	})
}

func TestStatusPostRefusesEmptyMessages(t *testing.T) {
	t.Parallel()
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http"})
	for _, text := range []string{"", "   ", strings.Repeat("x", 281)} {
		if a := do(t, form(p, "/messages", "message", text)); a.code != 400 {
			t.Errorf("posting %q: %v", text, a)
		}
	}
	if a := get(t, p, "/messages"); a.body != `{"data":[]}` {
		t.Errorf("stored: %s", a.body)
	}
}
