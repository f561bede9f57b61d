//go:build linux

package server

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
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

// patienceLeft is how much time may still go into waiting for a quiet machine and
// into measuring again. On a machine that is never quiet a suite has to end as well.
var patienceLeft atomic.Int64

// SetPatience sets how long the whole suite may wait for quiet.
func SetPatience(d time.Duration) { patienceLeft.Store(int64(d)) }

func useUp(d time.Duration) { patienceLeft.Add(-int64(d)) }

// noisy counts the measurements since the last one that others left alone.
var noisy int

// hopeless is after so many of them that waiting will not help either.
func hopeless() bool { return noisy >= 3 }

// Quiet waits until the machine does nothing, for two seconds at most.
func Quiet() {
	for began := time.Now(); patienceLeft.Load() > 0 && !hopeless() && time.Since(began) < 2*time.Second; {
		before := machineTime()
		time.Sleep(100 * time.Millisecond)
		useUp(100 * time.Millisecond)
		if machineTime()-before < 0.02 {
			return
		}
	}
}

// CPU returns the processor time that a process has used so far, in seconds, to a
// hundredth.
func CPU(pid int) float64 {
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

// Measure calls f when the machine is quiet, and once more when others worked
// meanwhile, unless they always do; the quieter run counts. pid is the server, 0 without one; f says how
// much processor time other processes used that belong to the measurement.
func Measure[T any](pid int, f func() (T, float64, error)) (result T, u Usage, err error) {
	for try := range 2 {
		Quiet()
		machine, srv, own, began := machineTime(), CPU(pid), ownCPU(), time.Now()
		r, ours, err := f()
		if err != nil {
			return r, u, err
		}
		elapsed := time.Since(began)
		now := Usage{Server: CPU(pid) - srv, Elapsed: elapsed.Seconds()}
		now.Other = max(0, machineTime()-machine-now.Server-(ownCPU()-own)-ours) / now.Elapsed
		if try == 0 || now.Other < u.Other {
			result, u = r, now
		}
		if u.Other < disturbed {
			noisy = 0
			break
		}
		noisy++
		if hopeless() || patienceLeft.Load() < int64(elapsed) {
			break
		}
		useUp(elapsed)
	}
	return result, u, nil
}
