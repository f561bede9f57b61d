package host

import (
	"os"
	"runtime"
	"runtime/debug"
	measures "runtime/metrics"
	"sync/atomic"
	"time"

	"aro/pkg/store"
)

// heapRoom is how much is allocated at least between two collections. Go's own
// floor of 4 MiB makes a server with a small heap collect hundreds of times a
// second: an echo of 4 KiB chunks spent an eighth of its time on that, and 10 MiB
// leave a fiftieth. Larger heaps collect when they have doubled, as usual.
const heapRoom = 10 << 20

// KeepRoom holds heapRoom from now on, for the whole process, unless GOGC says otherwise,
// and looks after each collection how close the process is to its memory limit: see
// MemoryPressure. The command calls it once, before Run.
func KeepRoom() {
	h := &heap{limit: memoryLimit(), fixed: os.Getenv("GOGC") != ""}
	h.idle = time.AfterFunc(idleAfter, h.rest)
	if h.fixed && h.limit == 0 {
		return
	}
	if !h.fixed {
		h.percent = 300
		debug.SetGCPercent(h.percent)
	}
	h.watch()
}

// heap is what is done after a collection.
type heap struct {
	limit   int64 // 0 for none
	fixed   bool  // GOGC says how often
	percent int
	idle    *time.Timer // runs out idleAfter behind a collection

	remembers atomic.Bool // something is left to forget
}

// What a burst has left free goes back to the system when there was no collection for
// idleAfter, which is a collection and some system calls: Go itself would take minutes.
const (
	idleAfter = 15 * time.Second
	idleRoom  = 1 << 20 // is worth it, and an eighth of what is in use

	forgetAfter = time.Minute // what repositories remember of removed rows
)

// forgetful is the engine of the program that runs, if it can forget.
var forgetful atomic.Pointer[store.Forgetter]

// rest is called when the process has been quiet.
func (h *heap) rest() {
	if f := forgetful.Load(); f != nil && (*f).Forget(forgetAfter) {
		h.remembers.Store(true)
		h.idle.Reset(forgetAfter)
	} else if h.remembers.Swap(false) {
		debug.FreeOSMemory() // what was forgotten is not known to be free yet
		return
	}
	giveBack()
}

// giveBack gives memory back to the system if there is much to give.
func giveBack() {
	s := []measures.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	measures.Read(s)
	objects, live, free := s[0].Value.Uint64(), s[1].Value.Uint64(), s[2].Value.Uint64()
	if objects-min(live, objects)+free > max(idleRoom, live/8) {
		debug.FreeOSMemory()
	}
}

// watch runs collected after the next collection: a finalizer runs behind it.
func (h *heap) watch() {
	type marker struct{ _ *int }
	runtime.SetFinalizer(&marker{}, func(*marker) {
		h.collected()
		h.watch()
	})
}

// collected adapts the percentage to the size of the heap. With a limit the next
// collection comes half-way to it at the latest, so that the limit does not come as a
// surprise: Go itself would fill it first.
func (h *heap) collected() {
	h.idle.Reset(idleAfter)
	live, used := measure()
	want := min(max(int(heapRoom*100/max(live, 1)), 100), 300)
	if h.limit > 0 {
		h.press(used)
		want = min(want, max(int(50*(h.limit-used)/max(live, 1)), 2))
	}
	if !h.fixed && (want < h.percent-h.percent/10 || want > h.percent+h.percent/10) {
		debug.SetGCPercent(want)
		h.percent = want
	}
}

// measure returns the bytes that the collection left over, and those that are not
// free for something else: with stacks, tables and what else Go needs.
func measure() (live, used int64) {
	s := []measures.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	measures.Read(s)
	live = int64(s[0].Value.Uint64())
	used = live + int64(s[1].Value.Uint64())
	for _, free := range s[2:] {
		used -= int64(free.Value.Uint64())
	}
	return live, used
}
