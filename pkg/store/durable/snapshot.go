package durable

import (
	"encoding/binary"
	"fmt"
	"time"

	"aro/pkg/store"
	"aro/pkg/store/record"
)

// A snapshot is a file of frames whose payload is one section: a letter and
//
//	R  name, position of its latest write, next age, largest number, time to live: a
//	   repository begins
//	r  count, then age, time and row of each
//	p  count, then id and age of each removed row whose place is remembered
//	E  number of repositories, position: the end, without which it is not whole
const (
	sectionRepository = 'R'
	sectionRows       = 'r'
	sectionPast       = 'p'
	sectionEnd        = 'E'
)

// sectionSize is the size from which a section is full.
const sectionSize = 256 << 10

// maybeSnapshot begins a snapshot when the log has become long. The goroutine of the
// log begins a new segment; everything else happens beside it.
func (l *log) maybeSnapshot() {
	select {
	case n := <-l.sizes:
		if n > 0 {
			l.snapshot = n
		}
	default:
	}
	if l.since < max(l.o.SnapshotAfter, 2*l.snapshot) {
		return
	}
	l.mu.Lock()
	if l.busy || l.closing {
		l.mu.Unlock()
		return
	}
	l.busy = true
	from := l.position
	l.mu.Unlock()
	l.leave()
	l.since = 0
	if err := l.openSegment(from + 1); err != nil {
		l.o.Warn(fmt.Errorf("no snapshot of the data was written: %w", err))
		l.finished()
		return
	}
	number := l.segment.head.number
	done := make(chan int64, 1)
	go func() {
		size, err := l.e.writeSnapshot(number)
		if err == nil {
			err = l.e.deleteBefore(number)
		}
		if err != nil {
			l.o.Warn(fmt.Errorf("no snapshot of the data was written: %w", err))
		}
		done <- size
		l.finished()
	}()
	l.sizes = done
}

func (l *log) finished() {
	l.mu.Lock()
	l.busy = false
	l.work.Broadcast()
	l.mu.Unlock()
}

// writeSnapshot writes snapshot-N, which holds everything that is in the segments
// before log-N, and maybe some of what is in it.
func (e *Engine) writeSnapshot(number uint64) (size int64, err error) {
	name := fmt.Sprint("snapshot-", number)
	e.fs.Remove(name + ".tmp")
	f, err := e.fs.Create(name + ".tmp")
	if err != nil {
		return 0, err
	}
	defer func() {
		f.Close()
		if err != nil {
			e.fs.Remove(name + ".tmp")
		}
	}()
	w := newSnapshotWriter(f, number)
	names := e.Names()
	// A write that is taken back while its row is in the snapshot must not stay there:
	// the snapshot counts only if nothing failed until all that it holds is durable.
	e.log.mu.Lock()
	began, latest := e.log.durable, e.log.position
	e.log.mu.Unlock()
	kept := 0
	for _, n := range names {
		r := e.Repository(n).(*repository)
		r.Lock()
		last := r.last
		var frozen *store.Frozen
		if last > 0 && r.kept {
			frozen = r.Freeze()
		} // else only the position, so that older writes in the log are not replayed
		r.Unlock()
		if last == 0 {
			continue
		}
		kept++
		latest = max(latest, last)
		if err := w.repository(n, last, frozen); err != nil {
			return 0, err
		}
	}
	if err := w.end(kept, latest); err != nil {
		return 0, err
	}
	decided := make(chan error, 1)
	if already, err := e.Sync(began, latest, func(err error) { decided <- err }); already {
		if err != nil {
			return 0, err
		}
	} else if err := <-decided; err != nil {
		return 0, err
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	if err := e.fs.Rename(name+".tmp", name); err != nil {
		return 0, err
	}
	return w.size, e.fs.Sync()
}

// deleteBefore removes the files that a snapshot replaces.
func (e *Engine) deleteBefore(number uint64) error {
	list, err := listFolder(e.fs)
	if err != nil {
		return err
	}
	for _, n := range list.logs {
		if n < number {
			if err := e.fs.Remove(fmt.Sprint("log-", n)); err != nil {
				return err
			}
		}
	}
	for _, n := range list.snapshots {
		if n < number {
			if err := e.fs.Remove(fmt.Sprint("snapshot-", n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// snapshotWriter writes the sections of one snapshot.
type snapshotWriter struct {
	f     file
	head  header
	seed  uint32
	chain uint32
	size  int64
	count uint64 // of sections: the position of their frames
	buf   []byte
	part  []byte // rows of a section
	began bool
}

func newSnapshotWriter(f file, number uint64) *snapshotWriter {
	return &snapshotWriter{f: f, head: newHeader(kindSnapshot, number, 0)}
}

// section writes what build appends as one frame.
func (w *snapshotWriter) section(build func(b []byte) []byte) error {
	if !w.began {
		w.began = true
		b := w.head.append(nil)
		w.seed, w.chain, w.size = w.head.seed(), w.head.crc, int64(len(b))
		if _, err := w.f.Write(b); err != nil {
			return err
		}
	}
	w.buf = build(beginFrame(w.buf[:0]))
	w.buf, w.chain = endFrame(w.buf, w.seed, w.chain, w.count)
	w.count++
	w.size += int64(len(w.buf))
	_, err := w.f.Write(w.buf)
	return err
}

// repository writes one repository and closes what it reads it from, which is nil when
// its rows are not kept.
func (w *snapshotWriter) repository(name string, last uint64, f *store.Frozen) error {
	s := store.State{}
	if f != nil {
		defer f.Close()
		s.Next, s.Limits = f.Next, f.Limits
	}
	err := w.section(func(b []byte) []byte {
		b = record.AppendString(append(b, sectionRepository), name)
		b = binary.AppendUvarint(b, last)
		b = binary.AppendUvarint(b, s.Next)
		b = binary.AppendUvarint(b, uint64(max(s.Limits.MaxSize, 0)))
		return binary.AppendVarint(b, int64(s.Limits.TTL))
	})
	if f == nil {
		return err
	}
	for more := true; more && err == nil; {
		if s, more = f.Piece(); more {
			err = w.rows(&s)
		}
	}
	if err != nil {
		return err
	}
	if past := f.Past(); len(past) > 0 {
		err = w.section(func(b []byte) []byte {
			b = binary.AppendUvarint(append(b, sectionPast), uint64(len(past)))
			for _, p := range past {
				b = binary.AppendUvarint(record.AppendValue(b, p.ID), p.Age)
			}
			return b
		})
	}
	return err
}

func (w *snapshotWriter) rows(s *store.State) (err error) {
	for i := 0; i < len(s.Rows) && err == nil; {
		n := 0
		rows := w.part[:0]
		for ; i < len(s.Rows) && len(rows) < sectionSize; i++ {
			rows = binary.AppendUvarint(rows, s.Ages[i])
			rows = binary.AppendVarint(rows, s.Times[i])
			rows = record.AppendValue(rows, s.Rows[i])
			n++
		}
		w.part = rows
		err = w.section(func(b []byte) []byte {
			return append(binary.AppendUvarint(append(b, sectionRows), uint64(n)), rows...)
		})
	}
	return err
}

func (w *snapshotWriter) end(repositories int, position uint64) error {
	return w.section(func(b []byte) []byte {
		b = binary.AppendUvarint(append(b, sectionEnd), uint64(repositories))
		return binary.AppendUvarint(b, position)
	})
}

// section applies one section of a snapshot.
func (l *loader) section(payload []byte) error {
	d := &l.d
	d.Rest, d.Bad = payload, false
	kind := d.Byte()
	if l.checksums {
		l.ended = kind == sectionEnd
		return nil
	}
	switch kind {
	case sectionRepository:
		name, last := d.String(), d.Uint()
		s := store.State{Next: d.Uint()}
		s.Limits = store.Limits{MaxSize: int(d.Uint()), TTL: time.Duration(d.Int())}
		if _, twice := l.e.repos.Get(name); d.Bad || twice {
			return record.ErrForm
		}
		l.into = l.e.add(name)
		l.into.last, l.limits = last, s.Limits
		return l.into.Restore(s)
	case sectionRows:
		n := d.Count()
		s := store.State{Limits: l.limits}
		for range n {
			s.Ages = append(s.Ages, d.Uint())
			s.Times = append(s.Times, d.Int())
			s.Rows = append(s.Rows, d.Value())
			if d.Bad {
				return record.ErrForm
			}
		}
		if l.into == nil {
			return record.ErrForm
		}
		return l.into.Restore(s)
	case sectionPast:
		s := store.State{Limits: l.limits}
		for range d.Count() {
			id := d.Value()
			s.Past = append(s.Past, store.Departed{ID: id, Age: d.Uint()})
		}
		if d.Bad || l.into == nil {
			return record.ErrForm
		}
		return l.into.Restore(s)
	case sectionEnd:
		n := d.Uint()
		l.position = max(l.position, d.Uint())
		if l.ended = true; d.Bad || n != uint64(len(l.e.repos.All())) {
			return record.ErrForm
		}
		return nil
	}
	return record.ErrForm
}
