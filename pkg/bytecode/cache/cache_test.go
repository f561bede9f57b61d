package cache

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"aro/pkg/bytecode"
)

func newCache(t *testing.T) *Cache { return Open(filepath.Join(t.TempDir(), "aro")) }

func reason(t *testing.T, err error) Reason {
	t.Helper()
	var m *Miss
	if !errors.As(err, &m) {
		t.Fatalf("%v is not a miss", err)
	}
	return m.Reason
}

func key(s string) Key {
	h := NewHasher(1, "test")
	h.Add("a.aro", []byte(s))
	return h.Key()
}

func entry(t *testing.T, k Key) []byte {
	t.Helper()
	p, err := bytecode.AssembleProgram("CONST r0, 1\nEND")
	if err != nil {
		t.Fatal(err)
	}
	return bytecode.Encode(p, bytecode.Meta{Key: k})
}

func TestPutAndGet(t *testing.T) {
	c := newCache(t)
	k := key("x")
	if _, err := c.Get(k); reason(t, err) != Absent {
		t.Error(err)
	}
	if err := c.Put(k, entry(t, k)); err != nil {
		t.Fatal(err)
	}
	if data, err := c.Get(k); err != nil || !bytes.Equal(data, entry(t, k)) {
		t.Error(err)
	}
	p, meta, err := c.Load(k)
	if err != nil || len(p.Chunks) != 1 || meta.Key != k {
		t.Error(err)
	}
	if _, err := c.Get(key("y")); reason(t, err) != Absent {
		t.Error(err)
	}
	if info, err := os.Stat(c.Dir()); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Error(info.Mode(), err)
	}
}

func TestDamagedEntryIsRemoved(t *testing.T) {
	c := newCache(t)
	k := key("x")
	good := entry(t, k)
	stale := bytes.Clone(good)
	for name, bad := range map[string][]byte{
		"empty": {}, "cut": good[:len(good)-1], "foreign": []byte("something else"), "other key": entry(t, key("y")),
		"flipped": append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1), "version byte": append(stale[:4], append([]byte{9}, stale[5:]...)...),
	} {
		if err := c.Put(k, bad); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Load(k); reason(t, err) != Damaged {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := c.Get(k); reason(t, err) != Absent {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
}

func TestForeignDirectoryIsIgnored(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no mode bits")
	}
	c := newCache(t)
	k := key("x")
	if err := c.Put(k, entry(t, k)); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o777, 0o750, 0o701} {
		if err := os.Chmod(c.Dir(), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(k); reason(t, err) != Foreign {
			t.Errorf("%o: %v", mode, err)
		}
		if err := c.Put(k, nil); err == nil {
			t.Errorf("%o: written", mode)
		}
		if c.Info().Ignored == nil {
			t.Errorf("%o: not mentioned", mode)
		}
		_ = c.Clean()
	}
	if os.Geteuid() == 0 {
		if err := errors.Join(os.Chmod(c.Dir(), 0o700), os.Chown(c.Dir(), 12345, -1)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(k); reason(t, err) != Foreign {
			t.Error("somebody else's directory:", err)
		}
		if err := os.Chown(c.Dir(), 0, -1); err != nil {
			t.Fatal(err)
		}
	}
	_ = os.Chmod(c.Dir(), 0o700)
	if _, err := c.Get(k); err != nil {
		t.Error("cleaned although ignored:", err)
	}
}

func TestWithoutDirectory(t *testing.T) {
	for _, name := range []string{"ARO_CACHE_DIR", "XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, "")
	}
	c := Open("")
	if _, err := c.Get(key("x")); reason(t, err) != Disabled {
		t.Error(err)
	}
	if err := c.Put(key("x"), nil); err == nil {
		t.Error("written nowhere")
	}
	if c.Info().Ignored == nil || c.Clean() != nil || c.Trim(0) != nil {
		t.Error("info or clean")
	}
	t.Setenv("ARO_CACHE_DIR", t.TempDir())
	if Open("").Dir() != os.Getenv("ARO_CACHE_DIR") {
		t.Error("ARO_CACHE_DIR is not used")
	}
}

// A file where a directory should be stands for all disks that cannot be written:
// it also stops root.
func TestPutFailsInPeace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := Open(filepath.Join(dir, "aro"))
	if c.Put(key("x"), nil) == nil {
		t.Error("written")
	}
	if _, err := c.Get(key("x")); reason(t, err) != Unreadable {
		t.Error(err)
	}
	if _, err := Open(dir).Get(key("x")); reason(t, err) != Disabled {
		t.Error(err)
	}
}

// Hammer: readers find nothing or a whole entry, whoever writes.
func TestHammerPut(t *testing.T) {
	c := newCache(t)
	k := key("x")
	good := entry(t, k)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if err := c.Put(k, good); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 200 {
				if _, _, err := c.Load(k); err != nil && reason(t, err) != Absent {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if info := c.Info(); info.Entries != 1 || info.Bytes != int64(len(good)) {
		t.Errorf("%+v", info)
	}
	for _, f := range c.files() {
		if f.temp {
			t.Error("left behind:", f.path)
		}
	}
}

func TestCleanRemovesOnlyItsOwn(t *testing.T) {
	c := newCache(t)
	for i := range 20 {
		if err := c.Put(key(fmt.Sprint(i)), []byte("data")); err != nil {
			t.Fatal(err)
		}
	}
	if info := c.Info(); info.Entries != 20 || info.Bytes != 80 {
		t.Errorf("%+v", info)
	}
	shard := filepath.Dir(c.path(key("1")))
	kept := []string{filepath.Join(c.Dir(), "letter.txt"), filepath.Join(shard, "photo.aroc"), filepath.Join(c.Dir(), "docs", "a.aroc")}
	_ = os.Mkdir(filepath.Join(c.Dir(), "docs"), 0o700)
	for _, name := range kept {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Clean(); err != nil {
		t.Error(err)
	}
	for _, name := range kept {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
	if info := c.Info(); info.Entries != 0 {
		t.Errorf("%+v", info)
	}
	if _, err := os.Stat(filepath.Dir(c.path(key("2")))); filepath.Dir(c.path(key("2"))) != shard && err == nil {
		t.Error("an empty directory is left")
	}
}

func TestTrimKeepsWhatIsUsed(t *testing.T) {
	c := newCache(t)
	for i := range 10 {
		k := key(fmt.Sprint(i))
		if err := c.Put(k, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(-time.Duration(10+i) * time.Hour)
		if err := os.Chtimes(c.path(k), old, old); err != nil {
			t.Fatal(err)
		}
	}
	crashed := filepath.Join(filepath.Dir(c.path(key("0"))), tempPrefix+"1")
	_ = os.WriteFile(crashed, nil, 0o600)
	_ = os.Chtimes(crashed, time.Time{}, time.Now().Add(-5*time.Hour))
	if _, err := c.Get(key("9")); err != nil { // the oldest; reading makes it the youngest
		t.Fatal(err)
	}
	if err := c.Trim(350); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		_, err := c.Get(key(fmt.Sprint(i)))
		if kept := i == 9 || i < 2; (err == nil) != kept {
			t.Errorf("entry %d: %v", i, err)
		}
	}
	if _, err := os.Stat(crashed); err == nil {
		t.Error("the temporary file is still there")
	}
}

func TestKeysDiffer(t *testing.T) {
	seen := map[Key]int{}
	for i, h := range []func() *Hasher{
		func() *Hasher { return NewHasher(1, "b") },
		func() *Hasher { return NewHasher(2, "b") },
		func() *Hasher { return NewHasher(1, "c") },
		func() *Hasher { return NewHasher(1, "b", "x", "y") },
		func() *Hasher { return NewHasher(1, "b", "xy") },
		func() *Hasher { return NewHasher(1, "b", "xy", "") },
		func() *Hasher { h := NewHasher(1, "b"); h.Add("ab", []byte("c")); return h },
		func() *Hasher { h := NewHasher(1, "b"); h.Add("a", []byte("bc")); return h },
		func() *Hasher { h := NewHasher(1, "b"); h.Add("a", []byte("b")); h.Add("c", nil); return h },
		func() *Hasher { h := NewHasher(1, "b"); h.Add("c", nil); h.Add("a", []byte("b")); return h },
	} {
		k := h().Key()
		if k != h().Key() {
			t.Error("not reproducible:", i)
		}
		if j, twice := seen[k]; twice {
			t.Errorf("%d and %d have the same key", i, j)
		}
		seen[k] = i
	}
}
