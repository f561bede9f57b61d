package store

import "aro/pkg/vm/value"

// ids finds the age of a present row by its id. Ids are texts, or whole numbers: a
// map for each is a third quicker than one for both, whose key has a kind, a number
// and a text to hash and to compare.
type ids struct {
	texts   map[string]uint64
	numbers map[int64]uint64
}

func newIDs() ids { return ids{texts: make(map[string]uint64), numbers: make(map[int64]uint64)} }

func (x *ids) get(k key) (age uint64, ok bool) {
	if k.kind == value.String {
		age, ok = x.texts[k.str]
	} else {
		age, ok = x.numbers[k.num]
	}
	return age, ok
}

func (x *ids) set(k key, age uint64) {
	if k.kind == value.String {
		x.texts[k.str] = age
	} else {
		x.numbers[k.num] = age
	}
}

func (x *ids) remove(k key) {
	if k.kind == value.String {
		delete(x.texts, k.str)
	} else {
		delete(x.numbers, k.num)
	}
}
