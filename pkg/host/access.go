package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// Access is what a program may reach beside its own templates, its .store files and
// the ports that it listens on. A nil *Access allows everything that the user may.
type Access struct {
	Read, Write bool // files, below Root if there is one; without it, see Folder
	Net         bool // connections to others
	Run         bool // commands, Git, plugins
	Env         bool // environment variables
	// Root confines files to one folder, which relative paths then start from. No
	// name and no symbolic link leads out of it.
	Root *os.Root
	// Folder is the application's, "" if it has none of its own. Where Read and Write
	// do not allow all files, they allow those in it, but for sources and hidden ones,
	// and those whose paths are written in the program.
	Folder string
}

// AccessError is a statement that wants more than the program may have.
type AccessError struct{ what, word string }

// Error says how the user allows it.
func (e *AccessError) Error() string {
	if e.word == "read" || e.word == "write" {
		return fmt.Sprintf("%s: in a sandbox a program has the paths that are written in it, and its own folder without sources and hidden files, where templates and plugins can be read only; start it with --allow=%s, or with --root FOLDER for the files of one folder", e.what, e.word)
	}
	return fmt.Sprintf("%s, because the program runs in a sandbox; start it with --allow=%s", e.what, e.word)
}

// Refusal implements refusing.
func (e *AccessError) Refusal() string { return "sandbox" }

// MayRun reports an error unless commands may be run.
func (a *Access) MayRun() error {
	if a == nil || a.Run {
		return nil
	}
	return &AccessError{"commands cannot be run", "run"}
}

// MayConnect reports an error unless connections to others may be opened.
func (a *Access) MayConnect() error {
	if a == nil || a.Net {
		return nil
	}
	return &AccessError{"no connection can be opened", "net"}
}

func (a *Access) mayReadEnvironment() error {
	if a == nil || a.Env {
		return nil
	}
	return &AccessError{"environment variables cannot be read", "env"}
}

// fileSystem is what files asks of the operating system: all of it, or one folder.
type fileSystem interface {
	Open(name string) (*os.File, error)
	OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error)
	Stat(name string) (fs.FileInfo, error)
	Lstat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	Readlink(name string) (string, error)
	Symlink(target, name string) error
	MkdirAll(name string, perm fs.FileMode) error
	Chmod(name string, mode fs.FileMode) error
	Touch(name string) error
	Remove(name string) error
	RemoveAll(name string) error
	Rename(from, to string) error
	// Target is the file that a link leads to, in the end.
	Target(name string) (string, error)
}

// everything is the file system as the user sees it.
type everything struct{}

func (everything) Open(name string) (*os.File, error) { return os.Open(name) }
func (everything) OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(name, flag, perm)
}
func (everything) Stat(name string) (fs.FileInfo, error)        { return os.Stat(name) }
func (everything) Lstat(name string) (fs.FileInfo, error)       { return os.Lstat(name) }
func (everything) ReadDir(name string) ([]fs.DirEntry, error)   { return os.ReadDir(name) }
func (everything) Readlink(name string) (string, error)         { return os.Readlink(name) }
func (everything) Symlink(target, name string) error            { return os.Symlink(target, name) }
func (everything) MkdirAll(name string, perm fs.FileMode) error { return os.MkdirAll(name, perm) }
func (everything) Chmod(name string, mode fs.FileMode) error    { return os.Chmod(name, mode) }
func (everything) Touch(name string) error                      { return touchNow(os.Chtimes, name) }
func (everything) Remove(name string) error                     { return os.Remove(name) }
func (everything) RemoveAll(name string) error                  { return os.RemoveAll(name) }
func (everything) Rename(from, to string) error                 { return os.Rename(from, to) }
func (everything) Target(name string) (string, error)           { return filepath.EvalSymlinks(name) }

// oneFolder is a folder that nothing leads out of.
type oneFolder struct{ *os.Root }

func (f oneFolder) ReadDir(name string) ([]fs.DirEntry, error) {
	dir, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	list, err := dir.ReadDir(-1)
	sort.Slice(list, func(i, j int) bool { return list[i].Name() < list[j].Name() })
	return list, err
}

func (f oneFolder) Touch(name string) error { return touchNow(f.Chtimes, name) }

// Target follows the links of the last name only: those in front of it stay within
// the folder, whatever they are.
func (f oneFolder) Target(name string) (string, error) {
	for range 40 {
		info, err := f.Lstat(name)
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return name, nil
		}
		to, err := f.Readlink(name)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(to) {
			return "", &os.PathError{Op: "open", Path: name, Err: errOutside}
		}
		name = filepath.Join(filepath.Dir(name), to)
	}
	return "", &os.PathError{Op: "open", Path: name, Err: errors.New("too many links")}
}

var errOutside = errors.New("leads out of the folder of --root")

// within makes a path of a program one of the folder. Absolute paths may name what
// is in it: that is how List shows them.
func (f oneFolder) within(path string) (string, error) {
	name := path
	if filepath.IsAbs(name) {
		top, err := filepath.Abs(f.Name())
		if err != nil {
			return "", ioError(err)
		}
		if name, err = filepath.Rel(top, name); err != nil {
			return "", fmt.Errorf("I/O error: %s: %w", path, errOutside)
		}
	}
	if name = filepath.Clean(name); !filepath.IsLocal(name) {
		return "", fmt.Errorf("I/O error: %s: %w", path, errOutside)
	}
	return name, nil
}
