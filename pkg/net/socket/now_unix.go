//go:build unix && !linux

package socket

import "syscall"

// Read and Write make one attempt on a socket that does not block, and return what
// read(2) and write(2) return.
func Read(fd uintptr, data []byte) (int, error) { return syscall.Read(int(fd), data) }

// Write: see Read.
func Write(fd uintptr, data []byte) (int, error) { return syscall.Write(int(fd), data) }
