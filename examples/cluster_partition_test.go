//go:build linux

package examples_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// island is a network namespace with two cables to this one: one for the test, one that
// can be pulled.
type island struct {
	t     *testing.T
	name  string
	here  [2]string // our ends: devices,
	addr  [2]string // and their addresses
	there [2]string // addresses within
}

// newIsland makes one, or skips the test where that is not permitted.
func newIsland(t *testing.T) *island {
	n := &island{t: t, name: fmt.Sprint("aro", os.Getpid())}
	if out, err := exec.Command("ip", "netns", "add", n.name).CombinedOutput(); err != nil {
		t.Skipf("a network namespace needs the command ip and the rights of root: %v %s", err, out)
	}
	t.Cleanup(func() { n.ip("netns", "del", n.name) }) // and both cables
	n.ip("-n", n.name, "link", "set", "lo", "up")
	number := rand.IntN(1 << 14)
	for i := range n.here {
		n.here[i] = fmt.Sprintf("aro%d-%d", os.Getpid(), i)
		// 198.18.0.0/15 is for tests of network devices: nobody has it.
		n.addr[i] = fmt.Sprintf("198.%d.%d.%d", 18+i, number>>6, number&63<<2+1)
		n.there[i] = fmt.Sprintf("198.%d.%d.%d", 18+i, number>>6, number&63<<2+2)
		within := fmt.Sprint("eth", i)
		n.ip("link", "add", n.here[i], "type", "veth", "peer", "name", within, "netns", n.name)
		n.ip("addr", "add", n.addr[i]+"/30", "dev", n.here[i])
		n.ip("link", "set", n.here[i], "up")
		n.ip("-n", n.name, "addr", "add", n.there[i]+"/30", "dev", within)
		n.ip("-n", n.name, "link", "set", within, "up")
	}
	return n
}

func (n *island) ip(args ...string) {
	n.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		n.t.Fatalf("ip %s: %v %s", strings.Join(args, " "), err, out)
	}
}

// forward passes connections to an address of the second cable on.
func (n *island) forward(to string) (address string) {
	l, err := net.Listen("tcp", n.addr[1]+":0")
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			n.t.Cleanup(func() { in.Close(); out.Close() })
			go func() { io.Copy(in, out); in.Close() }()
			go func() { io.Copy(out, in); out.Close() }()
		}
	}()
	return l.Addr().String()
}

const islandApp = `(list: Rows) {
    Retrieve the <rows> from the <post-repository>.
    Return an <OK: status> with { rows: <rows>, stale: <post-repository: stale> }.
}

(add: Rows) {
    Extract the <text> from the <queryParameters: text>.
    Store { text: <text> } into the <post-repository>.
    Return a <Created: status> with { text: <text> }.
}
`

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
	app := fixture(t, serve+islandApp, "openapi.yaml", strings.Replace(routes("list", "add"), "      operationId: add\n",
		"      operationId: add\n      parameters: [{name: text, in: query, required: true, schema: {type: string}}]\n", 1))
	there := aroproc.Start(t, "ip", "", aroproc.Options{Args: []string{"netns", "exec", n.name, aro, "run", app,
		"--engine", "nats://" + n.forward(strings.TrimPrefix(b.Address(), "nats://")) + "/partition"}})
	there.HTTP = fmt.Sprint(n.there[0], ":", there.Port)
	there.Answers(there.HTTP)
	here := node(t, app, b.Address()+"/partition")

	type listing struct {
		Rows []struct {
			Text string `json:"text"`
		} `json:"rows"`
		Stale float64 `json:"stale"`
	}
	list := func(p *aroproc.Process) (texts []string, stale float64) {
		t.Helper()
		a := get(t, p, "/list")
		var l listing
		if err := json.Unmarshal([]byte(a.body), &l); a.code != http.StatusOK || err != nil {
			t.Fatalf("%d %v: %s", a.code, err, a.body)
		}
		for _, r := range l.Rows {
			texts = append(texts, r.Text)
		}
		return texts, l.Stale
	}
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
