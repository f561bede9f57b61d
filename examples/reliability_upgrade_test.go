package examples_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

const version = `(Application-Start: Version %[1]s) {
    Start the <http-server>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(which: Version) {
    Sleep the <moment> for 5 ms.
    Return an <OK: status> with { version: "%[1]s" }.
}
(tell: Version) { Return an <OK: status> with { version: "%[1]s" }. }
`

const versionContract = `openapi: 3.0.3
info: { title: Version, version: "1" }
paths:
  /version: { get: { operationId: which }, post: { operationId: tell } }
`

// TestS02: a new version takes over the socket of the old one, beside it or after it,
// and no client notices.
func TestS02_Upgrade(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	must(t, err)
	defer file.Close()

	start := func(v string) (cmd *exec.Cmd, ready func() bool) {
		t.Helper()
		dir := fixture(t, fmt.Sprintf(version, v), "openapi.yaml", versionContract)
		health := aroproc.FreePort(t)
		// The protocol wants the number of the process, which is only known in it.
		cmd = exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http exec "$@"`, "sh",
			aro, "run", dir, "--health", fmt.Sprintf("127.0.0.1:%d", health))
		cmd.ExtraFiles = []*os.File{file}
		cmd.Env = append(os.Environ(), "ARO_CACHE_DIR="+filepath.Join(filepath.Dir(aro), "cache"))
		var text strings.Builder
		cmd.Stderr = &text
		must(t, cmd.Start())
		ended := make(chan struct{})
		go func() { cmd.Wait(); close(ended) }()
		t.Cleanup(func() {
			cmd.Process.Kill()
			<-ended
			if t.Failed() {
				t.Logf("version %s: %s", v, text.String())
			}
		})
		return cmd, func() bool {
			res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/ready", health))
			if err != nil {
				return false
			}
			res.Body.Close()
			return res.StatusCode == 200
		}
	}
	until := func(what string, ok func() bool) {
		t.Helper()
		for end := time.Now().Add(aroproc.Patience); !ok(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("no %s", what)
			}
		}
	}

	one, ready := start("one")
	until("first version", ready)
	var seen [3]atomic.Int64
	var stop atomic.Bool
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			// Half of them keep their connection, and none asks twice.
			c := &http.Client{Timeout: aroproc.Patience, Transport: &http.Transport{DisableKeepAlives: i%2 == 0}}
			defer c.CloseIdleConnections()
			for !stop.Load() {
				method := []string{"GET", "POST"}[i/2%2]
				req, err := http.NewRequest(method, "http://"+l.Addr().String()+"/version", nil)
				must(t, err)
				res, err := c.Do(req)
				if err != nil {
					t.Errorf("%s: %v", method, err)
					return
				}
				body, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || res.StatusCode != 200 {
					t.Errorf("%s: %d %s %v", method, res.StatusCode, body, err)
					return
				}
				for k, v := range []string{"one", "two", "three"} {
					if strings.Contains(string(body), `"`+v+`"`) {
						seen[k].Add(1)
					}
				}
			}
		})
	}
	ended := func(cmd *exec.Cmd) func() bool {
		return func() bool { return cmd.Process.Signal(syscall.Signal(0)) != nil }
	}
	until("answers of the first version", func() bool { return seen[0].Load() > 200 })
	two, twoReady := start("two") // beside the first one
	until("second version", twoReady)
	one.Process.Signal(syscall.SIGTERM)
	until("unready first version", func() bool { return !ready() })
	until("end of the first version", ended(one))
	until("answers of the second version", func() bool { return seen[1].Load() > 200 })
	two.Process.Signal(syscall.SIGTERM) // and the third one after it
	until("end of the second version", ended(two))
	_, threeReady := start("three")
	until("third version", threeReady)
	until("answers of the third version", func() bool { return seen[2].Load() > 200 })
	stop.Store(true)
	wg.Wait()
	t.Logf("answers of each: %d, %d, %d", seen[0].Load(), seen[1].Load(), seen[2].Load())
}
