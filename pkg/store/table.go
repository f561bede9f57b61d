package store

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Table is the repositories of an engine by name; the zero value is empty. Any goroutine
// may call its methods. Repositories are added, seldom, and never removed, so that one
// that was opened is good for the life of its engine.
type Table[R Forgetter] struct {
	mu    sync.RWMutex
	named map[string]R
}

// Get returns a repository that was opened before.
func (t *Table[R]) Get(name string) (r R, ok bool) {
	t.mu.RLock()
	r, ok = t.named[name]
	t.mu.RUnlock()
	return r, ok
}

// Open returns the repository of that name, which add makes if there is none yet. Others
// wait for add, which must not use the table.
func (t *Table[R]) Open(name string, add func() R) R {
	if r, ok := t.Get(name); ok {
		return r
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.named[name]
	if !ok {
		r = add()
		t.set(name, r)
	}
	return r
}

// Replace puts r in the place of what had its name: for an engine that reads what it had
// written, before anybody has opened a repository of it.
func (t *Table[R]) Replace(name string, r R) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set(name, r)
}

func (t *Table[R]) set(name string, r R) {
	if t.named == nil {
		t.named = make(map[string]R)
	}
	t.named[name] = r
}

// Names returns the names in order.
func (t *Table[R]) Names() []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Sorted(maps.Keys(t.named))
}

// All returns the repositories in no order.
func (t *Table[R]) All() []R {
	all, release := t.Hold()
	release()
	return all
}

// Hold returns the repositories in no order, and none is added until release is called.
func (t *Table[R]) Hold() (all []R, release func()) {
	t.mu.RLock()
	return slices.Collect(maps.Values(t.named)), t.mu.RUnlock
}

// Forget is Forget of each repository.
func (t *Table[R]) Forget(after time.Duration) (later bool) {
	for _, r := range t.All() {
		if r.Forget(after) {
			later = true
		}
	}
	return later
}
