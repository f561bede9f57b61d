package aronet

import (
	"errors"
	"net"
	"os"
	"syscall"
	"unsafe"

	"aro/pkg/vm/value"
)

// reasonOf says in a few words why a network operation failed, without the
// addresses that the caller names anyway.
func reasonOf(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		if dns.IsNotFound {
			return "unknown host"
		}
		return "the host name could not be resolved"
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "timed out"
	}
	var no syscall.Errno
	if errors.As(err, &no) {
		return no.Error()
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "timed out"
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}

// textOf returns data as text without copying. Nobody may write to data.
func textOf(data []byte) value.Value {
	return value.OfString(unsafe.String(unsafe.SliceData(data), len(data)))
}
