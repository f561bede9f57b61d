package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// fileSettle is how long what happens to a file is collected before the handlers
// run: an editor that replaces a file causes one event and not four.
const fileSettle = 50 * time.Millisecond

// fileMonitor is the <file-monitor>: it watches folders and raises events about
// what they hold directly (02 §8.8). Each folder is watched once.
type fileMonitor struct {
	h  *Host
	mu sync.Mutex

	folders map[string]*folder
}

// folder is one watched folder. One goroutine collects what the system reports
// and one runs the handlers.
type folder struct {
	h       *Host
	path    string // absolute
	watcher *fsnotify.Watcher
	done    chan struct{} // closed when the folder is watched no longer
	gone    func()

	known   map[string]fileState // what is in it, for the rescan; used by collect only
	mu      sync.Mutex
	pending map[string]fileChange
	order   int           // of the latest entry of pending
	ready   chan struct{} // pending has something; capacity 1
}

// fileState tells whether a file changed while events were lost.
type fileState struct {
	size int64
	time time.Time
}

// fileChange is what happened to one file since the handlers heard of it.
type fileChange struct {
	event string
	order int
}

// Start implements Service.
func (m *fileMonitor) Start(_ *vm.Call, options value.Value) (value.Value, error) {
	path, own := ".", true
	switch {
	case options.Kind() == value.String:
		path, own = options.Str(), options.IsWritten()
	case options.Record() != nil:
		for _, key := range [...]string{"directory", "path"} {
			if v, ok := options.Record().Get(key); ok {
				path, own = v.Text(), v.IsWritten()
				break
			}
		}
	}
	abs, err := m.h.watchable(path, own)
	if err != nil {
		return value.Value{}, err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return value.Value{}, ioError(err)
	}
	if !info.IsDir() {
		return value.Value{}, fmt.Errorf("%s is not a folder; the file monitor watches folders", path)
	}
	result := value.MapOf("type", value.OfString("file-monitor"), "path", value.OfString(abs), "success", value.True)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.folders[abs] != nil {
		return result, nil
	}
	f, err := m.h.watch(abs)
	if err != nil {
		return value.Value{}, err
	}
	if m.folders == nil {
		m.folders = make(map[string]*folder)
		m.h.OnDrain(m.stop)
	}
	m.folders[abs] = f
	return result, nil
}

// watchable is the absolute path of a folder that the program may watch; own is whether
// the path is written in it.
func (h *Host) watchable(path string, own bool) (string, error) {
	folder, confined := h.files.fileSystem.(oneFolder)
	way := door{files: h.files}
	if own {
		way.own[0] = path
	}
	if !confined {
		if err := way.mayRead(path); err != nil {
			return "", err
		}
		abs, err := filepath.Abs(path)
		return abs, ioError(err)
	}
	if _, _, err := way.stat(path); err != nil { // a link that leads out, say
		return "", err
	}
	name, err := folder.within(path)
	if err != nil {
		return "", err
	}
	return h.files.absolute(name)
}

// Stop implements Service.
func (m *fileMonitor) Stop(*vm.Call) error {
	m.stop()
	return nil
}

func (m *fileMonitor) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.folders {
		f.watcher.Close()
	}
	clear(m.folders)
}

// Describe implements Service.
func (m *fileMonitor) Describe() value.Value {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.folders) == 0 {
		return value.Value{}
	}
	var paths []value.Value
	for path := range m.folders {
		paths = append(paths, value.OfString(path))
	}
	slices.SortFunc(paths, func(a, b value.Value) int { return strings.Compare(a.Str(), b.Str()) })
	return value.MapOf("type", value.OfString("file-monitor"), "paths", value.OfList(paths))
}

func (h *Host) watch(path string) (*folder, error) {
	w, err := fsnotify.NewWatcher()
	if err == nil {
		if err = w.Add(path); err != nil {
			w.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be watched: %w", path, err)
	}
	f := &folder{h: h, path: path, watcher: w, gone: h.Source(), done: make(chan struct{}), pending: make(map[string]fileChange), ready: make(chan struct{}, 1)}
	f.known = f.list()
	go f.collect()
	go f.deliver()
	return f, nil
}

// collect takes events from the system. It never waits for a handler: what
// happens meanwhile to the same file is folded into one change.
func (f *folder) collect() {
	defer f.gone()
	defer close(f.done)
	for {
		select {
		case e, open := <-f.watcher.Events:
			if !open {
				return
			}
			f.event(e)
		case err, open := <-f.watcher.Errors:
			if !open {
				return
			}
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				f.rescan()
				continue
			}
			f.h.Diagnose("[ERROR] file monitor of %s: %s", f.path, err)
		}
	}
}

func (f *folder) event(e fsnotify.Event) {
	if filepath.Dir(e.Name) != f.path {
		if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
			f.h.Diagnose("[ERROR] file monitor: %s is gone and is watched no longer", f.path)
		}
		return
	}
	switch {
	case e.Has(fsnotify.Create):
		if _, known := f.known[e.Name]; known {
			f.note(e.Name, FileModified) // another file was renamed to it
		} else {
			f.note(e.Name, FileCreated)
		}
	case e.Has(fsnotify.Write):
		f.note(e.Name, FileModified)
	case e.Has(fsnotify.Remove), e.Has(fsnotify.Rename):
		f.note(e.Name, FileDeleted)
		delete(f.known, e.Name)
		return
	default:
		return // permissions and the like
	}
	if info, err := os.Lstat(e.Name); err == nil {
		f.known[e.Name] = fileState{info.Size(), info.ModTime()}
	}
}

// note folds an event into what is pending for the file.
func (f *folder) note(path, event string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, waiting := f.pending[path]
	switch {
	case waiting && before.event == FileCreated && event == FileModified:
		return
	case waiting && before.event == FileCreated && event == FileDeleted:
		delete(f.pending, path) // it was never there
		return
	case waiting && before.event == FileDeleted && event == FileCreated:
		event = FileModified // replaced
	}
	if event == FileModified && strings.HasPrefix(filepath.Base(path), ".") {
		delete(f.pending, path)
		return
	}
	if !waiting {
		f.order++
		before.order = f.order
	}
	f.pending[path] = fileChange{event, before.order}
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// deliver runs the handlers, one change after the other, so that those of one
// file keep their order.
func (f *folder) deliver() {
	for {
		select {
		case <-f.done:
			return
		case <-f.ready:
		}
		select {
		case <-f.done:
			return
		case <-time.After(fileSettle):
		}
		f.mu.Lock()
		batch := f.pending
		f.pending = make(map[string]fileChange)
		f.mu.Unlock()
		paths := make([]string, 0, len(batch))
		for path := range batch {
			paths = append(paths, path)
		}
		slices.SortFunc(paths, func(a, b string) int {
			if d := batch[a].order - batch[b].order; d != 0 {
				return d
			}
			return strings.Compare(a, b)
		})
		for _, path := range paths {
			f.h.fileChanged(path, batch[path].event)
		}
	}
}

// fileChanged runs the handlers of one change: those of file events, and those of
// the domain event file.created, file.modified or file.deleted.
func (h *Host) fileChanged(path, event string) {
	t := Payload{value.MapOf("path", value.OfString(path), "type", value.OfString(event))}
	h.Deliver(h.program().fileEvents[event], t)
	h.Deliver(h.program().events["file."+event], t)
}

// list reads the folder.
func (f *folder) list() map[string]fileState {
	list := make(map[string]fileState)
	entries, _ := os.ReadDir(f.path)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			list[filepath.Join(f.path, e.Name())] = fileState{info.Size(), info.ModTime()}
		}
	}
	return list
}

// rescan finds by comparison what happened while the system had to drop events.
func (f *folder) rescan() {
	now := f.list()
	for path, state := range now {
		before, known := f.known[path]
		switch {
		case !known:
			f.note(path, FileCreated)
		case before.size != state.size || !before.time.Equal(state.time):
			f.note(path, FileModified)
		}
	}
	for path := range f.known {
		if _, there := now[path]; !there {
			f.note(path, FileDeleted)
		}
	}
	f.known = now
}
