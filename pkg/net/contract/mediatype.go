package contract

import "strings"

// mediaType returns a Content-Type without its parameters. It aliases s; case
// is left alone, compare with strings.EqualFold.
func mediaType(s string) string {
	if i := strings.IndexByte(s, ';'); i >= 0 {
		s = s[:i]
	}
	return strings.Trim(s, " \t")
}

const (
	typeForm      = "application/x-www-form-urlencoded"
	typeMultipart = "multipart/form-data"
	typeJSON      = "application/json"
)

// isJSONType reports whether a media type claims JSON: application/json or +json.
func isJSONType(t string) bool {
	const suffix = "+json"
	return strings.EqualFold(t, typeJSON) ||
		len(t) > len(suffix) && strings.EqualFold(t[len(t)-len(suffix):], suffix)
}

func isTextType(t string) bool {
	return len(t) >= 5 && strings.EqualFold(t[:5], "text/")
}

// matchMedia finds the declared content for a media type: exact, type/*, */*.
func matchMedia(content []Media, t string) *Media {
	for i := range content {
		if strings.EqualFold(content[i].Type, t) {
			return &content[i]
		}
	}
	for i := range content {
		major, ok := strings.CutSuffix(content[i].Type, "/*")
		if ok && major != "*" && len(t) > len(major) && t[len(major)] == '/' && strings.EqualFold(t[:len(major)], major) {
			return &content[i]
		}
	}
	for i := range content {
		if content[i].Type == "*/*" {
			return &content[i]
		}
	}
	return nil
}
