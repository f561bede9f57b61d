package store

// maxPast bounds how many removed ids a repository remembers. A clean-up that
// clears and stores back within one run is far below it; beyond it a returning
// row counts as new.
const maxPast = 65536

// history remembers the ages of removed rows, so that a row that comes back goes
// to its former place in time. The oldest entries are forgotten first.
type history struct {
	ages  map[key]uint64
	order []key // ring of insertion order, with stale entries
	head  int
}

func (h *history) put(k key, age uint64) {
	if h.ages == nil {
		h.ages = make(map[key]uint64)
	}
	if _, known := h.ages[k]; !known {
		if len(h.order) < maxPast {
			h.order = append(h.order, k)
		} else {
			delete(h.ages, h.order[h.head])
			h.order[h.head] = k
			h.head = (h.head + 1) % maxPast
		}
	}
	h.ages[k] = age
}

func (h *history) take(k key) (uint64, bool) {
	age, ok := h.ages[k]
	if ok {
		delete(h.ages, k)
	}
	return age, ok
}
