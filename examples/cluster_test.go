package examples_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aro/cmd/aro-broker/brokers"
	"aro/examples/internal/aroproc"
	"aro/pkg/store/cluster"
)

// startBrokers starts servers that end with the test.
func startBrokers(t *testing.T, servers int) *brokers.Cluster {
	t.Helper()
	b, err := brokers.Start(brokers.Options{Servers: servers, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// node starts an application as a part of a cluster.
func node(t *testing.T, app, address string) *aroproc.Process {
	t.Helper()
	return aroproc.Start(t, aro, app, aroproc.Options{Ready: "http", Args: []string{"--engine", address}})
}

// seen counts the frames that a browser gets.
type seen struct {
	mu    sync.Mutex
	posts map[string]int
	gone  chan struct{} // closed when the connection ends
}

func watchBoard(t *testing.T, p *aroproc.Process) *seen {
	t.Helper()
	c := dialWS(t, p, "/ws")
	s := &seen{posts: map[string]int{}, gone: make(chan struct{})}
	go func() {
		defer close(s.gone)
		for {
			_, data, err := c.Read(context.Background())
			if err != nil {
				return
			}
			var one post
			if json.Unmarshal(data, &one) != nil {
				continue
			}
			s.mu.Lock()
			s.posts[one.Message]++
			s.mu.Unlock()
		}
	}()
	return s
}

func (s *seen) count(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts[text]
}

// poster is a client that posts to a node, one post after the other, and looks whether
// each one that was acknowledged is there.
type poster struct {
	name   string
	acked  []string
	unsure []string // had no answer
	dying  string   // the last one that a node acknowledged before it was killed
}

func (w *poster) post(t *testing.T, c *http.Client, p *aroproc.Process, n int) bool {
	text := fmt.Sprint(w.name, "-", n)
	resp, err := c.PostForm("http://"+p.HTTP+"/messages", url.Values{"message": {text}})
	if err != nil {
		w.unsure = append(w.unsure, text)
		return false
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Errorf("%s: %d %s", text, resp.StatusCode, body)
		w.unsure = append(w.unsure, text)
		return false
	}
	w.acked = append(w.acked, text)
	if resp, err = c.Get("http://" + p.HTTP + "/messages"); err != nil {
		return false
	}
	body, err = io.ReadAll(resp.Body)
	resp.Body.Close()
	if err == nil && !strings.Contains(string(body), `"`+text+`"`) {
		t.Errorf("%s was acknowledged, and its node does not show it: %s", text, body)
	}
	return err == nil
}

// TestN_Board runs the board of examples/statuspost on three nodes over three servers.
// Posts and browsers are spread over them; one node is killed. Every browser gets every
// post of every node exactly once, no post that was acknowledged is lost, and whoever
// follows the rows sees the tidying up as one step: never fewer than 20 rows once there
// are that many, never more than the 41 that call for it.
func TestN_Board(t *testing.T) {
	t.Parallel()
	b := startBrokers(t, 3)
	var nodes []*aroproc.Process
	for range 3 {
		nodes = append(nodes, node(t, "statuspost", b.Address()))
	}
	var browsers []*seen
	for i := range 6 {
		browsers = append(browsers, watchBoard(t, nodes[i%3]))
	}
	a, err := cluster.ParseAddress(b.Address())
	if err != nil {
		t.Fatal(err)
	}
	l, err := cluster.Connect(a, "statuspost", func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	e, err := cluster.Open(t.Context(), l, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()

	// Follow the rows.
	stop := make(chan struct{})
	var following sync.WaitGroup
	following.Go(func() {
		enough, looks := false, 0
		for {
			select {
			case <-stop:
				if looks < 100 {
					t.Errorf("looked only %d times", looks)
				}
				return
			default:
			}
			n := len(e.Repository("message-repository").Rows())
			looks++
			if n >= 20 {
				enough = true
			}
			if n > 41 || enough && n < 20 {
				t.Errorf("%d rows at once", n)
				return
			}
			time.Sleep(100 * time.Microsecond) // between two looks
		}
	})

	// Post: two clients for each node. Those of the last one lose it, and go on elsewhere.
	const each = 60
	killed := make(chan struct{})
	posters := make([]*poster, 6)
	var posting sync.WaitGroup
	var toKill sync.WaitGroup
	toKill.Add(2)
	for i := range posters {
		w := &poster{name: fmt.Sprint("client", i)}
		posters[i] = w
		posting.Go(func() {
			c := &http.Client{Transport: &http.Transport{}, Timeout: aroproc.Patience}
			defer c.CloseIdleConnections()
			at := i % 3
			half := sync.OnceFunc(func() {
				if i%3 == 2 {
					toKill.Done() // the kill comes while it goes on posting
				}
			})
			defer half()
			for n := range each {
				if n == each/2 {
					half()
				}
				if !w.post(t, c, nodes[at], n) {
					if at != 2 {
						t.Errorf("%s has lost a node that lives", w.name)
						return
					}
					half()
					<-killed
					if len(w.acked) > 0 {
						w.dying = w.acked[len(w.acked)-1]
					}
					at = i % 2
				}
			}
		})
	}
	toKill.Wait()
	nodes[2].Signal(syscall.SIGKILL)
	nodes[2].Wait()
	close(killed)
	posting.Wait()
	for i, s := range browsers {
		if i%3 == 2 {
			<-s.gone
			browsers = append(browsers, watchBoard(t, nodes[i%2])) // it opens the page again
		}
	}
	last := &poster{name: "last"}
	for n := range 10 {
		last.post(t, http.DefaultClient, nodes[n%2], n)
	}
	posters = append(posters, last)

	live := slices.DeleteFunc(slices.Clone(browsers[:6]), func(s *seen) bool { return s == browsers[2] || s == browsers[5] })
	for _, w := range posters {
		nodes[0].Until("posts of "+w.name, func() bool {
			for _, s := range live {
				if s.count(w.acked[len(w.acked)-1]) == 0 {
					return false
				}
			}
			return true
		})
		for _, text := range w.acked {
			for who, s := range live {
				got := s.count(text)
				// A node that is killed may take its latest broadcast with it.
				if got != 1 && !(got == 0 && text == w.dying) {
					t.Errorf("browser %d got %s %d times", who, text, got)
				}
			}
		}
		for _, text := range w.unsure {
			for who, s := range live {
				if s.count(text) > 1 {
					t.Errorf("browser %d got %s, which had no answer, %d times", who, text, s.count(text))
				}
			}
		}
	}
	for _, s := range browsers[6:] {
		for _, text := range last.acked {
			nodes[0].Until("posts in the browser that came back", func() bool { return s.count(text) == 1 })
		}
	}
	close(stop)
	following.Wait()
	for _, p := range nodes[:2] {
		shown := boardPosts(t, p.HTTP)
		for _, text := range last.acked {
			if !slices.Contains(shown, text) {
				t.Errorf("%s is not there any more", text)
			}
		}
	}
	if n := len(e.Repository("message-repository").Rows()); n < 20 || n > 40 {
		t.Errorf("%d rows are left", n)
	}
	if len(posters[2].acked) < each/2 {
		t.Errorf("only %d posts of a client of the node that was killed", len(posters[2].acked))
	}
}

// TestN_NoBroker: who starts an application without its servers is told what to do.
func TestN_NoBroker(t *testing.T) {
	address := fmt.Sprintf("nats://127.0.0.1:%d", aroproc.FreePort(t))
	out, errOut, code := aroproc.Run(t, aro, "run", fixture(t, "(Application-Start: A) {\n    Return an <OK: status> for the <startup>.\n}\n"), "--engine", address)
	if code != 1 || !strings.Contains(out+errOut, "start one with nats-server -js") {
		t.Errorf("%d %s %s", code, out, errOut)
	}
}

// TestN_Away: while all servers are away the board shows what it has and refuses posts with
// 503 within seconds; when they are back with what they had, it goes on.
func TestN_Away(t *testing.T) {
	t.Parallel()
	b := startBrokers(t, 1)
	p, other := node(t, "statuspost", b.Address()), node(t, "statuspost", b.Address())
	w := &poster{name: "before"}
	if !w.post(t, http.DefaultClient, p, 0) {
		t.Fatal("no post")
	}
	other.Until("the post on the other node", func() bool { return slices.Contains(boardPosts(t, other.HTTP), "before-0") })
	b.End(0)
	began := time.Now()
	a, err := try(form(p, "/messages", "message", "meanwhile"))
	if err != nil || a.code != http.StatusServiceUnavailable {
		t.Errorf("%v %v", a, err)
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("refused after %v", d)
	}
	if !slices.Contains(boardPosts(t, p.HTTP), "before-0") {
		t.Error("nothing can be read")
	}
	if err := b.Begin(0); err != nil {
		t.Fatal(err)
	}
	p.Until("a post that is taken again", func() bool {
		a, err := try(form(p, "/messages", "message", "after"))
		return err == nil && a.code == http.StatusCreated
	})
	other.Until("it on the other node", func() bool { return slices.Contains(boardPosts(t, other.HTTP), "after") })
	before := 0
	for _, text := range boardPosts(t, other.HTTP) {
		if text == "before-0" {
			before++
		}
	}
	if before != 1 {
		t.Errorf("the first post is there %d times", before)
	}
	p.Complains("the connection to nats://")
}

// TestN_Commands runs the three commands of docs/cluster.md, on other ports, and posts to
// one board what the other one must show.
func TestN_Commands(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Three commands\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var commands []string
	for line := range strings.Lines(section) {
		if c, ok := strings.CutPrefix(line, "    "); ok {
			commands = append(commands, strings.TrimSpace(c))
		}
	}
	if len(commands) != 3 {
		t.Fatalf("%d commands: %q", len(commands), commands)
	}
	broker := filepath.Join(t.TempDir(), "aro-broker")
	if out, err := exec.Command("go", "build", "-o", broker, "aro/cmd/aro-broker").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	first := aroproc.FreePort(t)
	ports := []int{aroproc.FreePort(t), aroproc.FreePort(t)}
	replace := strings.NewReplacer("go run ./cmd/aro-broker", fmt.Sprintf("%s --port %d --dir %s", broker, first, t.TempDir()),
		"localhost:4222", fmt.Sprintf("localhost:%d", first), "=8081", fmt.Sprintf("=%d", ports[0]), "=8082", fmt.Sprintf("=%d", ports[1]),
		"aro run examples", "exec "+aro+" run ../examples")
	for i, c := range commands {
		line := replace.Replace(c)
		env, rest, ok := strings.Cut(line, " exec ")
		if !ok {
			env, rest = "A=B", line
		}
		cmd := exec.Command("sh", "-c", "exec "+rest) // so that the shell is the command
		cmd.Env = append(os.Environ(), env)
		var out, errOut strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &errOut
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil && i > 0 {
				t.Errorf("%s: %v\n%s%s", c, err, out.String(), errOut.String())
			}
		})
		if i == 0 {
			listens(t, fmt.Sprintf("127.0.0.1:%d", first))
		}
	}
	boards := []string{fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])}
	for _, addr := range boards {
		listens(t, addr)
	}
	resp, err := http.PostForm("http://"+boards[0]+"/messages", url.Values{"message": {"hello"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for deadline := time.Now().Add(aroproc.Patience); !slices.Contains(boardPosts(t, boards[1]), "hello"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the other board does not show it")
		}
	}
}

// listens waits until somebody listens.
func listens(t *testing.T, addr string) {
	t.Helper()
	for deadline := time.Now().Add(2 * aroproc.Patience); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody listens on %s", addr)
		}
	}
}

// TestN_ServerEnds: one of three servers ends, the one that leads and then another one
// after the first is back; what was acknowledged stays, and posts are taken again.
func TestN_ServerEnds(t *testing.T) {
	t.Parallel()
	b := startBrokers(t, 3)
	nodes := []*aroproc.Process{node(t, "statuspost", b.Address()), node(t, "statuspost", b.Address())}
	var acked []string
	takes := func(what string) {
		t.Helper()
		n := 0
		nodes[0].Until("a post that is taken "+what, func() bool {
			n++
			text := fmt.Sprintf("%s-%d", strings.ReplaceAll(what, " ", "-"), n)
			a, err := try(form(nodes[n%2], "/messages", "message", text))
			if err == nil && a.code == http.StatusCreated {
				acked = append(acked, text)
			}
			return err == nil && a.code == http.StatusCreated
		})
	}
	takes("at first")
	for i := range 3 {
		b.End(i)
		takes(fmt.Sprint("without server ", i+1))
		if err := b.Begin(i); err != nil {
			t.Fatal(err)
		}
		takes(fmt.Sprint("with it again ", i+1))
	}
	for _, p := range nodes {
		for _, text := range acked {
			p.Until(text, func() bool { return slices.Contains(boardPosts(t, p.HTTP), text) })
		}
	}
}
