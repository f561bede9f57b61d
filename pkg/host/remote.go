package host

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"aro/pkg/bytecode"
	"aro/pkg/host/format"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// Remote is what Read, Write, Stream and Retrieve do with an address instead of a
// path or a repository. The network registers it with SetRemote: host knows the
// formats and net the protocols. The methods read the options behind `with` of
// the call themselves, suspend the statement, and return what the verb returns.
type Remote interface {
	// Read gets a document; decode turns it into the value of the statement.
	Read(c *vm.Call, address string, decode Decoder) (value.Value, error)
	// Write posts a body, or what v is as a body when body is nil. It replies with
	// the response (03 §7.2).
	Write(c *vm.Call, address string, v value.Value, body *Document, done func(response value.Value) value.Value) (value.Value, error)
	// Fetch is Request that replies with the body alone.
	Fetch(c *vm.Call, address string) (value.Value, error)
	// Stream opens a stream of events named after the result.
	Stream(c *vm.Call, address string) (value.Value, error)
}

// Decoder reads a document: the text with the media type that came with it. data
// may be kept and is not written to any more.
type Decoder func(mediaType string, data []byte) (value.Value, error)

// Document is an encoded value and its media type.
type Document struct {
	MediaType string
	Data      []byte
}

// SetRemote registers what addresses mean. It must be called before Run.
func (h *Host) SetRemote(r Remote) { h.remote = r }

// Remote returns what SetRemote registered, or an error for the user.
func (h *Host) Remote() (Remote, error) {
	if h.remote == nil {
		return nil, errors.New("addresses need the network, which this program runs without")
	}
	return h.remote, nil
}

// IsAddress reports whether text is an address and not a path: it starts with a
// scheme of the web.
func IsAddress(text string) bool {
	scheme, _, ok := strings.Cut(text, "://")
	if !ok || len(scheme) > len("https") {
		return false
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "ws", "wss":
		return true
	}
	return false
}

// AddressOf returns the text that the object of a statement gives as an address:
// in `<url: "…">`, in `<url: variable>`, in a variable or property, in an
// expression. Only the noun url insists that it is one; for others the caller asks
// IsAddress. It returns "" when the object is no text, or the word for a file.
func AddressOf(c *vm.Call) (string, error) {
	s := c.Site
	noun := s.Object
	word := !s.ObjectIsExpr && (noun.Base == "url" || noun.Base == "endpoint")
	v := c.Arg(bytecode.SlotObject)
	if !s.ObjectIsExpr && pathWords[noun.Base] {
		if v.Kind() == value.String && noun.Raw == "" {
			return v.Str(), nil // a variable that has the name
		}
		return "", nil
	}
	if v.Kind() != value.String {
		if spec := c.Arg(bytecode.SlotObjectSpec); spec.IsBound() {
			v = spec
		}
	}
	switch {
	case v.Kind() == value.String:
		if word && noun.Raw != "" && !IsAddress(v.Str()) {
			return "", InvalidAddress(v.Str())
		}
		return v.Str(), nil
	case v.IsBound() && word:
		return "", fmt.Errorf("an address must be text, got '%s'", v.TypeName())
	case !word:
		if noun.Quoted && IsAddress(noun.Raw) {
			return addressText(noun.Raw)
		}
		return "", nil
	case noun.Quoted:
		return addressText(noun.Raw)
	case noun.Raw != "":
		return "", fmt.Errorf("Undefined variable: '%s'", noun.Raw)
	}
	return "", fmt.Errorf("no address is named; write <%s: \"https://…\">", noun.Base)
}

// addressText checks an address that stands in a qualifier.
func addressText(raw string) (string, error) {
	if !IsAddress(raw) {
		return "", InvalidAddress(raw)
	}
	return raw, nil
}

// InvalidAddress is the error for text that is no address.
func InvalidAddress(text string) error {
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	return fmt.Errorf("Invalid URL '%s': must start with http:// or https://", text)
}

// readAddress is Read from an address. The qualifier of the result decides over
// the media type.
func readAddress(c *vm.Call, address string) (value.Value, error) {
	remote, err := executionOf(c).Host.Remote()
	if err != nil {
		return value.Value{}, err
	}
	o, err := formatOptions(c)
	if err != nil {
		return value.Value{}, err
	}
	named := format.Named(c.Site.Result.Raw)
	return remote.Read(c, address, func(mediaType string, data []byte) (value.Value, error) {
		f := named
		if f == nil {
			f = format.OfMediaType(mediaType)
		}
		if f == format.Bytes || !utf8.Valid(data) {
			return value.OfBytes(data), nil // an image, say; a hex dump of it is of no use
		}
		return decode(f, string(data), o)
	})
}

// writeAddress is Write to an address. It leaves <response> behind, and what came
// back under the name of the result when its qualifier names what was sent.
func writeAddress(c *vm.Call, address string) (value.Value, error) {
	e := executionOf(c)
	remote, err := e.Host.Remote()
	if err != nil {
		return value.Value{}, err
	}
	s := c.Site
	named := format.Named(s.Result.Raw)
	v, saved := c.Arg(bytecode.SlotResultSpec), ""
	if v.IsBound() && !c.Arg(bytecode.SlotResult).IsBound() && named == nil {
		saved = s.Result.Base
	} else if v, err = written(c, named == nil); err != nil {
		return value.Value{}, err
	}
	var body *Document
	if named != nil && !named.Text {
		o, err := formatOptions(c)
		if err != nil {
			return value.Value{}, err
		}
		data, err := named.Encode(v, o)
		if err != nil {
			return value.Value{}, err
		}
		body = &Document{named.MediaType(), data}
	}
	return remote.Write(c, address, v, body, func(response value.Value) value.Value {
		e.leave("response", response)
		if saved != "" {
			answer, _ := response.Property("body")
			e.leave(saved, answer)
		}
		return value.Value{}
	})
}

// streamAddress is Stream from an address.
func streamAddress(c *vm.Call, address string) (value.Value, error) {
	remote, err := executionOf(c).Host.Remote()
	if err != nil {
		return value.Value{}, err
	}
	return remote.Stream(c, address)
}

// fetchAddress is Retrieve and Fetch from an address.
func fetchAddress(c *vm.Call) (value.Value, error) {
	address, err := AddressOf(c)
	if err != nil {
		return value.Value{}, err
	}
	if !IsAddress(address) {
		if address == "" {
			return value.Value{}, fmt.Errorf("'%s' needs a repository or an address", c.Site.Verb)
		}
		return value.Value{}, InvalidAddress(address)
	}
	remote, err := executionOf(c).Host.Remote()
	if err != nil {
		return value.Value{}, err
	}
	return remote.Fetch(c, address)
}
