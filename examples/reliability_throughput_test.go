package examples_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// TestW07_Throughput posts to the board, one message at a time, with 200 browsers
// connected, and looks how much of the processor a delivery takes. Every browser has to
// get every message, in order. With ARO_RATE=30s it takes that long and holds the figure
// of chapter 05, which is for one core; without, a second says about what it is.
func TestW07_Throughput(t *testing.T) {
	length, hold := rate(t, time.Second)
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http", Env: []string{"GOMAXPROCS=1"}})
	const browsers = 200
	var all sync.WaitGroup
	got := make(chan error, browsers) // one for each message of each browser
	ctx, cancel := context.WithCancel(t.Context())
	defer all.Wait()
	defer cancel()
	for range browsers {
		c := dialWS(t, p, "/ws")
		all.Go(func() {
			for n := 0; ; n++ {
				_, data, err := c.Read(ctx)
				if err == nil && !strings.Contains(string(data), fmt.Sprintf(`"message %d"`, n)) {
					err = fmt.Errorf("message %d is %s", n, data)
				}
				select {
				case got <- err:
				case <-ctx.Done():
					return
				}
				if err != nil {
					return
				}
			}
		})
	}
	before, known := processorTime(p.Pid())
	begun, posts := time.Now(), 0
	for ; time.Since(begun) < length; posts++ {
		if a := do(t, form(p, "/messages", "message", fmt.Sprintf("message %d", posts))); a.code != http.StatusCreated {
			t.Fatal(a)
		}
		for range browsers {
			must(t, <-got)
		}
	}
	if !known {
		t.Skip("everybody got everything; how long it took is in /proc on Linux only")
	}
	after, _ := processorTime(p.Pid())
	each := (after - before) / time.Duration(posts*browsers)
	t.Logf("%d posts to %d browsers: %v of the server for each delivery, %.0f in a second of one core", posts, browsers, each, float64(posts*browsers)/(after-before).Seconds())
	if want := time.Second / 180_000; hold && each > want {
		t.Errorf("a delivery takes %v of the server, want at most %v", each, want)
	}
	if each > 100*time.Microsecond {
		t.Errorf("a delivery takes %v of the server", each)
	}
}

// processorTime is what a process has used of the processors so far; false where nobody
// says.
func processorTime(pid int) (time.Duration, bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, found := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if err != nil || !found || len(fields) < 13 {
		return 0, false
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / 100, true // in hundredths, on every Linux
}
