package httpd

import (
	"bytes"
	"io"
	"strconv"
	"strings"
)

// frame is where the connection is in the body of a request.
type frame struct {
	framing
	state   bodyState
	left    int64 // bytes of the body, or of the chunk, still to come
	address string
}

type bodyState uint8

const (
	bodyAhead bodyState = iota // nothing of it was read
	bodyDone
	bodyBroken
)

const (
	maxChunkLine = 4 << 10  // of a line with a chunk's size
	maxTrailer   = 16 << 10 // of the lines behind the last chunk
	skipBytes    = 256 << 10
)

// has implements source.
func (c *conn) has() bool { return c.chunked || c.length > 0 }

// body implements source.
func (c *conn) body(limit int64) ([]byte, error) {
	switch {
	case c.state != bodyAhead:
		return nil, ErrBody
	case !c.has():
		c.state = bodyDone
		return nil, nil
	case c.length > limit:
		return nil, ErrTooLarge
	}
	if c.expect && c.r == c.w {
		c.within(c.server.Limits.Write)
		if err := c.send([]byte("HTTP/1.1 100 Continue\r\n\r\n")); err != nil {
			c.state = bodyBroken
			return nil, ErrBody
		}
	}
	c.within(c.server.Limits.Body)
	data, err := c.collect(limit)
	c.until.Store(0)
	if err != nil && err != ErrTooLarge {
		c.state = bodyBroken
	}
	return data, err
}

// collect reads a body of known length, or chunk after chunk.
func (c *conn) collect(limit int64) (data []byte, err error) {
	if !c.chunked {
		data, err = c.take(make([]byte, 0, min(c.length, 64<<10)), c.length)
		if err == nil {
			c.state = bodyDone
		}
		return data, err
	}
	for {
		size, err := c.chunkSize()
		if err != nil {
			return nil, err
		}
		if size == 0 {
			if err := c.trailer(); err != nil {
				return nil, err
			}
			c.state = bodyDone
			return data, nil
		}
		if size > limit-int64(len(data)) {
			return nil, ErrTooLarge
		}
		if data, err = c.take(data, size); err != nil {
			return nil, err
		}
		if end, err := c.line(2); err != nil || end != "" {
			return nil, ErrBody
		}
	}
}

// take appends n bytes of the stream to data. A client that sends less than a KiB
// within the limit's time is given up.
func (c *conn) take(data []byte, n int64) ([]byte, error) {
	k := int(min(n, int64(c.w-c.r)))
	data = append(data, c.buf[c.r:c.r+k]...)
	c.r += k
	n -= int64(k)
	for mark := 0; n > 0; {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		room := data[len(data):cap(data)]
		k, err := c.read(room[:min(int64(len(room)), n)])
		data = data[:len(data)+k]
		n -= int64(k)
		if mark += k; mark >= 1<<10 {
			mark = 0
			c.within(c.server.Limits.Body)
		}
		if err != nil && n > 0 {
			return nil, bodyError(err)
		}
	}
	return data, nil
}

func bodyError(err error) error {
	if t, ok := err.(interface{ Timeout() bool }); ok && t.Timeout() {
		return ErrTimeout
	}
	return ErrBody
}

// line reads one line of the chunked framing, without its CR LF.
func (c *conn) line(limit int) (string, error) {
	for from := c.r; ; {
		if i := bytes.IndexByte(c.buf[from:c.w], '\n'); i >= 0 {
			line := c.buf[c.r : from+i]
			c.r = from + i + 1
			if len(line) == 0 || line[len(line)-1] != '\r' {
				return "", ErrBody
			}
			return string(line[:len(line)-1]), nil
		}
		seen := c.w - c.r
		if seen > limit {
			return "", ErrBody
		}
		if err := c.fill(); err != nil {
			if err == io.EOF {
				return "", ErrBody
			}
			return "", bodyError(err)
		}
		from = c.r + seen
	}
}

// chunkSize reads the line before a chunk.
func (c *conn) chunkSize() (int64, error) {
	line, err := c.line(maxChunkLine)
	if err != nil {
		return 0, err
	}
	// Blanks before the semicolon are refused: of two servers in a row, one may read on.
	text, extension, _ := strings.Cut(strings.TrimRight(line, " \t"), ";")
	for i := 0; i < len(text); i++ {
		if !isHex(text[i]) {
			return 0, ErrBody
		}
	}
	for i := 0; i < len(extension); i++ {
		if b := extension[i]; b < ' ' && b != '\t' || b == 0x7f {
			return 0, ErrBody
		}
	}
	size, err := strconv.ParseInt(text, 16, 62)
	if err != nil || len(text) > 16 { // zeros in front are no reason to read for long
		return 0, ErrBody
	}
	return size, nil
}

// trailer reads and drops the lines behind the last chunk.
func (c *conn) trailer() error {
	for total := 0; ; {
		line, err := c.line(maxTrailer)
		if err != nil {
			return err
		}
		if line == "" {
			return nil
		}
		if total += len(line); total > maxTrailer {
			return ErrBody
		}
		if _, no := field(line, line, 0); no != nil {
			return ErrBody
		}
	}
}

// skip reads past a body that the handler left alone. It reports false when that
// is not worth it: the connection is closed then.
func (c *conn) skip() bool {
	if c.state == bodyAhead && !c.has() {
		c.state = bodyDone
	}
	if c.state == bodyAhead && !c.expect && !c.chunked && c.length <= skipBytes {
		c.within(c.server.Limits.Body)
		if _, err := c.collect(skipBytes); err != nil {
			c.state = bodyBroken
		}
	}
	return c.state == bodyDone
}
