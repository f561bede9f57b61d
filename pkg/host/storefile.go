package host

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"aro/pkg/host/format"
	"aro/pkg/store"
	"aro/pkg/vm/value"
)

const (
	storeSettle = time.Second      // a changed repository is written once it is quiet that long
	storeLatest = 10 * time.Second // or has not been written for that long
	storeRetry  = 100 * time.Millisecond
)

// storeFile is the file that seeds a repository and, if others may write to it,
// gets the changes back (02 §7.7).
type storeFile struct {
	h    *Host
	repo *repository
	path string
	mode os.FileMode

	mu    sync.Mutex
	dirty bool
	first time.Time // change since the last writing
	last  time.Time
	timer *time.Timer

	writing sync.Mutex // one writer at a time
}

// loadStores seeds the repositories that have a .store file in the application's
// folder. No observer sees it. A durable repository is seeded once, before anything
// was stored in it, and nothing of it is written back. Else changes are written back to files that others may
// write to, if writable says so too: tests do not change files.
func (h *Host) loadStores(writable bool) error {
	for _, name := range slices.Sorted(maps.Keys(h.Assets)) {
		if stem, ok := storeStem(name); ok && h.seedable(stem) {
			if err := h.seed(name, h.Assets[name], h.Repository(stem+"-repository")); err != nil {
				return err
			}
		}
	}
	if h.Root == "" {
		return nil
	}
	entries, err := os.ReadDir(h.Root)
	if err != nil {
		return ioError(err)
	}
	for _, entry := range entries {
		stem, ok := storeStem(entry.Name())
		if _, packed := h.Assets[entry.Name()]; !ok || packed || !h.seedable(stem) {
			continue
		}
		if err := h.loadStore(filepath.Join(h.Root, entry.Name()), h.Repository(stem+"-repository"), writable && h.alone); err != nil {
			return err
		}
	}
	return nil
}

// seedable reports whether a store file counts: that of a durable repository counts
// no more once something was stored.
func (h *Host) seedable(stem string) bool {
	return h.durable == nil || h.durable.Fresh(stem+"-repository")
}

// seed stores the rows of a .store file. Nobody can write to one that came with
// the program.
func (h *Host) seed(name string, data []byte, r *repository) error {
	v, err := storeFormat.Decode(string(data), format.Options{})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var rows []value.Value
	switch v.Kind() {
	case value.List:
		rows = v.List()
	case value.Map:
		rows = []value.Value{v}
	case value.Unbound, value.Null:
	default:
		if v.Text() != "" {
			return fmt.Errorf("%s: a store file is a list of maps, not a %s", name, v.TypeName())
		}
	}
	for i, row := range rows {
		if row.Kind() == value.List {
			return fmt.Errorf("%s: row %d is a list; a store file is a list of maps", name, i+1)
		}
	}
	if h.shared != nil {
		return h.seedShared(r, rows)
	}
	r.Store(rows...)
	return nil
}

// seedShared fills a repository that many processes may want to fill: once.
func (h *Host) seedShared(r *repository, rows []value.Value) error {
	done := make(chan error, 1)
	h.shared.Write(r.Name(), func(w store.Repository) {
		if f, ok := w.(interface{ Fresh() bool }); !ok || f.Fresh() {
			w.Store(rows...)
		}
	}, func(err error) { done <- err })
	return <-done
}

// storeFormat is the format of .store files. What it writes it reads back as it
// was, but for null, which becomes empty text, and dates, which become their text.
var storeFormat = format.Named("yaml")

// storeStem returns the name in front of .store, for files of the folder itself.
func storeStem(name string) (string, bool) {
	stem, ok := strings.CutSuffix(name, ".store")
	return stem, ok && stem != "" && stem[0] != '.' && !strings.Contains(stem, "/")
}

func (h *Host) loadStore(path string, r *repository, writable bool) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		if h.Access != nil && evaluated(path) != evaluated(real) {
			return fmt.Errorf("%s is a link, which is not followed in a sandbox", path)
		}
		path = real // the link stays a link when the file is replaced
	}
	info, err := os.Stat(path)
	if err != nil {
		return ioError(err)
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	if writable {
		os.Remove(path + ".tmp") // a writer that was killed left it
	}
	if info.Size() > maxFile {
		return fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return ioError(err)
	}
	if err := h.seed(filepath.Base(path), data, r); err != nil {
		return err
	}
	if writable && info.Mode().Perm()&0o002 != 0 {
		r.file = &storeFile{h: h, repo: r, path: path, mode: info.Mode().Perm()}
		h.OnClose(func(time.Time) { r.file.flush(true) })
	}
	return nil
}

// changed is told of every write of the program.
func (r *repository) changed(changes []store.Change) {
	if r.file != nil && len(changes) > 0 {
		r.file.touch()
	}
}

// touch notes a change. A busy repository costs no timer call for each.
func (f *storeFile) touch() {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = now
	if f.dirty {
		return
	}
	f.dirty, f.first = true, now
	f.wait(storeSettle)
}

// wait sets the timer; f.mu is held.
func (f *storeFile) wait(d time.Duration) {
	if f.timer == nil {
		f.timer = time.AfterFunc(d, f.due)
		return
	}
	f.timer.Reset(d)
}

// due is the timer: it writes, or waits on while changes keep coming.
func (f *storeFile) due() {
	f.mu.Lock()
	now := time.Now()
	if quiet := now.Sub(f.last); f.dirty && quiet < storeSettle && now.Sub(f.first) < storeLatest {
		f.wait(storeSettle - quiet)
		f.mu.Unlock()
		return
	}
	f.mu.Unlock()
	f.flush(false)
}

// flush writes the repository if it changed. It takes the repository's turn, so
// that no half of a clean-up gets into the file; at the end it does not wait for
// that.
func (f *storeFile) flush(end bool) {
	f.writing.Lock()
	defer f.writing.Unlock()
	self := &Execution{}
	turn := f.repo.turn.tryTake(self)
	f.mu.Lock()
	if !f.dirty || !turn && !end {
		if f.dirty {
			f.wait(storeRetry)
		}
		f.mu.Unlock()
		if turn {
			f.repo.turn.pass()
		}
		return
	}
	f.dirty = false
	f.mu.Unlock()
	rows := f.repo.Rows()
	if turn {
		f.repo.turn.pass()
	}
	data, err := storeFormat.Encode(value.OfList(rows), format.Options{})
	if err == nil {
		err = replaceFile(f.path, data, f.mode)
	}
	if err != nil {
		f.h.Diagnose("[ERROR] %s was not written: %s", f.path, ioError(err))
		f.mu.Lock()
		f.dirty, f.first = true, time.Now() // the next change tries again, and so does the end
		if !end {
			f.wait(storeLatest)
		}
		f.mu.Unlock()
	}
}

// replaceFile writes a file beside path and renames it, so that a crash leaves
// the old content or the new one.
func replaceFile(path string, data []byte, mode os.FileMode) error {
	tmp := path + ".tmp"
	os.Remove(tmp)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode) // whatever the umask says
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return err
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		dir.Sync()
		dir.Close()
	}
	return nil
}
