package contract

import (
	"strconv"
	"strings"

	"aro/pkg/vm/value"
)

// Header is a response header that goes with a Failure.
type Header struct{ Name, Value string }

// Failure is an answer that is not the program's: the rows of 03 §6. It is
// immutable.
type Failure struct {
	Status  int
	Fields  value.Value // the JSON body, a map
	Headers []Header    // beyond Content-Type: application/json
}

// JSON returns the body.
func (f *Failure) JSON() []byte { return f.Fields.AppendJSON(nil) }

// Error returns the message, or the error word when there is none.
func (f *Failure) Error() string {
	for _, key := range [2]string{"message", "error"} {
		if v, ok := f.Fields.Record().Get(key); ok {
			return v.Text()
		}
	}
	return strconv.Itoa(f.Status)
}

func fail(status int, word, key, text string) *Failure {
	return &Failure{Status: status, Fields: value.MapOf("error", value.OfString(word), key, value.OfString(text))}
}

// NotFound answers a path without a route.
func NotFound(path string) *Failure { return fail(404, "Not Found", "path", path) }

// MethodNotAllowed answers a path that lacks the method.
func MethodNotAllowed(path string, allowed Methods) *Failure {
	names := allowed.Names()
	list := make([]value.Value, len(names))
	for i, n := range names {
		list[i] = value.OfString(n)
	}
	return &Failure{
		Status: 405,
		Fields: value.MapOf("allowed", value.OfList(list), "error", value.OfString("Method Not Allowed"),
			"path", value.OfString(path)),
		Headers: []Header{{"Allow", strings.Join(names, ", ")}},
	}
}

// NotImplemented answers a WebSocket endpoint called by plain HTTP.
func NotImplemented(operationID string) *Failure {
	return fail(501, "Not Implemented", "operationId", operationID)
}

// BadRequest answers a request that cannot be read.
func BadRequest(message string) *Failure { return fail(400, "Bad Request", "message", message) }

// SchemaViolation answers a request that violates the contract; details holds at
// least one text.
func SchemaViolation(details []string) *Failure {
	list := make([]value.Value, len(details))
	for i, d := range details {
		list[i] = value.OfString(d)
	}
	return &Failure{Status: 400, Fields: value.MapOf("details", value.OfList(list),
		"error", value.OfString("Bad Request"), "message", list[0])}
}

// Unauthorized answers a request without credentials; scheme is Bearer or Basic.
func Unauthorized(scheme string) *Failure {
	f := fail(401, "Unauthorized", "message", "Authentication required")
	f.Headers = []Header{{"WWW-Authenticate", scheme}}
	return f
}

// PayloadTooLarge answers a body or form beyond the limits.
func PayloadTooLarge(message string) *Failure {
	return fail(413, "Payload Too Large", "message", message)
}

// UnsupportedMediaType answers a content type that the operation does not list.
func UnsupportedMediaType(contentType, supported string) *Failure {
	return fail(415, "Unsupported Media Type", "message",
		"Content-Type '"+contentType+"' is not supported. Supported types: "+supported)
}

// TemplateNotFound answers a template that does not exist or leaves the root.
func TemplateNotFound(path string) *Failure {
	return fail(404, "Not Found", "message", "Template not found: "+path)
}

// UpgradeRequired answers a plain request on the WebSocket path.
func UpgradeRequired(path string) *Failure {
	f := fail(426, "Upgrade Required", "path", path)
	f.Headers = []Header{{"Upgrade", "websocket"}}
	return f
}

// StatementFailed answers with the first line of a statement error.
func StatementFailed(status int, text string) *Failure {
	text, _, _ = strings.Cut(text, "\n")
	return &Failure{Status: status, Fields: value.MapOf("error", value.OfString(text))}
}

// Unavailable answers while the server shuts down.
func Unavailable() *Failure {
	return &Failure{Status: 503, Fields: value.MapOf("error", value.OfString("Service Unavailable")),
		Headers: []Header{{"Connection", "close"}}}
}
