// Package aroproc runs the aro command for tests: it builds it once, starts
// applications on free ports, watches their output and ends them.
package aroproc

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience is how long a test waits for something that should happen at once.
const Patience = 15 * time.Second

// Build compiles cmd/aro of the module that contains dir to a temporary folder
// and returns the executable and a function that removes it. race builds it with
// the race detector, whose reports then fail the test that caused them.
func Build(dir string, race bool) (bin string, remove func(), err error) {
	tmp, err := os.MkdirTemp("", "aro-test-")
	if err != nil {
		return "", nil, err
	}
	bin = filepath.Join(tmp, "aro")
	args := []string{"build", "-o", bin}
	if race {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "aro/cmd/aro")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("go build aro/cmd/aro: %w\n%s", err, out)
	}
	return bin, func() { os.RemoveAll(tmp) }, nil
}

// Options say how to start an application.
type Options struct {
	Dir      string   // working directory; a temporary one if empty
	Env      []string // added to the environment
	Args     []string // behind the path
	Port     int      // HTTP port; a free one if 0
	SockPort int      // TCP port; a free one if 0
	Ready    string   // "http" or "tcp": wait until that port answers
	Dirty    bool     // stderr may hold traces of panics
}

// Process is a running application.
type Process struct {
	Port, SockPort int
	HTTP           string // host:port of the HTTP server
	TCP            string // host:port of the first TCP listener

	t      testing.TB
	cmd    *exec.Cmd
	dirty  bool
	done   chan struct{}
	out    output
	errOut output
}

// Start runs `bin run app`, or app alone when it is what aro build made, or bin alone
// when app is empty. The process ends with the test, which fails if it has panicked or
// raced by then.
func Start(t testing.TB, bin, app string, o Options) *Process {
	t.Helper()
	p := &Process{t: t, Port: o.Port, SockPort: o.SockPort, dirty: o.Dirty, done: make(chan struct{})}
	if p.Port == 0 {
		p.Port = FreePort(t)
	}
	if p.SockPort == 0 {
		p.SockPort = FreePort(t)
	}
	p.HTTP = fmt.Sprintf("127.0.0.1:%d", p.Port)
	p.TCP = fmt.Sprintf("127.0.0.1:%d", p.SockPort)
	args := o.Args
	if app != "" {
		app, err := filepath.Abs(app)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(app); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			bin = app
		} else {
			args = append([]string{"run", app}, args...)
		}
	}
	p.cmd = exec.Command(bin, args...)
	p.cmd.Dir = o.Dir
	if p.cmd.Dir == "" {
		p.cmd.Dir = t.TempDir()
	}
	p.cmd.Env = append(os.Environ(),
		fmt.Sprintf("ARO_HTTP_PORT=%d", p.Port), fmt.Sprintf("ARO_SOCKET_PORT=%d", p.SockPort),
		"ARO_CACHE_DIR="+filepath.Join(filepath.Dir(bin), "cache"))
	p.cmd.Env = append(p.cmd.Env, o.Env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.errOut
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(p.cleanup)
	switch o.Ready {
	case "http":
		p.Answers(p.HTTP)
	case "tcp":
		p.Answers(p.TCP)
	}
	return p
}

func (p *Process) cleanup() {
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(12 * time.Second):
		p.t.Errorf("the application did not end within 12 s of SIGTERM")
		p.cmd.Process.Signal(syscall.SIGQUIT)
		select {
		case <-p.done:
		case <-time.After(2 * time.Second):
			p.cmd.Process.Kill()
			<-p.done
		}
	}
	for _, bad := range []string{"WARNING: DATA RACE", "fatal error:"} {
		if strings.Contains(p.Stderr(), bad) {
			p.t.Errorf("%s in the application", bad)
		}
	}
	if !p.dirty {
		for _, bad := range []string{"panic:", "goroutine "} {
			if strings.Contains(p.Stderr(), bad) {
				p.t.Errorf("%q on stderr", bad)
			}
		}
	}
	if p.t.Failed() {
		p.t.Logf("stdout of the application:\n%s\nstderr:\n%s", tail(p.Stdout()), tail(p.Stderr()))
	}
}

func tail(s string) string {
	if len(s) > 6000 {
		return "…" + s[len(s)-6000:]
	}
	return s
}

// Answers waits until somebody listens on addr.
func (p *Process) Answers(addr string) {
	p.t.Helper()
	p.Until("a listener on "+addr, func() bool {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return false
		}
		c.Close()
		return true
	})
}

// Until polls until ok, and fails the test when the application ends or patience
// runs out before.
func (p *Process) Until(what string, ok func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(Patience)
	for !ok() {
		if p.Ended() {
			p.t.Fatalf("the application ended; still missing: %s", what)
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("no %s within %v", what, Patience)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Ended reports whether the process is gone.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Signal sends s unless the process has ended.
func (p *Process) Signal(s os.Signal) {
	if !p.Ended() {
		p.cmd.Process.Signal(s)
	}
}

// Pid is the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Wait waits for the end of the process and returns its exit code.
func (p *Process) Wait() int {
	p.t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(Patience):
		p.t.Fatalf("the application still runs after %v", Patience)
		return -1
	}
}

// Stop sends SIGTERM and returns the exit code.
func (p *Process) Stop() int {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	return p.Wait()
}

// Stdout is what the application printed so far.
func (p *Process) Stdout() string { return p.out.String() }

// Stderr is what it printed on stderr so far.
func (p *Process) Stderr() string { return p.errOut.String() }

// Prints waits until stdout contains text.
func (p *Process) Prints(text string) {
	p.t.Helper()
	p.Until(fmt.Sprintf("%q on stdout", text), func() bool { return strings.Contains(p.Stdout(), text) })
}

// Complains waits until stderr contains text.
func (p *Process) Complains(text string) {
	p.t.Helper()
	p.Until(fmt.Sprintf("%q on stderr", text), func() bool { return strings.Contains(p.Stderr(), text) })
}

// Run runs bin with arguments to its end, in an empty folder.
func Run(t testing.TB, bin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return RunIn(t, t.TempDir(), bin, args...)
}

// RunIn runs bin with arguments to its end in the folder dir.
func RunIn(t testing.TB, dir, bin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return RunFed(t, dir, "", nil, bin, args...)
}

// RunFed is RunIn with more of an environment, and with the file input on stdin if
// that is not empty.
func RunFed(t testing.TB, dir, input string, env []string, bin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := exec.Command(bin, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ARO_CACHE_DIR="+filepath.Join(filepath.Dir(bin), "cache"),
		fmt.Sprintf("ARO_HTTP_PORT=%d", FreePort(t)), fmt.Sprintf("ARO_SOCKET_PORT=%d", FreePort(t)))
	cmd.Env = append(cmd.Env, env...)
	if input != "" {
		f, err := os.Open(input)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cmd.Stdin = f
	}
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// output is a buffer that may be read while it is written.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

var (
	portMu sync.Mutex
	given  = map[int]bool{}
)

// FreePort finds a port nobody listens on and no other test was given. It is
// below the range the system takes for outgoing connections, so that none of
// those can take it either.
func FreePort(t testing.TB) int {
	t.Helper()
	portMu.Lock()
	defer portMu.Unlock()
	for range 1000 {
		port := 12000 + rand.IntN(20000)
		if given[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		l.Close()
		given[port] = true
		return port
	}
	t.Fatal("no free port")
	return 0
}
