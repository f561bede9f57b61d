package host

import (
	"os"
	"runtime"
	measures "runtime/metrics"
	"testing"
	"time"

	"aro/pkg/store"
)

// TestGroupLimit: the limit of the control group is found where both versions keep
// it, and none is none.
func TestGroupLimit(t *testing.T) {
	for _, tc := range []struct {
		what  string
		files map[string]string
		want  int64
	}{
		{"nothing", nil, 0},
		{"version 2", map[string]string{"/proc/self/cgroup": "0::/shop.slice\n", "/sys/fs/cgroup/shop.slice/memory.max": "268435456\n"}, 256 << 20},
		{"version 2 in a container", map[string]string{"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "1000000\n"}, 1000000},
		{"version 2 without a limit", map[string]string{"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n"}, 0},
		{"version 1", map[string]string{"/proc/self/cgroup": "5:devices:/\n4:memory:/a/b\n", "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "5000000",
			"/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712"}, 5000000},
		{"the smaller one", map[string]string{"/proc/self/cgroup": "4:memory:/a\n", "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "5000000",
			"/sys/fs/cgroup/memory/memory.limit_in_bytes": "4000000"}, 4000000},
		{"nonsense", map[string]string{"/proc/self/cgroup": "x\n::\n", "/sys/fs/cgroup/memory.max": "-1"}, 0},
	} {
		got := groupLimit(func(name string) ([]byte, error) {
			if text, ok := tc.files[name]; ok {
				return []byte(text), nil
			}
			return nil, os.ErrNotExist
		})
		if got != tc.want {
			t.Errorf("%s: %d, want %d", tc.what, got, tc.want)
		}
	}
}

// TestPressure: behind 90 % it is high, behind 95 % full.
func TestPressure(t *testing.T) {
	for used, want := range map[int64]Pressure{0: Relaxed, 899: Relaxed, 900: High, 949: High, 950: Full, 2000: Full} {
		if got := pressureOf(used, 1000); got != want {
			t.Errorf("%d of 1000: %d, want %d", used, got, want)
		}
	}
	if live, used := measure(); live < 0 || used <= live || used > 1<<40 {
		t.Errorf("%d live, %d used", live, used)
	}
}

// TestRest: what a burst has left free is given back.
func TestRest(t *testing.T) {
	var keep [][]byte
	for range 64 {
		keep = append(keep, make([]byte, 1<<20))
	}
	runtime.KeepAlive(keep)
	keep = nil
	runtime.GC()
	held := func() uint64 {
		s := []measures.Sample{{Name: "/memory/classes/heap/free:bytes"}}
		measures.Read(s)
		return s[0].Value.Uint64()
	}
	before := held()
	giveBack()
	if after := held(); before < 32<<20 || after > before/4 {
		t.Errorf("%d MiB were free, %d MiB are held still", before>>20, after>>20)
	}
}

// forgetting is an engine that has something left to forget for a while.
type forgetting struct{ asked, left int }

func (f *forgetting) Forget(time.Duration) bool {
	f.asked++
	f.left--
	return f.left > 0
}

// TestRestForgets: when the process is quiet, the engine forgets, and is asked again as
// long as it has something left.
func TestRestForgets(t *testing.T) {
	engine := &forgetting{left: 2}
	var f store.Forgetter = engine
	before := forgetful.Swap(&f)
	defer forgetful.Store(before)
	h := &heap{idle: time.NewTimer(time.Hour)}
	h.rest()
	if !h.idle.Stop() {
		t.Error("it is not asked again")
	}
	h.rest()
	if h.idle.Stop() || engine.asked != 2 {
		t.Errorf("asked %d times, and once more later", engine.asked)
	}
	if h.remembers.Load() {
		t.Error("what was forgotten is not given back")
	}
}
