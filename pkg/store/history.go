package store

import (
	"time"

	"aro/pkg/vm/value"
)

// maxPast bounds how many removed ids a repository remembers, and keepPast for how long
// it does at least. A clean-up that clears and stores back within one run is far below
// both; beyond them a returning row counts as new.
const (
	maxPast  = 65536
	keepPast = time.Minute
)

// history remembers the ages of removed rows, so that a row that comes back goes
// to its former place in time.
//
// It has two parts. What is removed goes to the new one, until that is a minute old, or
// half of all: then it becomes the old one, which is forgotten as a whole. So a server
// that removes rows all day remembers those of a minute or two, and not 16 MB of them.
type history struct {
	old, new part
	began    time.Time // of the new part
	last     time.Time // of the last removal
}

// part is a part of a history.
type part struct {
	places map[key]place
	order  []removal // in the order in which they left; an entry is blank once its row came back

	frozen *view[removal] // of order, nil unless somebody reads it
}

// place is the age of a removed row, and where its removal is.
type place struct {
	age uint64
	at  int32
}

// removal is an entry of the order; gone is false once the row came back.
type removal struct {
	key  key
	age  uint64
	gone bool
}

func (h *history) put(k key, age uint64) {
	h.take(k)
	h.last = time.Now()
	if len(h.new.order) == 0 {
		h.began = h.last
	} else if len(h.new.order) >= maxPast/2 || h.last.Sub(h.began) >= keepPast {
		h.old, h.new, h.began = h.new, part{}, h.last
	}
	p := &h.new
	if p.places == nil {
		p.places = make(map[key]place)
	}
	p.places[k] = place{age, int32(len(p.order))}
	p.order = append(p.order, removal{k, age, true})
}

// take returns the age of a row that comes back.
func (h *history) take(k key) (age uint64, ok bool) {
	if age, ok = h.new.take(k); !ok {
		age, ok = h.old.take(k)
	}
	return age, ok
}

func (p *part) take(k key) (uint64, bool) {
	was, ok := p.places[k]
	if ok {
		delete(p.places, k)
		if p.frozen != nil {
			p.frozen.keep(int(was.at))
		}
		p.order[was.at] = removal{}
	}
	return was.age, ok
}

// forget forgets everything if nothing was removed for so long, and reports whether there
// is something left to forget later.
func (h *history) forget(after time.Duration) (later bool) {
	if len(h.new.order) == 0 && len(h.old.order) == 0 {
		return false
	}
	if time.Since(h.last) < after {
		return true
	}
	*h = history{} // who reads it has its slices
	return false
}

// list is what put would make the same history of.
func (h *history) list() []Departed { return departed(departed(nil, h.old.order), h.new.order) }

// departed appends what is gone.
func departed(to []Departed, order []removal) []Departed {
	for _, r := range order {
		if r.gone {
			to = append(to, Departed{r.key.value(), r.age})
		}
	}
	return to
}

// value is the id that a key was made of.
func (k key) value() value.Value {
	if k.kind == value.String {
		return value.OfString(k.str)
	}
	return value.OfInt(k.num)
}
