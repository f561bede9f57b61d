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
	return c.Suspend(&stdinRead{h: executionOf(c).Host, all: all})
}

type stdinRead struct {
	h   *Host
	all bool
}

// Start implements vm.Op.
func (o *stdinRead) Start(co *vm.Coroutine) bool {
	read := o.h.stdin.line
	if o.all {
		read = o.h.stdin.all
	}
	type result struct {
		v   value.Value
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := guarded(read)
		done <- result{v, err}
	}()
	go func() {
		select {
		case r := <-done:
			resume(co, r.v, r.err)
		case <-o.h.Stopping():
			resume(co, value.Nil, nil)
		}
	}()
	return false
}
