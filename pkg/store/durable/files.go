package durable

import (
	"io"
	"os"
	"path/filepath"
)

// files is what the engine needs of a file system, for one folder. The tests have a
// twin that fails, tears and loses what was not synced.
type files interface {
	// List returns the names in the folder.
	List() ([]string, error)
	// Create makes a file that must not exist yet.
	Create(name string) (file, error)
	// Open opens a file for reading and writing, or for reading only.
	Open(name string, write bool) (file, error)
	Rename(from, to string) error
	Remove(name string) error
	// Sync makes what Create, Rename and Remove did durable.
	Sync() error
}

// file is a file that is written at its end.
type file interface {
	io.ReadWriteCloser
	// Size is the length now.
	Size() (int64, error)
	// Truncate cuts the file; what is written next goes to its end.
	Truncate(size int64) error
	Sync() error
}

// folder is a folder of the operating system.
type folder string

func (d folder) List() ([]string, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

func (d folder) path(name string) string { return filepath.Join(string(d), name) }

func (d folder) Create(name string) (file, error) {
	f, err := os.OpenFile(d.path(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d folder) Open(name string, write bool) (file, error) {
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR
	}
	f, err := os.OpenFile(d.path(name), flag, 0)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d folder) Rename(from, to string) error { return os.Rename(d.path(from), d.path(to)) }

func (d folder) Remove(name string) error { return os.Remove(d.path(name)) }

func (d folder) Sync() error {
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	defer f.Close()
	return syncFolder(f)
}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Truncate(size int64) error {
	if err := f.File.Truncate(size); err != nil {
		return err
	}
	_, err := f.Seek(size, io.SeekStart)
	return err
}
