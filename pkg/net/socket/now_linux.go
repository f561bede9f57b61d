package socket

import (
	"syscall"
	"unsafe"
)

// small is up to how many bytes a call is so short that the scheduler need not know.
const small = 64 << 10

// Read and Write make one attempt on a socket that does not block, and return what
// read(2) and write(2) return; data is not empty. EINTR and EAGAIN are for the caller.
//
// The scheduler is not told of short calls, as syscall.Read does in case they take long:
// for two calls a message that is a fortieth of an echo, and for three calls a thirtieth
// of a short answer over HTTP. They are the calls for sockets, which do not pass through
// what the system does for files first.
func Read(fd uintptr, data []byte) (int, error) {
	if len(data) > small {
		return syscall.Read(int(fd), data)
	}
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)), 0, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// Write: see Read.
func Write(fd uintptr, data []byte) (int, error) {
	if len(data) > small {
		return syscall.Write(int(fd), data)
	}
	n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, fd, uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)), syscall.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}
