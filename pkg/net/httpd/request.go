// Package httpd carries HTTP requests to a handler and its answers back: HTTP/1.0
// and 1.1 in code of its own, HTTP/2 through net/http. It knows nothing of
// contracts and feature sets.
//
// Its HTTP/1 is stricter than net/http's, where two readers could disagree about
// where a request ends (05 H05), and takes half the time: an answer is always
// complete before it is sent, so there is one read, one write and no header map
// (bench/README.md has the figures).
package httpd

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Request is what a client asked for, without the body. It never changes and may
// be kept.
type Request struct {
	Method string
	Target string // as sent
	Path   string // of the target, still percent-encoded
	Query  string // of the target, without "?"
	Host   string // authority: of the target if it has one, else the header Host
	Remote string // address and port of the client
	Secure bool   // over TLS
	Fields Fields

	inline [12]span
}

// DecodedPath is the path with its percent escapes decoded.
func (r *Request) DecodedPath() string {
	if strings.IndexByte(r.Path, '%') < 0 {
		return r.Path
	}
	p, err := url.PathUnescape(r.Path)
	if err != nil {
		return r.Path // never: it was checked
	}
	return p
}

// Standard makes the request that net/http and its relatives understand.
func (r *Request) Standard() *http.Request {
	u := &url.URL{Path: r.DecodedPath(), RawQuery: r.Query}
	if u.EscapedPath() != r.Path {
		u.RawPath = r.Path
	}
	h := make(http.Header, r.Fields.Len())
	for i := range r.Fields.Len() {
		name, v := r.Fields.At(i)
		if !strings.EqualFold(name, "Host") {
			h.Add(name, v)
		}
	}
	var state *tls.ConnectionState // that there is one tells that it is https
	if r.Secure {
		state = &tls.ConnectionState{HandshakeComplete: true}
	}
	return &http.Request{Method: r.Method, URL: u, TLS: state, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: http.NoBody, Host: r.Host, RemoteAddr: r.Remote, RequestURI: r.Target}
}

// Fields are the header lines of a request in the order they came. Names are
// found in any case.
type Fields struct {
	text string
	at   []span
}

// span says where in the text a line has its name and its value. A head is at
// most 64 KiB long.
type span struct{ name, nameEnd, value, valueEnd uint16 }

// Len is the number of lines.
func (f *Fields) Len() int { return len(f.at) }

// At returns line i.
func (f *Fields) At(i int) (name, value string) {
	s := f.at[i]
	return f.text[s.name:s.nameEnd], f.text[s.value:s.valueEnd]
}

// Without returns the lines that have none of these names.
func (f *Fields) Without(names ...string) Fields {
	out := Fields{text: f.text}
	for _, s := range f.at {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(f.text[s.name:s.nameEnd], n) }) {
			out.at = append(out.at, s)
		}
	}
	return out
}

// Get returns the value of the first line of the name, "" for none.
func (f *Fields) Get(name string) string {
	for _, s := range f.at {
		if int(s.nameEnd-s.name) == len(name) && strings.EqualFold(f.text[s.name:s.nameEnd], name) {
			return f.text[s.value:s.valueEnd]
		}
	}
	return ""
}

// Joined returns the values of all lines of the name with sep between them.
func (f *Fields) Joined(name, sep string) string {
	var first string
	var more []string
	for _, s := range f.at {
		if int(s.nameEnd-s.name) != len(name) || !strings.EqualFold(f.text[s.name:s.nameEnd], name) {
			continue
		}
		v := f.text[s.value:s.valueEnd]
		switch {
		case more != nil:
			more = append(more, v)
		case first == "":
			first = v
		default:
			more = []string{first, v}
		}
	}
	if more != nil {
		return strings.Join(more, sep)
	}
	return first
}

// FieldsOf makes Fields of a header map; lines beyond 64 KiB are left out.
func FieldsOf(h http.Header) Fields {
	var b strings.Builder
	var at []span
	for name, values := range h {
		for _, v := range values {
			start := b.Len()
			if start+len(name)+len(v) > maxHead {
				continue
			}
			b.WriteString(name)
			b.WriteString(v)
			at = append(at, span{uint16(start), uint16(start + len(name)), uint16(start + len(name)), uint16(b.Len())})
		}
	}
	return Fields{text: b.String(), at: at}
}
