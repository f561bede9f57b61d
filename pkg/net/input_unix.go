//go:build unix

package aronet

import (
	"io"
	"net"
	"os"
	"syscall"
)

// input reads from a socket without holding a buffer while it waits: it waits
// for the socket to become readable and takes a buffer only then. Ten thousand
// idle connections would hold 640 MB of buffers otherwise.
type input struct {
	sock net.Conn
	raw  syscall.RawConn // nil for connections that are no sockets
	poll func(fd uintptr) bool
	push func(fd uintptr) bool

	buf *chunk
	n   int
	err error

	out []byte // of write; what is left of it
}

func newInput(sock net.Conn) *input {
	in := &input{sock: sock}
	if s, ok := sock.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			in.raw, in.poll, in.push = raw, in.try, in.put
		}
	}
	return in
}

// try makes one attempt; false means that nothing has arrived yet.
func (in *input) try(fd uintptr) bool {
	in.buf = chunks.Get().(*chunk)
	for {
		in.n, in.err = syscall.Read(int(fd), in.buf[:])
		switch in.err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			chunks.Put(in.buf)
			in.buf = nil
			return false
		}
		return true
	}
}

// next waits for bytes. The caller puts buf back into chunks when it is done with
// data, which lies in it.
func (in *input) next() (buf *chunk, data []byte, err error) {
	if in.raw == nil {
		buf = chunks.Get().(*chunk)
		n, err := in.sock.Read(buf[:])
		return buf, buf[:n], err
	}
	err = in.raw.Read(in.poll)
	buf, in.buf = in.buf, nil
	if err != nil {
		if buf == nil {
			buf = chunks.Get().(*chunk)
		}
		return buf, nil, err
	}
	switch {
	case in.err != nil:
		return buf, nil, os.NewSyscallError("read", in.err)
	case in.n == 0:
		return buf, nil, io.EOF
	}
	return buf, buf[:in.n], nil
}

// direct reports whether write can do anything.
func (in *input) direct() bool { return in != nil && in.raw != nil }

// write writes as much as the socket takes at once and returns how much that was.
// Why it was not all of it is for another write to find out.
func (in *input) write(data []byte) int {
	in.out = data
	in.raw.Write(in.push)
	n := len(data) - len(in.out)
	in.out = nil
	return n
}

// put makes one attempt of write.
func (in *input) put(fd uintptr) bool {
	n, err := syscall.Write(int(fd), in.out)
	for err == syscall.EINTR {
		n, err = syscall.Write(int(fd), in.out)
	}
	if err == nil && n > 0 {
		in.out = in.out[n:]
	}
	return true
}

// descriptors is how many files the process may have open.
func descriptors() int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil || l.Cur > 1<<30 {
		return 0
	}
	return int(l.Cur)
}
