package durable

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// A backup is a tar archive of what Open would read: a list of the files with their
// lengths, then the files, the snapshot first. They are those of the folder, byte for
// byte, with the checksums that they have there; what is torn is left out.
//
//	aro-backup    "aro backup 1\n", then a line "NAME LENGTH\n" for each file
//	snapshot-N    if there is one
//	log-N …       in order
const (
	backupList  = "aro-backup"
	backupMagic = "aro backup 1\n"
)

// Progress is told how many bytes of how many are done. nil is for nobody.
type Progress func(done, total int64)

// part is a file of a folder, and how much of it counts.
type part struct {
	name   string
	length int64
}

// Backup writes what a folder holds at this moment to w, also while a process uses
// it, which is not held up. Everything that was durable when Backup was called is in
// it, of a write that is under way then all or nothing. A folder that is damaged is
// an error, and what was written until then is no backup.
//
// Everything is read twice: once to check it, once to copy it. Rows are not kept in
// memory.
func Backup(dir string, w io.Writer, progress Progress) error {
	z, err := freeze(dir)
	if err != nil {
		return err
	}
	defer z.close()
	parts, err := z.check()
	if err != nil {
		return describeDamage(dir, err)
	}
	if len(parts) == 0 {
		return fmt.Errorf("%s is no data folder: there is no data in it", dir)
	}
	list := []byte(backupMagic)
	total := int64(0)
	for _, p := range parts {
		list = fmt.Appendf(list, "%s %d\n", p.name, p.length)
		total += p.length
	}
	t := tar.NewWriter(w)
	if err := t.WriteHeader(&tar.Header{Name: backupList, Mode: 0o600, Size: int64(len(list))}); err != nil {
		return err
	}
	if _, err := t.Write(list); err != nil {
		return err
	}
	counted := &counter{total: total, progress: progress}
	for _, p := range parts {
		if err := t.WriteHeader(&tar.Header{Name: p.name, Mode: 0o600, Size: p.length}); err != nil {
			return err
		}
		f, err := z.Open(p.name, false)
		if err != nil {
			return err
		}
		if _, err := io.Copy(t, io.TeeReader(io.LimitReader(f, p.length), counted)); err != nil {
			return err
		}
	}
	return t.Close()
}

// describeDamage says how to go on with a damaged folder.
func describeDamage(dir string, err error) error {
	var damage *DamageError
	if errors.As(err, &damage) {
		return fmt.Errorf("%w; end the application that uses %s, and aro data repair keeps what is in front of the damage", err, dir)
	}
	return err
}

// check verifies all checksums and returns what counts of each file.
func (z *frozen) check() ([]part, error) {
	l := newLoader(z, &Engine{fs: z})
	l.checksums = true
	if err := l.load(); err != nil {
		return nil, err
	}
	return l.parts, nil
}

// Rows returns the rows of a repository, oldest first, those that have outlived their
// time too. It reads the whole folder into memory, also while a process uses it. A
// repository that is not there is an error that names those that are.
func Rows(dir, name string) ([]value.Value, error) {
	z, err := freeze(dir)
	if err != nil {
		return nil, err
	}
	defer z.close()
	e := &Engine{dir: dir, fs: z}
	e.log.init(e, Options{})
	if err := newLoader(z, e).load(); err != nil {
		return nil, describeDamage(dir, err)
	}
	r, ok := e.repos.Get(name)
	if !ok {
		names := slices.DeleteFunc(e.Names(), func(n string) bool { return n == store.Events })
		if len(names) == 0 {
			return nil, fmt.Errorf("nothing was ever stored in %s", dir)
		}
		return nil, fmt.Errorf("%s has no %s; there is %s", dir, name, strings.Join(names, ", "))
	}
	return r.State().Rows, nil
}

// counter counts what is copied.
type counter struct {
	done, total int64
	progress    Progress
}

func (c *counter) Write(b []byte) (int, error) {
	c.done += int64(len(b))
	if c.progress != nil {
		c.progress(c.done, c.total)
	}
	return len(b), nil
}
