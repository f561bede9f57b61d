package host

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"aro/pkg/vm/value"
)

// maxEntries bounds one listing.
const maxEntries = 1 << 20

// list returns the entries of a directory by path, and with deep those of the
// directories in it, each behind its directory. Links to directories are listed
// and not followed, so there are no circles. pattern "" is everything.
func (f *door) list(path, pattern string, deep bool) (value.Value, error) {
	name, err := f.reading(path)
	if err != nil {
		return value.Value{}, err
	}
	top, err := f.absolute(name)
	if err != nil {
		return value.Value{}, err
	}
	pattern = strings.ToLower(pattern)
	out := []value.Value{}
	var walk func(dir, shown string, top bool) error
	walk = func(dir, shown string, top bool) error {
		entries, err := f.ReadDir(dir)
		if err != nil {
			if !top && os.IsPermission(err) {
				return nil // the rest is still worth listing
			}
			return ioError(err)
		}
		for _, e := range entries {
			child, shown := filepath.Join(dir, e.Name()), filepath.Join(shown, e.Name())
			if pattern == "" || glob(pattern, strings.ToLower(e.Name())) {
				info, err := f.Stat(child)
				if err != nil {
					if info, err = f.Lstat(child); err != nil {
						continue // gone since
					}
				}
				if len(out) == maxEntries {
					return fmt.Errorf("I/O error: %s has more than %d entries; list a directory in it", path, maxEntries)
				}
				out = append(out, f.entry(shown, info, 0).Value())
			}
			if deep && e.IsDir() {
				if err := walk(child, shown, false); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := walk(name, top, true); err != nil {
		return value.Value{}, err
	}
	return value.OfList(out), nil
}

// entry describes a file; there is room for more fields.
func (f files) entry(path string, info fs.FileInfo, more int) *value.Builder {
	b := value.NewBuilder(7 + more)
	b.Set("name", value.OfString(filepath.Base(path)))
	b.Set("path", value.OfString(path))
	b.Set("size", value.OfInt(info.Size()))
	b.Set("isFile", value.OfBool(!info.IsDir()))
	b.Set("isDirectory", value.OfBool(info.IsDir()))
	b.Set("created", value.OfTime(f.created(path, info).UTC()))
	b.Set("modified", value.OfTime(info.ModTime().UTC()))
	return b
}

// created asks the system by path, which in a sandbox could lead elsewhere by now.
func (f files) created(path string, info fs.FileInfo) time.Time {
	if _, confined := f.fileSystem.(oneFolder); confined {
		return info.ModTime()
	}
	return created(path, info)
}

// details is the entry of Stat, with permissions and owners.
func (f files) details(path string, info fs.FileInfo) value.Value {
	b := f.entry(path, info, 3)
	b.Set("permissions", value.OfString(info.Mode().Perm().String()[1:]))
	owner, group := owners(info)
	b.Set("owner", value.OfString(owner))
	b.Set("group", value.OfString(group))
	return b.Value()
}

// glob matches * and ? over a whole name. It goes back to the last star only, so
// the time is at most the product of both lengths.
func glob(pattern, name string) bool {
	star, mark := -1, 0
	p, n := 0, 0
	for n < len(name) {
		_, size := utf8.DecodeRuneInString(name[n:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
			continue
		case p < len(pattern) && pattern[p] == '?':
			p++
			n += size
			continue
		case p+size <= len(pattern) && pattern[p:p+size] == name[n:n+size]:
			p += size
			n += size
			continue
		case star < 0:
			return false
		}
		_, size = utf8.DecodeRuneInString(name[mark:])
		mark += size
		p, n = star+1, mark
	}
	return strings.Trim(pattern[p:], "*") == ""
}
