package aronet

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"aro/pkg/vm/value"
)

// reply is the result of Request: <reply: body>, <reply: status>, <reply:
// headers>, <reply: isSuccess>. Any other property is one of the body, and where
// no property is asked for the reply is its body (03 §7.1). It is true in a
// condition when the status is 2xx.
type reply struct {
	status int
	header http.Header
	body   value.Value
}

func newReply(a *answer) *reply {
	return &reply{status: a.status, header: a.header, body: bodyOf(a)}
}

// TypeName implements value.Object.
func (r *reply) TypeName() string { return "Response" }

// Property implements value.Object.
func (r *reply) Property(name string) (value.Value, bool) {
	switch name {
	case "body":
		return r.body, true
	case "status", "statusCode":
		return value.OfInt(int64(r.status)), true
	case "headers":
		return value.OfObject(headersOf(r.header)), true
	case "isSuccess":
		return value.OfBool(isSuccess(r.status)), true
	}
	return r.body.Property(name)
}

// Simple implements value.Object.
func (r *reply) Simple() value.Value { return r.body }

// Success implements value.Tester.
func (r *reply) Success() (success, ok bool) { return isSuccess(r.status), true }

func isSuccess(status int) bool { return status >= 200 && status < 300 }

// bodyOf is a body as a value: JSON decoded when it parses, else text, or the
// bytes when it is no text at all.
func bodyOf(a *answer) value.Value {
	data, err := toUTF8(a.body, charsetOf(a.header.Get("Content-Type")))
	if err != nil || !utf8.Valid(data) {
		return value.OfBytes(a.body)
	}
	text := textOf(data)
	if v, err := value.ParseJSON(text.Str()); err == nil {
		return v
	}
	return text
}

// charsetOf returns the charset of a media type, "" for none.
func charsetOf(mediaType string) string {
	for part := range strings.SplitSeq(mediaType, ";") {
		name, v, ok := strings.Cut(part, "=")
		if ok && strings.EqualFold(strings.TrimSpace(name), "charset") {
			return strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	return ""
}

// toUTF8 converts a text from the encodings that are found on the web without a
// table of their own. Others are an error, and what it returns is data itself.
func toUTF8(data []byte, charset string) ([]byte, error) {
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return data, nil
	case "iso-8859-1", "latin1", "latin-1":
		return latin1(data), nil
	case "utf-16", "utf-16le", "utf-16be":
		return fromUTF16(data, strings.EqualFold(charset, "utf-16be"))
	}
	return data, fmt.Errorf("the encoding '%s' is not known; utf-8, iso-8859-1 and utf-16 are. Read with <name: bytes> gives the bytes", charset)
}

func latin1(data []byte) []byte {
	out := make([]byte, 0, len(data)+len(data)/8)
	for _, b := range data {
		out = utf8.AppendRune(out, rune(b))
	}
	return out
}

func fromUTF16(data []byte, big bool) ([]byte, error) {
	if len(data)%2 != 0 {
		return data, errors.New("the text is not UTF-16")
	}
	if len(data) >= 2 && (data[0] == 0xFF && data[1] == 0xFE || data[0] == 0xFE && data[1] == 0xFF) {
		big = data[0] == 0xFE
		data = data[2:]
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		if big {
			units[i] = uint16(data[2*i])<<8 | uint16(data[2*i+1])
		} else {
			units[i] = uint16(data[2*i+1])<<8 | uint16(data[2*i])
		}
	}
	return []byte(string(utf16.Decode(units))), nil
}
