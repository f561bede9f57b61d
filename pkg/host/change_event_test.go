package host

import (
	"sync"
	"testing"

	"aro/pkg/store"
)

// TestChangeIsOneEvent: whoever asks, also at the same time, gets the same event.
func TestChangeIsOneEvent(t *testing.T) {
	r := &repository{Repository: store.NewMemory().Repository("row-repository")}
	c := changing{repo: r, change: &store.Change{}}
	var all sync.WaitGroup
	var mu sync.Mutex
	seen := map[any]bool{}
	for range 16 {
		all.Go(func() {
			o := c.Entry("event").Object()
			mu.Lock()
			seen[o] = true
			mu.Unlock()
		})
	}
	all.Wait()
	if len(seen) != 1 {
		t.Errorf("%d events of one change", len(seen))
	}
}
