package store

import (
	"time"

	"aro/pkg/vm/value"
)

// maxPast bounds how many removed ids a repository remembers. A clean-up that
// clears and stores back within one run is far below it; beyond it a returning
// row counts as new.
const maxPast = 65536

// history remembers the ages of removed rows, so that a row that comes back goes
// to its former place in time. The oldest entries are forgotten first.
type history struct {
	ages  map[key]past
	order []removal // ring of removals: number n is at (n-1)%maxPast
	head  int
	count uint64 // removals so far
	last  time.Time

	frozen *view[removal] // of order, nil unless somebody reads it
}

// past is the age of a removed row, and the number of its latest removal.
type past struct{ age, removal uint64 }

// removal is an entry of the ring; gone is false once the row came back.
type removal struct {
	key  key
	age  uint64
	gone bool
}

func (h *history) put(k key, age uint64) {
	if h.ages == nil {
		h.ages = make(map[key]past)
	}
	h.count++
	h.last = time.Now()
	r := removal{k, age, true}
	if len(h.order) < maxPast {
		h.order = append(h.order, r)
	} else {
		h.keep(h.head)
		if old := h.order[h.head]; old.gone && h.ages[old.key].removal == h.count-maxPast {
			delete(h.ages, old.key)
		}
		h.order[h.head] = r
		h.head = (h.head + 1) % maxPast
	}
	h.ages[k] = past{age, h.count}
}

func (h *history) take(k key) (uint64, bool) {
	p, ok := h.ages[k]
	if ok {
		delete(h.ages, k)
		at := int((p.removal - 1) % maxPast)
		h.keep(at)
		h.order[at] = removal{}
	}
	return p.age, ok
}

// forget forgets everything if nothing was removed for so long, and reports whether there
// is something left to forget later. What is full takes 16 MB.
func (h *history) forget(after time.Duration) (later bool) {
	switch {
	case len(h.order) == 0:
		return false
	case h.frozen != nil || time.Since(h.last) < after:
		return true
	}
	*h = history{}
	return false
}

// keep is called before an entry of the ring changes.
func (h *history) keep(at int) {
	if h.frozen != nil {
		h.frozen.keep(at)
	}
}

// list is what put would make the same history of.
func (h *history) list() []Departed { return departed(h.order, h.head) }

// departed is what is gone of a ring, in the order in which it left.
func departed(ring []removal, head int) []Departed {
	out := make([]Departed, 0, len(ring))
	for i := range ring {
		if r := ring[(head+i)%len(ring)]; r.gone {
			out = append(out, Departed{r.key.value(), r.age})
		}
	}
	return out
}

// value is the id that a key was made of.
func (k key) value() value.Value {
	if k.kind == value.String {
		return value.OfString(k.str)
	}
	return value.OfInt(k.num)
}
