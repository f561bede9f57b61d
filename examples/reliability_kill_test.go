package examples_test

import (
	"fmt"
	"math/rand/v2"
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

// The program stores five rows, 20 ms apart, and is quiet then; a schedule does so
// again. It says what it has stored, and at the start what it found.
const ledgerApp = `(Application-Start: Ledger) {
    Create the <had> with <ledger-repository: count>.
    Retrieve the <rows> from the <ledger-repository>.
    Compute the <whole: length> from <rows>.
    Reduce the <sum: Integer> from the <rows> with sum(<n>).
    Log "found ${<had>} of ${<whole>} sum ${<sum>}" to the <console>.
    Emit a <Burst: event> with { at: "start" }.
    Schedule the <Burst> with 3.5 seconds.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(Store Rows: Burst Handler) {
    for <i> from 1 to 5 {
        Compute the <n> from <ledger-repository: count> + 1.
        Create the <text> with "0123456789abcdef" * 200.
        Store { n: <n>, text: <text>, odd: "yes: no\n- x #" } into the <ledger-repository>.
        Log "stored ${<n>}" to the <console>.
        Wait for 20 milliseconds.
    }
}
`

// The documented window: what was stored is in the file when the repository has been
// quiet for a second. The second one is patience with a busy machine.
const storeWindow = time.Second + 1500*time.Millisecond

// TestF05_Killed: a program that is killed at any instant leaves a store file that
// holds the rows 1 to n whole, where n is not older than the documented window, and
// from which it goes on. With ARO_KILLS=500 it is killed that often.
func TestF05_Killed(t *testing.T) {
	t.Parallel()
	kills, workers := 24, 8
	if n, err := strconv.Atoi(os.Getenv("ARO_KILLS")); err == nil && n > 0 {
		kills, workers = n, 24
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { // which a failure ends; sub-tests would run two at a time
			app := fixture(t, ledgerApp, "ledger.store", "")
			if err := os.Chmod(filepath.Join(app, "ledger.store"), 0o666); err != nil {
				t.Error(err)
				return
			}
			least, most, before := 0, 0, 0
			rounds := (kills + workers - 1) / workers
			for round := range rounds {
				found := killed(t, app, round, &least, &most)
				if found < before {
					t.Errorf("round %d: %d rows, and %d before that", round, found, before)
				}
				before = found
			}
			p := aroproc.Start(t, aro, app, aroproc.Options{})
			p.Prints("stored")
			found := foundAtStart(t, p)
			if found < least {
				t.Errorf("at the end: %d rows, want at least %d", found, least)
			}
			t.Logf("killed %d times, %d rows at the end", rounds, found)
			if code := p.Stop(); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
	wg.Wait()
}

// killed runs the program, kills it and returns how many rows it had found at its
// start; least is how many the next start must find, most how many it can.
func killed(t *testing.T, app string, round int, least, most *int) (found int) {
	p := aroproc.Start(t, aro, app, aroproc.Options{})
	p.Prints("found")
	found = foundAtStart(t, p)
	if round > 0 && (found < *least || found > *most) {
		t.Fatalf("round %d: found %d rows, want %d to %d", round, found, *least, *most)
	}
	life := time.Duration(rand.IntN(6000)) * time.Millisecond
	if round%2 == 0 { // near the writing, which begins a second after the fifth row
		p.Prints(fmt.Sprintf("stored %d\n", found+5))
		life = 970*time.Millisecond + time.Duration(rand.IntN(80_000))*time.Microsecond
	}
	began, seen := time.Now(), map[int]time.Time{}
	for time.Since(began) < life {
		for line := range strings.Lines(p.Stdout()) {
			if n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "stored "))); err == nil && seen[n].IsZero() {
				seen[n] = time.Now()
			}
		}
		time.Sleep(2 * time.Millisecond) // the pace of the looking
	}
	p.Signal(syscall.SIGKILL)
	at := time.Now()
	p.Wait()
	*least, *most = found, found+strings.Count(p.Stdout(), "stored ")
	if !strings.HasSuffix(p.Stdout(), "\n") || strings.Count(p.Stdout(), "stored ")%5 != 0 {
		*most++ // stored and not yet said
	}
	for n, when := range seen {
		if n%5 == 0 && at.Sub(when) > storeWindow {
			*least = max(*least, n)
		}
	}
	return found
}

// foundAtStart reads what the program says it found, which must be the rows 1 to n.
func foundAtStart(t *testing.T, p *aroproc.Process) int {
	t.Helper()
	_, line, _ := strings.Cut(p.Stdout(), "found ")
	var had, whole, sum int
	if _, err := fmt.Sscanf(line, "%d of %d sum %d", &had, &whole, &sum); err != nil || had != whole || sum != had*(had+1)/2 {
		t.Fatalf("found %q (%v), which is not the rows 1 to n", strings.SplitN(line, "\n", 2)[0], err)
	}
	return had
}
