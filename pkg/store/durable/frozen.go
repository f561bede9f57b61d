package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// frozen is a folder as it is at one moment, for reading only. The process that has
// the folder goes on meanwhile: files are only ever appended to or replaced by a
// snapshot, so it is enough to hold those of one moment open and to read no further
// than they reached then. What was durable at that moment is in them. The write that
// was under way then is there whole or looks like a torn end.
type frozen struct {
	names []string // in the order of the listing
	files map[string]*frozenFile
}

type frozenFile struct {
	f    *os.File
	size int64
}

// maxFreezes bounds how often a folder is looked at again because a snapshot came in
// between. They are rare: each waits for the log to become long again.
const maxFreezes = 100

// freeze opens what is in a folder at one moment.
func freeze(dir string) (*frozen, error) {
	for range maxFreezes {
		z, err := tryFreeze(dir)
		if z != nil || err != nil {
			return z, err
		}
		time.Sleep(time.Millisecond)
	}
	return nil, fmt.Errorf("%s changes faster than it can be read", dir)
}

// tryFreeze returns nil when the folder has changed meanwhile.
func tryFreeze(dir string) (z *frozen, err error) {
	before, err := listFolder(folder(dir))
	if err != nil {
		return nil, err
	}
	z = &frozen{files: make(map[string]*frozenFile)}
	defer func() {
		if z == nil || err != nil {
			return
		}
		// A segment that was begun or a snapshot that replaced some may have come while
		// the sizes were taken one after the other.
		after, listErr := listFolder(folder(dir))
		if err = listErr; err != nil || fmt.Sprint(before.logs, before.snapshots) != fmt.Sprint(after.logs, after.snapshots) {
			z.close()
			z = nil
		}
	}()
	based := uint64(0)
	var names []string
	if n := len(before.snapshots); n > 0 {
		based = before.snapshots[n-1]
		names = append(names, fmt.Sprint("snapshot-", based))
	}
	for _, n := range before.logs {
		if n >= based {
			names = append(names, fmt.Sprint("log-", n))
		}
	}
	for _, name := range names {
		f, err := os.Open(folder(dir).path(name))
		if errors.Is(err, fs.ErrNotExist) {
			z.close()
			return nil, nil
		}
		if err == nil {
			err = z.add(name, f)
		}
		if err != nil {
			z.close()
			return nil, err
		}
	}
	return z, nil
}

// add takes a file in as far as it reaches now; close will close it.
func (z *frozen) add(name string, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	z.names = append(z.names, name)
	z.files[name] = &frozenFile{f, info.Size()}
	return nil
}

func (z *frozen) close() {
	for _, f := range z.files {
		f.f.Close()
	}
}

// List implements files.
func (z *frozen) List() ([]string, error) { return z.names, nil }

// Open implements files. All readers of a file share one descriptor.
func (z *frozen) Open(name string, write bool) (file, error) {
	f := z.files[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	if write {
		return nil, errFrozen
	}
	return frozenReader{io.NewSectionReader(f.f, 0, f.size)}, nil
}

var errFrozen = errors.New("it is open for reading only")

// Create, Rename, Remove and Sync implement files.
func (z *frozen) Create(string) (file, error) { return nil, errFrozen }
func (z *frozen) Rename(string, string) error { return errFrozen }
func (z *frozen) Remove(string) error         { return errFrozen }
func (z *frozen) Sync() error                 { return errFrozen }

// frozenReader reads a file from its beginning.
type frozenReader struct{ *io.SectionReader }

func (r frozenReader) Size() (int64, error)      { return r.SectionReader.Size(), nil }
func (r frozenReader) Write([]byte) (int, error) { return 0, errFrozen }
func (r frozenReader) Truncate(int64) error      { return errFrozen }
func (r frozenReader) Sync() error               { return errFrozen }
func (r frozenReader) Close() error              { return nil }
