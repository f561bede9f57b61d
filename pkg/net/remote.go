package aronet

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// remote is what Read, Write, Stream and Retrieve do with addresses.
type remote struct{ n *Network }

// webAddress accepts what documents have.
func webAddress(address string) (*url.URL, error) { return addressFor(address, "http", "https") }

// statusError is an answer that Read and Write take for a failure (03 §7.2).
type statusError int

func (e statusError) Error() string {
	if text := http.StatusText(int(e)); text != "" {
		return fmt.Sprintf("HTTP %d: %s", int(e), text)
	}
	return fmt.Sprintf("HTTP %d", int(e))
}

// Read implements host.Remote.
func (r remote) Read(c *vm.Call, address string, decode host.Decoder) (value.Value, error) {
	u, err := webAddress(address)
	if err != nil {
		return value.Value{}, err
	}
	o := r.n.requestFor(c, "GET", u)
	with := c.Arg(bytecode.SlotWith)
	if err := o.options(with, "encoding", "delimiter", "header", "quote"); err != nil {
		return value.Value{}, err
	}
	encoding := textOption(with, "encoding")
	if _, err := toUTF8(nil, encoding); err != nil {
		return value.Value{}, err
	}
	return host.Background(c, func() (value.Value, error) {
		a, err := r.n.client.do(o)
		if err != nil {
			return value.Value{}, err
		}
		if a.status >= 400 {
			return value.Value{}, statusError(a.status)
		}
		media := a.header.Get("Content-Type")
		charset := encoding
		if charset == "" {
			charset = charsetOf(media)
		}
		data, err := toUTF8(a.body, charset)
		if err != nil {
			data = a.body // a charset that only the server knows: whoever reads gets the bytes
		}
		return decode(media, data)
	})
}

func textOption(with value.Value, name string) string {
	if v, ok := with.Property(name); ok && with.Kind() == value.Map {
		return v.Text()
	}
	return ""
}

// Write implements host.Remote.
func (r remote) Write(c *vm.Call, address string, v value.Value, doc *host.Document, done func(value.Value) value.Value) (value.Value, error) {
	u, err := webAddress(address)
	if err != nil {
		return value.Value{}, err
	}
	o := r.n.requestFor(c, "POST", u)
	with := c.Arg(bytecode.SlotWith)
	if err := o.options(with, "content-type", "encoding", "delimiter", "header", "quote"); err != nil {
		return value.Value{}, err
	}
	if _, err := toUTF8(nil, textOption(with, "encoding")); err != nil {
		return value.Value{}, err
	}
	if media := textOption(with, "content-type"); media != "" {
		if err := o.headers(value.MapOf("Content-Type", value.OfString(media))); err != nil {
			return value.Value{}, err
		}
	}
	if doc != nil {
		o.payload(doc.Data, doc.MediaType)
	} else {
		o.payload(encodeBody(v, textMedia))
	}
	switch textOption(with, "encoding") {
	case "", "utf-8", "UTF-8", "utf8":
	default:
		return value.Value{}, errors.New("texts are sent as utf-8 only; leave the option encoding out")
	}
	return host.Background(c, func() (value.Value, error) {
		a, err := r.n.client.do(o)
		if err != nil {
			return value.Value{}, err
		}
		if a.status >= 400 {
			return value.Value{}, statusError(a.status)
		}
		status, ok := value.OfInt(int64(a.status)), value.OfBool(isSuccess(a.status))
		return done(value.MapOf("url", value.OfString(address), "status", status, "statusCode", status,
			"isSuccess", ok, "success", ok, "body", bodyOf(a), "headers", value.OfObject(headersOf(a.header)))), nil
	})
}

// Fetch implements host.Remote.
func (r remote) Fetch(c *vm.Call, address string) (value.Value, error) {
	u, err := webAddress(address)
	if err != nil {
		return value.Value{}, err
	}
	o := r.n.requestFor(c, "GET", u)
	if err := o.configure(c.Arg(bytecode.SlotWith)); err != nil {
		return value.Value{}, err
	}
	return host.Background(c, func() (value.Value, error) {
		a, err := r.n.client.do(o)
		if err != nil {
			return value.Value{}, err
		}
		return bodyOf(a), nil
	})
}

// Stream implements host.Remote.
func (r remote) Stream(c *vm.Call, address string) (value.Value, error) {
	return r.n.openStream(c, address)
}

// httpService is the service of `Call the <r> from the <http: get> with { url,
// headers, body }.` (02 §20.4).
type httpService struct{ n *Network }

var httpMethods = []string{"get", "post", "put", "delete", "patch"}

// Methods implements host.Callable.
func (httpService) Methods() []string { return httpMethods }

// Call implements host.Callable. The result has status, headers and body and
// nothing else, as that of any service.
func (s httpService) Call(c *vm.Call, method string, args value.Value) (value.Value, error) {
	address, ok := args.Record().Get("url")
	if !ok || address.Kind() != value.String {
		return value.Value{}, fmt.Errorf("Invalid argument 'url': expected a text, such as \"https://…\"")
	}
	u, err := webAddress(address.Str())
	if err != nil {
		return value.Value{}, err
	}
	o := s.n.requestFor(c, "", u)
	if err := o.setMethod(method); err != nil {
		return value.Value{}, err
	}
	if err := o.options(args, "url", "body"); err != nil {
		return value.Value{}, err
	}
	if b, ok := args.Record().Get("body"); ok && b.Kind() != value.Null {
		o.payload(encodeBody(b, jsonMedia))
	}
	return host.Background(c, func() (value.Value, error) {
		a, err := s.n.client.do(o)
		if err != nil {
			return value.Value{}, fmt.Errorf("Service 'http.%s' failed: %w", method, err)
		}
		return value.MapOf("status", value.OfInt(int64(a.status)), "headers", value.OfObject(headersOf(a.header)), "body", bodyOf(a)), nil
	})
}
