package durable

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aro/pkg/store"
)

// history stores, replaces and removes; after each step all is durable. It returns
// what was there after each.
func history(t *testing.T, dir string, o Options) (after []string) {
	e := mustOpen(t, dir, o)
	r := e.Repository("r-repository")
	after = append(after, contents(e))
	for _, step := range []func(){
		func() { r.Store(post("a", 1)) },
		func() { r.Store(post("b", 2), post("c", 3)) },
		func() { r.Store(post("a", 10)) },
		func() { r.SetLimits(store.Limits{MaxSize: 3}) },
		func() { r.Store(post("d", 4)) },
		func() { r.Delete(store.Query{}) },
		func() { r.Store(post("c", 3)) },
		func() { r.Clear() },
		func() { r.Store(post("e", 5), post("c", 3), post("f", 6)) },
	} {
		step()
		if err := settle(e); err != nil {
			t.Fatal(err)
		}
		after = append(after, contents(e))
	}
	for i := 0; ; i++ { // until the log has 4 KiB
		info, err := os.Stat(filepath.Join(dir, "log-1"))
		if err != nil || info.Size() >= 4096 {
			break
		}
		r.Store(post("e", 100+i))
		settle(e)
		after = append(after, contents(e))
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return after
}

// TestD03_CutAtEveryByte: a log that ends anywhere opens with the state after one of
// the writes, never with half of one, and a longer log never with an older state.
func TestD03_CutAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	after := history(t, dir, Options{})
	whole, err := os.ReadFile(filepath.Join(dir, "log-1"))
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for n := range len(whole) + 1 {
		cut := newFaulty(1)
		cut.now["log-1"] = &content{data: whole[:n:n]}
		e, err := open(cut, "", Options{})
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		got := contents(e)
		e.Close()
		for at < len(after) && got != after[at] {
			at++
		}
		if at == len(after) {
			t.Fatalf("cut at %d: a state that never was\n%s", n, got)
		}
	}
	if at != len(after)-1 {
		t.Errorf("the whole log gives state %d of %d", at, len(after)-1)
	}
}

// TestD03_FlipEveryBit: a log of 4 KiB with one bit wrong is refused, with the name
// of the file and a place in it; only where the last frame is wrong, which a crash
// leaves too, it opens without that. Nothing is ever different without a word.
func TestD03_FlipEveryBit(t *testing.T) {
	dir := t.TempDir()
	after := history(t, dir, Options{})
	path := filepath.Join(dir, "log-1")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused, cut := 0, 0
	for i := range whole {
		for bit := range 8 {
			b := append([]byte(nil), whole...)
			b[i] ^= 1 << bit
			disk := newFaulty(1) // a folder in memory: there are 33 000 bits
			disk.now["log-1"] = &content{data: b}
			e := &Engine{fs: disk}
			err := newLoader(disk, e).load()
			var damage *DamageError
			switch {
			case err == nil:
				if cut++; contents(e) != after[len(after)-2] {
					t.Fatalf("bit %d of byte %d: opened with\n%s", bit, i, contents(e))
				}
			case !errors.As(err, &damage) || damage.File != "log-1" || damage.Offset > int64(i):
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			default:
				refused++
			}
		}
	}
	t.Logf("%d bits: %d refused, %d in the last frame", len(whole)*8, refused, cut)
	if cut == 0 || cut > refused/10 {
		t.Error("that is not the last frame alone")
	}
	if err := os.WriteFile(path, append(whole[:200:200], whole[201:]...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "aro data check") || !strings.Contains(err.Error(), "log-1 is damaged at byte") {
		t.Error(err)
	}
}

// TestD03_Snapshot: a snapshot has no torn end; every bit of it counts.
func TestD03_Snapshot(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, dir, Options{SnapshotAfter: 1})
	for i := range 20 {
		e.Repository("r").Store(post(string(rune('a'+i)), i))
		settle(e)
	}
	e.Repository("r").Delete(store.Query{Field: "id", Equal: post("a", 1).Record().Slot(0)})
	want := contents(e)
	e.Close()
	list, err := listFolder(folder(dir))
	if err != nil || len(list.snapshots) == 0 {
		t.Fatal(list, err)
	}
	e = mustOpen(t, dir, Options{})
	if got := contents(e); got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	e.Close()
	name, _ := filepath.Glob(filepath.Join(dir, "snapshot-*"))
	path := name[len(name)-1]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, b []byte, at int) {
		disk := newFaulty(1)
		disk.now[filepath.Base(path)] = &content{data: b}
		err := newLoader(disk, &Engine{fs: disk}).load()
		var damage *DamageError
		if !errors.As(err, &damage) || damage.File != filepath.Base(path) {
			t.Fatalf("%s at %d: %v", what, at, err)
		}
	}
	for i := range whole {
		b := append([]byte(nil), whole...)
		b[i] ^= 1 << (i % 8)
		try("a bit", b, i)
		try("a cut", whole[:i], i)
	}
}
