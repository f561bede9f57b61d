package durable

import (
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
)

// faulty is a folder in memory that knows what a loss of power would leave, and
// whose operations can be made to fail.
type faulty struct {
	mu      sync.Mutex
	random  *rand.Rand
	now     map[string]*content
	durable map[string]*content // names as of the last Sync of the folder
	changes []map[string]*content
	ops     int

	// fault is asked before each operation; an error makes it fail. For a write, n is
	// how much of it still happens.
	fault func(op int, what, name string) (n int, err error)
}

// content is a file: what is in it and what a Sync has made durable. It is shared by
// all names that it had.
type content struct {
	data   []byte
	synced []byte
}

func newFaulty(seed uint64) *faulty {
	return &faulty{random: rand.New(rand.NewPCG(seed, 1)), now: map[string]*content{}, durable: map[string]*content{},
		fault: func(int, string, string) (int, error) { return 0, nil }}
}

var errPower = errors.New("the power is gone")

func (d *faulty) step(what, name string) (int, error) {
	d.ops++
	return d.fault(d.ops, what, name)
}

// named remembers that a name has changed.
func (d *faulty) named() { d.changes = append(d.changes, maps.Clone(d.now)) }

func (d *faulty) List() ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.now)), nil
}

func (d *faulty) Create(name string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.step("create", name); err != nil {
		return nil, err
	}
	if d.now[name] != nil {
		return nil, os.ErrExist
	}
	c := &content{}
	d.now[name] = c
	d.named()
	return &faultyFile{d: d, c: c, name: name}, nil
}

func (d *faulty) Open(name string, write bool) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.now[name]
	if c == nil {
		return nil, os.ErrNotExist
	}
	return &faultyFile{d: d, c: c, name: name}, nil
}

func (d *faulty) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.step("rename", from); err != nil {
		return err
	}
	d.now[to] = d.now[from]
	delete(d.now, from)
	d.named()
	return nil
}

func (d *faulty) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now[name] == nil {
		return os.ErrNotExist
	}
	if _, err := d.step("remove", name); err != nil {
		return err
	}
	delete(d.now, name)
	d.named()
	return nil
}

func (d *faulty) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.step("sync folder", ""); err != nil {
		return err
	}
	d.durable, d.changes = maps.Clone(d.now), nil
	return nil
}

// crash returns what is on the disk after a loss of power: some of the changes of
// names, in order, and of what was written without a Sync any part, with pieces of it
// missing.
func (d *faulty) crash() *faulty {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := d.durable
	if n := d.random.IntN(len(d.changes) + 1); n > 0 {
		names = d.changes[n-1]
	}
	after := newFaulty(d.random.Uint64())
	for name, c := range names {
		b := slices.Clone(c.synced)
		if len(c.data) >= len(b) && string(c.data[:len(b)]) == string(b) {
			tail := slices.Clone(c.data[len(b):])
			tail = tail[:d.random.IntN(len(tail)+1)]
			for i := 0; i < len(tail); i += 64 {
				if d.random.IntN(4) == 0 {
					clear(tail[i:min(i+64, len(tail))])
				}
			}
			b = append(b, tail...)
		} else if d.random.IntN(2) == 0 { // it was cut, and that is on the disk or not
			b = slices.Clone(c.data)
		}
		after.now[name] = &content{data: b, synced: slices.Clone(b)}
	}
	after.durable = maps.Clone(after.now)
	return after
}

type faultyFile struct {
	d    *faulty
	c    *content
	name string
	at   int
}

func (f *faultyFile) Read(p []byte) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.at >= len(f.c.data) {
		return 0, io.EOF
	}
	n := copy(p, f.c.data[f.at:])
	f.at += n
	return n, nil
}

func (f *faultyFile) Write(p []byte) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	n, err := f.d.step("write", f.name)
	if err == nil {
		n = len(p)
	}
	n = min(n, len(p))
	f.c.data = append(f.c.data[:f.at:f.at], p[:n]...)
	f.at += n
	return n, err
}

func (f *faultyFile) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return int64(len(f.c.data)), nil
}

func (f *faultyFile) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if _, err := f.d.step("truncate", f.name); err != nil {
		return err
	}
	f.c.data = f.c.data[:size:size]
	f.at = int(size)
	return nil
}

// Sync: one that fails leaves the system believing that the pages are clean, so the
// next one succeeds and writes nothing of them.
func (f *faultyFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if _, err := f.d.step("sync", f.name); err != nil {
		return err
	}
	f.c.synced = slices.Clone(f.c.data)
	return nil
}

func (f *faultyFile) Close() error { return nil }
