//go:build linux

package server

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets the test binary be the server that is started.
func TestMain(m *testing.M) {
	if addr := os.Getenv("BENCH_TEST_SERVER"); addr != "" {
		serve(addr)
		return
	}
	os.Exit(m.Run())
}

func TestStart(t *testing.T) {
	p, err := Start(Command{Args: []string{os.Args[0]}, Env: []string{"BENCH_TEST_SERVER={addr}"}, Path: "/"})
	if err != nil {
		t.Fatal(err)
	}
	if p.Start <= 0 || Resident(p.Pid) < 1 {
		t.Errorf("started after %v with %v MiB", p.Start, Resident(p.Pid))
	}
	status, err := os.ReadFile("/proc/" + itoa(p.Pid) + "/status")
	core, _ := Cores()
	if err != nil || !strings.Contains(string(status), "Cpus_allowed_list:\t"+itoa(core)+"\n") {
		t.Errorf("not bound to core %d: %v", core, err)
	}
	StopAll()
	if err := syscall.Kill(p.Pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("still there after StopAll: %v", err)
	}
}

func TestStartReports(t *testing.T) {
	if _, err := Start(Command{Args: []string{"/bin/sh", "-c", "echo no luck >&2; exit 3"}}); err == nil || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("a server that ends gives %v", err)
	}
	if _, err := Start(Command{Args: []string{"/no/such/program"}}); err == nil {
		t.Error("a program that is not there starts")
	}
}

func TestOnCore(t *testing.T) {
	_, core := Cores()
	err := OnCore(core, func() error {
		out, err := exec.Command("grep", "Cpus_allowed_list", "/proc/self/status").Output()
		if err == nil && strings.TrimSpace(string(out)) != "Cpus_allowed_list:\t"+itoa(core) {
			t.Errorf("%q", out)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMeasure(t *testing.T) {
	SetPatience(0)
	calls := 0
	r, use, err := Measure(os.Getpid(), func() (int, float64, error) { calls++; return calls, 0, nil })
	if err != nil || r != 1 || calls != 1 || use.Elapsed <= 0 {
		t.Errorf("%d of %d calls, %+v, %v", r, calls, use, err)
	}
	boom := errors.New("boom")
	if _, _, err := Measure(0, func() (int, float64, error) { return 0, 0, boom }); !errors.Is(err, boom) {
		t.Error(err)
	}
}
