package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"aro/pkg/host"
	"aro/pkg/store/durable"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// BenchmarkDisk stores rows of 200 bytes from a feature set, as with aro run --data:
// the statement has ended when the row is on the disk. fsync is a file that is synced
// after each of the same writes, which is what the disk itself can do.
func BenchmarkDisk(b *testing.B) {
	b.Run("1/fsync", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "log"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		text := make([]byte, 200)
		b.ResetTimer()
		for range b.N {
			if _, err := f.Write(text); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "stores/s")
	})
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers, "/aro"), func(b *testing.B) {
			engine, err := durable.Open(b.TempDir(), durable.Options{Warn: func(err error) { b.Error(err) }})
			if err != nil {
				b.Fatal(err)
			}
			defer engine.Close()
			h := startWith(b, host.Config{Engine: engine}, `(Keep: Tick Handler) {
				Store { id: <event: id>, text: <event: text> } into the <thing-repository>.
			}`)
			text := value.OfString(strings.Repeat("x", 200))
			keep := h.Named("Keep")
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range writers {
				wg.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						e := h.Invoke(keep, &host.Payload{Event: value.MapOf("id", value.OfInt(n), "text", text)})
						if e.State() != vm.Done {
							b.Error(e.Err())
						}
						e.Release()
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "stores/s")
		})
	}
}
