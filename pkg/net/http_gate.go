package aronet

import (
	"container/list"
	"runtime"
	"sync"
	"time"
)

// gate bounds the feature sets that run for requests at the same time (05 H09).
// Beyond that, requests wait for a short time; beyond as many again, they are
// refused at once, so that a flood does not make everybody wait.
type gate struct {
	limit int
	wait  time.Duration

	mu      sync.Mutex
	running int
	queue   list.List // of chan struct{}, closed when a place is handed over
}

const queueTime = time.Second

// defaultConcurrent is how many handlers run at once unless the program says
// otherwise. Most of them wait for something.
func defaultConcurrent() int { return 1024 * runtime.GOMAXPROCS(0) }

// enter takes a place; false means that there is none. Who got one must leave.
func (g *gate) enter() bool {
	g.mu.Lock()
	if g.running < g.limit {
		g.running++
		g.mu.Unlock()
		return true
	}
	if g.queue.Len() >= g.limit {
		g.mu.Unlock()
		return false
	}
	handed := make(chan struct{})
	el := g.queue.PushBack(handed)
	g.mu.Unlock()
	t := time.NewTimer(g.wait)
	defer t.Stop()
	select {
	case <-handed:
		return true
	case <-t.C:
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-handed: // meanwhile
		return true
	default:
		g.queue.Remove(el)
		return false
	}
}

// leave gives the place to who waits longest.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if el := g.queue.Front(); el != nil {
		close(g.queue.Remove(el).(chan struct{}))
		return
	}
	g.running--
}
