package host

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"sync"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// maxStdinLine bounds a line from stdin.
const maxStdinLine = 16 << 20

// stdin is the standard input, read by one statement at a time.
type stdin struct {
	mu sync.Mutex
	r  *bufio.Reader
}

// line returns the next line without its end; null behind the last one, which an
// empty line is not.
func (s *stdin) line() (value.Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for {
		part, err := s.r.ReadSlice('\n')
		b.Write(part)
		switch {
		case b.Len() > maxStdinLine:
			return value.Value{}, errors.New("I/O error: a line on stdin is longer than 16 MiB")
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			if b.Len() == 0 {
				return value.Nil, nil
			}
		case err != nil:
			return value.Value{}, ioError(err)
		}
		return value.OfString(strings.TrimSuffix(strings.TrimSuffix(b.String(), "\n"), "\r")), nil
	}
}

// all returns everything up to the end.
func (s *stdin) all() (value.Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, err := io.ReadAll(io.LimitReader(s.r, maxFile+1))
	if err != nil {
		return value.Value{}, ioError(err)
	}
	if len(data) > maxFile {
		return value.Value{}, errors.New("I/O error: there is more than 256 MiB on stdin")
	}
	return value.OfString(string(data)), nil
}

// readStdin waits for input without holding up others, and for the shutdown,
// which finds nothing more to read.
func readStdin(c *vm.Call, all bool) (value.Value, error) {
	h := executionOf(c).Host
	if all {
		return readInput(c, h.stdin.all, value.Nil)
	}
	return readInput(c, h.stdin.line, value.Nil)
}

// readInput suspends the statement until read returns or the shutdown begins,
// which gives nothing.
func readInput(c *vm.Call, read func() (value.Value, error), nothing value.Value) (value.Value, error) {
	return c.Suspend(&stdinRead{h: executionOf(c).Host, read: read, nothing: nothing})
}

type stdinRead struct {
	h       *Host
	read    func() (value.Value, error)
	nothing value.Value
}

// Start implements vm.Op.
func (o *stdinRead) Start(co *vm.Coroutine) bool {
	type result struct {
		v   value.Value
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := guarded(o.read)
		done <- result{v, err}
	}()
	go func() {
		select {
		case r := <-done:
			resume(co, r.v, r.err)
		case <-o.h.Stopping():
			resume(co, o.nothing, nil)
		}
	}()
	return false
}
