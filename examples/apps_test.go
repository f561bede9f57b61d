package examples_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"aro/examples/internal/aroproc"
	"aro/examples/internal/tryfile"
)

// TestApps runs every example in a copy of its folder: one with an expected.txt
// must print exactly that and end, one with a try.txt answers as it says there.
func TestApps(t *testing.T) {
	t.Parallel()
	mains, err := filepath.Glob("*/main.aro")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := []string{"chat", "echo", "hello", "statuspost"} // have tests of their own
	for _, m := range mains {
		name := filepath.Dir(m)
		expected, errExpected := os.ReadFile(filepath.Join(name, "expected.txt"))
		try, errTry := os.ReadFile(filepath.Join(name, "try.txt"))
		if errExpected != nil && errTry != nil {
			if !slices.Contains(elsewhere, name) {
				t.Errorf("examples/%s has neither expected.txt nor try.txt", name)
			}
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if errExpected == nil {
				stdout, stderr, code := aroproc.RunIn(t, workplace(t, name), aro, "run", ".")
				if stdout != string(expected) || stderr != "" || code != 0 {
					t.Errorf("exit code %d, stderr %q, stdout\n%s\nwant\n%s", code, stderr, stdout, expected)
				}
			}
			if errTry == nil {
				steps, err := tryfile.Parse(string(try))
				if err != nil {
					t.Fatal(err)
				}
				play(t, name, workplace(t, name), "", steps)
			}
		})
	}
}

var beside = regexp.MustCompile(`\.\./([a-z-]+)`)

// workplace copies an example, and those beside it that it names, to a folder that
// the test may change.
func workplace(t *testing.T, name string) string {
	t.Helper()
	root := t.TempDir()
	todo, done := []string{name}, map[string]bool{}
	for len(todo) > 0 {
		one := todo[0]
		todo = todo[1:]
		if done[one] {
			continue
		}
		done[one] = true
		if err := os.CopyFS(filepath.Join(root, one), os.DirFS(one)); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"main.aro", "try.txt"} {
			text, _ := os.ReadFile(filepath.Join(one, file))
			for _, m := range beside.FindAllSubmatch(text, -1) {
				todo = append(todo, string(m[1]))
			}
		}
	}
	return filepath.Join(root, name)
}

// play does what a try.txt says with the example in dir; built is what aro build made
// of it, "" to run the sources.
func play(t *testing.T, name, dir, built string, steps []tryfile.Step) {
	t.Helper()
	p := &player{t: t, name: name, dir: dir, built: built, names: tryfile.Names{}, tcp: map[string]*tcpConn{}, ws: map[string]*websocket.Conn{}}
	for _, s := range steps {
		p.step(s)
	}
}

// player does what a try.txt says.
type player struct {
	t     *testing.T
	built string
	name  string
	dir   string
	line  int
	env   []string
	app   *aroproc.Process
	names tryfile.Names
	tcp   map[string]*tcpConn
	ws    map[string]*websocket.Conn
}

func (p *player) fatalf(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("examples/%s/try.txt:%d: %s", p.name, p.line, fmt.Sprintf(format, args...))
}

func (p *player) fill(text string) string {
	filled, err := p.names.Fill(text)
	if err != nil {
		p.fatalf("%v", err)
	}
	return filled
}

// expect compares what came back.
func (p *player) expect(want []string, got string) {
	if !p.names.Match(want, got) {
		p.fatalf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// start starts the application unless it runs.
func (p *player) start(ready string, args ...string) *aroproc.Process {
	if p.app == nil {
		app := p.dir
		if p.built != "" {
			app = p.built
		}
		p.app = aroproc.Start(p.t, aro, app, aroproc.Options{Dir: p.dir, Env: p.env, Args: args})
	}
	switch ready {
	case "http":
		p.app.Answers(p.app.HTTP)
	case "tcp":
		p.app.Answers(p.app.TCP)
	}
	return p.app
}

func (p *player) step(s tryfile.Step) {
	p.line = s.Line
	do := p.fill(s.Do)
	verb, rest, _ := strings.Cut(do, " ")
	name, text, talk := strings.Cut(do, ":")
	switch _, isTCP := p.tcp[name]; {
	case s.HTTP():
		p.request(s, verb, rest)
	case isTCP:
		if talk {
			p.tcp[name].send(strings.TrimPrefix(text, " ") + "\n")
		}
		p.hear(p.tcp[name], s.Want)
	case p.ws[name] != nil:
		if talk {
			if err := p.ws[name].Write(p.t.Context(), websocket.MessageText, []byte(strings.TrimPrefix(text, " "))); err != nil {
				p.fatalf("%v", err)
			}
		}
		p.receive(p.ws[name], s.Want)
	case verb == "tcp":
		p.tcp[rest] = dialTCP(p.t, p.start("tcp").TCP)
		p.hear(p.tcp[rest], s.Want)
	case verb == "ws":
		who, path, _ := strings.Cut(rest, " ")
		p.ws[who] = dialWS(p.t, p.start("http"), path)
		p.receive(p.ws[who], s.Want)
	case verb == "close":
		p.close(rest)
	case verb == "run":
		p.start("", strings.Fields(rest)...)
	case verb == "env":
		p.env = append(p.env, rest)
	case verb == "peer":
		who, folder, _ := strings.Cut(rest, " ")
		peer := aroproc.Start(p.t, aro, filepath.Join(p.dir, folder), aroproc.Options{Dir: filepath.Join(p.dir, folder), Ready: "http"})
		p.names[who] = peer.HTTP
	case verb == "log":
		app := p.start("")
		for _, want := range s.Want {
			app.Until(fmt.Sprintf("line %q on stdout (examples/%s/try.txt:%d)", want, p.name, p.line), func() bool {
				return slices.ContainsFunc(strings.Split(app.Stdout(), "\n"), func(got string) bool { return p.names.Match([]string{want}, got) })
			})
		}
	case verb == "write":
		file := filepath.Join(p.dir, rest)
		os.MkdirAll(filepath.Dir(file), 0o755)
		if err := os.WriteFile(file, []byte(strings.Join(s.Want, "\n")), 0o644); err != nil {
			p.fatalf("%v", err)
		}
	case verb == "move":
		from, to, _ := strings.Cut(rest, " ")
		if err := os.Rename(filepath.Join(p.dir, from), filepath.Join(p.dir, to)); err != nil {
			p.fatalf("%v", err)
		}
	case verb == "remove":
		if err := os.Remove(filepath.Join(p.dir, rest)); err != nil {
			p.fatalf("%v", err)
		}
	case verb == "file":
		got, err := os.ReadFile(filepath.Join(p.dir, rest))
		if err != nil {
			p.fatalf("%v", err)
		}
		p.expect(s.Want, strings.TrimSuffix(string(got), "\n"))
	case verb == "stop":
		code := p.start("").Stop()
		if code != 0 {
			p.fatalf("exit code %d", code)
		}
	case verb == "$":
		p.command(rest, s.Want)
	default:
		p.fatalf("nobody knows how to do %q", do)
	}
}

// request sends what begins with a method, and compares status, the header lines
// that are given, and the body if one is given.
func (p *player) request(s tryfile.Step, method, path string) {
	more := s.More
	header := http.Header{}
	for len(more) > 0 {
		key, value, ok := strings.Cut(more[0], ": ")
		if !ok || strings.ContainsAny(key, ` {"=&`) {
			break
		}
		header.Add(key, p.fill(value))
		more = more[1:]
	}
	body := p.fill(strings.Join(more, "\n"))
	req, err := http.NewRequest(method, "http://"+p.start("http").HTTP+path, strings.NewReader(body))
	if err != nil {
		p.fatalf("%v", err)
	}
	maps.Copy(req.Header, header)
	switch {
	case body == "" || req.Header.Get("Content-Type") != "":
	case strings.HasPrefix(body, "{") || strings.HasPrefix(body, "["):
		req.Header.Set("Content-Type", "application/json")
	default:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := oneHop.Do(req)
	if err != nil {
		p.fatalf("%v", err)
	}
	a := read(p.t, res)
	if len(s.Want) == 0 {
		p.fatalf("no status is given; the answer was %v", a)
	}
	if s.Want[0] != fmt.Sprint(a.code) {
		p.fatalf("status %s is expected, the answer was %v", s.Want[0], a)
	}
	want := s.Want[1:]
	for len(want) > 0 {
		key, value, ok := strings.Cut(want[0], ": ")
		if !ok || strings.ContainsAny(key, ` {"<`) || a.header.Get(key) == "" {
			break
		}
		if !p.names.Match([]string{value}, strings.Join(a.header.Values(key), ", ")) {
			p.fatalf("%s: %v", key, a)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		p.expect(want, strings.TrimSuffix(a.body, "\n"))
	}
}

// oneHop shows redirects as they are.
var oneHop = &http.Client{Timeout: aroproc.Patience, Transport: client.Transport,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (p *player) hear(c *tcpConn, want []string) {
	for _, line := range want {
		p.expect([]string{line}, c.line())
	}
}

func (p *player) receive(c *websocket.Conn, want []string) {
	for _, line := range want {
		ctx, cancel := context.WithTimeout(p.t.Context(), aroproc.Patience)
		_, data, err := c.Read(ctx)
		cancel()
		if err != nil {
			p.fatalf("no message: %v; want %s", err, line)
		}
		p.expect([]string{line}, string(data))
	}
}

func (p *player) close(name string) {
	switch {
	case p.tcp[name] != nil:
		p.tcp[name].Close()
		delete(p.tcp, name)
	case p.ws[name] != nil:
		p.ws[name].Close(websocket.StatusNormalClosure, "")
		delete(p.ws, name)
	default:
		p.fatalf("nobody is called %s", name)
	}
}

// command runs aro to its end: "aro run . --loud < words.txt". The last line may be
// "exit 1".
func (p *player) command(line string, want []string) {
	line, input, _ := strings.Cut(line, " < ")
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != "aro" {
		p.fatalf("only aro can be run, not %q", line)
	}
	exit := 0
	if n := len(want); n > 0 {
		if code, ok := strings.CutPrefix(want[n-1], "exit "); ok {
			fmt.Sscan(code, &exit)
			want = want[:n-1]
		}
	}
	if input != "" {
		input = filepath.Join(p.dir, input)
	}
	bin, args := aro, words[1:]
	if rest, run := strings.CutPrefix(strings.Join(args, " "), "run ."); run && p.built != "" {
		bin, args = p.built, strings.Fields(rest)
	}
	stdout, stderr, code := aroproc.RunFed(p.t, p.dir, input, p.env, bin, args...)
	if code != exit {
		p.fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	p.expect(want, strings.Trim(stdout, "\n"))
}
