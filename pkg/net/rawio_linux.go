package aronet

import (
	"syscall"
	"unsafe"
)

// readNow and writeNow are calls to sockets that never wait. The scheduler is not told of
// them, as syscall.Read would do in case they take long: for two calls a message that is
// a fortieth of an echo. data is not empty.
func readNow(fd int, data []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

func writeNow(fd int, data []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}
