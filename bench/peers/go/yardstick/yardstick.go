// Package yardstick adds to a benchmark the processor time for each operation:
// on a shared machine it says more than the wall clock does.
package yardstick

import (
	"syscall"
	"testing"
	"time"
)

func now() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// Run is b.Run with the metric cpu-ns/op (which includes what f does before its loop).
func Run(b *testing.B, name string, f func(b *testing.B)) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		t := now()
		f(b)
		b.ReportMetric(float64(now()-t)/float64(b.N), "cpu-ns/op")
	})
}
