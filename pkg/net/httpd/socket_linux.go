package httpd

import "golang.org/x/sys/unix"

// ended reports whether the other side has closed its half, whatever it has sent before:
// TLS says farewell with a record, which nobody has read yet.
func ended(fd uintptr) bool {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(p, 0)
	return err == nil && n > 0 && p[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
}
