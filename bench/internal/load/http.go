//go:build linux

package load

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

// Get is the request for a path, as it is on the wire.
func Get(addr, path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, addr)
}

// Post is a form that is posted.
func Post(addr, path, form string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, addr, len(form), form)
}

// HTTP keeps n connections busy, each with one request at a time.
func HTTP(addr string, request []byte, n int, d time.Duration) (Result, error) {
	l, err := newLoop()
	if err != nil {
		return Result{}, err
	}
	defer l.close()
	type conn struct {
		buf  []byte
		sent int64
	}
	conns := map[int]*conn{}
	for range n {
		fd, err := l.dial(addr)
		if err == nil {
			err = l.add(fd)
		}
		if err != nil {
			return Result{}, err
		}
		conns[fd] = new(conn)
	}
	// An array is quicker than a map where every response looks up its connection.
	byFD := make([]*conn, 1<<16)
	began := time.Now()
	for fd, c := range conns {
		byFD[fd] = c
		c.sent = int64(time.Since(began))
		if err := write(fd, request); err != nil {
			return Result{}, err
		}
	}
	var done int64
	var seen latencies
	err = l.run(began, d, func(fd int, b []byte) error {
		c := byFD[fd]
		whole := b
		if len(c.buf) > 0 {
			c.buf = append(c.buf, b...)
			whole = c.buf
		}
		size, err := responseSize(whole)
		if err != nil {
			return err
		}
		if size == 0 {
			if len(c.buf) == 0 {
				c.buf = append(c.buf, b...)
			}
			return nil
		}
		if size != len(whole) {
			return fmt.Errorf("more than one response to one request: %q", whole[size:])
		}
		c.buf = c.buf[:0]
		done++
		now := int64(time.Since(began))
		seen.add(now - c.sent)
		c.sent = now
		return write(fd, request)
	})
	return seen.result(done, began), err
}

var (
	headEnd = []byte("\r\n\r\n")
	length  = []byte("\r\ncontent-length: ")
	chunked = []byte("\r\ntransfer-encoding: chunked")
)

// responseSize is the length of the response at the start of b, 0 while it is not
// complete. Responses must have a length or be chunked, and be 2xx.
func responseSize(b []byte) (int, error) {
	end := bytes.Index(b, headEnd)
	if end < 0 {
		return 0, nil
	}
	if b[9] != '2' {
		return 0, fmt.Errorf("the server answers %.200q", b)
	}
	head := b[:end]
	end += len(headEnd)
	if i := indexFold(head, length); i >= 0 {
		n := 0
		for _, c := range head[i+len(length):] {
			if c < '0' || c > '9' {
				break
			}
			n = n*10 + int(c-'0')
		}
		if len(b) < end+n {
			return 0, nil
		}
		return end + n, nil
	}
	if indexFold(head, chunked) < 0 {
		return 0, fmt.Errorf("a response without a length: %.200q", b)
	}
	for {
		line := bytes.IndexByte(b[end:], '\n')
		if line < 0 {
			return 0, nil
		}
		n, err := strconv.ParseUint(string(bytes.TrimSpace(b[end:end+line])), 16, 31)
		if err != nil {
			return 0, err
		}
		end += line + 1 + int(n) + 2
		if len(b) < end {
			return 0, nil
		}
		if n == 0 {
			return end, nil
		}
	}
}

// indexFold finds a header line, given in lower case, however it is capitalised.
func indexFold(b, line []byte) int {
	for i := 0; ; {
		k := bytes.Index(b[i:], []byte("\r\n"))
		if k < 0 {
			return -1
		}
		i += k
		if len(b)-i >= len(line) && bytes.EqualFold(b[i:i+len(line)], line) {
			return i
		}
		i += 2
	}
}
