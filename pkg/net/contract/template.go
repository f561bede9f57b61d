package contract

import "strings"

// splitSegment takes a path template's segment apart: names are the parameters,
// texts what stands before, between and after them. A brace without its partner
// is text.
func splitSegment(segment string) (texts, names []string) {
	for {
		open := strings.IndexByte(segment, '{')
		if open < 0 {
			break
		}
		end := strings.IndexByte(segment[open:], '}')
		if end < 2 {
			break
		}
		texts = append(texts, unescape(segment[:open], false))
		names = append(names, segment[open+1:open+end])
		segment = segment[open+end+1:]
	}
	return append(texts, unescape(segment, false)), names
}

// templateNames returns the parameter names of a path template, left to right.
func templateNames(path string) []string {
	var all []string
	for segment := range strings.SplitSeq(path, "/") {
		_, names := splitSegment(segment)
		all = append(all, names...)
	}
	return all
}

// Methods is a set of HTTP methods.
type Methods uint16

// The methods of OpenAPI.
const (
	MethodDelete Methods = 1 << iota
	MethodGet
	MethodHead
	MethodOptions
	MethodPatch
	MethodPost
	MethodPut
	MethodTrace
	methodOther
)

var methodNames = [...]string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}

// methodOf returns the set of one method. Methods are case-sensitive.
func methodOf(name string) Methods {
	switch name {
	case "GET":
		return MethodGet
	case "POST":
		return MethodPost
	case "PUT":
		return MethodPut
	case "PATCH":
		return MethodPatch
	case "DELETE":
		return MethodDelete
	case "HEAD":
		return MethodHead
	case "OPTIONS":
		return MethodOptions
	case "TRACE":
		return MethodTrace
	}
	return methodOther
}

// Names lists the methods in alphabetical order.
func (m Methods) Names() []string {
	var names []string
	for i, name := range methodNames {
		if m&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String returns the methods as the Allow header lists them.
func (m Methods) String() string { return strings.Join(m.Names(), ", ") }
