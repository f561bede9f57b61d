package host

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Pressure says how close the process is to its memory limit (05 E08).
type Pressure int32

// Behind 90 % of the limit nothing new is taken that brings data along, behind 95 %
// nothing new at all. What is between them lets somebody delete rows.
const (
	Relaxed Pressure = iota
	High
	Full
)

// pressure belongs to the process, as memory does.
var pressure atomic.Int32

// MemoryPressure costs one look at an atomic. It is Relaxed in a process that has no
// limit, or has not called KeepRoom. What counts is what a collection left over: Go
// fills the rest with garbage before it collects.
func MemoryPressure() Pressure { return Pressure(pressure.Load()) }

// recheckMemory is how often a process that takes nothing new, and may therefore not
// collect by itself, looks again.
const recheckMemory = 500 * time.Millisecond

// press notes how much memory is used.
func (h *heap) press(used int64) {
	p := pressureOf(used, h.limit)
	if pressure.Store(int32(p)); p != Relaxed {
		time.AfterFunc(recheckMemory, runtime.GC)
	}
}

// memoryLimit is the limit that GOMEMLIMIT gives, else nine tenths of that of the
// control group, which Go hears of then; 0 for none.
func memoryLimit() int64 {
	if os.Getenv("GOMEMLIMIT") != "" {
		if limit := debug.SetMemoryLimit(-1); limit > 0 && limit < math.MaxInt64 {
			return limit
		}
		return 0
	}
	limit := groupLimit(os.ReadFile) / 10 * 9
	if limit > 0 {
		debug.SetMemoryLimit(limit)
	}
	return limit
}

func pressureOf(used, limit int64) Pressure {
	switch {
	case used >= limit/100*95:
		return Full
	case used >= limit/100*90:
		return High
	}
	return Relaxed
}

// groupLimit is the memory limit of the control group that this process is in, 0 for
// none.
func groupLimit(read func(string) ([]byte, error)) int64 {
	least := int64(0)
	take := func(file string) {
		text, err := read(file)
		if err != nil {
			return
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		// Without a limit there is "max", or a number beyond all machines.
		if err == nil && n > 0 && n < 1<<50 && (least == 0 || n < least) {
			least = n
		}
	}
	groups, _ := read("/proc/self/cgroup")
	for line := range strings.Lines(string(groups)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		switch {
		case parts[0] == "0":
			take("/sys/fs/cgroup" + parts[2] + "/memory.max")
		case parts[1] == "memory":
			take("/sys/fs/cgroup/memory" + parts[2] + "/memory.limit_in_bytes")
		}
	}
	// In a container the group is the root of what it sees.
	take("/sys/fs/cgroup/memory.max")
	take("/sys/fs/cgroup/memory/memory.limit_in_bytes")
	return least
}
