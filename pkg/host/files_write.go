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
func (f *door) write(path string, data []byte) error {
	name, err := f.writing(path)
	if err != nil {
		return err
	}
	return ioError(f.replace(name, nil, true, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}))
}

// replace puts what fill writes in the place of a file: into a new file beside
// it, which then takes its name. The permissions stay, or are those of like. A
// link stays a link; a device or pipe is written to.
func (f files) replace(name string, like fs.FileInfo, sync bool, fill func(io.Writer) error) (err error) {
	if target, err := f.Target(name); err == nil {
		name = target
	}
	old, err := f.Stat(name)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err == nil && old.IsDir():
		return &os.PathError{Op: "write", Path: name, Err: errors.New("is a directory")}
	case err == nil && !old.Mode().IsRegular():
		return f.writeThrough(name, fill)
	case err == nil:
		like = old
	}
	tmp, at, err := f.tempBeside(name)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			f.Remove(at)
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
	if err = f.Rename(at, name); err != nil {
		return err
	}
	if sync {
		f.syncDir(filepath.Dir(name))
	}
	return nil
}

func (f files) writeThrough(name string, fill func(io.Writer) error) error {
	file, err := f.OpenFile(name, os.O_WRONLY, 0)
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
func (f files) tempBeside(name string) (file *os.File, at string, err error) {
	dir := filepath.Dir(name)
	for range 100 {
		var random [8]byte
		value.RandomBytes(random[:])
		tmp := filepath.Join(dir, fmt.Sprintf(".aro-%x.tmp", random))
		file, err := f.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		switch {
		case err == nil:
			return file, tmp, nil
		case errors.Is(err, fs.ErrNotExist):
			if err := f.MkdirAll(dir, 0o777); err != nil {
				return nil, "", err
			}
		case !errors.Is(err, fs.ErrExist):
			if p := new(os.PathError); errors.As(err, &p) {
				err = p.Err
			}
			return nil, "", &os.PathError{Op: "create", Path: name, Err: err}
		}
	}
	return nil, "", &os.PathError{Op: "create", Path: name, Err: fs.ErrExist}
}

// syncDir makes a new name last. Not every system can; the content is safe then
// all the same.
func (f files) syncDir(dir string) {
	if d, err := f.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}

func touchNow(set func(name string, atime, mtime time.Time) error, name string) error {
	now := time.Now()
	return set(name, now, now)
}

// copy copies a file, or a directory with all that is in it, over what is there:
// files are replaced, directories are filled.
func (f *door) copy(from, to string) error {
	if err := f.mayRead(from); err != nil {
		return err
	}
	return f.transfer(from, to, f.copyTree)
}

// move renames, and copies where the system cannot rename.
func (f *door) move(from, to string) error {
	return f.transfer(from, to, func(src, dst string, info fs.FileInfo) error {
		old, err := f.Lstat(dst)
		if err == nil && old.IsDir() != info.IsDir() {
			return clash(dst, old)
		}
		if err := f.MkdirAll(filepath.Dir(dst), 0o777); err != nil {
			return err
		}
		if f.Rename(src, dst) == nil {
			return nil
		}
		// Another file system, or a directory that is not empty.
		if err := f.copyTree(src, dst, info); err != nil {
			return err
		}
		return f.RemoveAll(src)
	})
}

func (f *door) transfer(from, to string, do func(src, dst string, info fs.FileInfo) error) error {
	src, err := f.writing(from)
	if err != nil {
		return err
	}
	dst, err := f.writing(to)
	if err != nil {
		return err
	}
	info, err := f.Lstat(src)
	if err != nil {
		return ioError(err)
	}
	if there, err := f.Lstat(dst); err == nil && os.SameFile(info, there) {
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
func (f files) copyTree(src, dst string, info fs.FileInfo) error {
	old, err := f.Lstat(dst)
	if err == nil && old.IsDir() != info.IsDir() {
		return clash(dst, old)
	}
	switch {
	case info.IsDir():
		if err := f.MkdirAll(dst, 0o777); err != nil {
			return err
		}
		entries, err := f.ReadDir(src)
		if err != nil {
			return err
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				return err
			}
			if err := f.copyTree(filepath.Join(src, e.Name()), filepath.Join(dst, e.Name()), info); err != nil {
				return err
			}
		}
		if old == nil { // last: the directory may not be writable
			return f.Chmod(dst, info.Mode().Perm())
		}
		return nil
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := f.Readlink(src)
		if err != nil {
			return err
		}
		if err := f.MkdirAll(filepath.Dir(dst), 0o777); err != nil {
			return err
		}
		if old != nil {
			if err := f.Remove(dst); err != nil {
				return err
			}
		}
		return f.Symlink(target, dst)
	case !info.Mode().IsRegular():
		return &os.PathError{Op: "copy", Path: src, Err: errors.New("is neither a file nor a directory")}
	}
	file, err := f.Open(src)
	if err != nil {
		return err
	}
	defer file.Close()
	// The original is still there: no need to wait for the disk.
	return f.replace(dst, info, false, func(w io.Writer) error {
		_, err := io.Copy(w, file)
		return err
	})
}
