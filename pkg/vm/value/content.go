package value

import "strings"

// contentExts are the extensions that rendered text can remember.
var contentExts = [...]string{"", "other", "html", "htm", "xhtml", "xml", "svg", "css", "js", "mjs", "json", "txt", "tpl", "md",
	"csv", "ico", "png", "jpg", "jpeg", "gif", "webp", "woff", "woff2", "ttf", "eot", "pdf", "wasm", "map", "webmanifest"}

// ContentFor returns the content mark for a file path, by its extension. It is
// never zero: text from a template is always marked.
func ContentFor(path string) Content {
	i := strings.LastIndexByte(path, '.')
	ext := strings.ToLower(path[i+1:])
	for n, e := range contentExts {
		if n > 0 && i >= 0 && e == ext {
			return Content(n)
		}
	}
	return 1
}

// Ext returns the extension without its dot, "" for ordinary text and unknown
// extensions.
func (c Content) Ext() string {
	if c < 2 || int(c) >= len(contentExts) {
		return ""
	}
	return contentExts[c]
}
