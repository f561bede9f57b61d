//go:build linux

package server

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticks is USER_HZ, the unit of times in /proc, which is 100 on every Linux.
const ticks = 100

// machineTime returns the processor time that all processes have used so far, in
// seconds.
func machineTime() float64 {
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(b), "\n")
	sum := 0.0
	for i, f := range strings.Fields(line) {
		if i == 0 || i == 4 || i == 5 || i >= 9 { // name, idle, iowait, guests
			continue
		}
		v, _ := strconv.ParseFloat(f, 64)
		sum += v
	}
	return sum / ticks
}

// Quiet waits until the machine does nothing, or for as long as it may.
func Quiet(most time.Duration) {
	for began := time.Now(); time.Since(began) < most; {
		before := machineTime()
		time.Sleep(100 * time.Millisecond)
		if machineTime()-before < 0.02 {
			return
		}
	}
}

// CPU returns the processor time that a process has used so far, in seconds. The
// threads' own counters are exact to the nanosecond where the kernel has them;
// /proc/PID/stat counts hundredths of a second.
func CPU(pid int) float64 {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	sum := 0.0
	for _, t := range tasks {
		b, e := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, t.Name()))
		f := strings.Fields(string(b))
		if e != nil || len(f) < 1 {
			err = os.ErrNotExist
			break
		}
		v, _ := strconv.ParseFloat(f[0], 64)
		sum += v / 1e9
	}
	if err == nil {
		return sum
	}
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	s := string(b)
	f := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / ticks
}

// Resident returns the resident memory of a process in MiB.
func Resident(pid int) float64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			v, _ := strconv.ParseFloat(f[1], 64)
			return v / 1024
		}
	}
	return 0
}

func ownCPU() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// Usage is what a measurement used: seconds of the server, and what other
// processes took of one core meanwhile.
type Usage struct{ Server, Other, Elapsed float64 }

// disturbed is the share of a core that others may take before a measurement is
// made again.
const disturbed = 0.15

// Measure runs the load when the machine is quiet, waiting for as long as it may,
// and once more when others worked meanwhile. Of two the quieter one counts, so f
// returns what it has found out and Measure returns that of the run that counts.
func Measure[T any](pid int, patience time.Duration, f func() (T, error)) (result T, u Usage, err error) {
	for try := range 2 {
		Quiet(patience)
		machine, srv, own, began := machineTime(), CPU(pid), ownCPU(), time.Now()
		r, err := f()
		if err != nil {
			return r, u, err
		}
		now := Usage{Server: CPU(pid) - srv, Elapsed: time.Since(began).Seconds()}
		now.Other = max(0, machineTime()-machine-now.Server-(ownCPU()-own)) / now.Elapsed
		if try == 0 || now.Other < u.Other {
			result, u = r, now
		}
		if u.Other < disturbed || patience == 0 {
			break
		}
	}
	return result, u, nil
}
