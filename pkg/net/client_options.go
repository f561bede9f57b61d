package aronet

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// addressFor reads an address with one of the schemes.
func addressFor(text string, schemes ...string) (*url.URL, error) {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err != nil {
		if !host.IsAddress(text) {
			return nil, host.InvalidAddress(text)
		}
		return nil, errors.New("Invalid URL: " + addressProblem(err))
	}
	u.Scheme = strings.ToLower(u.Scheme)
	switch {
	case !slices.Contains(schemes, u.Scheme):
		return nil, host.InvalidAddress(u.Redacted())
	case u.Hostname() == "":
		return nil, fmt.Errorf("Invalid URL '%s': it names no host", u.Redacted())
	}
	return u, nil
}

// addressProblem leaves the address out, which may hold a password.
func addressProblem(err error) string {
	if wrapped := new(url.Error); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return err.Error()
}

// requestFor is a request of a statement, with the defaults.
func (n *Network) requestFor(c *vm.Call, method string, u *url.URL) *outgoing {
	o := n.newOutgoing(method, u)
	o.trace, o.span = host.TraceOf(c)
	return o
}

// newOutgoing is a request with the defaults.
func (n *Network) newOutgoing(method string, u *url.URL) *outgoing {
	return &outgoing{method: method, url: u, header: http.Header{}, timeout: n.Limits.Request,
		redirects: n.Limits.Redirects, limit: n.Limits.Answer, guarded: n.Limits.PublicOnly}
}

// optionNames are those of all statements that request something.
var optionNames = []string{"headers", "timeout", "follow-redirects", "max-redirects", "max-size", "public-only"}

// options reads the options behind with. Names beside the common ones are
// accepted if the caller lists them. An unknown one is an error: an option that
// is ignored is one that the program relies on.
func (o *outgoing) options(with value.Value, more ...string) error {
	if !with.IsBound() {
		return nil
	}
	rec := with.Record()
	if rec == nil {
		return fmt.Errorf("the options must be { name: value, … }, got '%s'", with.TypeName())
	}
	for i := range rec.Len() {
		name, v := rec.At(i)
		var err error
		switch name {
		case "headers":
			err = o.headers(v)
		case "timeout":
			o.timeout, err = secondsOf(name, v)
		case "follow-redirects":
			if !v.Truthy() {
				o.redirects = 0
			}
		case "max-redirects":
			var k int
			if k, err = numberOf(name, v, 0, 100); err == nil && o.redirects > 0 {
				o.redirects = k
			}
		case "max-size":
			o.limit, err = numberOf(name, v, 0, 1<<31-1)
		case "public-only":
			// The option of the process can be added to and not be taken back.
			o.guarded = o.guarded || v.Truthy()
		default:
			if !slices.Contains(more, name) {
				err = fmt.Errorf("unknown option '%s'; the options are %s", name, strings.Join(append(more, optionNames...), ", "))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// secondsOf reads a time limit.
func secondsOf(name string, v value.Value) (time.Duration, error) {
	f, ok := v.AsNumber()
	if !ok || !(f > 0) || f > 86400 {
		return 0, fmt.Errorf("Invalid value '%s' for %s. It is a number of seconds, more than 0 and up to 86400", v.Text(), name)
	}
	return max(time.Duration(f*float64(time.Second)), time.Millisecond), nil
}

func numberOf(name string, v value.Value, low, high int) (int, error) {
	f, ok := v.AsNumber()
	if !ok || f != float64(int(f)) || f < float64(low) || f > float64(high) {
		return 0, fmt.Errorf("Invalid value '%s' for %s. It is a whole number from %d to %d", v.Text(), name, low, high)
	}
	return int(f), nil
}

// connectionHeaders belong to the connection and are the client's own affair;
// headers that a program passes on from elsewhere may contain them.
var connectionHeaders = map[string]bool{"Connection": true, "Content-Length": true, "Keep-Alive": true, "Proxy-Connection": true,
	"Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true}

// headers adds a map of headers. What would start another line is refused: values
// often come from strangers.
func (o *outgoing) headers(v value.Value) error {
	if v.Kind() == value.Opaque {
		v = v.Object().Simple()
	}
	rec := v.Record()
	if rec == nil {
		return fmt.Errorf("Invalid value '%s' for headers. It is a map: { Accept: \"text/plain\" }", v.TypeName())
	}
	for i := range rec.Len() {
		name, v := rec.At(i)
		if !isToken(name) {
			return fmt.Errorf("'%s' is no name of a header", strings.ToValidUTF8(name, "?"))
		}
		name = http.CanonicalHeaderKey(name)
		if connectionHeaders[name] {
			continue
		}
		values := []value.Value{v}
		if v.Kind() == value.List {
			values = v.List()
		}
		for _, v := range values {
			if v.Kind() == value.Null {
				continue
			}
			text := strings.TrimSpace(v.Text())
			if strings.ContainsFunc(text, isControl) {
				return fmt.Errorf("the header %s has a line break or another control character in it, which is refused", name)
			}
			o.header.Add(name, text)
		}
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// isToken reports whether text is a token of HTTP: the name of a header or method.
func isToken(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// setMethod takes any word as the method but one that is no request.
func (o *outgoing) setMethod(word string) error {
	method := strings.ToUpper(strings.TrimSpace(word))
	if !isToken(method) || method == http.MethodConnect {
		return fmt.Errorf("'%s' is no method of a request", strings.ToValidUTF8(word, "?"))
	}
	o.method = method
	return nil
}

// configure reads the options of Request: the common ones, method and body.
func (o *outgoing) configure(with value.Value) error {
	if err := o.options(with, "method", "body"); err != nil || !with.IsBound() {
		return err
	}
	if m, ok := with.Record().Get("method"); ok {
		if err := o.setMethod(m.Text()); err != nil {
			return err
		}
	}
	if b, ok := with.Record().Get("body"); ok {
		o.payload(encodeBody(b, jsonMedia))
	}
	return nil
}

// payload sets the body. Its media type is the one that the program set, else
// mediaType.
func (o *outgoing) payload(body []byte, mediaType string) {
	o.body = body
	if o.header.Get("Content-Type") == "" {
		o.header.Set("Content-Type", mediaType)
	}
}

const (
	jsonMedia  = "application/json"
	textMedia  = "text/plain; charset=utf-8"
	bytesMedia = "application/octet-stream"
)

// encodeBody turns a value into a body: bytes and text as they are, everything
// else as JSON. text is the media type of text.
func encodeBody(v value.Value, text string) (body []byte, mediaType string) {
	for range 8 { // what stands for an object may be one itself
		if v.Kind() != value.Opaque {
			break
		}
		v = v.Object().Simple()
	}
	switch v.Kind() {
	case value.Bytes:
		return v.Bytes(), bytesMedia
	case value.String:
		return []byte(v.Str()), text
	}
	return v.AppendJSON([]byte{}), jsonMedia
}
