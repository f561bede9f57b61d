//go:build unix

package socket

import (
	"os"
	"syscall"
)

// Put writes what the socket takes of data, and returns the rest: there is one if the
// socket is full, and with an error. It is for the function of a RawConn's Write, which
// waits as long as there is a rest and no error.
func Put(fd uintptr, data []byte) (rest []byte, err error) {
	for len(data) > 0 {
		n, err := Write(fd, data[:min(len(data), 1<<20)])
		switch {
		case n > 0:
			data = data[n:]
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return data, nil
		default:
			return data, os.NewSyscallError("write", err)
		}
	}
	return nil, nil
}
