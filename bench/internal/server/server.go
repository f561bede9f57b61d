//go:build linux

// Package server starts the servers that are measured, each on a core of its own,
// says what they use, and ends them.
package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Command is how a server is started. {addr} and {port} in Args and Env stand for
// where it shall listen.
type Command struct {
	Args []string
	Env  []string
	Dir  string
	Path string // what it answers with 200 once it is up; empty: it accepts connections
}

// Process is a running server.
type Process struct {
	Addr  string
	Pid   int
	Start time.Duration // from before the process was made to its first response

	cmd  *exec.Cmd
	done chan struct{}
	errs *strings.Builder
}

// running holds what was started and not stopped, for StopAll.
var running sync.Map

// StopAll ends all servers: what an interrupted suite does last.
func StopAll() {
	running.Range(func(p, _ any) bool {
		p.(*Process).Stop()
		return true
	})
}

// patience is how long a server may take to answer.
const patience = 30 * time.Second

// Start starts a server on a free port of the loopback and waits for its first
// response. Who starts it must stop it.
//
// Between the choice of a port and the server's listening another process may take
// it, so a server that ends at once is started once more.
func Start(c Command) (*Process, error) {
	p, err := start(c)
	if errors.Is(err, errEnded) {
		p, err = start(c)
	}
	return p, err
}

var errEnded = errors.New("it ended before it answered")

func start(c Command) (*Process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	where := strings.NewReplacer("{addr}", addr, "{port}", port)
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		args[i] = where.Replace(a)
	}
	p := &Process{Addr: addr, cmd: exec.Command(args[0], args[1:]...), done: make(chan struct{}), errs: new(strings.Builder)}
	p.cmd.Dir = c.Dir
	p.cmd.Env = append(os.Environ(), "NODE_ENV=production")
	for _, e := range c.Env {
		p.cmd.Env = append(p.cmd.Env, where.Replace(e))
	}
	// What it says before it fails is on either of them. Servers that are measured say
	// a line at most, so collecting it costs them nothing.
	p.cmd.Stdout, p.cmd.Stderr = p.errs, p.errs
	core, _ := Cores()
	began := time.Now()
	if err := OnCore(core, p.cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	p.Pid = p.cmd.Process.Pid
	running.Store(p, nil)
	go func() {
		p.cmd.Wait()
		close(p.done)
	}()
	for time.Since(began) < patience {
		if answers(addr, c.Path) {
			p.Start = time.Since(began)
			return p, nil
		}
		select {
		case <-p.done:
			running.Delete(p)
			return nil, fmt.Errorf("%s: %w: %v %s", args[0], errEnded, p.cmd.ProcessState, strings.TrimSpace(p.errs.String()))
		case <-time.After(200 * time.Microsecond):
		}
	}
	p.Stop()
	return nil, errors.New(args[0] + " does not answer")
}

// freeAddr is a port that is free on every address. Servers listen on all of them, and
// a port that is free on 127.0.0.1 may still be held on 127.0.0.2 by connections that
// somebody closed a minute ago.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp4", ":0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return fmt.Sprintf("127.0.0.1:%d", l.Addr().(*net.TCPAddr).Port), nil
}

func answers(addr, path string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	if path == "" {
		return true
	}
	c.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, addr)
	b := make([]byte, 64)
	n, _ := c.Read(b)
	return n > 12 && string(b[9:12]) == "200"
}

// Stop ends the server and waits until it is gone.
func (p *Process) Stop() {
	p.cmd.Process.Kill()
	<-p.done
	running.Delete(p)
}
