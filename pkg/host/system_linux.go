package host

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// readTicks sums the first line of /proc/stat; the time spent idle and waiting
// for disks is not busy.
func readTicks() (t ticks) {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return t
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	for i, f := range strings.Fields(string(line)) {
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil || i > 8 { // guest time is in user time already
			continue
		}
		t.total += n
		if i != 4 && i != 5 {
			t.busy += n
		}
	}
	return t
}

func readMemory() (u usage) {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return u
	}
	available := uint64(0)
	for line := range strings.SplitSeq(string(data), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.ParseUint(f[1], 10, 64)
		switch f[0] {
		case "MemTotal:":
			u.total = n << 10
		case "MemAvailable:":
			available = n << 10
		}
	}
	u.used = u.total - min(available, u.total)
	return u
}

// readDisk is the file system of the root.
func readDisk() (u usage) {
	var s syscall.Statfs_t
	if syscall.Statfs("/", &s) != nil {
		return u
	}
	u.total = s.Blocks * uint64(s.Bsize)
	u.used = u.total - min(s.Bfree*uint64(s.Bsize), u.total)
	return u
}
