package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aro/pkg/vm"
)

// A sandbox lets a program reach what its author has named: the paths written in it,
// and the application's folder (05 F03). A path that is made of what somebody has sent
// leads nowhere else. Whether a path is written in the program its value knows, see
// value.Written: the answer does not depend on how it got to the statement.

// door is the way of one statement to files.
type door struct {
	files
	own [2]string // the paths that are written in the program
}

func doorOf(c *vm.Call) door { return door{files: executionOf(c).Host.files} }

// mayRead reports an error unless a path may be read.
func (d *door) mayRead(path string) error {
	if a := d.access; a == nil || a.Read || d.inPlace(path, false) {
		return nil
	}
	return &AccessError{path + " cannot be read", "read"}
}

// mayWrite reports an error unless a path may be written.
func (d *door) mayWrite(path string) error {
	if a := d.access; a == nil || a.Write || d.inPlace(path, true) {
		return nil
	}
	return &AccessError{path + " cannot be written", "write"}
}

// inPlace reports whether a path is one of the program's own, or in its folder. With
// --root that folder says where files are, and flags whether they may be used. Templates
// and plugins are the program, too: they can be read, and not written.
func (d *door) inPlace(path string, write bool) bool {
	if d.access.Root != nil {
		return false
	}
	if path != "" && slices.Contains(d.own[:], path) {
		return true
	}
	if d.access.Folder == "" {
		return false
	}
	top, err := filepath.EvalSymlinks(d.access.Folder)
	if err != nil {
		return false
	}
	if top, err = filepath.Abs(top); err != nil {
		return false
	}
	name, err := d.resolve(path)
	if err != nil {
		return false
	}
	if name, err = whereItLeads(name); err != nil {
		return false
	}
	inner, err := filepath.Rel(top, name)
	if err != nil || !filepath.IsLocal(inner) {
		return false
	}
	top, _, _ = strings.Cut(filepath.ToSlash(inner), "/")
	if write && (inner == "." || strings.EqualFold(top, "templates") || strings.EqualFold(top, "Plugins")) {
		return false
	}
	for part := range strings.SplitSeq(filepath.ToSlash(inner), "/") {
		if part != "." && strings.HasPrefix(part, ".") || ownFile(part) {
			return false
		}
	}
	return true
}

// whereItLeads is the absolute path without links. What does not exist yet is where the
// directories above it are; a link that leads nowhere is an error, since writing through
// it makes a file somewhere else.
func whereItLeads(name string) (string, error) {
	name, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	rest := ""
	for {
		real, err := filepath.EvalSymlinks(name)
		if err == nil {
			return filepath.Join(real, rest), nil
		}
		if _, e := os.Lstat(name); e == nil || !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		above := filepath.Dir(name)
		if above == name {
			return "", err
		}
		name, rest = above, filepath.Join(filepath.Base(name), rest)
	}
}
