package examples_test

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// TestS05_Start measures how long aro takes to say what it can, and the tutorial from
// nothing, not even a cache, to the first byte of its page. Times depend on the
// neighbours, so they are logged, the best of some, and gated where nothing but a start
// that has become another one gets; what is exact is how much is done before main.
func TestS05_Start(t *testing.T) {
	help := best(t, func() time.Duration {
		begun := time.Now()
		if out, err := exec.Command(aro, "--help").Output(); err != nil || len(out) == 0 {
			t.Fatal(err)
		}
		return time.Since(begun)
	})
	app := seed(t, "statuspost")
	cold := best(t, func() time.Duration {
		dir, port := t.TempDir(), aroproc.FreePort(t)
		cmd := exec.Command(aro, "run", app)
		cmd.Dir = dir
		cmd.Env = append(cmd.Environ(), fmt.Sprint("ARO_HTTP_PORT=", port), "ARO_CACHE_DIR="+filepath.Join(dir, "cache"))
		begun := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Wait()
		defer cmd.Process.Kill()
		for time.Since(begun) < aroproc.Patience {
			c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
			if err != nil {
				time.Sleep(100 * time.Microsecond)
				continue
			}
			defer c.Close()
			c.SetDeadline(begun.Add(aroproc.Patience))
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
			if _, err := c.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			return time.Since(begun)
		}
		t.Fatal("the tutorial does not answer")
		return 0
	})
	cmd := exec.Command(aro, "--version")
	cmd.Env = append(cmd.Environ(), "GODEBUG=inittrace=1")
	trace, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	packages, bytes, allocs := 0, 0, 0
	for line := range strings.Lines(string(trace)) {
		var name string
		var at, took float64
		var b, a int
		if n, _ := fmt.Sscanf(line, "init %s @%f ms, %f ms clock, %d bytes, %d allocs", &name, &at, &took, &b, &a); n == 5 {
			packages, bytes, allocs = packages+1, bytes+b, allocs+a
		}
	}
	t.Logf("aro --help %v; the tutorial, cold, to the first byte %v; before main %d packages make %d allocations of %d bytes", help, cold, packages, allocs, bytes)
	if packages == 0 {
		t.Fatalf("no package is initialised: %s", trace)
	}
	if raceEnabled {
		return
	}
	if allocs > maxInitAllocs || bytes > maxInitBytes {
		t.Errorf("before main there are %d allocations of %d bytes, the limits are %d and %d", allocs, bytes, maxInitAllocs, maxInitBytes)
	}
	if help > time.Second || cold > 2*time.Second {
		t.Errorf("best of %d: aro --help %v, the tutorial %v", starts, help, cold)
	}
}

const (
	starts        = 12
	maxInitAllocs = 4500
	maxInitBytes  = 900_000
)

// best is the shortest of some times.
func best(t *testing.T, once func() time.Duration) time.Duration {
	t.Helper()
	shortest := time.Hour
	for range starts {
		shortest = min(shortest, once())
	}
	return shortest
}
