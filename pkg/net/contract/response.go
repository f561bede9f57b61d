package contract

import (
	"strings"

	"aro/pkg/vm/value"
)

// ContentTypeByExtension returns the content type that the extension of a path
// stands for (03 §5.3 rule 1), "" when it is not in the table.
func ContentTypeByExtension(path string) string {
	dot := -1
	for i := len(path) - 1; i >= 0 && path[i] != '/'; i-- {
		if path[i] == '.' {
			dot = i
			break
		}
	}
	if dot < 0 || len(path)-dot > 8 {
		return ""
	}
	var b [8]byte
	n := copy(b[:], path[dot+1:])
	for i := range b[:n] {
		if 'A' <= b[i] && b[i] <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return extensionTypes[string(b[:n])]
}

var extensionTypes = map[string]string{
	"css":   "text/css; charset=utf-8",
	"js":    "text/javascript; charset=utf-8",
	"mjs":   "text/javascript; charset=utf-8",
	"json":  "application/json; charset=utf-8",
	"map":   "application/json; charset=utf-8",
	"html":  "text/html; charset=utf-8",
	"htm":   "text/html; charset=utf-8",
	"xml":   "application/xml; charset=utf-8",
	"txt":   "text/plain; charset=utf-8",
	"svg":   "image/svg+xml",
	"png":   "image/png",
	"jpg":   "image/jpeg",
	"jpeg":  "image/jpeg",
	"gif":   "image/gif",
	"webp":  "image/webp",
	"ico":   "image/x-icon",
	"woff":  "font/woff",
	"woff2": "font/woff2",
	"ttf":   "font/ttf",
	"eot":   "application/vnd.ms-fontobject",
	"pdf":   "application/pdf",
	"wasm":  "application/wasm",
}

// response returns what is declared for a status: the code itself, its range,
// or default; nil for none.
func (op *Operation) response(status int) *Response {
	for _, want := range [3]int{status, status / 100, 0} {
		for _, r := range op.Responses {
			if r.Status == want {
				return r
			}
		}
	}
	return nil
}

// ResponseType returns the content type that the contract gives text answers
// with this status (03 §5.3 rules 3 and 4): the first one listed that is not
// JSON, or jsonOnly when all are JSON, or neither.
func (op *Operation) ResponseType(status int) (ctype string, jsonOnly bool) {
	r := op.response(status)
	if r == nil {
		return "", false
	}
	for _, m := range r.Content {
		switch {
		case isJSONType(m.Type):
			jsonOnly = true
		case strings.HasSuffix(m.Type, "/*"): // says nothing that could be sent
		case strings.HasPrefix(m.Type, "text/"):
			return m.Type + "; charset=utf-8", false
		default:
			return m.Type, false
		}
	}
	return "", jsonOnly
}

// CheckResponse checks a returned value against the JSON schema of its status
// and returns the violations (03 §5.6).
func (op *Operation) CheckResponse(status int, v value.Value) []string {
	r := op.response(status)
	if r == nil {
		return nil
	}
	for _, m := range r.Content {
		if m.Schema != nil && isJSONType(m.Type) {
			_, details := m.Schema.Check(v, false)
			return details
		}
	}
	return nil
}
