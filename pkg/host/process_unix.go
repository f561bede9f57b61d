//go:build unix

package host

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// readProcess asks the system about this process. Memory and open files come from
// /proc, where there is one.
func readProcess() (p processMetrics) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) == nil {
		p.user, p.system = time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano())
	}
	if data, err := os.ReadFile("/proc/self/statm"); err == nil {
		if f := strings.Fields(string(data)); len(f) > 1 {
			size, _ := strconv.ParseInt(f[0], 10, 64)
			resident, _ := strconv.ParseInt(f[1], 10, 64)
			p.virtual, p.resident = size*int64(os.Getpagesize()), resident*int64(os.Getpagesize())
		}
	}
	if dir, err := os.Open("/proc/self/fd"); err == nil {
		names, _ := dir.Readdirnames(-1)
		dir.Close()
		p.open = int64(len(names)) - 1 // without the folder itself
	}
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) == nil && l.Cur < 1<<62 {
		p.limit = int64(l.Cur)
	}
	return p
}
