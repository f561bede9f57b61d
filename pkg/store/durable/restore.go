package durable

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

var (
	errNoBackup  = errors.New("it is no backup: aro data backup makes one")
	errShort     = errors.New("the backup is cut off")
	errNotAsSaid = errors.New("the backup does not hold what its list says")
)

// Restore makes a data folder of a backup, which r gives the bytes of; size is how
// many they are, for progress. The folder must be empty, or not be there yet. All of
// the backup is read and checked before the folder gets files that Open would read; if
// anything is wrong, nothing of it stays. A crash in between leaves a folder that Open
// refuses.
func Restore(r io.Reader, size int64, dir string, progress Progress) (*Report, error) {
	made, err := emptyFolder(dir)
	if err != nil {
		return nil, err
	}
	release, err := lockExisting(dir)
	if err != nil {
		return nil, err
	}
	z := &frozen{files: make(map[string]*frozenFile)}
	report, err := z.restore(tar.NewReader(io.TeeReader(r, &counter{total: size, progress: progress})), dir)
	z.close()
	release()
	if err == nil {
		return report, nil
	}
	for _, name := range z.names {
		os.Remove(filepath.Join(dir, name+unpacked))
	}
	os.Remove(filepath.Join(dir, "LOCK"))
	if made {
		os.Remove(dir)
	}
	return nil, err
}

// emptyFolder makes a folder, unless it is there and empty.
func emptyFolder(dir string) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return false, err
		}
		return true, folder(filepath.Dir(dir)).Sync()
	case err != nil:
		return false, err
	case len(entries) > 0:
		return false, fmt.Errorf("%s is not empty, and nothing in it is overwritten; choose a new folder", dir)
	}
	return false, nil
}

// unpacked is behind the names of files that do not count yet.
const unpacked = ".restored"

// restore unpacks a backup, reads it, and makes its files count.
func (z *frozen) restore(t *tar.Reader, dir string) (*Report, error) {
	parts, err := readBackupList(t)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		if err := z.unpack(t, dir, p); err != nil {
			return nil, err
		}
	}
	if _, err := t.Next(); err != io.EOF {
		return nil, errNotAsSaid
	}
	e := &Engine{dir: dir, fs: z}
	e.log.init(e, Options{})
	l := newLoader(z, e)
	if err := l.load(); err != nil {
		return nil, err
	}
	if !slices.Equal(l.parts, parts) {
		return nil, errNotAsSaid
	}
	z.close()
	// The snapshot comes first and the oldest segment last: before it is there, the
	// folder is one with a missing file.
	names := slices.Clone(z.names)
	logs := names
	if strings.HasPrefix(names[0], "snapshot-") {
		logs = names[1:]
	}
	slices.Reverse(logs)
	for _, name := range names {
		if err := os.Rename(filepath.Join(dir, name+unpacked), filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return l.report(), folder(dir).Sync()
}

// readBackupList reads the first entry of a backup.
func readBackupList(t *tar.Reader) ([]part, error) {
	h, err := t.Next()
	if err != nil || h.Name != backupList || h.Size > 1<<20 {
		return nil, errNoBackup
	}
	b, err := io.ReadAll(t)
	if err != nil {
		return nil, errShort
	}
	list, ok := strings.CutPrefix(string(b), backupMagic)
	if !ok {
		first, _, _ := strings.Cut(string(b), "\n")
		return nil, fmt.Errorf("%q is a form of backups that this version does not know", first)
	}
	var parts []part
	for line := range strings.Lines(list) {
		name, digits, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		kind, number, _ := strings.Cut(name, "-")
		length, err := strconv.ParseInt(digits, 10, 64)
		n, nameErr := strconv.ParseUint(number, 10, 64)
		if kind != "log" && kind != "snapshot" || nameErr != nil || name != fmt.Sprint(kind, "-", n) || err != nil || length < headerSize {
			return nil, errNotAsSaid
		}
		parts = append(parts, part{name, length})
	}
	if len(parts) == 0 {
		return nil, errNotAsSaid
	}
	return parts, nil
}

// unpack writes the next entry to the disk.
func (z *frozen) unpack(t *tar.Reader, dir string, p part) error {
	switch h, err := t.Next(); {
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return errShort
	case err != nil:
		return err
	case h.Name != p.name || h.Size != p.length:
		return errNotAsSaid
	}
	f, err := os.OpenFile(filepath.Join(dir, p.name+unpacked), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	z.names = append(z.names, p.name) // so that it is removed should anything fail
	z.files[p.name] = &frozenFile{f, p.length}
	if _, err := io.Copy(f, t); errors.Is(err, io.ErrUnexpectedEOF) {
		return errShort
	} else if err != nil {
		return err
	}
	return f.Sync()
}
