package httpd

import (
	"syscall"
	"unsafe"
)

// ended reports whether the other side has closed its half, whatever it has sent before:
// TLS says farewell with a record, which nobody has read yet. It does not wait.
func ended(fd uintptr) bool {
	const (
		pollErr, pollHup = 0x8, 0x10
		pollRdHup        = 0x2000
	)
	poll := struct {
		fd            int32
		events, found int16
	}{fd: int32(fd), events: pollRdHup}
	var now syscall.Timespec
	n, _, errno := syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&poll)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return errno == 0 && n == 1 && poll.found&(pollRdHup|pollHup|pollErr) != 0
}
