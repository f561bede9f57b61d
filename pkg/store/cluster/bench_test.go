package cluster

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// BenchmarkStore stores rows of 256 bytes, which one server in this process keeps in
// files, with so many writers in one process.
func BenchmarkStore(b *testing.B) {
	url := startBroker(b, &server.Options{}).ClientURL()
	text := value.OfString(string(make([]byte, 200)))
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers, " writers"), func(b *testing.B) {
			e := connect(b, url, "", Options{})
			defer e.Close()
			e.Repository("r").SetLimits(store.Limits{MaxSize: 1000})
			b.ResetTimer()
			var wg sync.WaitGroup
			for w := range writers {
				wg.Go(func() {
					for i := w; i < b.N; i += writers {
						row := value.MapOf("id", value.OfInt(int64(i)), "text", text)
						if err := wait(e, func(r store.Repository) { r.Store(row) }); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkSeen is the time from the beginning of a Store on one node until another one
// can read the row.
func BenchmarkSeen(b *testing.B) {
	url := startBroker(b, &server.Options{}).ClientURL()
	x, y := connect(b, url, "seen", Options{}), connect(b, url, "seen", Options{})
	defer x.Close()
	defer y.Close()
	r := y.open("r")
	for i := 0; b.Loop(); i++ {
		x.Write("r", func(w store.Repository) { w.Store(row("x", i+1)) }, func(error) {})
		r.mu.Lock()
		for {
			r.Lock()
			rows := r.Draft().Rows()
			r.Unlock()
			if len(rows) == 1 && number(rows[0]) == i+1 {
				break
			}
			r.news.Wait()
		}
		r.mu.Unlock()
	}
}

// BenchmarkTell is the time from telling another node something until it has heard it.
func BenchmarkTell(b *testing.B) {
	url := startBroker(b, &server.Options{}).ClientURL()
	x, y := mustConnect(b, url, "tell", func(error) {}), mustConnect(b, url, "tell", func(error) {})
	heard := make(chan struct{}, 1)
	if err := y.Hear(func(string, []byte) { heard <- struct{}{} }); err != nil {
		b.Fatal(err)
	}
	if err := y.nc.Flush(); err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 256)
	for b.Loop() {
		if err := x.Tell("websockets", data); err != nil {
			b.Fatal(err)
		}
		select {
		case <-heard:
		case <-time.After(10 * time.Second):
			b.Fatal("not heard")
		}
	}
}
