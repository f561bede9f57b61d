package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"aro/pkg/vm/value"
)

// write replaces the content of a file at once: a crash leaves the old content or
// the new one (05 F05). Directories above it are made.
func (f files) write(path string, data []byte) error {
	name, err := f.resolve(path)
	if err != nil {
		return err
	}
	return ioError(replace(name, nil, true, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}))
}

// replace puts what fill writes in the place of a file: into a new file beside
// it, which then takes its name. The permissions stay, or are those of like. A
// link stays a link; a device or pipe is written to.
func replace(name string, like fs.FileInfo, sync bool, fill func(io.Writer) error) (err error) {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	old, err := os.Stat(name)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err == nil && old.IsDir():
		return &os.PathError{Op: "write", Path: name, Err: errors.New("is a directory")}
	case err == nil && !old.Mode().IsRegular():
		return writeThrough(name, fill)
	case err == nil:
		like = old
	}
	tmp, err := tempBeside(name)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
			// The user knows the file, not the one beside it.
			if p := new(os.PathError); errors.As(err, &p) && p.Path == tmp.Name() {
				err = &os.PathError{Op: p.Op, Path: name, Err: p.Err}
			}
		}
	}()
	if err = fill(tmp); err != nil {
		return err
	}
	if like != nil {
		if err = tmp.Chmod(like.Mode().Perm()); err != nil {
			return err
		}
		keepOwner(tmp, like)
	}
	if sync {
		if err = tmp.Sync(); err != nil {
			return err
		}
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), name); err != nil {
		return err
	}
	if sync {
		syncDir(filepath.Dir(name))
	}
	return nil
}

func writeThrough(name string, fill func(io.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = fill(file)
	if e := file.Close(); err == nil {
		err = e
	}
	return err
}

// tempBeside creates an empty file in the directory of name, which it makes if
// need be. It has the permissions of any new file, other than those that
// os.CreateTemp gives.
func tempBeside(name string) (*os.File, error) {
	dir := filepath.Dir(name)
	for range 100 {
		var random [8]byte
		value.RandomBytes(random[:])
		tmp := filepath.Join(dir, fmt.Sprintf(".aro-%x.tmp", random))
		f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, fs.ErrNotExist):
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return nil, err
			}
		case !errors.Is(err, fs.ErrExist):
			if p := new(os.PathError); errors.As(err, &p) {
				err = p.Err
			}
			return nil, &os.PathError{Op: "create", Path: name, Err: err}
		}
	}
	return nil, &os.PathError{Op: "create", Path: name, Err: fs.ErrExist}
}

// syncDir makes a new name last. Not every system can; the content is safe then
// all the same.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}

func touchNow(name string) error {
	now := time.Now()
	return os.Chtimes(name, now, now)
}

// copy copies a file, or a directory with all that is in it, over what is there:
// files are replaced, directories are filled.
func (f files) copy(from, to string) error { return f.transfer(from, to, copyTree) }

// move renames, and copies where the system cannot rename.
func (f files) move(from, to string) error {
	return f.transfer(from, to, func(src, dst string, info fs.FileInfo) error {
		old, err := os.Lstat(dst)
		if err == nil && old.IsDir() != info.IsDir() {
			return clash(dst, old)
		}
		if err := os.MkdirAll(filepath.Dir(dst), 0o777); err != nil {
			return err
		}
		if os.Rename(src, dst) == nil {
			return nil
		}
		// Another file system, or a directory that is not empty.
		if err := copyTree(src, dst, info); err != nil {
			return err
		}
		return os.RemoveAll(src)
	})
}

func (f files) transfer(from, to string, do func(src, dst string, info fs.FileInfo) error) error {
	src, err := f.resolve(from)
	if err != nil {
		return err
	}
	dst, err := f.resolve(to)
	if err != nil {
		return err
	}
	info, err := os.Lstat(src)
	if err != nil {
		return ioError(err)
	}
	if there, err := os.Lstat(dst); err == nil && os.SameFile(info, there) {
		return nil
	}
	if info.IsDir() {
		a, err1 := filepath.Abs(src)
		b, err2 := filepath.Abs(dst)
		if err := errors.Join(err1, err2); err != nil {
			return ioError(err)
		}
		if strings.HasPrefix(b, strings.TrimSuffix(a, string(filepath.Separator))+string(filepath.Separator)) {
			return fmt.Errorf("I/O error: %s lies within %s", to, from)
		}
	}
	return ioError(do(src, dst, info))
}

func clash(dst string, old fs.FileInfo) error {
	word := "a file"
	if old.IsDir() {
		word = "a directory; name the file in it"
	}
	return &os.PathError{Op: "copy", Path: dst, Err: errors.New("is " + word)}
}

// copyTree copies links as links.
func copyTree(src, dst string, info fs.FileInfo) error {
	old, err := os.Lstat(dst)
	if err == nil && old.IsDir() != info.IsDir() {
		return clash(dst, old)
	}
	switch {
	case info.IsDir():
		if err := os.MkdirAll(dst, 0o777); err != nil {
			return err
		}
		entries, err := os.ReadDir(src)
		if err != nil {
			return err
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				return err
			}
			if err := copyTree(filepath.Join(src, e.Name()), filepath.Join(dst, e.Name()), info); err != nil {
				return err
			}
		}
		if old == nil { // last: the directory may not be writable
			return os.Chmod(dst, info.Mode().Perm())
		}
		return nil
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(src)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(dst), 0o777); err != nil {
			return err
		}
		if old != nil {
			if err := os.Remove(dst); err != nil {
				return err
			}
		}
		return os.Symlink(target, dst)
	case !info.Mode().IsRegular():
		return &os.PathError{Op: "copy", Path: src, Err: errors.New("is neither a file nor a directory")}
	}
	file, err := os.Open(src)
	if err != nil {
		return err
	}
	defer file.Close()
	// The original is still there: no need to wait for the disk.
	return replace(dst, info, false, func(w io.Writer) error {
		_, err := io.Copy(w, file)
		return err
	})
}
