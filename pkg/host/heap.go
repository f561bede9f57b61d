package host

import (
	"os"
	"runtime"
	"runtime/debug"
	measures "runtime/metrics"
)

// heapRoom is how much is allocated at least between two collections. Go's own
// floor of 4 MiB makes a server with a small heap collect hundreds of times a
// second: an echo of 4 KiB chunks spent an eighth of its time on that, and 10 MiB
// leave a fiftieth. Larger heaps collect when they have doubled, as usual.
const heapRoom = 10 << 20

// KeepRoom holds heapRoom from now on, for the whole process, unless GOGC says otherwise.
// The command calls it once, before Run.
func KeepRoom() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(300)
	afterCollection(300)
}

// afterCollection adapts the percentage to the size of the heap after each
// collection: a finalizer runs behind it.
func afterCollection(percent int) {
	type marker struct{ _ *int }
	runtime.SetFinalizer(&marker{}, func(*marker) {
		live := []measures.Sample{{Name: "/gc/heap/live:bytes"}}
		measures.Read(live)
		want := min(max(int(heapRoom*100/max(live[0].Value.Uint64(), 1)), 100), 300)
		if want < percent-20 || want > percent+20 {
			debug.SetGCPercent(want)
			percent = want
		}
		afterCollection(percent)
	})
}
