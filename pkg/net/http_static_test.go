package aronet

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aro/pkg/host"
	"aro/pkg/net/httpd"
	"aro/pkg/vm/value"
)

const staticAPI = `openapi: 3.0.3
info: { title: Static, version: 1.0.0 }
paths:
  /static/{file}:
    get:
      operationId: sendAsset
      parameters: [{ name: file, in: path, required: true, schema: { type: string } }]
  /rows: { get: { operationId: rows } }
  /few: { get: { operationId: few } }
  /page: { get: { operationId: page } }
`

const staticSource = `
(sendAsset: Site) {
    Extract the <file> from the <pathParameters: file>.
    Create the <path> with "static/" ++ <file>.
    Transform the <asset> from the <template: path>.
    Return an <OK: status> with <asset>.
}
(rows: Site) {
    Create the <text> with "a row of words that come again and again; ".
    Create the <n> with 0.
    while <n> < 6 {
        Create the <text> with <text> ++ <text>.
        Compute the <n> from <n> + 1.
    }
    Return an <OK: status> with { text: <text> }.
}
(few: Site) {
    Return an <OK: status> with { few: 1 }.
}
(page: Site) {
    Create the <name> with "Ada".
    Transform the <page> from the <template: page.html>.
    Return an <OK: status> with <page>.
}
`

var style = strings.Repeat("body { color: black; background: white }\n", 100)

func staticSite(t testing.TB, options string) *site {
	return newSite(t, options, staticAPI, staticSource, map[string]string{
		"templates/static/style.css": style,
		"templates/static/dot.png":   "\x89PNG\r\n\x1a\n" + strings.Repeat("\x00\xff\x80", 700),
		"templates/static/note.txt":  "short\n",
		"templates/page.html":        "<!doctype html>{{ <name> }}",
	})
}

func unpacked(t *testing.T, a got) string {
	t.Helper()
	var r io.Reader
	switch e := a.Header.Get("Content-Encoding"); e {
	case "":
		return a.body
	case "gzip":
		z, err := gzip.NewReader(strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		r = z
	default:
		t.Fatalf("Content-Encoding %q", e)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestStaticFiles(t *testing.T) {
	s := staticSite(t, "")
	a := s.get("/static/style.css")
	tag, date := a.Header.Get("ETag"), a.Header.Get("Last-Modified")
	if a.StatusCode != 200 || a.body != style || len(tag) != 22 || date == "" || a.Header.Get("Accept-Ranges") != "bytes" ||
		a.Header.Get("Cache-Control") != "no-cache" || a.Header.Get("Content-Type") != "text/css; charset=utf-8" || a.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("%v", a.Response)
	}
	for _, row := range []struct {
		code  int
		lines []string
	}{
		{304, []string{"If-None-Match: " + tag}},
		{304, []string{"If-None-Match: \"x\", W/" + tag}},
		{304, []string{"If-Modified-Since: " + date}},
		{200, []string{"If-None-Match: \"x\"", "If-Modified-Since: " + date}},
		{412, []string{"If-Match: \"x\""}},
		{206, []string{"If-Match: " + tag, "Range: bytes=0-9"}},
		{206, []string{"Range: bytes=-5", "If-Range: " + tag}},
		{200, []string{"Range: bytes=-5", "If-Range: \"x\""}},
		{206, []string{"Range: bytes=0-1,4-5"}},
	} {
		a := s.get("/static/style.css", row.lines...)
		if a.StatusCode != row.code || row.code == 304 && (a.body != "" || a.Header.Get("ETag") != tag) {
			t.Errorf("%v: %v", row.lines, a.Response)
		}
	}
	if a := s.get("/static/style.css", "Range: bytes=99999-"); a.StatusCode != 416 || a.body != `{"error":"Range Not Satisfiable"}` ||
		a.Header.Get("Content-Range") != fmt.Sprintf("bytes */%d", len(style)) {
		t.Errorf("%v %s", a.Response, a.body)
	}
	if a := s.ask("HEAD", "/static/style.css", ""); a.StatusCode != 200 || a.Header.Get("ETag") != tag || a.ContentLength != int64(len(style)) {
		t.Errorf("HEAD: %v", a.Response)
	}
	if a := s.get("/static/dot.png", "Accept-Encoding: gzip"); a.Header.Get("ETag") == "" || a.Header.Get("Content-Encoding") != "" || len(a.body) != 2108 {
		t.Errorf("%v", a.Response)
	}

	// The answers of a program have none of it.
	for _, path := range []string{"/few", "/rows", "/page"} {
		a := s.get(path, "If-None-Match: *", "Range: bytes=0-0")
		for _, name := range []string{"ETag", "Last-Modified", "Accept-Ranges", "Cache-Control"} {
			if a.StatusCode != 200 || a.Header.Get(name) != "" {
				t.Errorf("%s: %v", path, a.Response)
			}
		}
	}

	// A new version of the file is another one.
	file := filepath.Join(s.root, "templates/static/style.css")
	if err := os.WriteFile(file, []byte("p {}"), 0o644); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new file is served", func() bool {
		a := s.get("/static/style.css", "If-None-Match: "+tag)
		return a.StatusCode == 200 && a.body == "p {}" && a.Header.Get("ETag") != tag
	})
}

func TestCompression(t *testing.T) {
	s := staticSite(t, "")
	plain := s.get("/rows")
	for _, row := range []struct{ path, accept, want string }{
		{"/rows", "gzip", "gzip"}, {"/rows", "zstd", ""}, {"/rows", "gzip, deflate, br, zstd", "gzip"}, {"/rows", "br", ""},
		{"/rows", "gzip;q=0", ""}, {"/rows", "gzip;q=0.5, zstd;q=0.4", "gzip"}, {"/few", "gzip", ""},
		{"/static/style.css", "gzip, br", "gzip"}, {"/static/style.css", "zstd", ""}, {"/static/note.txt", "gzip", ""},
		{"/static/dot.png", "gzip", ""},
	} {
		a := s.get(row.path, "Accept-Encoding: "+row.accept)
		if e := a.Header.Get("Content-Encoding"); a.StatusCode != 200 || e != row.want || e != "" && len(a.body) > 600 {
			t.Errorf("%s, %s: %v, %d bytes", row.path, row.accept, a.Response, len(a.body))
		}
		whole := s.get(row.path)
		if unpacked(t, a) != whole.body {
			t.Errorf("%s, %s: other content", row.path, row.accept)
		}
		if a.Header.Get("Vary") != whole.Header.Get("Vary") || row.want != "" && a.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s, %s: Vary %q", row.path, row.accept, a.Header.Get("Vary"))
		}
	}
	// A compressed form is content of its own, with its own tag and parts.
	a := s.get("/static/style.css", "Accept-Encoding: gzip")
	tag := a.Header.Get("ETag")
	if tag == s.get("/static/style.css").Header.Get("ETag") {
		t.Error("two forms with the same strong tag")
	}
	if b := s.get("/static/style.css", "Accept-Encoding: gzip", "If-None-Match: "+tag); b.StatusCode != 304 {
		t.Errorf("%v", b.Response)
	}
	b := s.get("/static/style.css", "Accept-Encoding: gzip", "If-Range: "+tag, "Range: bytes=10-19")
	if b.StatusCode != 206 || b.body != a.body[10:20] || b.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%v %q", b.Response, b.body)
	}
	// Guessing a secret by the length of answers takes the user's credentials.
	for _, row := range []struct {
		want  string
		lines []string
	}{
		{"", []string{"Cookie: session=1"}},
		{"", []string{"Authorization: Basic eA=="}},
		{"", []string{"Cookie: session=1", "Sec-Fetch-Site: cross-site"}},
		{"", []string{"Cookie: session=1", "Sec-Fetch-Site: same-site"}},
		{"gzip", []string{"Cookie: session=1", "Sec-Fetch-Site: same-origin"}},
		{"gzip", []string{"Cookie: session=1", "Sec-Fetch-Site: none"}},
		{"gzip", []string{"Authorization: Bearer x"}},
	} {
		if a := s.get("/rows", append(row.lines, "Accept-Encoding: gzip")...); a.Header.Get("Content-Encoding") != row.want {
			t.Errorf("%v: %v", row.lines, a.Response)
		}
	}
	off := staticSite(t, "compress: false")
	for _, path := range []string{"/rows", "/static/style.css"} {
		if a := off.get(path, "Accept-Encoding: gzip, zstd"); a.Header.Get("Content-Encoding") != "" || a.Header.Get("Vary") != "" {
			t.Errorf("%s with compress: false: %v", path, a.Response)
		}
	}
	if off.get("/rows").body != plain.body {
		t.Error("other content")
	}
}

func TestEncodingFor(t *testing.T) {
	for accept, want := range map[string]encoding{
		"": identity, "gzip": gzipped, "GZIP": gzipped, "x-gzip": gzipped, "*": gzipped, "*;q=0": identity, "gzip, *;q=0": gzipped,
		"identity": identity, "identity, gzip": gzipped, "identity;q=1, gzip;q=0.9": identity, "gzip;q=0.1, zstd": gzipped,
		"gzip;q=x": identity, "gzip;q=2": identity, "gzip;q=0.0001": identity, "gzip ; q=0.5": gzipped, "deflate, br": identity,
		"gzip;q=0, *": identity, ",,gzip,": gzipped, "gzip;level=1;q=0": identity, "identity;q=0, gzip;q=0.001": gzipped,
	} {
		if got := encodingFor(accept); got != want {
			t.Errorf("%q: %v, want %v", accept, encodingNames[got], encodingNames[want])
		}
	}
}

// TestConditionsLikeNetHTTP asks for parts and under conditions in many ways and
// compares with http.ServeContent.
func TestConditionsLikeNetHTTP(t *testing.T) {
	content := []byte(strings.Repeat("0123456789", 30))
	modified := time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC)
	const tag = `"abc"`
	pick := func(r *rand.Rand, values ...string) string { return values[r.IntN(len(values))] }
	date := func(r *rand.Rand) string {
		return modified.Add(time.Duration(r.IntN(3)-1) * time.Second).Format(http.TimeFormat)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 4000 {
		h := http.Header{}
		maybe := func(name, v string) {
			if random.IntN(3) == 0 && v != "" {
				h.Set(name, v)
			}
		}
		tags := pick(random, tag, `W/"abc"`, `"x"`, `"x", "abc"`, `"x",W/"abc"`, "*", "abc", `"abc`, `"x" "abc"`, ",")
		maybe("If-None-Match", tags)
		maybe("If-Match", pick(random, tag, `"x"`, "*", `"x", "abc"`))
		maybe("If-Modified-Since", pick(random, date(random), "yesterday"))
		maybe("If-Unmodified-Since", date(random))
		maybe("If-Range", pick(random, tag, `"x"`, date(random)))
		maybe("Range", pick(random, "bytes=0-9", "bytes=5-", "bytes=-7", "bytes=0-0,2-3", "bytes=400-", "bytes=9-1", "lines=1", "bytes=0-999,1-2", "bytes=a"))
		method := pick(random, "GET", "HEAD")
		req := httptest.NewRequest(method, "/x", nil)
		req.Header = h
		want := httptest.NewRecorder()
		want.Header().Set("Etag", tag)
		want.Header().Set("Content-Type", "text/plain")
		http.ServeContent(want, req, "", modified, bytes.NewReader(content))

		x := &httpd.Exchange{Request: &httpd.Request{Method: method, Target: "/x", Path: "/x", Fields: httpd.FieldsOf(h)}, Status: 200}
		x.Type("text/plain")
		(&httpServer{h: new(host.Host)}).send(x, &representation{data: content, tag: tag, modified: modified})
		body := x.Content
		if body == nil {
			body = x.Body
		}
		code := want.Code
		same := x.Status == code
		if code == 200 || code == 206 {
			for _, name := range []string{"Etag", "Last-Modified", "Accept-Ranges", "Content-Range"} {
				same = same && x.Header(name) == want.Header().Get(name)
			}
			// What differs is the boundary.
			multi := strings.HasPrefix(x.ContentType(), "multipart/")
			same = same && multi == strings.HasPrefix(want.Header().Get("Content-Type"), "multipart/")
			if method == "GET" {
				same = same && len(body) == want.Body.Len() && (multi || bytes.Equal(body, want.Body.Bytes()))
			}
		}
		if !same {
			t.Fatalf("round %d, %s %v:\n%d %q\nnet/http: %d %v", i, method, h, x.Status, x.Header("Content-Range"), code, want.Header())
		}
	}
}

// TestPackedFilesAreBounded: what is kept is what was asked for last.
func TestPackedFilesAreBounded(t *testing.T) {
	var p packedFiles
	var all []*host.Asset
	for i := range 12 {
		all = append(all, &host.Asset{Data: value.OfBytes(bytes.Repeat([]byte{byte(i), 1, 2, 3}, 1<<20))})
	}
	for _, a := range all {
		if f := p.get(a, gzipped); f == nil || len(f.data) > a.Data.Len()/50 {
			t.Fatal("not compressed")
		}
	}
	first, last := packedKey{all[0], gzipped}, packedKey{all[11], gzipped}
	if p.bytes > maxPackedBytes || len(p.forms) < 6 || p.forms[first] != nil || p.forms[last] == nil || p.order.Len() != len(p.forms) {
		t.Errorf("%d bytes in %d files", p.bytes, len(p.forms))
	}
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	if p.get(&host.Asset{Data: value.OfBytes(noise)}, gzipped) != nil {
		t.Error("noise became shorter")
	}
	if p.get(&host.Asset{Data: value.OfBytes(make([]byte, maxPacked+1))}, gzipped) != nil {
		t.Error("a large file was compressed")
	}
	if !slices.Equal(encodingNames[1:], []string{"gzip"}) {
		t.Error(encodingNames)
	}
}
