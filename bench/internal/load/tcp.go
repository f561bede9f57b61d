//go:build linux

package load

import (
	"bytes"
	"time"
)

// Echo keeps n connections busy, each with window messages of size bytes under
// way; a message ends with a newline, for servers that work line by line.
func Echo(addr string, n, window, size int, d time.Duration) (Result, error) {
	l, err := newLoop()
	if err != nil {
		return Result{}, err
	}
	defer l.close()
	type conn struct {
		got  int
		sent int64
	}
	message := append(bytes.Repeat([]byte("x"), size-1), '\n')
	burst := bytes.Repeat(message, window)
	conns := make([]conn, 1<<16)
	for range n {
		fd, err := l.dial(addr)
		if err == nil {
			err = l.add(fd)
		}
		if err != nil {
			return Result{}, err
		}
	}
	began := time.Now()
	for _, fd := range l.fds {
		conns[fd].sent = int64(time.Since(began))
		if err := write(fd, burst); err != nil {
			return Result{}, err
		}
	}
	var received int64
	var seen latencies
	err = l.run(began, d, func(fd int, b []byte) error {
		received += int64(len(b))
		c := &conns[fd]
		c.got += len(b)
		whole := c.got / size
		if whole == 0 {
			return nil
		}
		c.got -= whole * size
		if window == 1 {
			now := int64(time.Since(began))
			seen.add(now - c.sent)
			c.sent = now
		}
		return write(fd, burst[:whole*size])
	})
	return seen.result(received/int64(size), began), err
}
