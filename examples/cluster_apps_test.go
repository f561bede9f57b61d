package examples_test

import (
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
