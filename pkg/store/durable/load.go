package durable

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"aro/pkg/store"
	"aro/pkg/store/record"
)

// loader reads a folder into the repositories of an engine.
type loader struct {
	fs files
	e  *Engine
	d  record.Decoder

	checksums bool // nothing else is wanted: no row is read

	into     *repository // that a snapshot is about
	limits   store.Limits
	ended    bool // the snapshot is whole
	position uint64

	number   uint64 // of the last segment, 0 without one
	length   int64  // of its valid part
	chain    uint32 // at its end
	torn     int64  // bytes behind that
	size     int64  // of the segments
	snapshot int64  // size of the snapshot
	based    uint64 // its number, 0 without one
	garbage  []string
	parts    []part // what counts, in the order in which it is read
}

func newLoader(fs files, e *Engine) *loader { return &loader{fs: fs, e: e} }

// listing is what is in a folder, ascending.
type listing struct {
	logs, snapshots []uint64
	unfinished      []string
}

func listFolder(fs files) (l listing, err error) {
	names, err := fs.List()
	if err != nil {
		return l, err
	}
	for _, name := range names {
		kind, digits, _ := strings.Cut(name, "-")
		n, err := strconv.ParseUint(digits, 10, 64)
		switch {
		case kind == "log" && err == nil && digits[0] != '0':
			l.logs = append(l.logs, n)
		case kind == "snapshot" && err == nil && digits[0] != '0':
			l.snapshots = append(l.snapshots, n)
		case kind == "snapshot" && strings.HasSuffix(name, ".tmp"):
			l.unfinished = append(l.unfinished, name)
		}
	}
	slices.Sort(l.logs)
	slices.Sort(l.snapshots)
	return l, nil
}

// load reads everything. It changes nothing in the folder.
func (l *loader) load() error {
	list, err := listFolder(l.fs)
	if err != nil {
		return err
	}
	l.garbage = list.unfinished
	if n := len(list.snapshots); n > 0 {
		l.based = list.snapshots[n-1]
		for _, old := range list.snapshots[:n-1] {
			l.garbage = append(l.garbage, fmt.Sprint("snapshot-", old))
		}
		if err := l.readSnapshot(fmt.Sprint("snapshot-", l.based)); err != nil {
			return err
		}
	}
	for len(list.logs) > 0 && list.logs[0] < l.based {
		l.garbage = append(l.garbage, fmt.Sprint("log-", list.logs[0]))
		list.logs = list.logs[1:]
	}
	return l.readLogs(list.logs)
}

func (l *loader) readSnapshot(name string) error {
	f, err := l.fs.Open(name, false)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := newFrameReader(f)
	if err == nil && r.head.kind != kindSnapshot {
		err = errNotOurs
	}
	if err != nil {
		return damaged(name, 0, err)
	}
	l.snapshot = r.size
	for {
		at := r.offset
		payload, _, err := r.next()
		if err == io.EOF && !l.ended {
			err = errTorn
		}
		if err == io.EOF {
			l.parts = append(l.parts, part{name, r.offset})
			return nil
		}
		if err == nil && l.ended {
			err = record.ErrForm
		}
		if err == nil {
			err = l.section(payload)
		}
		if err != nil {
			return damaged(name, at, err)
		}
	}
}

// damaged names the place of an error, unless the disk is to blame.
func damaged(name string, at int64, err error) error {
	for _, known := range []error{errNotOurs, errHeader, errTorn, errChange, record.ErrForm, errMissing, store.ErrMisfit} {
		if errors.Is(err, known) {
			return &DamageError{name, at, err}
		}
	}
	return fmt.Errorf("%s: %w", name, err)
}

var errMissing = errors.New("the file is missing")

// readLogs replays the segments.
func (l *loader) readLogs(numbers []uint64) error {
	// A segment says how long the one before it is, so the next header is read first.
	heads := make([]header, len(numbers))
	want := max(l.based, 1)
	for i, n := range numbers {
		if n != want {
			return &DamageError{fmt.Sprint("log-", want), 0, errMissing}
		}
		want++
		name := fmt.Sprint("log-", n)
		f, err := l.fs.Open(name, false)
		if err != nil {
			return err
		}
		r, err := newFrameReader(f)
		size, sizeErr := f.Size()
		f.Close()
		if sizeErr != nil {
			return sizeErr
		}
		if err == nil && (r.head.kind != kindLog || r.head.number != n) {
			err = errNotOurs
		}
		if err != nil {
			if i == len(numbers)-1 && size <= headerSize && damage(err) && n > l.based {
				// It was being made when the end came; nothing can be in it.
				l.garbage = append(l.garbage, name)
				numbers, heads = numbers[:i], heads[:i]
				break
			}
			return damaged(name, 0, err)
		}
		heads[i] = r.head
	}
	if len(numbers) == 0 && l.based > 0 {
		return &DamageError{fmt.Sprint("log-", l.based), 0, errMissing}
	}
	for i, n := range numbers {
		var next *header
		if i+1 < len(heads) {
			next = &heads[i+1]
		}
		if err := l.readLog(n, next); err != nil {
			return err
		}
	}
	return nil
}

func damage(err error) bool {
	return errors.Is(err, errTorn) || errors.Is(err, errHeader) || errors.Is(err, errNotOurs)
}

// readLog replays one segment up to where the next one says that it ends, the last
// one up to its torn end.
func (l *loader) readLog(n uint64, next *header) error {
	name := fmt.Sprint("log-", n)
	f, err := l.fs.Open(name, false)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := newFrameReader(f)
	if err != nil {
		return damaged(name, 0, err)
	}
	if r.head.first > 0 {
		l.position = max(l.position, r.head.first-1)
	}
	for {
		if next != nil && uint64(r.offset) >= next.previous {
			if uint64(r.offset) != next.previous || r.chain != next.chain {
				return &DamageError{name, r.offset, errChange}
			}
			break
		}
		at := r.offset
		payload, first, err := r.next()
		if err == io.EOF && next == nil {
			break
		}
		if err == io.EOF {
			err = errTorn
		}
		if next == nil && (errors.Is(err, errTorn) || errors.Is(err, errChange)) {
			more, readErr := r.another(l.fs, name)
			if readErr != nil {
				return readErr
			}
			if !more {
				l.torn = r.size - at
				break
			}
		}
		if err == nil {
			err = l.records(payload, first)
		}
		if err != nil {
			return damaged(name, at, err)
		}
	}
	l.number, l.length, l.chain = n, r.offset, r.chain
	l.size += r.offset
	l.parts = append(l.parts, part{name, r.offset})
	return nil
}

// records replays the records of one frame.
func (l *loader) records(payload []byte, position uint64) error {
	if l.checksums {
		return nil
	}
	d := &l.d
	for d.Rest, d.Bad = payload, false; len(d.Rest) > 0; position++ {
		length := d.Uint()
		rest := d.Rest
		one := d.Bytes(length)
		if d.Bad {
			return record.ErrForm
		}
		rest = rest[length:]
		d.Rest = one
		if err := l.record(position); err != nil {
			return err
		}
		if len(d.Rest) > 0 || d.Bad {
			return record.ErrForm
		}
		d.Rest = rest
		l.position = max(l.position, position)
	}
	return nil
}

func (l *loader) record(position uint64) error {
	d := &l.d
	name := d.Key()
	r, ok := l.e.repos.Get(name)
	if !ok {
		r = l.e.add(name)
	}
	known := position <= r.last
	for range d.Count() {
		e := d.Effect()
		if d.Bad {
			return record.ErrForm
		}
		if known {
			continue
		}
		switch e.Kind {
		case abandoned, adopted:
			// In the snapshot it may be in or out already; what follows builds it up.
			r = l.e.add(name)
		default:
			if err := r.Apply(&e); err != nil {
				return err
			}
		}
	}
	if !known {
		r.last = position
	}
	return nil
}

// begin makes the log go on where the loader ended: it cuts the torn end of the last
// segment, and removes what a snapshot has replaced.
func (l *log) begin(from *loader) error {
	fs := l.e.fs
	for _, name := range from.garbage {
		if err := fs.Remove(name); err != nil {
			return err
		}
	}
	l.position, l.durable = from.position, from.position
	l.since, l.snapshot = from.size, from.snapshot
	if from.number == 0 {
		return l.openSegment(1)
	}
	name := fmt.Sprint("log-", from.number)
	f, err := fs.Open(name, true)
	if err != nil {
		return err
	}
	r, err := newFrameReader(f)
	if err == nil {
		err = f.Truncate(from.length)
	}
	if err == nil {
		// Also without a torn end: that process may have died before its fsync.
		err = f.Sync()
	}
	if err != nil {
		f.Close()
		return err
	}
	l.segment = &segment{f: f, name: name, head: r.head, seed: r.seed, chain: from.chain, size: from.length}
	return nil
}
