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
	"slices"
	"strings"
	"sync/atomic"
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

var islands atomic.Int32 // that were made

// newIsland makes one, or skips the test where that is not permitted.
func newIsland(t *testing.T) *island {
	n := &island{t: t, name: fmt.Sprintf("aro%d%c", os.Getpid(), 'a'+islands.Add(1)-1)}
	if out, err := exec.Command("ip", "netns", "add", n.name).CombinedOutput(); err != nil {
		t.Skipf("a network namespace needs the command ip and the rights of root: %v %s", err, out)
	}
	t.Cleanup(func() { n.ip("netns", "del", n.name) }) // and both cables
	n.ip("-n", n.name, "link", "set", "lo", "up")
	number := rand.IntN(1 << 14)
	for i := range n.here {
		n.here[i] = fmt.Sprintf("%s-%d", n.name, i)
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

func islandFixture(t *testing.T) (app string) {
	t.Helper()
	return fixture(t, serve+islandApp, "openapi.yaml", strings.Replace(routes("list", "add"), "      operationId: add\n",
		"      operationId: add\n      parameters: [{name: text, in: query, required: true, schema: {type: string}}]\n", 1))
}

// node starts an application within, whose broker is outside.
func (n *island) node(app, broker, space string) *aroproc.Process {
	n.t.Helper()
	p := aroproc.Start(n.t, "ip", "", aroproc.Options{Args: []string{"netns", "exec", n.name, aro, "run", app,
		"--engine", "nats://" + n.forward(strings.TrimPrefix(broker, "nats://")) + space}})
	p.HTTP = fmt.Sprint(n.there[0], ":", p.Port)
	p.Answers(p.HTTP)
	return p
}

// listRows asks a node for its rows, and for how old they may be.
func listRows(t *testing.T, p *aroproc.Process) (texts []string, stale float64) {
	t.Helper()
	var l struct {
		Rows []struct {
			Text string `json:"text"`
		} `json:"rows"`
		Stale float64 `json:"stale"`
	}
	a := get(t, p, "/list")
	if err := json.Unmarshal([]byte(a.body), &l); a.code != http.StatusOK || err != nil {
		t.Fatalf("%d %v: %s", a.code, err, a.body)
	}
	for _, r := range l.Rows {
		texts = append(texts, r.Text)
	}
	return texts, l.Stale
}

// TestN01_Seen: three nodes, two of them in namespaces of their own. What one has
// acknowledged, it shows at once, and the others soon: within 100 ms (p99) on a machine
// that has nothing else to do, which ARO_RATE=30s holds.
func TestN01_Seen(t *testing.T) {
	t.Parallel()
	length, hold := rate(t, time.Second)
	most := 5 * time.Second
	if hold {
		most = 100 * time.Millisecond
	}
	first, second := newIsland(t), newIsland(t)
	b := startBrokers(t, 1)
	app := islandFixture(t)
	nodes := []*aroproc.Process{first.node(app, b.Address(), "/seen"), second.node(app, b.Address(), "/seen"), node(t, app, b.Address()+"/seen")}
	has := func(p *aroproc.Process, text string) bool {
		t.Helper()
		texts, _ := listRows(t, p)
		return slices.Contains(texts[max(0, len(texts)-10):], text) // others store nothing
	}
	var took []time.Duration
	for began, n := time.Now(), 0; time.Since(began) < length || n < 30; n++ {
		p, text := nodes[n%3], fmt.Sprint("row-", n)
		if code := get(t, p, "/add?text="+text).code; code != http.StatusCreated {
			t.Fatalf("%s: %d", text, code)
		}
		acknowledged := time.Now()
		if !has(p, text) {
			t.Fatalf("the node that has acknowledged %s does not show it", text)
		}
		for _, other := range []*aroproc.Process{nodes[(n+1)%3], nodes[(n+2)%3]} {
			other.Until(text+" on another node", func() bool { return has(other, text) })
			took = append(took, time.Since(acknowledged))
		}
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	t.Logf("%d rows were seen by another node: median %v after they were acknowledged, p99 %v, the last %v", len(took), took[len(took)/2], p99, took[len(took)-1])
	if p99 > most {
		t.Errorf("p99 %v, want at most %v", p99, most)
	}
}
