// Package durable keeps the rows of repositories in a folder, so that they survive
// the process, the machine and the loss of power.
//
// Rows live in memory, as they do without it; reading costs the same. Every write
// also appends what it did to a log. One goroutine writes and syncs what has gathered
// since it last looked, so any number of writers share one fsync. Now and then a
// snapshot of all rows replaces the log. A folder belongs to one process at a time.
//
//	LOCK          held by the process, whose id it contains
//	log-N         segments of the log, in order
//	snapshot-N    all rows as they were when log-N began; older files are deleted
//	*.tmp         a snapshot that was not finished
//
// frame.go describes the files, DESIGN.md says why.
package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"aro/pkg/store"
)

// Options of an engine; the zero value is good.
type Options struct {
	// SnapshotAfter is the size of the log in bytes from which a snapshot replaces it,
	// unless twice the size of the last snapshot is more. 0 is 64 MiB.
	SnapshotAfter int64
	// Warn is told what went wrong in the background, nil for nobody. Any goroutine
	// calls it.
	Warn func(error)
}

// Engine implements store.Durable.
type Engine struct {
	dir     string
	fs      files
	release func() // of the lock of the folder

	several sync.Mutex // for who locks more than one repository
	repos   store.Table[*repository]

	log log
}

var (
	_ store.Durable       = (*Engine)(nil)
	_ store.Transactional = (*Engine)(nil)
	_ store.Forgetter     = (*Engine)(nil)
)

// LockedError says that another process has the folder.
type LockedError struct{ PID string }

func (e *LockedError) Error() string {
	if e.PID == "" {
		return "another process uses it"
	}
	return "process " + e.PID + " uses it"
}

// DamageError says which file is not as it was written, and where.
type DamageError struct {
	File   string
	Offset int64
	Err    error
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%s is damaged at byte %d: %s", e.File, e.Offset, e.Err)
}

// Unwrap returns what is wrong there.
func (e *DamageError) Unwrap() error { return e.Err }

// Open opens a folder, which is made if it is not there, and reads all rows. A folder
// that another process has, or that is damaged, is an error.
func Open(dir string, o Options) (*Engine, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", err)
	}
	release, err := lockFolder(filepath.Join(dir, "LOCK"))
	var locked *LockedError
	if errors.As(err, &locked) {
		return nil, fmt.Errorf("the data folder %s is in use: %w; end it, or choose another folder", dir, err)
	} else if err != nil {
		return nil, fmt.Errorf("the data folder cannot be locked: %w", err)
	}
	e, err := open(folder(dir), dir, o)
	if err != nil {
		release()
		var damage *DamageError
		if errors.As(err, &damage) {
			return nil, fmt.Errorf("the data folder %s cannot be opened: %w\n  aro data check %s    says what is damaged\n  aro data repair %s   keeps what is in front of it", dir, err, dir, dir)
		}
		return nil, fmt.Errorf("the data folder %s cannot be opened: %w", dir, err)
	}
	e.release = release
	return e, nil
}

func open(fs files, dir string, o Options) (*Engine, error) {
	e := &Engine{dir: dir, fs: fs, release: func() {}}
	e.log.init(e, o)
	l := newLoader(fs, e)
	if err := l.load(); err != nil {
		return nil, err
	}
	if err := e.log.begin(l); err != nil {
		return nil, err
	}
	for _, r := range e.repos.All() {
		r.SetJournal(r)
	}
	go e.log.run()
	return e, nil
}

// Repository implements store.Engine.
func (e *Engine) Repository(name string) store.Repository { return e.open(name) }

func (e *Engine) open(name string) *repository {
	return e.repos.Open(name, func() *repository {
		r := e.unheard(name)
		r.SetJournal(r)
		return r
	})
}

// unheard makes a repository whose changes the log is not told of yet.
func (e *Engine) unheard(name string) *repository {
	return &repository{Logged: store.NewLogged(name), log: &e.log, kept: true}
}

// add puts an unheard one in the place of what had its name, while the log is read.
func (e *Engine) add(name string) *repository {
	r := e.unheard(name)
	e.repos.Replace(name, r)
	return r
}

// Names implements store.Engine.
func (e *Engine) Names() []string { return e.repos.Names() }

// Forget implements store.Forgetter. The log is not told: it says of each row that comes
// back which place it got.
func (e *Engine) Forget(after time.Duration) (later bool) { return e.repos.Forget(after) }

// Close writes and syncs what is left and gives the folder back. What is stored
// after that is lost.
func (e *Engine) Close() error {
	err := e.log.close()
	e.release()
	return err
}

// Position implements store.Durable.
func (e *Engine) Position() uint64 {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	return e.log.position
}

// Sync implements store.Durable.
func (e *Engine) Sync(after, upTo uint64, done func(error)) (already bool, err error) {
	return e.log.sync(after, upTo, done)
}

// Hold implements store.Durable.
func (e *Engine) Hold() (release func()) { return e.log.hold() }

// Commit implements store.Transactional. Everything gets into one frame, however much
// it is: nobody has to be waited for meanwhile.
func (e *Engine) Commit(overlays []*store.Overlay) error {
	e.several.Lock()
	defer e.several.Unlock()
	defer e.log.keep()()
	return store.CommitLogged(overlays, func(r store.Repository) *store.Logged { return r.(*repository).Logged })
}

// Crowded implements store.Durable.
func (e *Engine) Crowded() bool {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	return e.log.gathered.crowded()
}

// IsDurable implements store.Durable.
func (e *Engine) IsDurable(name string) bool {
	r := e.open(name)
	r.Lock()
	defer r.Unlock()
	return r.kept
}

// Fresh implements store.Durable.
func (e *Engine) Fresh(name string) bool {
	r := e.open(name)
	r.Lock()
	defer r.Unlock()
	return r.Fresh()
}

// SetDurable implements store.Durable.
func (e *Engine) SetDurable(name string, on bool) {
	r := e.open(name)
	r.Lock()
	defer r.Unlock()
	if r.kept == on {
		return
	}
	r.kept = on
	if !on {
		r.append([]store.Effect{{Kind: abandoned}})
		r.SetJournal(nil)
		return
	}
	r.SetJournal(r)
	s := r.State()
	effects := []store.Effect{{Kind: adopted}, {Kind: store.Bounded, New: s.Limits}}
	for i, row := range s.Rows {
		effects = append(effects, store.Effect{Kind: store.Put, Age: s.Ages[i], Row: row, Time: s.Times[i]})
	}
	r.append(effects)
}

// repository is one repository, and the journal of its own writes.
type repository struct {
	*store.Logged
	log  *log
	kept bool   // its writes are logged; under its lock, as last and buf
	last uint64 // position of its latest write
	buf  []byte
}

// Append implements store.Journal.
func (r *repository) Append(effects []store.Effect) { r.append(effects) }

func (r *repository) append(effects []store.Effect) {
	r.buf = appendRecord(r.buf[:0], r.Name(), effects)
	r.last = r.log.append(r, r.buf, effects)
	if cap(r.buf) > 1<<20 {
		r.buf = nil
	}
}

// revert takes one write back; the repository is locked.
func (r *repository) revert(effects []store.Effect) {
	switch {
	case len(effects) == 0, !r.kept: // taken out meanwhile: memory goes on alone
	case effects[0].Kind == adopted:
		r.kept = false
		r.SetJournal(nil)
	default:
		r.Revert(effects)
	}
}
