// Package hostile_test attacks running applications with everything at once, while an
// honest client looks whether its messages arrive. It runs for twenty seconds, or for
// as long as ARO_HOSTILE says: ARO_HOSTILE=1h go test -timeout 2h ./examples/hostile
// With -race, applications that are attacked for so long have the race detector in them.
package hostile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

var (
	aro         string // the command under test
	raceEnabled bool
	watched     bool // it has the race detector, which takes time and memory of its own
)

func TestMain(m *testing.M) {
	watched = raceEnabled && os.Getenv("ARO_HOSTILE") != ""
	if watched {
		patience = time.Minute
	}
	bin, remove, err := aroproc.Build(".", watched)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	aro = bin
	code := m.Run()
	remove()
	os.Exit(code)
}

func duration(t *testing.T) time.Duration {
	text := os.Getenv("ARO_HOSTILE")
	if text == "" {
		return 20 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("ARO_HOSTILE: %v", err)
	}
	return d
}

// TestHostile: a probe sees each of its messages once, in order and in time, and when
// the attack is over nothing of it is left: no memory, descriptor or goroutine.
func TestHostile(t *testing.T) {
	t.Run("board", func(t *testing.T) {
		t.Parallel()
		attack(t, "../statuspost", "http", boardAttacks, probeBoard)
	})
	t.Run("room", func(t *testing.T) {
		t.Parallel()
		attack(t, "../chat", "tcp", roomAttacks, probeRoom)
	})
}

// war is one attack on one application.
type war struct {
	*aroproc.Process
	t     *testing.T
	addr  string
	over  chan struct{} // closed when the attackers shall stop
	count sync.Map      // attacks by name: *atomic.Int64
}

// an attack is made again and again, by several at once; it must end soon after over.
type attacker struct {
	name  string
	many  int
	pause time.Duration // between two attacks of one attacker
	do    func(w *war)
}

// probe sends messages until over is closed, and returns how long each took to arrive.
type probe func(w *war) (took []time.Duration)

func attack(t *testing.T, app, ready string, attackers []attacker, honest probe) {
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: ready, Dirty: true})
	w := &war{Process: p, t: t, addr: p.HTTP, over: make(chan struct{})}
	if ready == "tcp" {
		w.addr = p.TCP
	}
	length := duration(t)
	long := length >= time.Minute
	// The start is a server that has seen everything and has rested since: its code is in
	// memory, its tables are made.
	warm := &war{Process: p, t: t, addr: w.addr, over: make(chan struct{})}
	fighting := warm.begin(attackers)
	warm.wait(length / 60)
	close(warm.over)
	fighting.Wait()
	settle(w, 3*time.Second)
	before := w.state()
	for rested := time.Now().Add(resting); long && time.Now().Before(rested); settle(w, 2*time.Second) {
		before.memory = min(before.memory, w.state().memory)
	}

	var probing sync.WaitGroup
	var took []time.Duration
	end := make(chan struct{})
	probing.Go(func() {
		took = honest(&war{Process: p, t: t, addr: w.addr, over: end})
	})
	fighting = w.begin(attackers)
	quarters := w.quarters(length)
	peak := w.state()
	close(w.over)
	fighting.Wait()
	close(end)
	probing.Wait()

	var after state
	deadline := time.Now().Add(4 * time.Minute) // an idle heap is collected every two minutes, and then given back
	for {
		settle(w, 2*time.Second)
		if after = w.state(); after.fine(before, long) || time.Now().After(deadline) {
			break
		}
	}
	for _, a := range attackers {
		n, _ := w.count.Load(a.name)
		t.Logf("%-22s %d times", a.name, n.(*atomic.Int64).Load())
	}
	t.Logf("%d messages of the probe, p50 %v, p99 %v, slowest %v", len(took), percentile(took, 50), percentile(took, 99), percentile(took, 100))
	t.Logf("memory in the quarters of the attack, medians: %d, %d, %d, %d MiB", quarters[0]>>20, quarters[1]>>20, quarters[2]>>20, quarters[3]>>20)
	t.Logf("memory %d MiB at the start, %d MiB at the end of the attack, %d MiB after it; descriptors %d, %d, %d", before.memory>>20, peak.memory>>20, after.memory>>20, before.files, peak.files, after.files)
	// The figures of an hour on a machine with nothing else to do, and what a busy one
	// cannot break in twenty seconds.
	slowest := 2 * time.Second
	switch {
	case watched:
		slowest = 30 * time.Second
	case length >= time.Hour:
		slowest = 50 * time.Millisecond
		if quarters[3] > quarters[1]+quarters[1]/20 {
			t.Errorf("memory grows: %v bytes in the quarters of the attack", quarters)
		}
	}
	if len(took) < 20 || percentile(took, 99) > slowest {
		t.Errorf("the probe: %d messages, p99 %v", len(took), percentile(took, 99))
	}
	if !after.fine(before, long) {
		t.Errorf("not given back: %+v at the start, %+v now", before, after)
	}
	// A stack of every goroutine, which ends the process.
	p.Signal(syscall.SIGQUIT)
	p.Wait()
	if n := strings.Count(p.Stderr(), "\ngoroutine "); n == 0 || n > 40 {
		t.Errorf("%d goroutines are left", n)
	}
	for _, bad := range []string{"panic:", "DATA RACE", "fatal error"} {
		if strings.Contains(p.Stderr(), bad) {
			t.Errorf("%s in the application", bad)
		}
	}
}

// resting is how long a process takes to give back what a burst has left.
const resting = 40 * time.Second

// begin lets the attackers loose until over is closed.
func (w *war) begin(attackers []attacker) *sync.WaitGroup {
	fighting := new(sync.WaitGroup)
	for _, a := range attackers {
		n := new(atomic.Int64)
		w.count.Store(a.name, n)
		for range a.many {
			fighting.Go(func() {
				for !w.done() {
					a.do(w)
					n.Add(1)
					w.wait(a.pause)
				}
			})
		}
	}
	return fighting
}

func (w *war) done() bool {
	select {
	case <-w.over:
		return true
	default:
		return false
	}
}

// wait returns after d, or when the attack is over.
func (w *war) wait(d time.Duration) {
	select {
	case <-w.over:
	case <-time.After(d):
	}
}

// state is what an attack could leave behind.
type state struct{ memory, files int }

// fine allows a fifth more memory, for a heap that was never so small again, and some
// descriptors for what the system opens when it likes. A short attack begins before the
// process has rested, and may cost some more.
func (s state) fine(before state, long bool) bool {
	most := before.memory + before.memory/5
	if !long {
		most = max(most, before.memory+8<<20)
	}
	return (watched || s.memory <= most) && s.files <= before.files+3
}

// quarters lets the attack go on for so long, and returns the median of the resident
// memory in each quarter of it.
func (w *war) quarters(length time.Duration) (medians [4]int) {
	for q := range medians {
		var samples []int
		for end := time.Now().Add(length / 4); time.Now().Before(end); {
			time.Sleep(length / 400) // the pace of the looking
			samples = append(samples, w.state().memory)
		}
		slices.Sort(samples)
		medians[q] = samples[len(samples)/2]
	}
	return medians
}

var resident = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

func (w *war) state() (s state) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.Pid()))
	if err != nil {
		w.t.Skip("needs /proc")
	}
	if m := resident.FindSubmatch(status); m != nil {
		kib, _ := strconv.Atoi(string(m[1]))
		s.memory = kib << 10
	}
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", w.Pid()))
	s.files = len(files)
	return s
}

// settle waits until the descriptors have not become fewer for d.
func settle(w *war, d time.Duration) {
	least, since := w.state().files, time.Now()
	for time.Since(since) < d {
		time.Sleep(50 * time.Millisecond) // the pace of the looking
		if n := w.state().files; n < least {
			least, since = n, time.Now()
		}
	}
}
