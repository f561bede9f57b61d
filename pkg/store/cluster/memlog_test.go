package cluster

import (
	"context"
	"errors"
	"math/rand/v2"
	"sort"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aro/pkg/store"
	"aro/pkg/store/storetest"
)

// memlog is a log in memory for tests, with the faults of a network.
type memlog struct {
	mu       sync.Mutex
	messages []memMessage
	last     map[string]uint64
	seq      uint64
	max      int
	watchers []*memClient
}

type memMessage struct {
	repository string
	seq        uint64
	data       []byte
}

func newMemlog() *memlog { return &memlog{last: make(map[string]uint64), max: 1 << 20} }

// memClient is a process's connection to it.
type memClient struct {
	l      *memlog
	to     Watcher
	news   *sync.Cond
	at     uint64 // sequence of what was delivered last
	cut    bool   // nothing goes in or out
	closed bool
	done   chan struct{}
	lose   float64 // share of answers that are lost
	mutes  bool    // no signs of life

	delay atomic.Int64 // nanoseconds until a message is in the log
}

func (l *memlog) client() *memClient {
	return &memClient{l: l, news: sync.NewCond(&l.mu), done: make(chan struct{})}
}

var errCut = errors.New("the connection is cut")

func (c *memClient) Append(ctx context.Context, name string, after uint64, data []byte) (uint64, error) {
	if delay := time.Duration(c.delay.Load()); delay > 0 {
		begun := time.Now()
		select {
		case <-time.After(delay):
		case <-ctx.Done(): // nobody waits for the answer, but the message is on its way
			data = append([]byte(nil), data...)
			time.AfterFunc(delay-time.Since(begun), func() { c.append(name, after, data) })
			return 0, ctx.Err()
		}
	}
	return c.append(name, after, data)
}

func (c *memClient) append(name string, after uint64, data []byte) (uint64, error) {
	l := c.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.cut {
		return 0, errCut
	}
	if c.lose > 0 && rand.Float64() < c.lose {
		return 0, errCut // on the way there
	}
	if l.last[name] != after {
		return 0, ErrConflict
	}
	if len(data) > l.max {
		return 0, errors.New("too large")
	}
	l.seq++
	l.last[name] = l.seq
	l.messages = append(l.messages, memMessage{name, l.seq, append([]byte(nil), data...)})
	for _, w := range l.watchers {
		w.news.Broadcast()
	}
	if c.lose > 0 && rand.Float64() < c.lose {
		return 0, errCut // on the way back
	}
	return l.seq, nil
}

// next is the first message that was not delivered; l.mu is held.
func (c *memClient) next() (m memMessage, ok bool) {
	list := c.l.messages
	if i := sort.Search(len(list), func(i int) bool { return list[i].seq > c.at }); i < len(list) {
		return list[i], true
	}
	return m, false
}

func (c *memClient) Watch(ctx context.Context, to Watcher) error {
	c.to = to
	c.l.mu.Lock()
	for m, ok := c.next(); ok; m, ok = c.next() {
		c.at = m.seq
		c.l.mu.Unlock()
		to.Message(m.repository, m.seq, append([]byte(nil), m.data...))
		c.l.mu.Lock()
	}
	c.l.watchers = append(c.l.watchers, c)
	c.l.mu.Unlock()
	go c.follow()
	return nil
}

func (c *memClient) follow() {
	defer close(c.done)
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	for {
		m, ok := c.next()
		switch {
		case c.closed:
			return
		case !ok || c.cut:
			c.news.Wait()
			continue
		}
		c.at = m.seq
		c.l.mu.Unlock()
		c.to.Message(m.repository, m.seq, append([]byte(nil), m.data...))
		c.l.mu.Lock()
	}
}

func (c *memClient) Trim(name string, before uint64) error {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	var left []memMessage
	for _, m := range c.l.messages {
		if m.repository != name || m.seq >= before {
			left = append(left, m)
		}
	}
	c.l.messages = left
	return nil
}

func (c *memClient) Beat(node string) {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	for _, w := range c.l.watchers {
		if !c.cut && !w.cut && !w.closed && !c.mutes {
			go w.to.Beat(node)
		}
	}
}

func (c *memClient) MaxMessage() int { return c.l.max }

func (c *memClient) Close() {
	c.l.mu.Lock()
	if c.closed {
		c.l.mu.Unlock()
		return
	}
	c.closed = true
	c.news.Broadcast()
	c.l.mu.Unlock()
	if c.to != nil {
		<-c.done
	}
}

// sever cuts the connection, or mends it.
func (c *memClient) sever(cut bool) {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	c.cut = cut
	c.news.Broadcast()
}

func mustOpen(t testing.TB, l Log, o Options) *Engine {
	t.Helper()
	if o.Warn == nil {
		o.Warn = func(err error) { t.Error(err) }
	}
	e, err := Open(t.Context(), l, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEngine runs the conformance suite.
func TestEngine(t *testing.T) {
	storetest.RunConformance(t, func() store.Engine {
		return mustOpen(t, newMemlog().client(), Options{Beat: time.Hour})
	})
}

// TestEngineWithStates runs it with entries in many parts and states all the time.
func TestEngineWithStates(t *testing.T) {
	storetest.RunConformance(t, func() store.Engine {
		l := newMemlog()
		l.max = 4000
		return mustOpen(t, l.client(), Options{StateSize: 4000, Beat: time.Hour})
	})
}

// TestEngineWithFaults runs it while one message in two hundred is lost.
func TestEngineWithFaults(t *testing.T) {
	storetest.RunConformance(t, func() store.Engine {
		c := newMemlog().client()
		c.lose = 0.005
		return mustOpen(t, c, Options{Patience: time.Minute, Retry: 100 * time.Microsecond})
	})
}
