package store

import (
	"time"

	"aro/pkg/vm/value"
)

// SetLimits implements Repository.
func (r *memory) SetLimits(l Limits) []Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bound(l)
}

func (r *memory) bound(l Limits) []Change {
	if r.journal != nil && l != r.limits {
		r.note(Effect{Kind: Bounded, New: l, limits: r.limits})
	}
	r.limits = l
	changes := r.evict(nil, time.Now())
	r.count.Store(int64(len(r.rows)))
	r.tell()
	return changes
}

// Limits implements Repository.
func (r *memory) Limits() Limits {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.limits
}

// evict drops the oldest rows beyond the limit and appends a change for each.
// Cutting the slices in front touches no snapshot and copies nothing.
func (r *memory) evict(changes []Change, now time.Time) []Change {
	for r.limits.MaxSize > 0 && len(r.rows) > r.limits.MaxSize {
		row := r.rows[0]
		id, _ := FieldOf(row, "id")
		if r.journal != nil {
			r.note(Effect{Kind: Dropped, Age: r.ages[0], old: row, oldTime: r.times[0]})
		}
		r.drop(row, r.ages[0])
		if !r.shared && r.frozen == nil {
			r.rows[0] = value.Value{} // let the collector have it
		}
		r.cutFront()
		changes = append(changes, Change{Kind: Evicted, ID: id, Old: row, Time: now})
	}
	return changes
}

// drop takes a row out of the indexes and remembers nothing of it.
func (r *memory) drop(row value.Value, age uint64) {
	for _, x := range r.indexes {
		x.drop(row, age)
	}
	if row.Kind() != value.Map {
		return
	}
	if id, ok := FieldOf(row, "id"); ok {
		if k, ok := keyOf(id); ok {
			r.ids.remove(k)
		}
	}
}

// visible is the snapshot of all rows within their time to live. While none has
// outlived it, that costs no look at the rows.
func (r *memory) visible() []value.Value {
	all := r.rows[:len(r.rows):len(r.rows)]
	now := time.Since(r.opened)
	if r.limits.TTL <= 0 || now-r.limits.TTL <= r.oldest {
		r.shared = true
		return all
	}
	out := make([]value.Value, 0, len(all))
	r.oldest = now
	for i, t := range r.times {
		r.oldest = min(r.oldest, t)
		if !r.expired(i, now) {
			out = append(out, all[i])
		}
	}
	return out
}

// expired reports whether the row at a position has outlived its time.
func (r *memory) expired(at int, now time.Duration) bool {
	return r.limits.TTL > 0 && now-r.times[at] > r.limits.TTL
}
