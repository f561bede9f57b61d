package examples_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// keptApp raises an event for each line. Begun says that there is one; its effect comes some
// milliseconds later, and the end of the handler later still. What is in begun.txt was
// therefore emitted, and must not be lost.
const keptApp = `(Application-Start: Jobs) {
    Configure the <application: durable-events> with true.
    Listen on port 9000 as <jobs> with { framing: "lines" }.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}

(Take: DataReceived Handler) {
    Extract the <client> from the <event: connection>.
    Emit a <Job: event> with { line: <event: text> }.
    Send "OK" to the <client>.
    Return an <OK: status> for the <job>.
}

(Begin: Job Handler) when <event: attempt> = 1 {
    Append "${<event: line>}\n" to the <file: "begun.txt">.
    Return an <OK: status> for the <job>.
}

(Work: Job Handler) {
    Wait for 0.004 seconds.
    Append "${<event: line>} ${<event: id>} ${<event: attempt>}\n" to the <file: "done.txt">.
    Wait for 0.004 seconds.
    Throw an <Unlucky: error> for the <job> when <event: attempt> = 1 and <event: line> contains "7".
    Return an <OK: status> for the <job>.
}

(Give Up: dead-letter-repository Observer) {
    Extract the <letter> from the <event: newValue>.
    Append "${<letter: data.line>}\n" to the <file: "dead.txt">.
    Return an <OK: status> for the <letter>.
}
`

// fileLines reads a file of the application, which may not be there.
func fileLines(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// TestE07_Killed kills an application with kept events at random moments, most of them
// between the effect of a handler and its end: every event that any handler has seen has its
// effect, under one id, and nothing else has one. With ARO_KILLS=1000 it is killed that often.
func TestE07_Killed(t *testing.T) {
	t.Parallel()
	kills := 40
	if n, err := strconv.Atoi(os.Getenv("ARO_KILLS")); err == nil && n > 0 {
		kills = n
	}
	app, dir := fixture(t, keptApp), t.TempDir()
	start := func(more ...string) *aroproc.Process {
		return aroproc.Start(t, aro, app, aroproc.Options{Ready: "tcp", Dir: dir, Args: append(more, "--data", "data")})
	}
	var mu sync.Mutex
	sent := map[string]bool{}
	acked := map[string]bool{}
	for round := range kills {
		p := start()
		var clients sync.WaitGroup
		for who := range 4 {
			c, err := net.DialTimeout("tcp", p.TCP, aroproc.Patience)
			if err != nil {
				t.Fatal(err)
			}
			clients.Go(func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for n := 0; ; n++ {
					line := fmt.Sprintf("%d-%d-%d", round, who, n)
					mu.Lock()
					sent[line] = true
					mu.Unlock()
					if _, err := fmt.Fprintln(c, line); err != nil {
						return
					}
					if got, err := r.ReadString('\n'); err != nil || got != "OK\n" {
						return
					}
					mu.Lock()
					acked[line] = true
					mu.Unlock()
				}
			})
		}
		time.Sleep(time.Duration(rand.IntN(60_000)) * time.Microsecond) // the moment of the kill
		p.Signal(syscall.SIGKILL)
		p.Wait()
		clients.Wait()
	}
	health := fmt.Sprint("127.0.0.1:", aroproc.FreePort(t))
	p := start("--health", health)
	begun := fileLines(t, filepath.Join(dir, "begun.txt"))
	missing := func() (out []string) {
		have := map[string]bool{}
		for _, l := range fileLines(t, filepath.Join(dir, "done.txt")) {
			line, _, _ := strings.Cut(l, " ")
			have[line] = true
		}
		for _, l := range fileLines(t, filepath.Join(dir, "dead.txt")) {
			have[l] = true
		}
		for _, l := range begun {
			if !have[l] {
				out = append(out, l)
			}
		}
		for l := range acked {
			if !have[l] {
				out = append(out, l)
			}
		}
		return out
	}
	p.Until("the effects of all events", func() bool { return len(missing()) == 0 })
	p.Until("no event waits", func() bool {
		req, err := http.NewRequest("GET", "http://"+health+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := try(req)
		return err == nil && strings.Contains(a.body, "\naro_events_waiting 0\n")
	})
	p.Stop()
	if out, errOut, code := aroproc.RunIn(t, dir, aro, "data", "check", "data"); code != 0 || strings.Contains(out, "wait for their handlers") {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
	ids, again := map[string]string{}, 0
	for _, l := range fileLines(t, filepath.Join(dir, "done.txt")) {
		var line, id string
		var attempt int
		if _, err := fmt.Sscan(l, &line, &id, &attempt); err != nil || !sent[line] {
			t.Fatalf("nobody sent %q", l)
		}
		if ids[line] != "" && ids[line] != id {
			t.Errorf("%s has two ids: %s and %s", line, ids[line], id)
		}
		if ids[line] = id; attempt > 1 {
			again++
		}
	}
	t.Logf("%d kills, %d events, %d of them acknowledged, %d attempts that were not the first", kills, len(begun), len(acked), again)
	if len(begun) < kills || again < kills {
		t.Error("too few events for that to say anything")
	}
}

// TestE07_Terminated: at SIGTERM a handler that runs comes to its end, and an attempt that
// is to come is for the next start, which it is not forgotten by.
func TestE07_Terminated(t *testing.T) {
	t.Parallel()
	app, dir := fixture(t, strings.Replace(keptApp, `    Wait for 0.004 seconds.
    Throw`, `    Wait for 0.6 seconds when <event: line> is "slow".
    Log "${<event: line>} done" to the <console>.
    Throw`, 1)), t.TempDir()
	start := func() *aroproc.Process {
		return aroproc.Start(t, aro, app, aroproc.Options{Ready: "tcp", Dir: dir, Args: []string{"--data", "data"}})
	}
	p := start()
	dialTCP(t, p.TCP).send("number 7\n")
	p.Complains("attempt 1 of 10: again in ")
	dialTCP(t, p.TCP).send("slow\n")
	p.Until("the effect of the slow one", func() bool {
		return strings.Contains(strings.Join(fileLines(t, filepath.Join(dir, "done.txt")), "\n"), "slow ")
	})
	if code := p.Stop(); code != 0 || strings.Contains(p.Stdout(), "slow done") == strings.Contains(p.Stderr(), "slow") {
		t.Errorf("code %d\n%s\n%s", code, p.Stdout(), p.Stderr())
	}
	again := len(fileLines(t, filepath.Join(dir, "done.txt"))) > 2 // the machine is slow: a second had passed
	if out, _, _ := aroproc.RunIn(t, dir, aro, "data", "check", "data"); strings.Contains(out, "events that wait for their handlers: 1\n") == again {
		t.Error(out)
	}
	p = start()
	p.Until("the second attempt", func() bool { return len(fileLines(t, filepath.Join(dir, "done.txt"))) > 2 })
	p.Stop()
	if got := fileLines(t, filepath.Join(dir, "done.txt")); len(got) != 3 || !strings.HasPrefix(got[2], "number 7 ") || !strings.HasSuffix(got[2], " 2") {
		t.Errorf("%q", got)
	}
}
