package durable

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"aro/pkg/vm/value"
)

// BenchmarkStore stores rows of about 256 bytes, each writer waiting until its row is
// durable.
func BenchmarkStore(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			e := mustOpen(b, b.TempDir(), Options{})
			defer e.Close()
			r := e.Repository("r")
			text := value.OfString(strings.Repeat("x", 200))
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range writers {
				wg.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						if err := attempt(e, func() { r.Store(value.MapOf("id", value.OfInt(n), "text", text)) }); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "stores/s")
		})
	}
}

// BenchmarkOpen reads a million rows of about 200 bytes, and says how much memory that
// takes once the garbage is gone, in multiples of what is on the disk.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	e := mustOpen(b, dir, Options{SnapshotAfter: 1 << 40})
	text := value.OfString(strings.Repeat("x", 180))
	for i := range 1000 {
		rows := make([]value.Value, 1000)
		for j := range rows {
			rows[j] = value.MapOf("id", value.OfInt(int64(i*1000+j)), "text", text)
		}
		e.Repository("r").Store(rows...)
		settle(e)
	}
	e.Close()
	for b.Loop() {
		e := mustOpen(b, dir, Options{})
		if n := e.Repository("r").Count(); n != 1_000_000 {
			b.Fatal(n)
		}
		b.StopTimer()
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/float64(e.log.since), "memory/data")
		e.Close()
		b.StartTimer()
	}
}
