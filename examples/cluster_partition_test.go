//go:build linux

package examples_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// TestN03_Namespace: a node whose cable is pulled for half a minute serves what it has,
// and says how old that may be; it refuses to store in time, with 503. When the cable is in
// again it has every row that the other node has stored meanwhile, once, and stores.
func TestN03_Namespace(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	t.Parallel()
	n := newIsland(t)
	b := startBrokers(t, 1)
	app := islandFixture(t)
	there := n.node(app, b.Address(), "/partition")
	here := node(t, app, b.Address()+"/partition")
	list := func(p *aroproc.Process) (texts []string, stale float64) { t.Helper(); return listRows(t, p) }
	add := func(p *aroproc.Process, text string) int { t.Helper(); return get(t, p, "/add?text="+text).code }

	if code := add(there, "before"); code != http.StatusCreated {
		t.Fatalf("%d before the cable is pulled", code)
	}
	here.Until("the row on the other node", func() bool { texts, _ := list(here); return len(texts) == 1 })
	if _, stale := list(there); stale != 0 {
		t.Errorf("stale for %v s with the cable in", stale)
	}
	n.ip("link", "set", n.here[1], "down")
	began := time.Now()
	for i := range 10 {
		if code := add(here, fmt.Sprint("meanwhile-", i)); code != http.StatusCreated {
			t.Errorf("the other node: %d", code)
		}
	}
	if code := add(there, "lost"); code != http.StatusServiceUnavailable {
		t.Errorf("without a cable: %d", code)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("refused after %v", took)
	}
	last := 0.0
	for time.Since(began) < 30*time.Second { // the partition
		texts, stale := list(there)
		if fmt.Sprint(texts) != "[before]" {
			t.Errorf("%q without a cable", texts)
		}
		last = stale
		time.Sleep(time.Second)
	}
	if last < 20 || last > time.Since(began).Seconds()+5 {
		t.Errorf("stale for %.1f s after %.1f", last, time.Since(began).Seconds())
	}
	n.ip("link", "set", n.here[1], "up")
	plugged := time.Now()
	waitFor := func(what string, ok func() bool) {
		t.Helper()
		for !ok() {
			if time.Since(plugged) > time.Minute { // the system waits ever longer before it sends again
				t.Fatalf("no %s a minute after the cable was in again", what)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	waitFor("rows of the other node", func() bool { texts, stale := list(there); return len(texts) >= 11 && stale == 0 })
	t.Logf("in step %.1f s after the cable was in again", time.Since(plugged).Seconds())
	waitFor("row that is stored", func() bool { return add(there, "after") == http.StatusCreated })
	waitFor("row of the node that was away", func() bool {
		texts, _ := list(here)
		return strings.Contains(fmt.Sprint(texts), "after")
	})
	seen := map[string]int{}
	texts, _ := list(there)
	for _, text := range texts {
		seen[text]++
	}
	for i := range 10 {
		if text := fmt.Sprint("meanwhile-", i); seen[text] != 1 {
			t.Errorf("%s is there %d times: %q", text, seen[text], texts)
		}
	}
	if seen["before"] != 1 || seen["lost"] > 1 {
		t.Errorf("%q", texts)
	}
}
