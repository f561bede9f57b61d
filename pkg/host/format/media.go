package format

import "strings"

// mediaTypes are the media types that a document is sent with, by the name of
// the format; mediaWords are all by which one is known.
var mediaTypes = map[string]string{
	"json": "application/json", "jsonl": "application/x-ndjson", "yaml": "application/yaml", "xml": "application/xml",
	"toml": "application/toml", "csv": "text/csv; charset=utf-8", "tsv": "text/tab-separated-values; charset=utf-8",
	"markdown": "text/markdown; charset=utf-8", "html": "text/html; charset=utf-8", "bytes": "application/octet-stream",
}

var mediaWords = map[string]string{
	"application/json": "json", "text/json": "json",
	"application/x-ndjson": "jsonl", "application/ndjson": "jsonl", "application/jsonl": "jsonl", "application/jsonlines": "jsonl", "application/x-jsonlines": "jsonl",
	"application/xml": "xml", "text/xml": "xml",
	"text/csv": "csv", "application/csv": "csv", "text/tab-separated-values": "tsv",
	"application/yaml": "yaml", "application/x-yaml": "yaml", "text/yaml": "yaml", "text/x-yaml": "yaml",
	"application/toml": "toml", "text/toml": "toml", "text/x-toml": "toml",
}

// MediaType returns the media type of the format's documents.
func (f *Format) MediaType() string {
	if t := mediaTypes[f.Name]; t != "" {
		return t
	}
	return "text/plain; charset=utf-8"
}

// OfMediaType returns the format of a document that came with a media type, such
// as "application/json; charset=utf-8". Others, HTML and images among them, are
// Raw.
func OfMediaType(mediaType string) *Format {
	t, _, _ := strings.Cut(mediaType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	if f := byWord[mediaWords[t]]; f != nil {
		return f
	}
	switch {
	case strings.HasSuffix(t, "+json"):
		return Named("json")
	case strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+xml"):
		return Named("xml")
	}
	return Raw
}
