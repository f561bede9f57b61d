package host_test

import (
	"io"
	"runtime"
	"testing"
	"time"

	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// TestOthersGoOn: with one core, who computes for long, and who has one short run after the
// other, lets others go on long before Go takes the core away after ten milliseconds.
func TestOthersGoOn(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	h := linkConfig(t, `(Long: Test) { for <i> from 0 to 5000000 { Compute the <twice> from <i> * 2. } }
(Short: Test) { Compute the <twice> from 2 * 2. }`, host.Config{Stdout: io.Discard, Stderr: io.Discard})
	for _, name := range []string{"Long", "Short"} {
		turns, over := 0, false // of others; one core, but the race detector wants channels
		ask, answer := make(chan bool), make(chan int)
		go func() {
			for {
				select {
				case over = <-ask:
					answer <- turns
					if over {
						return
					}
				default:
					turns++
					runtime.Gosched()
				}
			}
		}()
		const want = 100
		began, n := time.Now(), 0
		for n < want && time.Since(began) < 30*time.Second {
			// Counted outside of the asking, which lets others go on as well.
			for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
				h.Invoke(h.Named(name), host.Payload{Event: value.EmptyMap}).Release()
			}
			ask <- false
			n = <-answer
		}
		ask <- true
		<-answer
		if each := time.Since(began) / time.Duration(max(n, 1)); each > 5*time.Millisecond {
			t.Errorf("%s: others had a turn every %v", name, each)
		}
	}
}
