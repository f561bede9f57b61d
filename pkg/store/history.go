package store

import "aro/pkg/vm/value"

// maxPast bounds how many removed ids a repository remembers. A clean-up that
// clears and stores back within one run is far below it; beyond it a returning
// row counts as new.
const maxPast = 65536

// history remembers the ages of removed rows, so that a row that comes back goes
// to its former place in time. The oldest entries are forgotten first.
type history struct {
	ages  map[key]past
	order []removal // ring of removals, those of rows that came back included
	head  int
	count uint64 // removals so far
}

// past is the age of a removed row, and the number of its latest removal.
type past struct{ age, removal uint64 }

type removal struct {
	key key
	n   uint64
}

func (h *history) put(k key, age uint64) {
	if h.ages == nil {
		h.ages = make(map[key]past)
	}
	h.count++
	r := removal{k, h.count}
	if len(h.order) < maxPast {
		h.order = append(h.order, r)
	} else {
		// A row that came back and left again since has a later removal.
		if old := h.order[h.head]; h.ages[old.key].removal == old.n {
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
	}
	return p.age, ok
}

// list is what put would make the same history of.
func (h *history) list() []Departed {
	out := make([]Departed, 0, len(h.ages))
	for i := range h.order {
		r := h.order[(h.head+i)%len(h.order)]
		if p, ok := h.ages[r.key]; ok && p.removal == r.n {
			out = append(out, Departed{r.key.value(), p.age})
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
