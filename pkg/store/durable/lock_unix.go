//go:build unix

package durable

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// lockFolder takes the lock of a data folder, which the system gives back when the
// process ends, however it ends. The file holds the process id, for the message of
// whoever comes second.
func lockFolder(path string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, err
		}
		b := make([]byte, 20)
		n, _ := f.ReadAt(b, 0)
		return nil, &LockedError{strings.TrimSpace(string(b[:n]))}
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil && !errors.Is(err, syscall.ENOSPC) { // the id is a courtesy
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

func syncFolder(f *os.File) error { return f.Sync() }
