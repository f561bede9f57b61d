// Package examples_test proves from outside what users see: every test runs the
// real aro command and talks to it with real clients.
package examples_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"aro/examples/internal/aroproc"
)

var (
	aro         string // the command under test
	raceEnabled bool
)

func TestMain(m *testing.M) {
	// Most tests wait for something most of the time: four at once take half as long as
	// two, which is what two cores would get.
	flag.Parse()
	if n := flag.Lookup("test.parallel"); n.Value.String() == n.DefValue {
		flag.Set("test.parallel", strconv.Itoa(max(4, runtime.GOMAXPROCS(0))))
	}
	bin, remove, err := aroproc.Build(".", raceEnabled)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	aro = bin
	code := m.Run()
	remove()
	os.Exit(code)
}

// onCI reports whether a missing tool is a failure.
func onCI() bool { return os.Getenv("CI") == "true" }

// seed returns the folder of a given application: below $ARO_SEEDS, or in the
// folder shared/ beside the checkout. Without either the test is skipped.
func seed(t *testing.T, name string) string {
	t.Helper()
	dir, set := os.Getenv("ARO_SEEDS"), true
	if dir == "" {
		dir, set = filepath.Join("..", "..", "shared", "seeds", "apps"), false
	}
	app, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(app); err == nil {
		return app
	}
	_, beside := os.Stat(filepath.Join("..", "..", "shared"))
	if set || onCI() && beside == nil {
		t.Fatalf("the given application %s is not there", app)
	}
	t.Skipf("needs the given application %s; set ARO_SEEDS to the folder that holds it", name)
	return ""
}

// fixture writes a one-file application, with more files as name, content pairs.
func fixture(t *testing.T, main string, more ...string) string {
	t.Helper()
	dir := t.TempDir()
	files := append([]string{"main.aro", main}, more...)
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ---- HTTP -------------------------------------------------------------------

var client = &http.Client{Timeout: aroproc.Patience, Transport: &http.Transport{MaxIdleConnsPerHost: 300, ExpectContinueTimeout: 5 * time.Second}}

type answer struct {
	code   int
	header http.Header
	body   string
}

func (a answer) String() string { return fmt.Sprintf("%d %v\n%s", a.code, a.header, a.body) }

func do(t *testing.T, req *http.Request) answer {
	t.Helper()
	a, err := try(req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func try(req *http.Request) (answer, error) {
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}, err
}

// read takes the body of an answer.
func read(t *testing.T, res *http.Response) answer {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

func get(t *testing.T, p *aroproc.Process, path string) answer {
	t.Helper()
	req, err := http.NewRequest("GET", "http://"+p.HTTP+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, req)
}

// form makes a POST with one form field.
func form(p *aroproc.Process, path, name, value string) *http.Request {
	req, err := http.NewRequest("POST", "http://"+p.HTTP+path, strings.NewReader(url.Values{name: {value}}.Encode()))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

// decode reads a JSON value.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return v
}

// ---- WebSocket --------------------------------------------------------------

func dialWS(t *testing.T, p *aroproc.Process, path string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), aroproc.Patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+p.HTTP+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(8 << 20)
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// ---- TCP --------------------------------------------------------------------

type tcpConn struct {
	*net.TCPConn
	t *testing.T
	r *bufio.Reader
}

func dialTCP(t *testing.T, addr string) *tcpConn {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, aroproc.Patience)
	if err != nil {
		t.Fatal(err)
	}
	return newTCP(t, c)
}

func newTCP(t *testing.T, c net.Conn) *tcpConn {
	t.Cleanup(func() { c.Close() })
	return &tcpConn{c.(*net.TCPConn), t, bufio.NewReader(c)}
}

func (c *tcpConn) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// line reads one line without its end.
func (c *tcpConn) line() string {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(aroproc.Patience))
	s, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatalf("reading a line: %v, got %q so far", err, s)
	}
	return strings.TrimSuffix(s, "\n")
}

// want reads exactly text.
func (c *tcpConn) want(text string) {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(aroproc.Patience))
	buf := make([]byte, len(text))
	n, err := io.ReadFull(c.r, buf)
	if err != nil || string(buf) != text {
		c.t.Fatalf("read %q (%v), want %q", buf[:n], err, text)
	}
}

// json reads one JSON value: a raw stream has no lines.
func (c *tcpConn) json() map[string]any {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(aroproc.Patience))
	dec := json.NewDecoder(c.r)
	var v map[string]any
	if err := dec.Decode(&v); err != nil {
		c.t.Fatal(err)
	}
	c.r = bufio.NewReader(io.MultiReader(dec.Buffered(), c.r))
	return v
}

// quiet fails if anything arrives within d, or the stream ends.
func (c *tcpConn) quiet(d time.Duration) {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(d))
	if b, err := c.r.ReadByte(); err == nil {
		rest, _ := c.r.Peek(c.r.Buffered())
		c.t.Fatalf("read %q, want nothing", string(b)+string(rest))
	} else if !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("the connection has ended: %v", err)
	}
}

// end expects the end of the stream and returns what came before it.
func (c *tcpConn) end() string {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(aroproc.Patience))
	rest, err := io.ReadAll(c.r)
	if err != nil {
		c.t.Fatalf("no end of stream: %v", err)
	}
	return string(rest)
}
