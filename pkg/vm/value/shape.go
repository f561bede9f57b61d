package value

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Shape is the ordered key list that records with the same keys share, together
// with everything about those keys that is worth computing once: their sorted
// order and their quoted JSON form.
//
// Shapes form a tree: the empty shape, and one child per added key. The tree is
// shared by all goroutines; looking a transition up takes no lock.
//
// Keys come from the network, so the tree is bounded (maxKeys per shape,
// maxNext children per shape, maxShapes in total). Beyond the bounds a record
// gets a private shape: the same type, owned by that record alone and collected
// with it. So a hostile client costs time proportional to what it sent and no
// memory that stays.
type Shape struct {
	keys  []string
	index map[string]int32 // for more than scanKeys keys, else nil

	next atomic.Pointer[map[string]*Shape] // copied on write, under shapes.mu
	enc  atomic.Pointer[encoding]          // built by the first encoder
}

const (
	maxKeys   = 64
	maxNext   = 256
	maxShapes = 8192
	scanKeys  = 8
)

// encoding is the part of a shape that the encoders read.
type encoding struct {
	sorted []int32  // slots in key order (bytewise)
	quoted []string // by slot: `"key":`
}

var shapes struct {
	mu    sync.Mutex
	count int
}

// EmptyShape is the shape without keys, the root of the tree.
var EmptyShape = &Shape{}

// ShapeOf returns the shape with these keys in this order. Duplicate keys must
// have been removed by the caller.
func ShapeOf(keys ...string) *Shape {
	if len(keys) > maxKeys {
		return privateShape(keys)
	}
	s := EmptyShape
	for i, k := range keys {
		n := s.with(k)
		if n == nil {
			return privateShape(keys)
		}
		s = n
		_ = i
	}
	return s
}

// with returns the child for key, or nil when the tree is full.
func (s *Shape) with(key string) *Shape {
	if m := s.next.Load(); m != nil {
		if n := (*m)[key]; n != nil {
			return n
		}
	}
	return s.grow(key)
}

func (s *Shape) grow(key string) *Shape {
	shapes.mu.Lock()
	defer shapes.mu.Unlock()
	old := s.next.Load()
	var size int
	if old != nil {
		if n := (*old)[key]; n != nil {
			return n
		}
		size = len(*old)
	}
	if size >= maxNext || shapes.count >= maxShapes || len(s.keys) >= maxKeys || len(key) > 256 {
		return nil
	}
	n := privateShape(append(s.keys[:len(s.keys):len(s.keys)], string([]byte(key))))
	m := make(map[string]*Shape, size+1)
	if old != nil {
		for k, v := range *old {
			m[k] = v
		}
	}
	m[n.keys[len(n.keys)-1]] = n
	s.next.Store(&m)
	shapes.count++
	return n
}

// privateShape builds a shape outside the tree. keys is kept.
func privateShape(keys []string) *Shape {
	s := &Shape{keys: keys}
	if len(keys) > scanKeys {
		s.index = make(map[string]int32, len(keys))
		for i, k := range keys {
			s.index[k] = int32(i)
		}
	}
	return s
}

// Len returns the number of keys.
func (s *Shape) Len() int { return len(s.keys) }

// Keys returns the keys in insertion order; read only.
func (s *Shape) Keys() []string { return s.keys }

// Slot returns the position of key, -1 when there is none.
func (s *Shape) Slot(key string) int {
	if s.index != nil {
		if i, ok := s.index[key]; ok {
			return int(i)
		}
		return -1
	}
	for i, k := range s.keys {
		if k == key {
			return i
		}
	}
	return -1
}

func (s *Shape) encoding() *encoding {
	if e := s.enc.Load(); e != nil {
		return e
	}
	e := &encoding{sorted: make([]int32, len(s.keys)), quoted: make([]string, len(s.keys))}
	for i, k := range s.keys {
		e.sorted[i] = int32(i)
		e.quoted[i] = string(append(appendQuoted(nil, k), ':'))
	}
	slices.SortFunc(e.sorted, func(a, b int32) int {
		switch {
		case s.keys[a] < s.keys[b]:
			return -1
		case s.keys[a] > s.keys[b]:
			return 1
		}
		return 0
	})
	s.enc.Store(e)
	return e
}

// SortedSlots returns the slots in bytewise key order; read only.
func (s *Shape) SortedSlots() []int32 { return s.encoding().sorted }
