package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// leaseTime is how long a lease outlives a process that has stopped renewing it.
const leaseTime = 10 * time.Second

// leases are the tasks that this process has taken upon itself.
type leases struct {
	mu   sync.Mutex
	kv   jetstream.KeyValue // nil until somebody asks
	held map[string]lease
}

type lease struct {
	revision uint64
	renewed  time.Time // when the question was sent: the server counts from later on
}

// Leads reports whether a task that one process at a time shall do is this one's: it is
// of whoever asked first, as long as that one goes on asking. Without an answer of the
// servers nobody leads. It may take a second, and may be called concurrently.
func (l *JetStream) Leads(task string) bool {
	s := &l.leases
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	have, held := s.held[task]
	if held && now.Sub(have.renewed) < leaseTime/2 {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s.kv == nil {
		bucket := l.stream.CachedInfo().Config.Name + "_leases"
		kv, err := l.js.KeyValue(ctx, bucket)
		if err != nil {
			kv, err = l.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: bucket, TTL: leaseTime,
				Storage: jetstream.MemoryStorage, Replicas: l.stream.CachedInfo().Config.Replicas})
		}
		if err != nil {
			return false
		}
		s.kv, s.held = kv, make(map[string]lease)
	}
	var err error
	if key := token(task); held {
		have.revision, err = s.kv.Update(ctx, key, []byte(l.id), have.revision)
	} else {
		have.revision, err = s.kv.Create(ctx, key, []byte(l.id))
	}
	if err != nil {
		delete(s.held, task)
		return false
	}
	have.renewed = now
	s.held[task] = have
	return true
}
