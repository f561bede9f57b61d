package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// The modes of files. Other permissions depend on who fetched them.
const (
	ordinary   = '-'
	Executable = 'x'
	link       = 'l' // its content is where it leads
	special    = '?' // a pipe or a device, which is never read

	modes = "-xl"
)

// File is a file of a plugin: its path in it, with slashes, and what is in it.
type File struct {
	Path string
	Mode byte
	Sum  [sha256.Size]byte
}

// String is the line of a file in the lock.
func (f File) String() string { return fmt.Sprintf("%x %c %s", f.Sum, f.Mode, f.Path) }

// Hash is the hash of all files of a plugin, which must be sorted by path: SHA-256 of
// their lines, each with a line end. Paths have no control characters.
func Hash(files []File) string {
	h := sha256.New()
	for _, f := range files {
		io.WriteString(h, f.String()+"\n")
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// left says which files and folders are no part of a plugin's content: what version
// control and Python keep there. Python is not told to use the latter (driver.py).
func left(rel, name string, isDir bool) bool {
	if rel == ".git" {
		return true
	}
	return !isDir && strings.HasSuffix(name, ".pyc") && strings.Contains("/"+rel, "/__pycache__/")
}

// Contents lists the files of a plugin, sorted by path. It reads each of them once, some
// 20 µs for a small one. locked are the files as they should be: on systems that know
// no executable files, their modes are taken from there.
func Contents(dir string, locked []File) ([]File, error) {
	// A plugin that is worked on may be a link to where that is done.
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	var list []File
	buffer := make([]byte, 32<<10)
	h := sha256.New()
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == dir {
			if !e.IsDir() {
				return &fs.PathError{Op: "read", Path: dir, Err: errors.New("it is no folder")}
			}
			return nil
		}
		rel := filepath.ToSlash(path[len(dir)+1:])
		if left(rel, e.Name(), e.IsDir()) {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if e.IsDir() {
			return nil
		}
		f := File{Path: rel, Mode: ordinary}
		h.Reset()
		switch {
		case e.Type() == fs.ModeSymlink:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			f.Mode = link
			io.WriteString(h, filepath.ToSlash(to))
		case e.Type() != 0:
			f.Mode = special
		default:
			info, err := hashFile(h, path, buffer)
			if err != nil {
				return err
			}
			if info.Mode()&0o100 != 0 {
				f.Mode = Executable
			}
		}
		h.Sum(f.Sum[:0])
		list = append(list, f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	if runtime.GOOS == "windows" {
		takeModes(list, locked)
	}
	return list, nil
}

// hashFile reads a file that nobody made a pipe of meanwhile.
func hashFile(h io.Writer, path string, buffer []byte) (fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("it is no file any more")}
	}
	for {
		n, err := f.Read(buffer)
		h.Write(buffer[:n])
		if err == io.EOF {
			return info, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// takeModes gives ordinary files the mode that they have in the lock.
func takeModes(list, locked []File) {
	for i := range list {
		j, ok := slices.BinarySearchFunc(locked, list[i].Path, func(f File, path string) int { return strings.Compare(f.Path, path) })
		if ok && list[i].Mode == ordinary && locked[j].Mode == Executable {
			list[i].Mode = Executable
		}
	}
}

// Difference is a file that is not as it was locked.
type Difference struct {
	What string // new, missing or changed
	Path string
}

// Differences compares two lists of files, both sorted by path.
func Differences(locked, now []File) (list []Difference) {
	for len(locked) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(locked) > 0 && locked[0].Path < now[0].Path:
			list = append(list, Difference{"missing", locked[0].Path})
			locked = locked[1:]
		case len(locked) == 0 || now[0].Path < locked[0].Path:
			list = append(list, Difference{"new", now[0].Path})
			now = now[1:]
		default:
			if locked[0] != now[0] {
				list = append(list, Difference{"changed", now[0].Path})
			}
			locked, now = locked[1:], now[1:]
		}
	}
	return list
}

// Fit says what is wrong with the files of a plugin that somebody else wrote: links that
// lead out of it or nowhere, what is no file, names that are no lines.
func Fit(dir string, files []File) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range files {
		switch {
		case strings.ContainsFunc(f.Path, control) || strings.TrimSpace(f.Path) != f.Path:
			return fmt.Errorf("the name %q has line ends or spaces where no name has any", f.Path)
		case f.Mode == special:
			return fmt.Errorf("%q is neither a file nor a folder", f.Path)
		case f.Mode == link:
			if _, err := root.Stat(filepath.FromSlash(f.Path)); err != nil {
				to, _ := os.Readlink(filepath.Join(dir, filepath.FromSlash(f.Path)))
				return fmt.Errorf("the symbolic link %s leads out of the plugin, or nowhere: %s", f.Path, to)
			}
		}
	}
	return nil
}
