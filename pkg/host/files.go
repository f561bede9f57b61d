package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"aro/pkg/host/format"
)

// files is the file system of a program: what the user may open, or one folder. Every
// verb that touches a file goes to it by a door, and every path through the door's
// reading or writing, which know what a sandbox allows.
type files struct {
	fileSystem
	dir    string        // what relative paths are relative to; "": the working directory
	access *Access       // nil: everything
	slots  chan struct{} // see offload
}

// maxFile bounds what is taken into memory at once.
const maxFile = format.MaxSize

// maxFileWork bounds the file operations that run at once. Each may block a
// thread of the operating system, of which a process has a limited number.
const maxFileWork = 64

func newFiles(dir string, access *Access) files {
	f := files{fileSystem: everything{}, dir: dir, access: access, slots: make(chan struct{}, maxFileWork)}
	if access != nil && access.Root != nil {
		f.fileSystem = oneFolder{access.Root}
	}
	return f
}

// reading returns the path to open for a program that wants to know what is there.
func (f *door) reading(path string) (string, error) {
	if err := f.mayRead(path); err != nil {
		return "", err
	}
	return f.resolve(path)
}

// writing is the same for one that changes something.
func (f *door) writing(path string) (string, error) {
	if err := f.mayWrite(path); err != nil {
		return "", err
	}
	return f.resolve(path)
}

// resolve returns the path to open. A tilde is no home directory.
func (f files) resolve(path string) (string, error) {
	if path == "" {
		return "", errors.New("the path is empty")
	}
	if strings.IndexByte(path, 0) >= 0 {
		return "", errors.New("the path holds a NUL character")
	}
	if folder, ok := f.fileSystem.(oneFolder); ok {
		return folder.within(path)
	}
	if f.dir != "" && !filepath.IsAbs(path) {
		return filepath.Join(f.dir, path), nil
	}
	return path, nil
}

// read returns the content of a file, at most format.MaxSize bytes.
func (f *door) read(path string) (string, error) {
	name, err := f.reading(path)
	if err != nil {
		return "", err
	}
	file, err := f.Open(name)
	if err != nil {
		return "", ioError(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", ioError(err)
	}
	if info.IsDir() {
		return "", fmt.Errorf("I/O error: %s is a directory; List reads it", path)
	}
	var b strings.Builder
	if info.Size() <= maxFile {
		b.Grow(int(info.Size()))
	}
	// The size that a file claims is not always what it gives.
	n, err := io.Copy(&b, io.LimitReader(file, maxFile+1))
	if err != nil {
		return "", ioError(err)
	}
	if n > maxFile {
		return "", fmt.Errorf("I/O error: %s is larger than %d MiB", path, maxFile>>20)
	}
	return b.String(), nil
}

// append adds data to the end of a file with one write, so that the entries of
// several writers do not mix.
func (f *door) append(path string, data []byte) error {
	name, err := f.writing(path)
	if err != nil {
		return err
	}
	const flags = os.O_WRONLY | os.O_APPEND | os.O_CREATE
	file, err := f.OpenFile(name, flags, 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		if err = f.MkdirAll(filepath.Dir(name), 0o777); err == nil {
			file, err = f.OpenFile(name, flags, 0o666)
		}
	}
	if err != nil {
		return ioError(err)
	}
	_, err = file.Write(data)
	if e := file.Close(); err == nil {
		err = e
	}
	return ioError(err)
}

// stat follows links.
func (f *door) stat(path string) (fs.FileInfo, string, error) {
	name, err := f.reading(path)
	if err != nil {
		return nil, "", err
	}
	info, err := f.Stat(name)
	return info, name, ioError(err)
}

// makeDir makes a directory and those above it.
func (f *door) makeDir(path string) error {
	name, err := f.writing(path)
	if err != nil {
		return err
	}
	return ioError(f.MkdirAll(name, 0o777))
}

// touch makes a file, or gives it the present time.
func (f *door) touch(path string) error {
	if err := f.append(path, nil); err != nil {
		return err
	}
	name, err := f.writing(path)
	if err != nil {
		return err
	}
	return ioError(f.Touch(name))
}

// remove deletes a file, or a directory with all that is in it. What is not there
// is an error.
func (f *door) remove(path string) error {
	name, err := f.writing(path)
	if err != nil {
		return err
	}
	if _, confined := f.fileSystem.(oneFolder); confined {
		if name == "." {
			return fmt.Errorf("I/O error: %s is the folder of --root, and is not deleted", path)
		}
		if _, err := f.Lstat(name); err != nil {
			return ioError(err)
		}
		return ioError(f.RemoveAll(name))
	}
	here, err := f.resolve(".")
	if err != nil {
		return err
	}
	if here, err = filepath.EvalSymlinks(here); err != nil {
		return ioError(err)
	}
	inner, err := filepath.Rel(evaluated(name), evaluated(here))
	if err == nil && inner != ".." && !strings.HasPrefix(inner, ".."+string(filepath.Separator)) {
		return fmt.Errorf("I/O error: %s is the working directory or above it, and is not deleted", path)
	}
	if _, err := f.Lstat(name); err != nil {
		return ioError(err)
	}
	return ioError(f.RemoveAll(name))
}

// ioError drops the operation and keeps what a user can act on; nil stays nil.
func ioError(err error) error {
	var p *os.PathError
	var l *os.LinkError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p) && p.Err.Error() == "path escapes from parent": // of os.Root, which has no name for it
		return fmt.Errorf("I/O error: %s: %w", p.Path, errOutside)
	case errors.As(err, &p):
		return fmt.Errorf("I/O error: %s: %w", p.Path, p.Err)
	case errors.As(err, &l):
		return fmt.Errorf("I/O error: %s: %w", l.New, l.Err)
	}
	return fmt.Errorf("I/O error: %w", err)
}

// evaluated is the absolute path without links in the directories above.
func evaluated(name string) string {
	abs, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		return filepath.Join(dir, filepath.Base(abs))
	}
	return abs
}

// absolute is a resolved path as programs see it.
func (f files) absolute(name string) (string, error) {
	if folder, ok := f.fileSystem.(oneFolder); ok {
		name = filepath.Join(folder.Name(), name)
	}
	abs, err := filepath.Abs(name)
	return abs, ioError(err)
}
