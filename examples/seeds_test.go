package examples_test

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// The given applications run unchanged.

func TestSeedStatusPost(t *testing.T) {
	t.Parallel()
	seedStatusPost(t, seed(t, "statuspost"))
}

func seedStatusPost(t *testing.T, app string) {
	t.Helper()
	start := "Starting StatusPost...\nStatusPost ready on http://localhost:8080\nWebSocket available on ws://localhost:8080/ws\n"
	board(t, app, boardApp{
		title: "<title>StatusPost</title>", started: "WebSocket available", exact: start,
		cleaned: "Cleaned up messages, kept last 20\n", ended: "StatusPost shutting down...\n",
	})
}

// TestSeedStatusPostConsole: every line of the tutorial and no other.
func TestSeedStatusPostConsole(t *testing.T) {
	t.Parallel()
	seedStatusPostConsole(t, seed(t, "statuspost"))
}

func seedStatusPostConsole(t *testing.T, app string) {
	t.Helper()
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	c := dialWS(t, p, "/ws")
	p.Prints("WebSocket client connected\n")
	c.CloseNow()
	p.Prints("WebSocket client disconnected\n")
	for i := range 41 {
		do(t, form(p, "/messages", "message", fmt.Sprint(i)))
	}
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	want := `Starting StatusPost...
StatusPost ready on http://localhost:8080
WebSocket available on ws://localhost:8080/ws
WebSocket client connected
WebSocket client disconnected
Cleaned up messages, kept last 20
StatusPost shutting down...
[OK] startup
`
	if got := p.Stdout(); got != want || p.Stderr() != "" {
		t.Errorf("stdout:\n%s\nstderr:\n%s\nwant:\n%s", got, p.Stderr(), want)
	}
}

func TestSeedsCheck(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"statuspost", "echo", "chat", "protocol", "resilient"} {
		stdout, stderr, code := aroproc.Run(t, aro, "check", "--no-warnings", seed(t, name))
		if code != 0 || stderr != "" {
			t.Errorf("aro check %s: exit code %d\n%s%s", name, code, stdout, stderr)
		}
	}
}

func TestSeedEcho(t *testing.T) {
	t.Parallel()
	seedEcho(t, seed(t, "echo"))
}

func seedEcho(t *testing.T, app string) {
	t.Helper()
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "tcp"})
	p.Prints("Echo server listening on port 9000\n")
	a, b := dialTCP(t, p.TCP), dialTCP(t, p.TCP)
	for _, text := range []string{"one\n", "two", "☃ three\r\n", "\x00\x01\xfe\xff"} {
		a.send(text)
		a.want(text)
	}
	b.send("mine")
	b.want("mine")
	a.quiet(50 * time.Millisecond)
	if code := p.Stop(); code != 0 || p.Stdout() != "Echo server listening on port 9000\n[OK] startup\n" {
		t.Errorf("exit code %d, stdout %q", code, p.Stdout())
	}
}

func TestSeedChat(t *testing.T) {
	t.Parallel()
	seedChat(t, seed(t, "chat"))
}

func seedChat(t *testing.T, app string) {
	t.Helper()
	p := aroproc.Start(t, aro, app, aroproc.Options{})
	// The first guest is also the one who finds out that the room is open: a
	// guest who only looked in would leave at a time that nobody knows.
	var first net.Conn
	p.Until("listener", func() (open bool) {
		c, err := net.Dial("tcp", p.TCP)
		first = c
		return err == nil
	})
	a := newTCP(t, first)
	a.want("User joined")
	b := dialTCP(t, p.TCP)
	b.want("User joined")
	a.want("User joined")
	a.send("hi there")
	for _, c := range []*tcpConn{a, b} {
		m := c.json()
		at, err := time.Parse(time.RFC3339, fmt.Sprint(m["timestamp"]))
		if m["message"] != "hi there" || m["from"] == "" || err != nil || time.Since(at) > time.Minute || len(m) != 3 {
			t.Errorf("broadcast %v (%v)", m, err)
		}
	}
	b.Close()
	a.want("User left")
	code := p.Stop()
	if rest := a.end(); rest != "Server shutting down" || code != 0 {
		t.Errorf("the end sent %q, exit code %d", rest, code)
	}
	if got, want := p.Stdout(), "Closing all connections...\n[OK] startup\n"; got != want {
		t.Errorf("stdout %q, want %q", got, want)
	}
}

func TestSeedProtocol(t *testing.T) {
	t.Parallel()
	seedProtocol(t, seed(t, "protocol"))
}

func seedProtocol(t *testing.T, app string) {
	t.Helper()
	dir := t.TempDir()
	blob := make([]byte, 3000)
	rand.Read(blob)
	blob[0], blob[1] = 0, 0xff
	if err := os.WriteFile(filepath.Join(dir, "data.bin"), blob, 0o644); err != nil {
		t.Fatal(err)
	}
	p := aroproc.Start(t, aro, app, aroproc.Options{Dir: dir, Ready: "tcp"})
	greet := func() *tcpConn {
		c := dialTCP(t, p.TCP)
		c.want("Welcome to the server!")
		return c
	}
	a, b := greet(), greet()
	// alone sends what is not answered on a connection of its own, and waits until
	// it has been handled: behind it on the same connection, the next message could
	// arrive in the same chunk, since TCP has no messages.
	alone := func(msg string) {
		t.Helper()
		d := greet()
		d.send(payload(`{"type":"whoami"}`))
		id, _ := d.json()["id"].(string)
		d.send(msg)
		d.Close()
		p.Prints("Client " + id + " disconnected: connection closed\n")
	}
	ask := func(c *tcpConn, req string) string {
		t.Helper()
		c.send(req)
		data, _ := json.Marshal(c.json())
		return string(data)
	}
	table := []struct{ send, want string }{
		{`{"type":"ping"}`, `{"type":"pong"}`},
		{`{"type":"ping","payload":null}`, `{"type":"pong"}`},
		{`{"type":"auth","payload":{"user":"ada","token":"long-enough"}}`, `{"type":"auth_ok"}`},
		{`{"type":"auth","payload":{"user":"ada","token":"short"}}`, `{"type":"auth_fail"}`},
		{`{"type":"auth","payload":{"user":"ada"}}`, `{"type":"auth_fail"}`},
		{`{"type":"auth","payload":{"user":7,"token":"long-enough"}}`, `{"type":"auth_fail"}`},
		{`{"type":"subscribe","payload":{"channel":"news"}}`, `{"channel":"news","type":"subscribed"}`},
	}
	if got := ask(a, `{"type":"ping"}`); got != `{"type":"pong"}` {
		t.Errorf("a ping without payload: answered %s", got)
	}
	for _, row := range table {
		if got := ask(a, payload(row.send)); got != row.want {
			t.Errorf("%s: answered %s, want %s", row.send, got, row.want)
		}
	}
	// Publishing reaches subscribers only.
	c := greet()
	if got := ask(c, `{"type":"subscribe","payload":{"channel":"news"}}`); got != `{"channel":"news","type":"subscribed"}` {
		t.Errorf("subscribe: %s", got)
	}
	b.send(`{"type":"publish","payload":{"channel":"news","data":{"n":1}}}`)
	a.want(`{"n":1}`)
	c.want(`{"n":1}`)
	b.quiet(50 * time.Millisecond)
	c.Close()
	b.send(`{"type":"publish","payload":{"channel":"nobody","data":"x"}}`)

	// Invalid and unknown messages harm nobody.
	b.send("this is no JSON")
	p.Prints("Invalid message format\n")
	alone(`{"type":"unknown","payload":{}}`)
	if got := ask(b, payload(`{"type":"ping"}`)); got != `{"type":"pong"}` {
		t.Errorf("after nonsense: %s", got)
	}

	// Binary data.
	b.send(payload(`{"type":"blob"}`))
	b.want(string(blob))

	// Kicking by id.
	b.send(payload(`{"type":"whoami"}`))
	me := b.json()
	id, _ := me["id"].(string)
	if me["type"] != "you" || id == "" {
		t.Fatalf("whoami: %v", me)
	}
	alone(`{"type":"kick","payload":{"id":"nobody"}}`)
	if got := ask(a, payload(`{"type":"ping"}`)); got != `{"type":"pong"}` {
		t.Errorf("after kicking nobody: %s", got)
	}
	a.send(`{"type":"kick","payload":{"id":"` + id + `"}}`)
	if rest := b.end(); rest != "You have been disconnected" {
		t.Errorf("the kicked client got %q", rest)
	}
	p.Prints("Client " + id + " disconnected: closed by server\n")
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if !strings.HasPrefix(p.Stdout(), "Socket server listening on port 9000\nClient connected: 127.0.0.1:") {
		t.Errorf("stdout: %s", p.Stdout())
	}
}

// payload adds the payload that the handler extracts before it looks at the type.
func payload(msg string) string {
	if strings.Contains(msg, "payload") {
		return msg
	}
	return strings.TrimSuffix(msg, "}") + `,"payload":{}}`
}

// TestSeedResilient needs port 9000 itself: the client's source names it and
// nothing redirects outgoing connections.
func TestSeedResilient(t *testing.T) {
	t.Parallel()
	seedResilient(t, seed(t, "resilient"))
}

func seedResilient(t *testing.T, app string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:9000")
	if err != nil {
		if onCI() {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	defer func() { l.Close() }()
	p := aroproc.Start(t, aro, app, aroproc.Options{})
	accept := func() *tcpConn {
		t.Helper()
		l.(*net.TCPListener).SetDeadline(time.Now().Add(aroproc.Patience))
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		tc := &tcpConn{TCPConn: c.(*net.TCPConn), t: t}
		tc.r = bufio.NewReader(c)
		return tc
	}
	c := accept()
	c.want(`{"client":"my-app","type":"hello"}`)
	c.send(`{"type":"ack"}`)
	p.Prints("Message acknowledged\n")
	c.send(`{"type":"error","error":"too fast"}`)
	p.Prints("too fast\n")
	c.Close()
	p.Prints("Disconnected: connection closed. Reconnecting...\n")
	c = accept()
	p.Prints("Reconnected\n")
	c.send(`{"type":"ack"}`)
	p.Until("second acknowledgement", func() bool { return strings.Count(p.Stdout(), "Message acknowledged\n") == 2 })
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if rest := c.end(); rest != "" {
		t.Errorf("the end sent %q", rest)
	}
	if strings.Contains(p.Stdout(), "Failed to connect") {
		t.Error(p.Stdout())
	}
}

// TestSeedResilientWithoutServer: a refused connection is an empty value.
func TestSeedResilientWithoutServer(t *testing.T) {
	app := seed(t, "resilient")
	if l, err := net.Listen("tcp", "127.0.0.1:9000"); err != nil {
		t.Skip(err)
	} else {
		l.Close()
	}
	p := aroproc.Start(t, aro, app, aroproc.Options{})
	p.Prints("Failed to connect to server\n")
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
