package examples_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"aro/examples/internal/aroproc"
)

// tcpNode starts an application that listens on a TCP port as a part of a cluster.
func tcpNode(t *testing.T, app, address string, more ...string) *aroproc.Process {
	t.Helper()
	return aroproc.Start(t, aro, app, aroproc.Options{Ready: "tcp", Args: append([]string{"--engine", address}, more...)})
}

// TestN_Channels: who subscribes on one node gets what is published on another one, in
// order and once, and nothing of other topics.
func TestN_Channels(t *testing.T) {
	t.Parallel()
	address := startBrokers(t, 1).Address()
	a, b := tcpNode(t, "pubsub", address), tcpNode(t, "pubsub", address)
	ada, ben, cleo := dialTCP(t, a.TCP), dialTCP(t, b.TCP), dialTCP(t, b.TCP)
	ada.send("SUB tea\n")
	ada.want("OK\n")
	ben.send("SUB tea\n")
	ben.want("OK\n")
	cleo.send("PUB cake nobody hears this\nPUB tea one\nPUB tea two\n")
	for range 3 {
		cleo.want("OK\n")
	}
	for _, c := range []*tcpConn{ada, ben} {
		c.want("tea: one\n")
		c.want("tea: two\n")
	}
	ada.send("PUB tea three\n")
	ben.want("tea: three\n")
}

const jobs = `(Application-Start: Jobs) {
    Listen on port 9000 as <jobs> with { framing: "lines" }.
    Log "ready" to the <console>.
    Return an <OK: status> for the <startup>.
}

(Take: DataReceived Handler) {
    Extract the <client> from the <event: connection>.
    Extract the <line> from the <event: text>.
    Store { id: <line> } into the <job-repository>.
    Send "OK ${<done-repository: count>} of ${<job-repository: count>}" to the <client>.
    Return an <OK: status> for the <job>.
}

(Work: job-repository Observer) when <event: changeType> = "created" and <event: entityId> != "half" {
    Log "begins ${<event: entityId>}" to the <console>.
    Store { id: "half" } into the <job-repository> when <parameter: slow> exists.
    Wait for 600 seconds when <parameter: slow> exists.
    Store { id: <event: entityId> } into the <done-repository>.
    Log "has done ${<event: entityId>}" to the <console>.
    Return an <OK: status> for the <work>.
}
`

// TestN_ObserverDies: a node is killed while its observer runs. Another node runs the
// observers of that change; what the dead one had written to the repository is not there.
// Before and after that each observer runs on the node that has stored, and nowhere else.
func TestN_ObserverDies(t *testing.T) {
	t.Parallel()
	address := startBrokers(t, 1).Address()
	app := fixture(t, jobs)
	a, b := tcpNode(t, app, address, "--slow"), tcpNode(t, app, address)
	on := dialTCP(t, b.TCP)
	on.send("first\n")
	on.want("OK 1 of 1\n")
	dialTCP(t, a.TCP).send("second\n")
	a.Prints("begins second")
	a.Signal(syscall.SIGKILL)
	a.Wait()
	b.Prints("has done second")
	on.send("third\n")
	on.want("OK 3 of 3\n")
	if got := strings.Count(b.Stdout(), "begins"); got != 3 || strings.Contains(a.Stdout(), "first") {
		t.Errorf("%d observers ran on the node that is left:\n%s\nand on the other one:\n%s", got, b.Stdout(), a.Stdout())
	}
}

// TestN_Schedules: of two nodes one ticks, and the other one when that has ended.
func TestN_Schedules(t *testing.T) {
	t.Parallel()
	address := startBrokers(t, 1).Address()
	app := fixture(t, `(Application-Start: Ticking) {
    Schedule the <tick> with 0.05 seconds.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}

(Count: tick Handler) {
    Store { id: "ticks" } into the <tick-repository>.
    Log "ticked" to the <console>.
    Return an <OK: status> for the <tick>.
}
`)
	start := func() *aroproc.Process {
		return aroproc.Start(t, aro, app, aroproc.Options{Args: []string{"--engine", address}})
	}
	a := start()
	a.Prints("ticked\nticked\nticked\n")
	b := start()
	before := strings.Count(a.Stdout(), "ticked")
	a.Until("ticks beside another node", func() bool { return strings.Count(a.Stdout(), "ticked") > before+20 })
	if b.Stdout() != "" {
		t.Errorf("the second node ticks, too: %s", b.Stdout())
	}
	a.Stop()
	b.Prints("ticked\nticked\n")
}

const keptJobs = `(Application-Start: Jobs) {
    Configure the <application: durable-events> with true.
    Listen on port 9000 as <jobs> with { framing: "lines" }.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}

(Take: DataReceived Handler) {
    Extract the <client> from the <event: connection>.
    Send "OK" to the <client>.
    Emit a <Job: event> with { line: <event: text> }.
    Return an <OK: status> for the <job>.
}

(Work: Job Handler) {
    Log "begins ${<event: line>} ${<event: id>} ${<event: attempt>}" to the <console>.
    Throw an <Unlucky: error> for the <job> when <event: line> is "failing" and <parameter: slow> exists.
    Throw a <Hopeless: error> for the <job> when <event: line> is "hopeless".
    Wait for 600 seconds when <parameter: slow> exists.
    Log "has done ${<event: line>}" to the <console>.
    Return an <OK: status> for the <job>.
}
`

// TestN04_EventsMove: three nodes with kept events, one of which is killed while one handler
// runs and the next attempt of another one is to come. Other nodes run both, each once, as
// the attempt that follows. What a node that lives has emitted stays with it.
func TestN04_EventsMove(t *testing.T) {
	t.Parallel()
	address := startBrokers(t, 3).Address()
	app := fixture(t, keptJobs)
	a := tcpNode(t, app, address, "--slow")
	others := []*aroproc.Process{tcpNode(t, app, address), tcpNode(t, app, address)}
	dialTCP(t, others[0].TCP).send("plain\nhopeless\n")
	others[0].Prints("has done plain")
	dialTCP(t, a.TCP).send("running\n")
	dialTCP(t, a.TCP).send("failing\n")
	a.Prints("begins running ")
	a.Complains("attempt 1 of 10: again in ")
	a.Signal(syscall.SIGKILL)
	a.Wait()
	both := func() string { return others[0].Stdout() + others[1].Stdout() }
	others[0].Until("both events elsewhere", func() bool {
		return strings.Contains(both(), "has done running\n") && strings.Contains(both(), "has done failing\n")
	})
	begins := func(out, line string) (ids []string) {
		for l := range strings.Lines(out) {
			if f := strings.Fields(l); len(f) == 4 && f[0] == "begins" && f[1] == line {
				ids = append(ids, f[2]+" "+f[3])
			}
		}
		return ids
	}
	for line, attempt := range map[string]string{"running": " 2", "failing": ""} {
		before, after := begins(a.Stdout(), line), begins(both(), line)
		if attempt == "" { // the second attempt may have begun where the first one was
			attempt = fmt.Sprint(" ", len(before)+1)
		}
		if id, _, _ := strings.Cut(before[0], " "); len(after) != 1 || after[0] != id+attempt {
			t.Errorf("%s began there as %q, elsewhere as %q", line, before, after)
		}
	}
	if n := len(begins(others[1].Stdout(), "plain")) + len(begins(others[1].Stdout(), "hopeless")); n != 0 || strings.Contains(a.Stdout(), "plain") {
		t.Errorf("%d handlers ran on a node that had not emitted their event", n)
	}
}

// TestN_Everywhere: an observer runs where the change was made, one that is declared
// everywhere on each node, in the order of the changes, with what was there before.
func TestN_Everywhere(t *testing.T) {
	t.Parallel()
	address := startBrokers(t, 1).Address()
	app := fixture(t, `(Application-Start: Prices) {
    Listen on port 9000 as <prices> with { framing: "lines" }.
    Return an <OK: status> for the <startup>.
}

(Take: DataReceived Handler) {
    Extract the <price> from the <event: text>.
    Store { id: "tea", price: <price> } into the <price-repository>.
    Send "OK" to the <event: connection>.
    Return an <OK: status> for the <price>.
}

(Tell: price-repository Observer) {
    Log "here ${<event: newValue.price>}" to the <console>.
    Return an <OK: status> for the <price>.
}

(Show: price-repository Observer everywhere) when <event: newValue.price> != "secret" {
    Log "${<event: changeType>} ${<event: newValue.price>}" to the <console>.
    Log "instead of ${<event: oldValue.price>}" to the <console> when <event: changeType> = "updated".
    Return an <OK: status> for the <price>.
}
`)
	a, b := tcpNode(t, app, address), tcpNode(t, app, address)
	on := dialTCP(t, a.TCP)
	for _, price := range []string{"1", "2", "secret", "3"} {
		on.send(price + "\n")
		on.want("OK\n")
	}
	b.Prints("created 1\nupdated 2\ninstead of 1\nupdated 3\ninstead of secret\n")
	if want := "here 1\ncreated 1\nhere 2\nupdated 2\ninstead of 1\nhere secret\nhere 3\nupdated 3\ninstead of secret\n"; !strings.Contains(a.Stdout(), want) {
		t.Errorf("the node of the changes printed\n%s", a.Stdout())
	}
	if strings.Contains(b.Stdout(), "here") {
		t.Errorf("the other node printed\n%s", b.Stdout())
	}
	// What is stored there is told here.
	on = dialTCP(t, b.TCP)
	on.send("4\n")
	on.want("OK\n")
	a.Prints("updated 4\ninstead of 3\n")
}
