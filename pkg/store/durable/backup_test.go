package durable

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"aro/pkg/vm/value"
)

func mustBackup(t testing.TB, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Backup(dir, &b, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func mustRestore(t testing.TB, backup []byte) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "restored")
	if _, err := Restore(bytes.NewReader(backup), int64(len(backup)), dir, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestD08_BackupUnderLoad backs a folder up while writers store pairs of rows and
// snapshots replace the log all the time. In each backup are all pairs that were
// acknowledged before it began, none is there by half, and none has a hole before it.
func TestD08_BackupUnderLoad(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, dir, Options{SnapshotAfter: 32 << 10, Warn: func(err error) { t.Error(err) }})
	const writers = 4
	var acked [writers]atomic.Int64
	var stop atomic.Bool
	var wg sync.WaitGroup
	for w := range writers {
		r := e.Repository(fmt.Sprint("r", w))
		wg.Go(func() {
			for n := 1; !stop.Load(); n++ {
				if err := attempt(e, func() { r.Store(post(fmt.Sprint("a", n), n), post(fmt.Sprint("b", n), n)) }); err != nil {
					t.Error(err)
					return
				}
				acked[w].Store(int64(n))
			}
		})
	}
	segments := map[string]bool{}
	for range 30 {
		var before [writers]int64
		for w := range before {
			before[w] = acked[w].Load()
		}
		backup := mustBackup(t, dir)
		restored := mustRestore(t, backup)
		entries, err := filepath.Glob(filepath.Join(restored, "log-*"))
		if err != nil {
			t.Fatal(err)
		}
		segments[filepath.Base(entries[0])] = true
		b := mustOpen(t, restored, Options{})
		for w := range writers {
			rows := b.Repository(fmt.Sprint("r", w)).Rows()
			if int64(len(rows)) < 2*before[w] || len(rows)%2 != 0 {
				t.Errorf("%d rows, and %d pairs were acknowledged before", len(rows), before[w])
			}
			for i, row := range rows {
				if id, _ := row.Record().Get("id"); id.Text() != fmt.Sprint("ab"[i%2:i%2+1], i/2+1) {
					t.Fatalf("row %d is %s", i, id.Text())
				}
			}
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	stop.Store(true)
	wg.Wait()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if len(segments) < 2 {
		t.Error("no snapshot came while backups were made: this says nothing about them")
	}
}

// TestD08_Equal: a folder of a backup holds what the other one did, down to ages, times and
// limits, and goes on from there.
func TestD08_Equal(t *testing.T) {
	for _, o := range []Options{{}, {SnapshotAfter: 1}} {
		dir := t.TempDir()
		after := history(t, dir, o)
		restored := mustRestore(t, mustBackup(t, dir))
		e := mustOpen(t, restored, Options{})
		if got, want := contents(e), after[len(after)-1]; got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		if err := attempt(e, func() { e.Repository("r-repository").Store(post("new", 1)) }); err != nil {
			t.Error(err)
		}
		want := contents(e)
		e.Close()
		e = mustOpen(t, restored, Options{})
		if got := contents(e); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		e.Close()
	}
}

// TestD08_DamagedBackup: a backup that is cut off or changed anywhere is refused, and
// leaves no folder behind.
func TestD08_DamagedBackup(t *testing.T) {
	dir := t.TempDir()
	history(t, dir, Options{})
	good := mustBackup(t, dir)
	try := func(what string, b []byte) {
		to := filepath.Join(t.TempDir(), "to")
		if _, err := Restore(bytes.NewReader(b), int64(len(b)), to, nil); err == nil {
			if e, err := Open(to, Options{}); err == nil {
				e.Close()
			}
			t.Errorf("%s: restored", what)
		} else if _, err := os.Stat(to); err == nil {
			t.Errorf("%s: a folder is left", what)
		}
	}
	end := len(bytes.TrimRight(good, "\x00")) // behind it is what fills the archive up
	for at := 0; at < end; at += 97 {
		try(fmt.Sprint("cut at ", at), good[:at])
	}
	header := bytes.Index(good, []byte(fileMagic))
	for at := header; at < header+headerSize+200; at += 7 {
		b := bytes.Clone(good)
		b[at] ^= 1
		try(fmt.Sprint("changed at ", at), b)
	}
	try("another file", []byte("hello"))
}

// TestD08_NotEmpty: nothing is restored over what is there.
func TestD08_NotEmpty(t *testing.T) {
	dir := t.TempDir()
	history(t, dir, Options{})
	b := mustBackup(t, dir)
	_, err := Restore(bytes.NewReader(b), int64(len(b)), dir, nil)
	if err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Error(err)
	}
	if r, err := Check(dir); err != nil || r.Damage != nil {
		t.Error(r, err)
	}
}

// TestD08_Versions restores the backups of all formats that there were. Each was
// written when its format was new and is never written again.
func TestD08_Versions(t *testing.T) {
	const want = `[Dict { id: Int(1), list: [Bool(true), Double(2.5), Null(null)], text: String("kept") }, ` +
		`Dict { at: Date(2026-03-29T04:05:06+02:00), bytes: Bytes(2 bytes), id: String("b") }, String("no map")]`
	for version := 1; version <= FormatVersion; version++ {
		b, err := os.ReadFile(fmt.Sprintf("testdata/format-%d.backup", version))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := Rows(mustRestore(t, b), "item-repository")
		if got := value.OfList(rows).Developer(); err != nil || got != want {
			t.Errorf("format %d: %s %v, want %s", version, got, err, want)
		}
	}
}

// TestD08_AfterFailure: what a disk that failed has left in a segment is in no backup.
func TestD08_AfterFailure(t *testing.T) {
	dir := t.TempDir()
	var broken atomic.Bool
	e, err := open(breaking{folder(dir), &broken}, dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	r := e.Repository("r")
	if err := attempt(e, func() { r.Store(post("a", 1)) }); err != nil {
		t.Fatal(err)
	}
	broken.Store(true)
	if err := attempt(e, func() { r.Store(post("lost", 2)) }); err == nil {
		t.Fatal("the disk did not fail")
	}
	broken.Store(false)
	if err := attempt(e, func() { r.Store(post("b", 3)) }); err != nil {
		t.Fatal(err)
	}
	rows, err := Rows(mustRestore(t, mustBackup(t, dir)), "r")
	if got, want := value.OfList(rows).Text(), value.OfList(r.Rows()).Text(); err != nil || got != want || len(rows) != 2 {
		t.Errorf("%s %v, want %s", got, err, want)
	}
}

// breaking is a folder on a disk that fails to sync and to cut while broken is true.
type breaking struct {
	folder
	broken *atomic.Bool
}

func (d breaking) Create(name string) (file, error) {
	f, err := d.folder.Create(name)
	return breakingFile{f, d.broken}, err
}

type breakingFile struct {
	file
	broken *atomic.Bool
}

func (f breakingFile) Sync() error {
	if f.broken.Load() {
		return os.ErrInvalid
	}
	return f.file.Sync()
}

func (f breakingFile) Truncate(size int64) error {
	if f.broken.Load() {
		return os.ErrInvalid
	}
	return f.file.Truncate(size)
}
