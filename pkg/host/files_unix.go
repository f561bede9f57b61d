//go:build unix

package host

import (
	"io/fs"
	"os/user"
	"strconv"
	"syscall"
)

func ids(info fs.FileInfo) (uid, gid int, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(s.Uid), int(s.Gid), true
}

// owners names the owner and group of a file; numbers when they have no names.
func owners(info fs.FileInfo) (owner, group string) {
	uid, gid, ok := ids(info)
	if !ok {
		return "", ""
	}
	owner, group = strconv.Itoa(uid), strconv.Itoa(gid)
	if u, err := user.LookupId(owner); err == nil {
		owner = u.Username
	}
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	return owner, group
}
