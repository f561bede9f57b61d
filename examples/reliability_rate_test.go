package examples_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// rate is how long figures are measured: for as long as ARO_RATE says, and then they are
// held, or for a moment.
func rate(t *testing.T, moment time.Duration) (length time.Duration, hold bool) {
	text := os.Getenv("ARO_RATE")
	if text == "" {
		return moment, false
	}
	length, err := time.ParseDuration(text)
	must(t, err)
	return length, true
}

// TestL02_Rate posts to the board as fast as it takes it, and then at half that rate, each
// post at its own moment whatever became of the ones before. How long a post takes counts
// from that moment, so that one that has to wait for another is not left out. With
// ARO_RATE=30s it takes that long and holds the figures of chapter 05; without, what a
// busy machine cannot break.
func TestL02_Rate(t *testing.T) {
	length, hold := rate(t, 2*time.Second)
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http", Env: []string{"GODEBUG=gctrace=1"}})
	const lanes = 32
	conns := make([]*tcpConn, lanes)
	for i := range conns {
		conns[i] = dialTCP(t, p.HTTP)
	}
	request := "POST /messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 13\r\n\r\nmessage=hello"
	post := func(c *tcpConn) error {
		c.SetDeadline(time.Now().Add(aroproc.Patience))
		if _, err := io.WriteString(c, request); err != nil {
			return err
		}
		res, err := http.ReadResponse(c.r, nil)
		if err != nil {
			return err
		}
		if res.StatusCode != http.StatusCreated {
			return fmt.Errorf("%s", res.Status)
		}
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}
	var all sync.WaitGroup
	counts := make([]int, lanes)
	begun := time.Now()
	for i, c := range conns[:8] {
		all.Go(func() {
			for time.Since(begun) < length {
				if err := post(c); err != nil {
					t.Error(err)
					return
				}
				counts[i]++
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	most := float64(total) / time.Since(begun).Seconds()
	if total == 0 {
		t.Fatal("no post was taken")
	}
	step := time.Duration(float64(time.Second) / (most / 2) * lanes) // of each lane
	took := make([][]time.Duration, lanes)
	begun = time.Now()
	for i, c := range conns {
		all.Go(func() {
			for due := begun.Add(step * time.Duration(i) / lanes); due.Sub(begun) < length; due = due.Add(step) {
				time.Sleep(time.Until(due)) // the rate, which is what is measured
				if err := post(c); err != nil {
					t.Error(err)
					return
				}
				took[i] = append(took[i], time.Since(due))
			}
		})
	}
	all.Wait()
	times := slices.Sorted(slices.Values(slices.Concat(took...)))
	if len(times) == 0 {
		t.Fatal("no post was taken")
	}
	pauses := pauses(p.Stderr())
	if len(pauses) == 0 {
		t.Fatalf("no collection is reported: %.300s", p.Stderr())
	}
	p99, longest := times[len(times)*99/100], pauses[len(pauses)-1]
	t.Logf("at most %.0f posts/s; at half of that %d posts: median %v, p99 %v, the slowest %v; %d pauses of the collector: median %v, the longest %v",
		most, len(times), times[len(times)/2], p99, times[len(times)-1], len(pauses), pauses[len(pauses)/2], longest)
	if hold && (p99 > 10*time.Millisecond || longest > 10*time.Millisecond) {
		t.Errorf("p99 %v and a pause of %v, want less than 10 ms", p99, longest)
	}
	if middle := pauses[len(pauses)/2]; middle > 10*time.Millisecond {
		t.Errorf("half of the pauses of the collector take more than %v", middle)
	}
	p.Stop()
}

// pauses are the times that the collector stopped everything for, sorted: the first and the
// last of the three in a line `gc 1 @0.1s 2%: 0.01+1.2+0.02 ms clock, …`.
func pauses(log string) (list []time.Duration) {
	lines := bufio.NewScanner(strings.NewReader(log))
	for lines.Scan() {
		_, rest, ok := strings.Cut(lines.Text(), "%: ")
		phases, _, clock := strings.Cut(rest, " ms clock")
		parts := strings.Split(phases, "+")
		if !strings.HasPrefix(lines.Text(), "gc ") || !ok || !clock || len(parts) != 3 {
			continue
		}
		for _, text := range []string{parts[0], parts[2]} {
			if ms, err := strconv.ParseFloat(text, 64); err == nil {
				list = append(list, time.Duration(ms*float64(time.Millisecond)))
			}
		}
	}
	slices.Sort(list)
	return list
}
