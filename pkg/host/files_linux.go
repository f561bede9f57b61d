package host

import (
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// created is the time of birth, where the file system knows it, else that of the
// last change.
func created(path string, info fs.FileInfo) time.Time {
	var s unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_BTIME|unix.STATX_CTIME, &s) != nil {
		return info.ModTime()
	}
	if s.Mask&unix.STATX_BTIME != 0 && s.Btime.Sec != 0 {
		return time.Unix(s.Btime.Sec, int64(s.Btime.Nsec))
	}
	return time.Unix(s.Ctime.Sec, int64(s.Ctime.Nsec))
}

// keepOwner gives a new file the owner of the one it replaces, if we may.
func keepOwner(f *os.File, like fs.FileInfo) {
	if uid, gid, ok := ids(like); ok && (uid != os.Getuid() || gid != os.Getgid()) {
		f.Chown(uid, gid)
	}
}
