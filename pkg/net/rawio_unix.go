//go:build unix && !linux

package aronet

import "syscall"

func readNow(fd int, data []byte) (int, error)  { return syscall.Read(fd, data) }
func writeNow(fd int, data []byte) (int, error) { return syscall.Write(fd, data) }
