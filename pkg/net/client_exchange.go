package aronet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"aro/pkg/host"
)

// outgoing is one request that a program makes.
type outgoing struct {
	method    string
	url       *url.URL
	header    http.Header // what the program set
	body      []byte
	timeout   time.Duration
	redirects int // how many are followed; none: the redirect is the answer
	limit     int // bytes of the answer's body
	guarded   bool
	trace     *host.Trace // what the request belongs to
	span      string      // what makes it, "" without a tracer
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do makes one exchange. Any status is an answer; an error means that there was
// none, and its text is for the user.
func (cl *webClient) do(o *outgoing) (*answer, error) {
	ctx, cancel := context.WithTimeoutCause(cl.life(), o.timeout, &noAnswerError{o.timeout})
	defer cancel()
	r, err := o.request(ctx)
	if err != nil {
		return nil, err
	}
	hc := http.Client{Transport: cl.pool(poolKind{guarded: o.guarded}), CheckRedirect: o.follow}
	resp, err := hc.Do(r)
	if err != nil {
		return nil, exchangeError(ctx, err)
	}
	defer resp.Body.Close()
	body, err := readBody(resp, o.limit)
	if err != nil {
		return nil, exchangeError(ctx, err)
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// touch asks like do and leaves the body unread.
func (cl *webClient) touch(o *outgoing) (status int, err error) {
	ctx, cancel := context.WithTimeoutCause(cl.life(), o.timeout, &noAnswerError{o.timeout})
	defer cancel()
	r, err := o.request(ctx)
	if err != nil {
		return 0, err
	}
	hc := http.Client{Transport: cl.pool(poolKind{guarded: o.guarded}), CheckRedirect: o.follow}
	resp, err := hc.Do(r)
	if err != nil {
		return 0, exchangeError(ctx, err)
	}
	resp.Body.Close()
	return resp.StatusCode, nil
}

// request builds the request as net/http wants it.
func (o *outgoing) request(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if o.body != nil {
		body = bytes.NewReader(o.body)
	}
	r, err := http.NewRequestWithContext(ctx, o.method, o.url.String(), body)
	if err != nil {
		return nil, host.InvalidAddress(o.url.Redacted())
	}
	for name, values := range o.header {
		if name == "Host" {
			r.Host = values[0]
			continue
		}
		r.Header[name] = values
	}
	if _, set := r.Header["User-Agent"]; !set {
		r.Header.Set("User-Agent", userAgent)
	}
	o.carry(r.Header)
	return r, nil
}

// carry adds the headers that tell others what a request belongs to (05 O02), unless
// the program does.
func (o *outgoing) carry(h http.Header) {
	if _, set := h["Traceparent"]; set || o.trace == nil {
		return
	}
	h["Traceparent"] = []string{o.trace.Parent(o.span)}
	if state := o.trace.State(); state != "" {
		h["Tracestate"] = []string{state}
	}
}

const userAgent = "ARO-HTTP-Client/1.0"

// errRedirects says that an answer led on and on.
type errRedirects int

func (e errRedirects) Error() string { return fmt.Sprintf("more than %d redirects", int(e)) }

// follow decides about a redirect. What the program set for one host does not
// reach another one: net/http takes off cookies and Authorization only, and not
// for a subdomain or another port (05 X06).
func (o *outgoing) follow(r *http.Request, via []*http.Request) error {
	switch {
	case o.redirects == 0:
		return http.ErrUseLastResponse
	case len(via) > o.redirects:
		return errRedirects(o.redirects)
	}
	elsewhere := !sameOrigin(r.URL, via[0].URL)
	for _, before := range via[1:] {
		elsewhere = elsewhere || !sameOrigin(before.URL, via[0].URL)
	}
	if elsewhere {
		for name := range o.header {
			if !harmless[name] {
				r.Header.Del(name)
			}
		}
		r.Header.Del("Authorization")
		r.Host = ""
	}
	return nil
}

// harmless are the headers that say nothing about who asks.
var harmless = map[string]bool{"Accept": true, "Accept-Language": true, "Content-Type": true, "User-Agent": true}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOfURL(a) == portOfURL(b)
}

func portOfURL(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http" || u.Scheme == "ws":
		return "80"
	}
	return "443"
}

// sizeError is an answer that is larger than its statement takes.
type sizeError struct{ limit int }

func (e *sizeError) Error() string {
	return fmt.Sprintf("the answer is larger than %s; with { max-size: bytes } takes larger ones", bytesText(e.limit))
}

func bytesText(n int) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// readBody reads a whole body, inflated if it was compressed: the limit holds for
// what reaches memory. A length that the server announces is believed only as far
// as it saves growing.
func readBody(resp *http.Response, limit int) ([]byte, error) {
	if resp.ContentLength > int64(limit) {
		return nil, &sizeError{limit}
	}
	const believed = 1 << 20
	buf := bytes.NewBuffer(make([]byte, 0, max(512, min(resp.ContentLength+1, believed))))
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, int64(limit)+1))
	switch {
	case err != nil:
		return nil, err
	case n > int64(limit):
		return nil, &sizeError{limit}
	}
	return buf.Bytes(), nil
}
