package examples_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// The ledger of a client that posts and is killed away from: what it got a 201 for,
// and the last thing it sent without an answer.
type ledger struct {
	mu    sync.Mutex
	acked map[string]bool
	sent  map[string]bool
}

func (l *ledger) post(c *http.Client, addr, text string) bool {
	l.mu.Lock()
	l.sent[text] = true
	l.mu.Unlock()
	resp, err := c.Post("http://"+addr+"/messages", "application/x-www-form-urlencoded", strings.NewReader("message="+text))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return false
	}
	l.mu.Lock()
	l.acked[text] = true // the status line is the promise, whether or not the body came
	l.mu.Unlock()
	return err == nil
}

func boardPosts(t *testing.T, addr string) []string {
	t.Helper()
	resp, err := http.Get("http://" + addr + "/messages")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	type post struct{ Message string }
	var posts []post
	if err := json.Unmarshal(body, &posts); err != nil {
		var empty struct{ Data []post }
		if err := json.Unmarshal(body, &empty); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		posts = empty.Data
	}
	var out []string
	for _, p := range posts {
		out = append(out, p.Message)
	}
	return out
}

// TestD01_Killed kills the board of examples/statuspost while clients post to it:
// after each restart the board shows its newest 20 posts (its observer drops older
// ones), every one of those that was acknowledged among them, in the order in which one
// client got its answers, and none that nobody sent. With ARO_KILLS=1000 it is killed
// that often.
func TestD01_Killed(t *testing.T) {
	t.Parallel()
	kills, workers := 100, 4
	if n, err := strconv.Atoi(os.Getenv("ARO_KILLS")); err == nil && n > 0 {
		kills = n
	}
	var total atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			data := t.TempDir()
			l := &ledger{acked: map[string]bool{}, sent: map[string]bool{}}
			var sent [2]int // posts of each client
			for round := range (kills + workers - 1) / workers {
				p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http", Args: []string{"--data", data}})
				if !shows(t, boardPosts(t, p.HTTP), l, sent) {
					t.Errorf("worker %d, round %d", w, round)
					return
				}
				ctx, stop := context.WithCancel(t.Context())
				var posting sync.WaitGroup
				for who := range 2 {
					posting.Go(func() {
						c := &http.Client{Transport: &http.Transport{}}
						defer c.CloseIdleConnections()
						for ctx.Err() == nil {
							sent[who]++
							if !l.post(c, p.HTTP, fmt.Sprint(who, "-", sent[who])) {
								return
							}
							total.Add(1)
						}
					})
				}
				time.Sleep(time.Duration(rand.IntN(60_000)) * time.Microsecond) // the moment of the kill
				p.Signal(syscall.SIGKILL)
				p.Wait()
				stop()
				posting.Wait()
			}
		})
	}
	wg.Wait()
	t.Logf("%d kills, %d posts acknowledged", kills, total.Load())
	if total.Load() < int64(kills) {
		t.Error("too few posts for that to say anything")
	}
}

// shows checks what a board shows, newest first.
func shows(t *testing.T, posts []string, l *ledger, sent [2]int) bool {
	var before [2]int // number of the post of each client that was seen last
	for who := range before {
		before[who] = sent[who] + 1
	}
	for _, text := range posts {
		var who, n int
		if _, err := fmt.Sscanf(text, "%d-%d", &who, &n); err != nil || !l.sent[text] {
			t.Errorf("nobody posted %q", text)
			return false
		}
		if n >= before[who] {
			t.Errorf("%q is in the wrong place: %v", text, posts)
			return false
		}
		for m := n + 1; m < before[who]; m++ { // newer than one that is there
			if l.acked[fmt.Sprint(who, "-", m)] {
				t.Errorf("%d-%d was acknowledged and is not there: %v", who, m, posts)
				return false
			}
		}
		before[who] = n
	}
	if want := min(20, len(l.acked)); len(posts) < want {
		t.Errorf("%d posts, want %d: %v", len(posts), want, posts)
		return false
	}
	return true
}

const fillerApp = `(Application-Start: Filler) {
    Create the <had> with <big-repository: count>.
    for <i> from 1 to 21 { Emit a <Fill: event> with { n: <had> + <i> }. }
    Log "count ${<big-repository: count>}" to the <console>.
    Return an <OK: status> for the <startup>.
}
(Fill It: Fill Handler) {
    Extract the <n> from the <event: n>.
    Create the <text> with "0123456789" * 60.
    Store { n: <n>, text: <text> } into the <big-repository>.
    Log "stored ${<n>}" to the <console>.
}
`

// TestD04_FilesTooSmall: where the system lets no file grow beyond a few rows, the
// Store that meets the limit fails, the next one goes on in a new file, and after a
// restart exactly the rows are there whose Store has succeeded.
func TestD04_FilesTooSmall(t *testing.T) {
	t.Parallel()
	app, dir := fixture(t, fillerApp), t.TempDir()
	out, errOut, code := aroproc.RunIn(t, dir, "sh", "-c", `ulimit -f 8 && exec "$0" run --no-cache "$1" --data data`, aro, app)
	stored := strings.Count(out, "stored ")
	failed := strings.Count(errOut, "could not be made durable")
	if code != 0 || stored == 0 || failed == 0 || stored+failed != 20 || !strings.Contains(out, fmt.Sprintf("count %d\n", stored)) {
		t.Fatalf("code %d, %d stored, %d failed\n%s\n%s", code, stored, failed, out, errOut)
	}
	out, errOut, code = aroproc.RunIn(t, dir, aro, "run", app, "--data", "data")
	if code != 0 || !strings.Contains(out, fmt.Sprintf("count %d\n", stored+20)) {
		t.Errorf("code %d, want %d rows and 20 new ones\n%s\n%s", code, stored, out, errOut)
	}
}

// TestD08_BackupWhileRunning backs up the board while clients post to it, and starts
// another one from the backup: it shows what was acknowledged before the backup began.
func TestD08_BackupWhileRunning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http", Args: []string{"--data", dir + "/data"}})
	l := &ledger{acked: map[string]bool{}, sent: map[string]bool{}}
	var sent [2]int
	ctx, stop := context.WithCancel(t.Context())
	var posting, begun sync.WaitGroup
	begun.Add(2)
	for who := range 2 {
		posting.Go(func() {
			c := &http.Client{Transport: &http.Transport{}}
			defer c.CloseIdleConnections()
			for ctx.Err() == nil {
				sent[who]++
				if !l.post(c, p.HTTP, fmt.Sprint(who, "-", sent[who])) {
					t.Errorf("a post failed while a backup was made")
				}
				if sent[who] == 100 {
					begun.Done()
				}
				if sent[who] < 100 && t.Failed() {
					begun.Done()
					return
				}
			}
		})
	}
	begun.Wait()
	var before []*ledger
	for i := range 5 {
		l.mu.Lock()
		before = append(before, &ledger{acked: maps.Clone(l.acked)})
		l.mu.Unlock()
		if out, errOut, code := aroproc.RunIn(t, dir, aro, "data", "backup", "data", fmt.Sprint(i, ".backup")); code != 0 {
			t.Errorf("code %d\n%s\n%s", code, out, errOut)
		}
	}
	stop()
	posting.Wait()
	for i, l2 := range before {
		folder := fmt.Sprint(dir, "/restored", i)
		if out, errOut, code := aroproc.RunIn(t, dir, aro, "data", "restore", fmt.Sprint(i, ".backup"), folder); code != 0 {
			t.Fatalf("code %d\n%s\n%s", code, out, errOut)
		}
		board := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http", Args: []string{"--data", folder}})
		l2.sent = l.sent
		if !shows(t, boardPosts(t, board.HTTP), l2, sent) {
			t.Errorf("backup %d", i)
		}
	}
}
