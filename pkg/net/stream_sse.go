package aronet

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// serverSent holds one connection of server-sent events.
func (s *stream) serverSent() error {
	var resp *http.Response
	cancel, err := s.connect(func(ctx context.Context) error {
		r, err := s.o.request(ctx)
		if err != nil {
			return finalError{err}
		}
		if r.Header.Get("Accept") == "" {
			r.Header.Set("Accept", "text/event-stream")
		}
		r.Header.Set("Cache-Control", "no-cache")
		if s.lastID != "" {
			r.Header.Set("Last-Event-ID", s.lastID)
		}
		hc := http.Client{Transport: s.n.client.pool(poolKind{guarded: s.o.guarded, streams: true}), CheckRedirect: s.o.follow}
		if resp, err = hc.Do(r); err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			resp.Body.Close()
			return refused(resp)
		}
		if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "text/event-stream" {
			resp.Body.Close()
			return finalError{errors.New("the address gives no event stream but " + mediaText(media))}
		}
		return nil
	})
	if err != nil {
		return err
	}
	defer cancel()
	defer resp.Body.Close()
	events := newSSEReader(resp.Body, s.n.Limits.Message)
	events.id = s.lastID
	events.retry = func(d time.Duration) { s.retry = d }
	events.oversized = func() {
		s.n.refused("stream_message_too_big")
		s.n.diagnose("[Network] the stream '%s' skips a message of more than %s", s.name, bytesText(s.n.Limits.Message))
	}
	for {
		m, err := events.next()
		s.lastID = events.id
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return exchangeError(s.ctx, err)
		}
		if !s.put(m) {
			return nil
		}
	}
}

func mediaText(media string) string {
	if media == "" {
		return "data without a Content-Type"
	}
	return media
}

// sseReader reads the events of a stream as the HTML standard defines it: lines
// end with CR, LF or both, a blank line ends an event, an event that is cut off
// by the end does not count. It holds no more than limit bytes; a longer event is
// skipped.
type sseReader struct {
	r         *bufio.Reader
	limit     int
	id        string
	retry     func(time.Duration)
	oversized func()

	data    []byte // of the event so far, each line with a line feed behind it
	kind    string
	skip    bool // the event is too long
	lastCR  bool // the last line ended with CR: a LF belongs to it
	started bool
	line    []byte
}

func newSSEReader(r io.Reader, limit int) *sseReader {
	return &sseReader{r: bufio.NewReaderSize(r, 4096), limit: limit, retry: func(time.Duration) {}, oversized: func() {}}
}

// next returns the next event, io.EOF at the end of the stream.
func (e *sseReader) next() (message, error) {
	for {
		whole, err := e.readLine()
		if err != nil {
			return message{}, err
		}
		if !whole {
			if !e.skip {
				e.skip = true
				e.oversized()
			}
			continue
		}
		if len(e.line) > 0 {
			e.field(e.line)
			continue
		}
		m := message{data: bytes.TrimSuffix(e.data, []byte{'\n'}), kind: e.kind}
		ok := len(e.data) > 0 && !e.skip
		e.data, e.kind, e.skip = nil, "", false
		if ok {
			return m, nil
		}
	}
}

// readLine reads a line into e.line; whole is false when it is too long, and then
// the line is behind us nevertheless.
func (e *sseReader) readLine() (whole bool, err error) {
	e.line, whole = e.line[:0], true
	if cap(e.line) > 64<<10 {
		e.line = nil
	}
	for {
		c, err := e.r.ReadByte()
		if err != nil {
			return false, err
		}
		if !e.started {
			e.started = true
			if c == 0xEF { // a byte order mark at the start is none of the text
				if rest, _ := e.r.Peek(2); len(rest) == 2 && rest[0] == 0xBB && rest[1] == 0xBF {
					e.r.Discard(2)
					continue
				}
			}
		}
		if c == '\n' && e.lastCR {
			e.lastCR = false
			continue
		}
		e.lastCR = c == '\r'
		if c == '\n' || c == '\r' {
			return whole, nil
		}
		if len(e.line) >= e.limit+len("data: ") {
			whole = false
			continue
		}
		e.line = append(e.line, c)
	}
}

// field takes one line of an event.
func (e *sseReader) field(line []byte) {
	name, v, _ := bytes.Cut(line, []byte{':'})
	v = bytes.TrimPrefix(v, []byte{' '})
	switch string(name) {
	case "data":
		if e.skip {
			return
		}
		if len(e.data)+len(v) > e.limit {
			e.skip, e.data = true, nil
			e.oversized()
			return
		}
		e.data = append(append(e.data, v...), '\n')
	case "event":
		if len(v) <= maxKind {
			e.kind = string(v)
		}
	case "id":
		if len(v) <= maxKind && !bytes.ContainsFunc(v, isControl) { // it will be a header
			e.id = string(v)
		}
	case "retry":
		if ms, err := strconv.ParseUint(string(v), 10, 32); err == nil && isDigits(v) {
			e.retry(min(max(time.Duration(ms)*time.Millisecond, shortestRetry), longestRetry))
		}
	}
}

// What a server may ask for: not to be asked again at once, nor never again; and
// an id that fits into a header.
const (
	shortestRetry = 100 * time.Millisecond
	longestRetry  = 10 * time.Minute
	maxKind       = 4096
)

func isDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}
