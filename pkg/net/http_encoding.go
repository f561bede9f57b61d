package aronet

import (
	"compress/gzip"
	"strings"
	"sync"

	"aro/pkg/net/httpd"
)

// compressFrom is the shortest body that is compressed: shorter ones fit into a
// packet or two as they are.
const compressFrom = 1 << 10

// encoding is a way to send a body.
type encoding uint8

const (
	identity encoding = iota
	gzipped
)

var encodingNames = [...]string{"", "gzip"}

// encodingFor chooses what a client likes best of an Accept-Encoding (RFC 9110
// §12.5.3); of what it likes equally, what is smaller.
func encodingFor(accept string) encoding {
	if accept == "" {
		return identity
	}
	var quality [2]int // thousandths + 1, 0 for unsaid
	rest := 0
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := qualityOf(params) + 1
		switch name = strings.TrimRight(name, " \t"); {
		case strings.EqualFold(name, "gzip") || strings.EqualFold(name, "x-gzip"):
			quality[gzipped] = q
		case strings.EqualFold(name, "identity"):
			quality[identity] = q
		case name == "*":
			rest = q
		}
	}
	q := quality[gzipped]
	if q == 0 {
		q = rest
	}
	if q > 1 && q >= quality[identity] {
		return gzipped
	}
	return identity
}

// qualityOf reads "q=0.5" in thousandths; 1000 without it, 0 for nonsense.
func qualityOf(params string) int {
	for p := range strings.SplitSeq(params, ";") {
		name, v, ok := strings.Cut(p, "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		whole, decimals, _ := strings.Cut(strings.TrimSpace(v), ".")
		if whole != "0" && whole != "1" || len(decimals) > 3 {
			return 0
		}
		n := 0
		for i := range 3 {
			n *= 10
			if i < len(decimals) {
				if decimals[i] < '0' || decimals[i] > '9' {
					return 0
				}
				n += int(decimals[i] - '0')
			}
		}
		return min(n+1000*int(whole[0]-'0'), 1000)
	}
	return 1000
}

// compressible tells whether content of a type shrinks.
func compressible(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	switch t {
	case "application/json", "application/xml", "application/javascript", "application/wasm", "image/svg+xml",
		"image/x-icon", "font/ttf", "application/vnd.ms-fontobject", "application/yaml":
		return true
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+xml")
}

// squeeze compresses the body of an answer that a program made, if the client
// asks for it and nobody can learn a secret from its length.
func (s *httpServer) squeeze(x *httpd.Exchange) {
	if len(x.Body) < compressFrom || !s.compress || x.Content != nil || !compressible(x.ContentType()) {
		return
	}
	vary(x, "Accept-Encoding")
	e := encodingFor(x.Fields.Joined("Accept-Encoding", ","))
	if e == identity || x.Header("Content-Encoding") != "" || lengthTells(x) {
		return
	}
	bp := scratch.Get().(*[]byte)
	packed := pack((*bp)[:0], x.Body, true)
	if len(packed) < len(x.Body) {
		x.Body = append(x.Body[:0], packed...)
		x.Set("Content-Encoding", encodingNames[e])
	}
	if cap(packed) <= maxScratch {
		*bp = packed
		scratch.Put(bp)
	}
}

// lengthTells reports whether the length of a compressed answer could give a
// secret in it away (BREACH): a page of another site makes a browser send guesses
// with the user's credentials and watches how long the answers are. It takes
// credentials that browsers add by themselves, and a request that another site
// may have caused; browsers say whether one has.
func lengthTells(x *httpd.Exchange) bool {
	switch x.Fields.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	}
	auth := x.Fields.Get("Authorization")
	return x.Fields.Get("Cookie") != "" || auth != "" && !(len(auth) > 7 && strings.EqualFold(auth[:7], "Bearer "))
}

// vary adds a name to the header Vary.
func vary(x *httpd.Exchange, name string) {
	switch v := x.Header("Vary"); {
	case v == "":
		x.Set("Vary", name)
	case !strings.Contains(strings.ToLower(v), strings.ToLower(name)):
		x.Set("Vary", v+", "+name)
	}
}

var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

const maxScratch = 256 << 10

// pack appends the compressed form of data to out. Files are packed once and may
// take longer for it.
func pack(out, data []byte, fast bool) []byte {
	w := appender{out}
	pool := &gzipFast
	if !fast {
		pool = &gzipBest
	}
	z := pool.Get().(*gzip.Writer)
	z.Reset(&w)
	z.Write(data) // an appender takes everything
	z.Close()
	pool.Put(z)
	return w.b
}

var (
	gzipFast = sync.Pool{New: func() any { z, _ := gzip.NewWriterLevel(nil, 4); return z }}
	gzipBest = sync.Pool{New: func() any { z, _ := gzip.NewWriterLevel(nil, gzip.BestCompression); return z }}
)

// appender is an io.Writer.
type appender struct{ b []byte }

// Write implements io.Writer.
func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}
