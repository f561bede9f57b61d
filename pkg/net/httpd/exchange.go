package httpd

import (
	"errors"
	"net/http"
	"strings"
	"sync"
)

// Handler answers requests. Serve is called on the connection's goroutine, for
// HTTP/2 on the stream's; different exchanges overlap.
type Handler interface {
	Serve(x *Exchange)
}

// Exchange is one request and the answer to it. It belongs to Serve and ends with
// it; the Request in it does not.
type Exchange struct {
	*Request

	Status  int
	Body    []byte // to be appended to: it has room from a pool
	Content []byte // sent in place of Body unless nil; it is only read
	Close   bool   // the connection ends behind this answer

	contentType string
	fields      []Field
	in          source
	conn        *conn // nil for HTTP/2
	hijacked    bool
	kept        *[]byte
	watch       watch
}

// Field is a header line of an answer.
type Field struct{ Name, Value string }

// Why a body could not be read.
var (
	ErrTooLarge = errors.New("the body is too large")
	ErrTimeout  = errors.New("the body comes too slowly")
	ErrBody     = errors.New("the body is malformed or incomplete")
)

// source is where the body of a request comes from.
type source interface {
	// body reads all of it, at most limit bytes.
	body(limit int64) ([]byte, error)
	// has reports whether there is one.
	has() bool
}

// HasBody reports whether the request has a body, perhaps an empty one.
func (x *Exchange) HasBody() bool { return x.in.has() }

// ReadBody reads the whole body; the slice is the caller's. It fails with one of
// ErrTooLarge, before it has read more than limit bytes, ErrTimeout and ErrBody.
func (x *Exchange) ReadBody(limit int64) ([]byte, error) { return x.in.body(limit) }

// Type sets the Content-Type.
func (x *Exchange) Type(t string) { x.contentType = t }

// ContentType returns what Type has set.
func (x *Exchange) ContentType() string { return x.contentType }

// Set sets a header line of the answer. Control characters in the value become
// blanks: no value makes a line of its own.
func (x *Exchange) Set(name, v string) {
	v = clean(v)
	for i := range x.fields {
		if strings.EqualFold(x.fields[i].Name, name) {
			x.fields[i].Value = v
			return
		}
	}
	x.fields = append(x.fields, Field{name, v})
}

// Add sends a header line beside others of its name, as Set-Cookie needs it.
func (x *Exchange) Add(name, v string) { x.fields = append(x.fields, Field{name, clean(v)}) }

// Header returns what Set has set, "" for nothing.
func (x *Exchange) Header(name string) string {
	for _, f := range x.fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

func clean(v string) string {
	if strings.IndexFunc(v, control) < 0 {
		return v
	}
	return strings.Map(func(r rune) rune {
		if control(r) {
			return ' '
		}
		return r
	}, v)
}

func control(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// bodiless tells whether an answer to the request has a body at all.
func bodiless(status int) bool {
	return status < 200 || status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified
}

// pool keeps the buffers of answers; large ones are dropped.
var pool = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

const maxKept = 256 << 10

// begin makes the exchange ready for the next request.
func (x *Exchange) begin(r *Request) {
	x.Request, x.Status, x.Content, x.Close, x.contentType = r, http.StatusOK, nil, false, ""
	x.fields = x.fields[:0]
	x.kept = pool.Get().(*[]byte)
	x.Body = (*x.kept)[:0]
}

// end gives back what begin took.
func (x *Exchange) end() {
	if x.kept == nil {
		return
	}
	if cap(x.Body) <= maxKept {
		*x.kept = x.Body[:0]
		pool.Put(x.kept)
	}
	x.Request, x.Body, x.Content, x.kept = nil, nil, nil, nil
	clear(x.fields)
}
