//go:build unix

package aronet

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"aro/pkg/net/socket"
)

// input reads from a socket without holding a buffer while it waits: it waits
// for the socket to become readable and takes a buffer only then. Ten thousand
// idle connections would hold 640 MB of buffers otherwise.
//
// It stays in one RawConn.Read for all that arrives. The system tells once when more has
// come, so a read that got less than it had room for is the last one that is worth a
// call, and the wait may begin: 0.4 µs less for each message of a conversation. Only the
// end of the connection can have come with those bytes unnoticed, which sweep looks for.
type input struct {
	sock net.Conn
	raw  syscall.RawConn // nil for connections that are no sockets
	poll func(fd uintptr) bool
	take func(buf *chunk, data []byte, err error) bool
	over bool    // take has had enough
	fd   uintptr // within poll; noFD outside of it

	sweep *sweep
	watch watched
}

const noFD = ^uintptr(0)

func newInput(c *Conn) *input {
	in := &input{sock: c.sock, raw: c.raw, sweep: &c.net.sweep, fd: noFD}
	in.poll = in.read
	in.watch.ended, in.watch.wake = in.ended, c.interrupt
	return in
}

// each waits for bytes and calls take for them, again and again, until take returns
// false. take gives buf back to chunks when it is done with data, which lies in it. Where
// a wait is interrupted, again decides whether it goes on; if not, take gets the error.
func (in *input) each(take func(buf *chunk, data []byte, err error) bool, again func() bool) {
	in.take = take
	for !in.over {
		if in.raw == nil {
			buf := chunks.Get().(*chunk)
			n, err := in.sock.Read(buf[:])
			in.over = !take(buf, buf[:n], err)
			continue
		}
		err := in.raw.Read(in.poll)
		in.fd = noFD
		if err != nil && !in.over && !(errors.Is(err, os.ErrDeadlineExceeded) && again()) {
			in.over = !take(chunks.Get().(*chunk), nil, err)
		}
	}
}

// read takes what has arrived; false means that it has to wait for more.
func (in *input) read(fd uintptr) bool {
	in.fd = fd
	for {
		buf := chunks.Get().(*chunk)
		n, err := socket.Read(fd, buf[:])
		switch {
		case err == syscall.EINTR:
			chunks.Put(buf)
			continue
		case err == syscall.EAGAIN:
			chunks.Put(buf)
			return false
		case err != nil:
			err = os.NewSyscallError("read", err)
			n = 0
		case n == 0:
			err = io.EOF
		}
		if in.over = !in.take(buf, buf[:n], err); in.over {
			return true
		}
		if err == nil && n < len(buf) {
			in.sweep.short(&in.watch)
			return false
		}
	}
}

// ended reports whether a read would return anything, the end of the connection above
// all.
func (in *input) ended() (yes bool) {
	in.raw.Control(func(fd uintptr) {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		yes = err != syscall.EAGAIN && err != syscall.EINTR
	})
	return yes
}

// direct reports whether write can do anything.
func (in *input) direct() bool { return in != nil && in.raw != nil }

// write writes as much as the socket takes at once and returns how much that was.
// Why it was not all of it is for another write to find out. Only take may call it.
func (in *input) write(data []byte) int {
	if in.fd == noFD || len(data) == 0 {
		return 0
	}
	for {
		n, err := socket.Write(in.fd, data)
		if err != syscall.EINTR {
			return max(n, 0)
		}
	}
}

// alone is the writing of a single text: less work than a list of one.
type alone struct {
	data []byte
	err  error
	try  func(fd uintptr) bool // put, made once
}

// write writes all of data, or returns why it cannot, as net.Conn's Write does.
func (a *alone) write(c *Conn, data []byte) error {
	if c.raw == nil {
		_, err := c.sock.Write(data)
		return err
	}
	if a.try == nil {
		a.try = a.put
	}
	a.data, a.err = data, nil
	err := c.raw.Write(a.try)
	a.data = nil
	if err == nil {
		err = a.err
	}
	return err
}

// put writes what the socket takes; false means that this was not all.
func (a *alone) put(fd uintptr) bool {
	a.data, a.err = socket.Put(fd, a.data)
	return len(a.data) == 0 || a.err != nil
}

// descriptors is how many files the process may have open.
func descriptors() int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil || l.Cur > 1<<30 {
		return 0
	}
	return int(l.Cur)
}
