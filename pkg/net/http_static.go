package aronet

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"

	"aro/pkg/host"
	"aro/pkg/net/contract"
	"aro/pkg/net/httpd"
	"aro/pkg/vm/value"
)

// representation is content that can be asked for conditionally and in parts.
type representation struct {
	text     string // the content, unless data is set
	data     []byte
	encoding encoding
	tag      string    // strong entity tag, "" for none
	modified time.Time // zero for unknown
}

func (r *representation) size() int { return max(len(r.text), len(r.data)) }

// static answers with a file of the application, or bytes, where the plain answer
// would be 200: conditional requests, ranges, a form that was compressed before.
// It reports false for other answers.
func (s *httpServer) static(x *httpd.Exchange, req *request, data value.Value) bool {
	if x.Method != http.MethodGet && x.Method != http.MethodHead {
		return false
	}
	a := s.h.Asset(data)
	var ctype string
	switch {
	case data.Kind() == value.Bytes:
		ctype = bytesType(req, http.StatusOK)
	case a != nil:
		ctype = markupType(req, http.StatusOK, data)
	default:
		return false
	}
	x.Type(ctype)
	r := representation{text: data.Str(), data: data.Bytes()}
	if a == nil {
		// Bytes of a program have to be hashed each time.
		if len(r.data) <= maxHashed {
			r.tag = host.EntityTag(r.data)
		}
		s.send(x, &r)
		return true
	}
	s.sendAsset(x, a, ctype)
	return true
}

// sendAsset answers a GET or HEAD with a file, compressed if that is better.
func (s *httpServer) sendAsset(x *httpd.Exchange, a *host.Asset, ctype string) {
	x.Type(ctype)
	r := representation{text: a.Data.Str(), data: a.Data.Bytes(), modified: a.Modified}
	if r.size() >= compressFrom && s.compress && compressible(ctype) {
		vary(x, "Accept-Encoding")
		if e := encodingFor(x.Fields.Joined("Accept-Encoding", ",")); e != identity {
			if p := s.packed.get(a, e); p != nil {
				r.text, r.data, r.encoding, r.tag = "", p.data, e, p.tag
			}
		}
	}
	if r.encoding == identity {
		r.tag = a.Tag()
	}
	if x.Header("Cache-Control") == "" {
		// A date alone would make browsers guess how long the file is fresh.
		x.Set("Cache-Control", "no-cache")
	}
	s.send(x, &r)
}

// maxHashed is the longest content of a program's own that gets an entity tag.
const maxHashed = 1 << 20

// send answers a GET or HEAD with a representation, as RFC 9110 §13 and §14 say.
// What browsers ask all the time is answered here, the rest by net/http.
func (s *httpServer) send(x *httpd.Exchange, r *representation) {
	f := &x.Fields
	if f.Get("Range") != "" || f.Get("If-Match") != "" || f.Get("If-Unmodified-Since") != "" {
		s.sendPart(x, r)
		return
	}
	if r.encoding != identity {
		x.Set("Content-Encoding", encodingNames[r.encoding])
	}
	x.Set("Accept-Ranges", "bytes")
	if r.tag != "" {
		x.Set("ETag", r.tag)
	}
	if !r.modified.IsZero() {
		x.Set("Last-Modified", r.modified.UTC().Format(http.TimeFormat))
	}
	x.Status = http.StatusOK
	if none := f.Joined("If-None-Match", ", "); none != "" {
		if tagListed(none, r.tag) {
			x.Status = http.StatusNotModified
		}
	} else if since := f.Get("If-Modified-Since"); since != "" && !r.modified.IsZero() {
		if t, err := http.ParseTime(since); err == nil && !r.modified.Truncate(time.Second).After(t) {
			x.Status = http.StatusNotModified
		}
	}
	switch {
	case x.Status == http.StatusNotModified:
	case r.data != nil:
		x.Content = r.data
	default:
		x.Body = append(x.Body[:0], r.text...)
	}
}

// sendPart is send for requests that ask for ranges or have rare conditions.
func (s *httpServer) sendPart(x *httpd.Exchange, r *representation) {
	content := io.ReadSeeker(strings.NewReader(r.text))
	if r.data != nil {
		content = bytes.NewReader(r.data)
	}
	ctype := x.ContentType()
	x.Standard(func(w http.ResponseWriter, q *http.Request) {
		h := w.Header()
		h.Set("Content-Type", ctype)
		if r.encoding != identity {
			h.Set("Content-Encoding", encodingNames[r.encoding])
		}
		if r.tag != "" {
			h.Set("Etag", r.tag)
		}
		http.ServeContent(w, q, "", r.modified, content)
	})
	if x.Status == http.StatusRequestedRangeNotSatisfiable {
		s.fail(x, &contract.Failure{Status: x.Status, Fields: value.MapOf("error", value.OfString("Range Not Satisfiable"))})
	}
}

// tagListed reports whether a list of entity tags has ours, or is "*". The
// comparison is the weak one, for which W/ says nothing.
func tagListed(list, tag string) bool {
	if strings.TrimSpace(list) == "*" {
		return true
	}
	for tag != "" {
		list = strings.TrimLeft(list, " \t,")
		t := strings.TrimPrefix(list, "W/")
		if len(t) < 2 || t[0] != '"' {
			return false
		}
		end := strings.IndexByte(t[1:], '"')
		if end < 0 {
			return false
		}
		if t[:end+2] == tag {
			return true
		}
		list = t[end+2:]
	}
	return false
}
