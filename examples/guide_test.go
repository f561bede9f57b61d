package examples_test

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// What the Sockets guide promises, with applications made of its statements.

// guest is a connection that knows its id.
type guest struct {
	*tcpConn
	id string
}

func TestGuideServer(t *testing.T) {
	t.Parallel()
	guideServer(t, "testdata/guide/server")
}

func guideServer(t *testing.T, app string) {
	t.Helper()
	p := aroproc.Start(t, aro, app, aroproc.Options{})
	p.Prints("open\n")
	// The listener is open before the next statement runs: no second attempt.
	greet := func() guest {
		c := dialTCP(t, p.TCP)
		c.want("Welcome!")
		from := c.LocalAddr().String() + "\n"
		p.Prints(from)
		return guest{c, regexp.MustCompile(`connected (\S+) ` + from).FindStringSubmatch(p.Stdout())[1]}
	}
	a, b := greet(), greet()
	if a.id == b.id {
		t.Errorf("two guests have the id %s", a.id)
	}
	for _, g := range []guest{a, b} {
		for _, text := range []string{"one", "two\n", "drei ☃"} {
			g.send(text)
			g.want(text)
			shown := strings.ReplaceAll(text, "\n", `\n`) // what a guest sends is a line of the log
			p.Prints("received " + g.id + ": " + shown + "\n")
			p.Prints("noted " + g.id + ": " + shown + "\n")
		}
	}
	a.quiet(20 * time.Millisecond)
	for _, g := range []guest{a, b} {
		g.Close()
		p.Prints("gone " + g.id + ": connection closed\n")
	}
	if p.Ended() {
		t.Error("the server does not wait for the next guest")
	}
	if code := p.Stop(); code != 0 || p.Stderr() != "" {
		t.Errorf("exit code %d, stderr %s", code, p.Stderr())
	}
	for _, word := range []string{"connected ", "gone "} {
		if n := strings.Count("\n"+p.Stdout(), "\n"+word); n != 2 {
			t.Errorf("%d lines start with %q, want 2:\n%s", n, word, p.Stdout())
		}
	}
}

func TestGuideHall(t *testing.T) {
	t.Parallel()
	guideHall(t, "testdata/guide/hall")
}

func guideHall(t *testing.T, app string) {
	t.Helper()
	p := aroproc.Start(t, aro, app, aroproc.Options{})
	p.Prints("open\n")
	var all []guest
	hear := func(text string) {
		t.Helper()
		for _, g := range all {
			g.want(text)
		}
	}
	enter := func() guest {
		t.Helper()
		g := guest{tcpConn: dialTCP(t, p.TCP)}
		all = append(all, g)
		hear("joined")
		g.send(`{"type":"who","payload":{}}`)
		g.id, _ = g.json()["id"].(string)
		if g.id == "" {
			t.Fatal("a guest without an id")
		}
		all[len(all)-1] = g
		return g
	}
	looks := func(g guest, id string) any {
		t.Helper()
		g.send(`{"type":"look","payload":{"id":"` + id + `"}}`)
		return g.json()["found"]
	}
	a, b := enter(), enter()

	// One alone, and all of them.
	a.send(`{"type":"tell","payload":{"to":"` + b.id + `","text":"psst"}}`)
	b.want("psst")
	a.send(`{"type":"all","payload":{"text":"hello"}}`)
	hear("hello") // for a it is the first thing: the whisper did not reach it
	a.send(`{"type":"object","payload":{"text":"news"}}`)
	for _, g := range all {
		m := g.json()
		at, err := time.Parse(time.RFC3339, fmt.Sprint(m["timestamp"]))
		if m["from"] != a.id || m["message"] != "news" || err != nil || time.Since(at).Abs() > time.Minute {
			t.Errorf("broadcast %v (%v)", m, err)
		}
	}
	if got := looks(a, b.id); got != b.id {
		t.Errorf("looking for %s found %v", b.id, got)
	}
	if got := looks(a, "nobody"); got != nil {
		t.Errorf("looking for nobody found %v", got)
	}

	// Channels: subscribers only, also after one of them is gone.
	c := enter()
	for _, g := range []guest{a, b} {
		g.send(`{"type":"subscribe","payload":{"channel":"news"}}`)
		if m := g.json(); m["channel"] != "news" || m["type"] != "subscribed" {
			t.Errorf("confirmed with %v", m)
		}
	}
	published := 0
	publish := func(channel, data string) {
		t.Helper()
		c.send(`{"type":"publish","payload":{"channel":"` + channel + `","data":` + data + `}}`)
		published++
		p.Until("publication", func() bool { return strings.Count(p.Stdout(), "published\n") == published })
	}
	publish("elsewhere", `"to nobody"`)
	publish("news", `{"n":1}`)
	a.want(`{"n":1}`)
	b.want(`{"n":1}`)
	b.Close()
	all = []guest{a, c}
	hear("left") // for c it is the next thing: nothing was published to it
	p.Prints("left " + b.id + "\n")
	publish("news", `"more"`)
	a.want("more")
	if got := looks(a, b.id); got != nil {
		t.Errorf("who has left is found as %v", got)
	}

	// The last one out: a broadcast to nobody.
	for len(all) > 0 {
		g := all[0]
		g.Close()
		all = all[1:]
		hear("left")
		p.Prints("left " + g.id + "\n")
	}
	if code := p.Stop(); code != 0 || p.Stderr() != "" {
		t.Errorf("exit code %d, stderr %s", code, p.Stderr())
	}
}

// TestGuideClient: no Keepalive, the open connection holds the process.
func TestGuideClient(t *testing.T) {
	t.Parallel()
	guideClient(t, "testdata/guide/client")
}

func guideClient(t *testing.T, app string) {
	t.Helper()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Addr().String())
	p := aroproc.Start(t, aro, app, aroproc.Options{Args: []string{"--peer", port}})
	accept := func() *tcpConn {
		t.Helper()
		server.(*net.TCPListener).SetDeadline(time.Now().Add(aroproc.Patience))
		c, err := server.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return newTCP(t, c)
	}
	ask := func(c *tcpConn, text string) {
		t.Helper()
		c.send(text)
		m := c.json()
		at, err := time.Parse(time.RFC3339, fmt.Sprint(m["timestamp"]))
		if m["type"] != "chat" || m["content"] != text || err != nil || time.Since(at).Abs() > time.Minute || len(m) != 3 {
			t.Errorf("answered %v (%v)", m, err)
		}
	}
	c := accept()
	if m := c.json(); m["type"] != "hello" || m["client"] != "my-app" || len(m) != 2 {
		t.Errorf("greeted with %v", m)
	}
	ask(c, "how are you?")
	c.Close()
	p.Prints("lost: connection closed\n")
	// The same name is the new connection now.
	c = accept()
	p.Prints("back\n")
	ask(c, "again")
	if strings.Contains(p.Stdout(), "no server") {
		t.Error(p.Stdout())
	}
	server.Close()
	c.Close()
	p.Prints("no server\n")
	if code := p.Wait(); code != 0 || strings.Count(p.Stdout(), "back\n") != 1 {
		t.Errorf("without a server: exit code %d\n%s", code, p.Stdout())
	}
}

func TestGuideAdmin(t *testing.T) {
	t.Parallel()
	guideAdmin(t, "testdata/guide/admin")
}

func guideAdmin(t *testing.T, app string) {
	t.Helper()
	p := aroproc.Start(t, aro, app, aroproc.Options{})
	p.Prints("open\n")
	call := func(method, path string) answer {
		t.Helper()
		req, err := http.NewRequest(method, "http://"+p.HTTP+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return do(t, req)
	}
	enter := func() guest {
		c := dialTCP(t, p.TCP)
		buf := make([]byte, len("00000000-0000-0000-0000-000000000000"))
		c.SetReadDeadline(time.Now().Add(aroproc.Patience))
		if _, err := c.r.Read(buf); err != nil {
			t.Fatal(err)
		}
		return guest{c, string(buf)}
	}
	a, b := enter(), enter()
	show := call("GET", "/clients/"+a.id)
	m := decode[map[string]string](t, show.body)
	if at, err := time.Parse(time.RFC3339, m["since"]); show.code != 200 || m["address"] != a.LocalAddr().String() || err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("the stored client: %v (%v)", show, err)
	}

	// Nobody is kicked for a wrong id, and only the right one for a right one.
	if got := call("DELETE", "/clients/nobody"); got.code != 200 {
		t.Errorf("kicking nobody: %v", got)
	}
	if got := call("DELETE", "/clients/"+a.id); got.code != 200 {
		t.Errorf("kicking: %v", got)
	}
	if rest := a.end(); rest != "You have been disconnected" {
		t.Errorf("the kicked client got %q", rest)
	}
	if got := call("GET", "/clients/"+a.id); got.code != 404 {
		t.Errorf("the kicked client is still stored: %v", got)
	}
	b.quiet(20 * time.Millisecond)
	if got := call("GET", "/clients/"+b.id); got.code != 200 {
		t.Errorf("the other client: %v", got)
	}

	// A connection that cannot be made is an empty value.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := fmt.Sprintf("/server?port=%d", l.Addr().(*net.TCPAddr).Port)
	if got := call("POST", server); got.code != 200 || strings.Contains(p.Stdout(), "Failed to connect") {
		t.Errorf("with a server: %v", got)
	}
	l.Close()
	if got := call("POST", server); got.code != 503 {
		t.Errorf("without a server: %v", got)
	}
	p.Prints("Failed to connect to server\n")
	if code := p.Stop(); code != 0 || strings.Contains(p.Stderr(), "[ERROR]") {
		t.Errorf("exit code %d, stderr %s", code, p.Stderr())
	}
}

func TestGuideMessages(t *testing.T) {
	t.Parallel()
	guideMessages(t, "testdata/guide/messages")
}

func guideMessages(t *testing.T, app string) {
	t.Helper()
	dir := t.TempDir()
	blob := make([]byte, 5000)
	rand.Read(blob)
	copy(blob, "\x00\xff\x80\r\n")
	if err := os.WriteFile(filepath.Join(dir, "data.bin"), blob, 0o644); err != nil {
		t.Fatal(err)
	}
	p := aroproc.Start(t, aro, app, aroproc.Options{Dir: dir})
	p.Prints("open\n")
	a, b := dialTCP(t, p.TCP), dialTCP(t, p.TCP)
	for _, row := range []struct{ send, want string }{
		{`{"type":"text"}`, "Hello, World!"},
		{`{"type":"object"}`, `{"data":{"value":42},"type":"update"}`},
		{`{"type":"bytes"}`, string(blob)},
		{`{"kind":"text"}`, `{"error":"Invalid message"}`},
		{`{"type":5}`, `{"error":"Invalid message"}`},
	} {
		a.send(row.send)
		a.want(row.want)
	}
	a.send("this is no JSON")
	p.Prints("Invalid message format\n")
	a.send(`{"type":"text"}`)
	a.want("Hello, World!")
	b.send(`{"type":"text"}`)
	b.want("Hello, World!")
	p.Signal(syscall.SIGINT)
	code := p.Wait()
	for _, c := range []*tcpConn{a, b} {
		if rest := c.end(); rest != "Server shutting down" {
			t.Errorf("the end sent %q", rest)
		}
	}
	if got, want := p.Stdout(), "open\nInvalid message format\nclosing\n[OK] startup\n"; got != want || code != 0 || p.Stderr() != "" {
		t.Errorf("exit code %d, stdout %q, want %q, stderr %s", code, got, want, p.Stderr())
	}
}

// TestGuidePort: the port of the source is the port that is opened.
func TestGuidePort(t *testing.T) {
	t.Parallel()
	port := aroproc.FreePort(t)
	app := fixture(t, fmt.Sprintf(`(Application-Start: Port) {
    Listen on port %d as <any-name>.
    Return an <OK: status> for the <startup>.
}
`, port))
	p := aroproc.Start(t, aro, app, aroproc.Options{SockPort: port, Env: []string{"ARO_SOCKET_PORT="}, Ready: "tcp"})
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestGuideListings: every feature set that the guide prints is accepted as it is,
// but for the one variable that it leaves to the reader.
func TestGuideListings(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(seed(t, "")), "000_7d1d86a1ac1c1900.txt"))
	if err != nil {
		t.Fatal(err)
	}
	header := regexp.MustCompile(`^\([A-Z][^*]*: .*\) .*\{$`)
	set, depth, n := "", 0, 0
	for line := range strings.Lines(string(text)) {
		if depth == 0 && !header.MatchString(strings.TrimSpace(line)) {
			continue
		}
		set += line
		depth += strings.Count(line, "{") - strings.Count(line, "}")
		if depth > 0 {
			continue
		}
		n++
		if !strings.Contains(set, "(Application-Start:") {
			set += "(Application-Start: Test) { Return an <OK: status> for the <startup>. }\n"
		}
		stdout, _, code := aroproc.Run(t, aro, "check", "--no-warnings", fixture(t, set))
		if code != 0 && !(strings.Count(stdout, "error:") == 1 && strings.Contains(stdout, "'content'")) {
			t.Errorf("aro check: exit code %d\n%s%s", code, set, stdout)
		}
		set = ""
	}
	if n != 21 {
		t.Errorf("found %d feature sets in the guide", n)
	}
}
