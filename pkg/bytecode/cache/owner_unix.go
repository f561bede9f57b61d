//go:build unix

package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// owned returns an error that reads on from the directory's name.
func owned(info fs.FileInfo) error {
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("can be used by others (mode %v, should be 0700)", info.Mode().Perm())
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("has an unknown owner")
	}
	if int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("belongs to user %d", s.Uid)
	}
	return nil
}
