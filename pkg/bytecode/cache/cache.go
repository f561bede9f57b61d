// Package cache keeps compiled programs on disk.
//
// An entry is found by a hash of all that it was compiled from, so it is never
// out of date: a change leads to another entry. Whatever goes wrong is a miss, and
// a miss means compiling; no error of this package should stop a program.
//
// Entries are read by a machine that runs them, so the directory must belong to
// the user and to nobody else. One that others can write to, or even look into,
// is ignored.
//
// Any number of processes may use one directory at once: entries appear by being
// renamed, and a reader has either all of one or nothing.
package cache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"aro/pkg/bytecode"
)

const (
	suffix     = ".aroc"
	tempPrefix = "tmp-"
	maxEntry   = 256 << 20
)

// Cache is a directory of entries. Its methods may be called concurrently.
type Cache struct {
	dir     string
	problem error // why dir is "", if it is
}

// Open returns the cache in dir; for "", in $ARO_CACHE_DIR or else in the user's
// cache directory. Nothing is created before the first Put. Without any directory
// to use, for instance without a home, every look-up is a miss.
func Open(dir string) *Cache {
	if dir == "" {
		dir = os.Getenv("ARO_CACHE_DIR")
	}
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return &Cache{problem: err}
		}
		dir = filepath.Join(user, "aro")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return &Cache{problem: err}
	}
	return &Cache{dir: abs}
}

// Dir returns the directory, "" when there is none.
func (c *Cache) Dir() string { return c.dir }

// path spreads entries over 256 directories by their first byte.
func (c *Cache) path(key Key) string {
	name := key.String()
	return filepath.Join(c.dir, name[:2], name+suffix)
}

// trusted returns nil if the directory is there and only the user's.
func (c *Cache) trusted() error {
	if c.dir == "" {
		return &Miss{Disabled, c.problem}
	}
	info, err := os.Stat(c.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Miss{Absent, nil}
	case err != nil:
		return &Miss{Unreadable, err}
	case !info.IsDir():
		return &Miss{Disabled, fmt.Errorf("%s is not a directory", c.dir)}
	}
	if err := owned(info); err != nil {
		return &Miss{Foreign, fmt.Errorf("%s %w", c.dir, err)}
	}
	return nil
}

// Get returns the content of an entry as it was put. The error is a *Miss. That
// the content is sound is for the reader to check; Load does.
func (c *Cache) Get(key Key) ([]byte, error) {
	if err := c.trusted(); err != nil {
		return nil, err
	}
	path := c.path(key)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Miss{Absent, nil}
	}
	if err != nil {
		return nil, &Miss{Unreadable, err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxEntry {
		return nil, &Miss{Unreadable, err}
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, &Miss{Unreadable, err}
	}
	if now := time.Now(); now.Sub(info.ModTime()) > time.Hour {
		_ = os.Chtimes(path, now, now) // for Trim, which removes what was not used for long
	}
	return data, nil
}

// Load is Get for a program: it also checks that the entry is sound and was put
// under this very key. One that is not is removed. The chunks of the program are
// expanded and verified by their users, as after bytecode.DecodeLazy.
func (c *Cache) Load(key Key) (*bytecode.Program, bytecode.Meta, error) {
	data, err := c.Get(key)
	if err != nil {
		return nil, bytecode.Meta{}, err
	}
	p, meta, err := bytecode.DecodeLazy(data)
	if err == nil && meta.Key != key {
		err = errors.New("it belongs to another key")
	}
	if err != nil {
		reason := Damaged
		if errors.Is(err, bytecode.ErrStale) {
			reason = Stale
		}
		_ = os.Remove(c.path(key))
		return nil, bytecode.Meta{}, &Miss{reason, err}
	}
	return p, meta, nil
}

// Remove removes an entry that turned out to be damaged after Load.
func (c *Cache) Remove(key Key) {
	if c.trusted() == nil {
		_ = os.Remove(c.path(key))
	}
}

// Put writes an entry. Its error may be ignored: with a read-only or full disk,
// there is just no entry. It waits for the disk, so callers in a hurry call it from
// a goroutine of their own.
func (c *Cache) Put(key Key, data []byte) error {
	if c.dir == "" {
		return &Miss{Disabled, c.problem}
	}
	if len(data) > maxEntry {
		return fmt.Errorf("entry of %d bytes is too large for the cache", len(data))
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	if err := c.trusted(); err != nil {
		return err
	}
	path := c.path(key)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return write(path, data)
}

// write puts the file in place in one step. The temporary file is in the same
// directory, because renaming works within a file system only; it is synced,
// because otherwise a power cut could leave a name without content.
func write(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix+"*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
