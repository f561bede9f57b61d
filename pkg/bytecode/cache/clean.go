package cache

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// Info describes a cache for people.
type Info struct {
	Dir     string
	Entries int
	Bytes   int64
	Ignored error // why the cache is not used, if it is not
}

// Info counts what is there.
func (c *Cache) Info() Info {
	info := Info{Dir: c.dir}
	if err := c.trusted(); err != nil {
		if miss, ok := err.(*Miss); !ok || miss.Reason != Absent {
			info.Ignored = err
		}
		return info
	}
	for _, f := range c.files() {
		if !f.temp {
			info.Entries++
			info.Bytes += f.size
		}
	}
	return info
}

// Clean removes all entries, and nothing that this package did not make: the
// directory may be one that somebody named by mistake.
func (c *Cache) Clean() error { return c.remove(func(file) bool { return true }) }

// Trim removes the entries that were not used for longest, until those left take
// at most limit bytes, and temporary files that a crash left behind.
func (c *Cache) Trim(limit int64) error {
	if c.trusted() != nil {
		return nil
	}
	files := c.files()
	// Not slices.SortFunc, which puts ten kilobytes of sorting into the binary for each type.
	sort.Slice(files, func(i, j int) bool { return files[i].used.After(files[j].used) })
	keep := map[string]bool{}
	total := int64(0)
	for _, f := range files {
		if f.temp {
			keep[f.path] = time.Since(f.used) < time.Hour // it may be being written
			continue
		}
		total += f.size
		keep[f.path] = total <= limit
	}
	return c.remove(func(f file) bool { kept, known := keep[f.path]; return known && !kept })
}

// remove removes the files that drop says, then the directories left empty.
func (c *Cache) remove(drop func(file) bool) error {
	if c.trusted() != nil {
		return nil // what is ignored is left alone, too
	}
	var first error
	for _, f := range c.files() {
		if !drop(f) {
			continue
		}
		if err := os.Remove(f.path); err != nil && !os.IsNotExist(err) && first == nil {
			first = err
		}
	}
	for _, shard := range c.shards() {
		_ = os.Remove(shard) // fails unless empty
	}
	return first
}

type file struct {
	path string
	size int64
	used time.Time
	temp bool
}

// files lists entries and temporary files.
func (c *Cache) files() []file {
	var all []file
	for _, shard := range c.shards() {
		list, err := os.ReadDir(shard)
		if err != nil {
			continue
		}
		for _, e := range list {
			name := e.Name()
			temp := strings.HasPrefix(name, tempPrefix)
			hexName, isEntry := strings.CutSuffix(name, suffix)
			if !temp && !(isEntry && isHex(hexName, len(Key{}))) {
				continue
			}
			if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
				all = append(all, file{filepath.Join(shard, name), info.Size(), info.ModTime(), temp})
			}
		}
	}
	return all
}

// shards lists the directories that entries are in.
func (c *Cache) shards() []string {
	list, err := os.ReadDir(c.dir)
	if err != nil {
		return nil
	}
	var all []string
	for _, e := range list {
		if e.IsDir() && isHex(e.Name(), 1) {
			all = append(all, filepath.Join(c.dir, e.Name()))
		}
	}
	return all
}

func isHex(s string, bytes int) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == bytes
}
