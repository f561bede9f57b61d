// Package cluster keeps the rows of repositories in step on many machines.
//
// Every process has all rows in memory, and reading costs what it costs without a
// cluster. What writes did is in a log that all processes follow (log.go): an entry
// is appended on condition that nobody has appended to the repository since the writer
// looked, and a writer that was too late follows the log and decides again. So
// writes have one order, in which each of them saw the ones before it.
//
//	write   tried on the rows and undone at once; its effects are appended; when they come
//	        back through the log they are applied, here as everywhere
//	turn    a write after which the repository is the writer's own until it appends the
//	        end; what is written meanwhile is in the entry of the end
//	state   all rows, now and then: entries in front of it are forgotten
//
// Processes tell each other every second that they live. The turn of one that has not
// been heard for some seconds is adopted by another one, which its observers
// are run by. The dead one, should it only have been cut off, cannot end it then.
package cluster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"

	"aro/pkg/store"
)

// Options of an engine; the zero value is good.
type Options struct {
	Patience  time.Duration // how long a write tries to reach the log; 0 is 2 s
	Turn      time.Duration // how long a write waits for one turn of another process; 0 is 30 s
	Retry     time.Duration // before an entry that had no answer is sent again; 0 is 50 ms
	Beat      time.Duration // between signs of life; 0 is 1 s
	Silence   time.Duration // after which a process is taken for dead; 0 is 5 s
	StateSize int64         // bytes of entries that a state replaces, at least; 0 is 8 MiB
	// Where names the log in messages: nats://localhost:4222.
	Where string
	// Warn is told what went wrong in the background, nil for nobody. Any goroutine
	// calls it.
	Warn func(error)
}

// Engine implements store.Shared.
type Engine struct {
	log  Log
	o    Options
	node string // random: a process that starts again is another one

	repos store.Table[*repository]

	mu     sync.RWMutex         // of what is below
	heard  map[string]time.Time // signs of life, our own among them
	steady time.Time            // since when our own have come back one after the other
	adopt  func(string, []store.Change, store.Turn)
	closed bool

	stop    chan struct{}
	beating sync.WaitGroup
	writing sync.WaitGroup // goroutines of repositories
}

var (
	_ store.Shared    = (*Engine)(nil)
	_ store.Forgetter = (*Engine)(nil)
)

// Open follows a log, which it owns from then on. It returns when all rows that were
// there are.
func Open(ctx context.Context, l Log, o Options) (*Engine, error) {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&o.Patience, 2*time.Second)
	def(&o.Turn, 30*time.Second)
	def(&o.Retry, 50*time.Millisecond)
	def(&o.Beat, time.Second)
	def(&o.Silence, 5*time.Second)
	if o.StateSize == 0 {
		o.StateSize = 8 << 20
	}
	if o.Warn == nil {
		o.Warn = func(error) {}
	}
	if o.Where == "" {
		o.Where = "the engine"
	}
	var id [8]byte
	rand.Read(id[:])
	e := &Engine{log: l, o: o, node: hex.EncodeToString(id[:]),
		heard: make(map[string]time.Time), stop: make(chan struct{})}
	if err := l.Watch(ctx, watcher{e}); err != nil {
		l.Close()
		return nil, err
	}
	l.Beat(e.node)
	e.beating.Go(e.beat)
	return e, nil
}

// watcher keeps the methods that a log calls away from those of the engine.
type watcher struct{ e *Engine }

// Message implements Watcher.
func (w watcher) Message(name string, seq uint64, data []byte) { w.e.open(name).message(seq, data) }

// Beat implements Watcher.
func (w watcher) Beat(node string) {
	e, now := w.e, time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.heard) > 10_000 { // nodes that have come and gone
		clear(e.heard)
	}
	if last, ok := e.heard[e.node]; node == e.node && (!ok || now.Sub(last) > 3*e.o.Beat) {
		e.steady = now
	}
	e.heard[node] = now
}

// beat tells others that this process lives, and looks for turns of the dead.
func (e *Engine) beat() {
	tick := time.NewTicker(e.o.Beat)
	defer tick.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-tick.C:
		}
		e.log.Beat(e.node)
		for _, r := range e.repos.All() {
			r.look()
		}
	}
}

// dead reports whether a node has not been heard for long. Who does not hear itself, or
// has not for as long, was away and cannot tell.
func (e *Engine) dead(node string) bool {
	if node == e.node {
		return false
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	now := time.Now()
	if now.Sub(e.heard[e.node]) > 3*e.o.Beat || now.Sub(e.steady) <= e.o.Silence {
		return false
	}
	return now.Sub(e.heard[node]) > e.o.Silence
}

// Repository implements store.Engine.
func (e *Engine) Repository(name string) store.Repository { return e.open(name) }

func (e *Engine) open(name string) *repository {
	return e.repos.Open(name, func() *repository { return newRepository(e, name) })
}

// Names implements store.Engine.
func (e *Engine) Names() []string { return e.repos.Names() }

// Forget implements store.Forgetter. Others need not do the same: the log says of each
// row that comes back which place it got from the process that stored it.
func (e *Engine) Forget(after time.Duration) (later bool) { return e.repos.Forget(after) }

// Write implements store.Shared.
func (e *Engine) Write(name string, apply func(store.Repository), done func(error)) {
	e.open(name).enqueue(&write{apply: apply, done: done})
}

// Turn implements store.Shared.
func (e *Engine) Turn(name string, apply func(store.Repository), done func(store.Turn, error)) {
	r := e.open(name)
	w := &write{apply: apply, turn: true}
	w.done = func(err error) {
		if err != nil {
			done(nil, err)
			return
		}
		done(w.got, nil)
	}
	r.enqueue(w)
}

// Adopt implements store.Shared.
func (e *Engine) Adopt(f func(string, []store.Change, store.Turn)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.adopt = f
}

// Follow implements store.Shared.
func (e *Engine) Follow(name string, f func(changes []store.Change)) {
	r := e.open(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.follow = f
}

// Process implements store.Shared.
func (e *Engine) Process() string { return e.node }

// Behind implements store.Shared. Our own signs of life take the way that entries take.
func (e *Engine) Behind() time.Duration {
	e.mu.RLock()
	defer e.mu.RUnlock()
	last, ok := e.heard[e.node]
	if d := time.Since(last); ok && d > 3*e.o.Beat {
		return d
	}
	return 0
}

// Gone implements store.Shared.
func (e *Engine) Gone(process string) bool { return e.dead(process) }

func (e *Engine) adopter() func(string, []store.Change, store.Turn) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.adopt
}

// Close implements store.Engine. Writes that are under way get their answer first, or
// fail when their patience ends; later ones fail.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	e.mu.Unlock()
	close(e.stop)
	e.beating.Wait()
	for _, r := range e.repos.All() {
		r.close()
	}
	e.writing.Wait()
	e.log.Close()
	return nil
}
