package examples_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aro/examples/internal/aroproc"
)

// boardApp says how a message board differs from the other ones.
type boardApp struct {
	title, started, cleaned, ended string
	exact                          string // whole output of start; "" to skip that
}

type post struct {
	ID, Message, CreatedAt string
}

// messages asks for the texts of the board, in the order of the answer.
func messages(t *testing.T, p *aroproc.Process) []string {
	t.Helper()
	a := get(t, p, "/messages")
	if a.code != 200 || a.header.Get("Content-Type") != "application/json" {
		t.Fatalf("GET /messages: %v", a)
	}
	texts := []string{}
	for _, m := range decode[struct{ Data []post }](t, a.body).Data {
		texts = append(texts, m.Message)
	}
	return texts
}

// newest lists n-th, n-1-th … texts, at most twenty.
func newest(n int) []string {
	texts := []string{}
	for i := n; i > max(0, n-20); i-- {
		texts = append(texts, fmt.Sprintf("message %d", i))
	}
	return texts
}

// board checks what every version of the message board promises.
func board(t *testing.T, app string, b boardApp) {
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	p.Prints(b.started)
	if b.exact != "" {
		if got := p.Stdout(); got != b.exact {
			t.Errorf("start printed\n%s\nwant\n%s", got, b.exact)
		}
	}
	if info, err := os.Stat(app); err == nil && !info.IsDir() {
		app = filepath.Dir(app) // built: its files lie beside it
	}
	root, err := filepath.Abs(app)
	if err != nil {
		t.Fatal(err)
	}

	// The page and its files.
	page := get(t, p, "/")
	if page.code != 200 || page.header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(page.body, b.title) {
		t.Errorf("GET /: %v", page)
	}
	for name, kind := range map[string]string{"style.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8"} {
		a := get(t, p, "/static/"+name)
		file, err := os.ReadFile(filepath.Join(root, "templates", "static", name))
		if err != nil {
			t.Fatal(err)
		}
		if a.code != 200 || a.header.Get("Content-Type") != kind || a.body != string(file) {
			t.Errorf("GET /static/%s: %d %s, unchanged %t", name, a.code, a.header, a.body == string(file))
		}
	}
	if a := get(t, p, "/static/missing.css"); a.code != 404 {
		t.Errorf("a missing file: %v", a)
	}
	if got := messages(t, p); len(got) != 0 {
		t.Errorf("a new board holds %q", got)
	}

	// One post, seen everywhere.
	sockets := []*wsClient{}
	for range 5 {
		sockets = append(sockets, listen(t, p))
	}
	const text = `Grüße & <b>"bold" 'ideas'</b> + 100%`
	before := time.Now().Add(-time.Second).Truncate(time.Second)
	a := do(t, form(p, "/messages", "message", text))
	made := decode[post](t, a.body)
	at, err := time.Parse(time.RFC3339, made.CreatedAt)
	if a.code != http.StatusCreated || a.header.Get("Content-Type") != "application/json" ||
		made.Message != text || made.ID == "" || err != nil || at.Before(before) || at.After(time.Now().Add(time.Second)) {
		t.Fatalf("POST /messages: %v", a)
	}
	for _, s := range sockets {
		if diff := cmp.Diff(made, s.next(t)); diff != "" {
			t.Errorf("over the WebSocket (-answer +frame):\n%s", diff)
		}
	}
	page = get(t, p, "/")
	if !strings.Contains(page.body, "&lt;b&gt;") || strings.Contains(page.body, "<b>") || !strings.Contains(page.body, at.UTC().Format("02.01.2006 15:04")) {
		t.Errorf("the page shows the message as\n%s", page.body)
	}
	if got := messages(t, p); !slices.Equal(got, []string{text}) {
		t.Errorf("GET /messages lists %q", got)
	}

	// The clean-up leaves the twenty newest, newest first before and after.
	for i := 1; i <= 40; i++ {
		if diff := cmp.Diff(append(newest(i-1), text)[:min(i, 20)], messages(t, p)); diff != "" {
			t.Fatalf("before post %d (-want +got):\n%s", i, diff)
		}
		if i < 40 && strings.Contains(p.Stdout(), b.cleaned) {
			t.Fatalf("cleaned up after %d posts", i)
		}
		if a := do(t, form(p, "/messages", "message", fmt.Sprintf("message %d", i))); a.code != 201 {
			t.Fatal(a)
		}
	}
	p.Prints(b.cleaned)
	for i := 41; i <= 63; i++ {
		if diff := cmp.Diff(newest(i-1), messages(t, p)); diff != "" {
			t.Fatalf("before post %d (-want +got):\n%s", i, diff)
		}
		do(t, form(p, "/messages", "message", fmt.Sprintf("message %d", i)))
	}
	if n := strings.Count(p.Stdout(), b.cleaned); n != 2 {
		t.Errorf("%d clean-ups in 64 posts, want 2 (the 41st and the 62nd post)", n)
	}
	for _, s := range sockets {
		for i := 1; i <= 63; i++ {
			if got, want := s.next(t).Message, fmt.Sprintf("message %d", i); got != want {
				t.Fatalf("frame %q, want %q", got, want)
			}
		}
	}

	// Many at once.
	const posters = 200
	var wg sync.WaitGroup
	start := make(chan struct{})
	var mu sync.Mutex
	ids := map[string]string{}
	for i := range posters {
		wg.Go(func() {
			<-start
			a, err := try(form(p, "/messages", "message", fmt.Sprintf("crowd %d", i)))
			if err != nil || a.code != 201 {
				t.Errorf("poster %d: %v %v", i, err, a)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[decode[post](t, a.body).ID] = fmt.Sprintf("crowd %d", i)
		})
	}
	close(start)
	wg.Wait()
	if len(ids) != posters {
		t.Fatalf("%d different ids, want %d", len(ids), posters)
	}
	for i, s := range sockets {
		got := map[string]string{}
		for range posters {
			m := s.next(t)
			if _, twice := got[m.ID]; twice {
				t.Errorf("socket %d saw %q twice", i, m.Message)
			}
			got[m.ID] = m.Message
		}
		if diff := cmp.Diff(ids, got); diff != "" {
			t.Errorf("socket %d (-acknowledged +received):\n%s", i, diff)
		}
	}
	last := messages(t, p)
	if len(last) != 20 {
		t.Errorf("%d messages are shown after the crowd, want 20", len(last))
	}
	for _, text := range last {
		if !strings.HasPrefix(text, "crowd ") {
			t.Errorf("%q is among the newest 20 after 200 newer posts", text)
		}
	}

	// The end.
	head := p.Stdout()
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	if got := strings.TrimPrefix(p.Stdout(), head); !strings.HasPrefix(got, b.ended) || !strings.HasSuffix(got, "[OK] startup\n") {
		t.Errorf("the end printed %q, want %q first and [OK] startup last", got, b.ended)
	}
	if n := strings.Count(p.Stderr(), "[ERROR]"); n != 1 || !strings.Contains(p.Stderr(), "Template not found: ./templates/static/missing.css") {
		t.Errorf("%d errors logged, want only that of the missing file", n)
	}
	for _, s := range sockets {
		if code := s.closed(t); code != 1001 {
			t.Errorf("a WebSocket was closed with %d, want 1001", code)
		}
	}
}
