package main

import (
	"syscall"
	"testing"
)

// cpuTime returns the processor time of the process in nanoseconds. On a shared
// machine it is what a comparison can rest on; wall time is not.
func cpuTime() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// reportCPU reports processor time per operation since begun, divided by the
// number of inner operations.
func reportCPU(b *testing.B, begun int64, inner float64) {
	b.ReportMetric(float64(cpuTime()-begun)/float64(b.N)/inner, "cpu-ns/op")
}
