package examples_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Clients that others wrote. .ci/run installs them; elsewhere a missing one skips
// its tests.

// tool finds a program; without it the test is skipped.
func tool(t *testing.T, name, install string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, "needs "+name+": "+install)
	}
	return path
}

func missing(t *testing.T, text string) {
	t.Helper()
	if onCI() {
		t.Fatal(text)
	}
	t.Skip(text)
}

// module finds an npm package below $ARO_TEST_TOOLS.
func module(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(os.Getenv("ARO_TEST_TOOLS"), "node_modules", name)
	if _, err := os.Stat(filepath.Join(dir, "package.json")); err != nil || os.Getenv("ARO_TEST_TOOLS") == "" {
		missing(t, "needs the npm package "+name+": run npm ci with .ci/tools/package.json and set ARO_TEST_TOOLS to that folder")
	}
	return dir
}

// runTool runs a program to its end, which must come soon and be a success, and
// returns what it printed.
func runTool(t *testing.T, stdin string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(os.Getenv("ARO_TEST_TOOLS"), "node_modules"))
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

// startTool starts a program that listens on an address, waits until it does, and
// ends it with the test.
func startTool(t *testing.T, address, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	var out lockedOutput
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(name), out.String())
		}
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			c.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s has ended:\n%s", filepath.Base(name), out.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen on %s", filepath.Base(name), address)
		}
	}
}

// request makes a request with a body, or without when body is empty.
func request(t *testing.T, method, url, body, contentType string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req
}

// lockedOutput may be read while a program writes it.
type lockedOutput struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *lockedOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *lockedOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}
