package aronet

import (
	"slices"
	"strings"
	"testing"
)

const headersAPI = `openapi: 3.1.0
info: { title: Headers, version: 1.0.0 }
paths:
  /some:
    get:
      operationId: some
      responses:
        '200':
          description: some
          headers:
            X-Total-Count: { schema: { type: integer } }
            Location: { schema: { type: string } }
            ETag: { schema: { type: string } }
            X-List: { schema: { type: array } }
            X-Map: { schema: { type: object } }
            X-Pairs: { explode: true, schema: { type: object } }
            X-Json: { content: { application/json: { schema: { type: object } } } }
            Set-Cookie: { schema: { type: array } }
            Expires: { schema: { type: string } }
            X-At: { schema: { type: string, format: date-time } }
            X-Never: { schema: { type: string } }
            Content-Type: { schema: { type: string } }
            Cache-Control: { schema: { const: "max-age=60" } }
            X-Default: { schema: { default: 7 } }
          content:
            application/json:
              schema: { type: object, properties: { location: { type: string }, rows: { type: array } } }
  /missing:
    get:
      operationId: missing
      responses: { '200': { description: x, headers: { X-Needed: { required: true, schema: { type: string } } } } }
  /echo:
    get:
      operationId: showEcho
      responses: { '200': { description: x, headers: { X-Echo: { schema: { type: string } } } } }
  /busy:
    get:
      operationId: busy
      responses: { '503': { description: x, headers: { Retry-After: { schema: { type: integer } } } } }
  /static:
    get:
      operationId: page
      responses: { '200': { description: x, headers: { Cache-Control: { schema: { const: "public, max-age=600" } } } } }
`

const headersSource = `
(some: Site) {
    Compute the <at: date> from "2026-03-01T12:00:00Z".
    Return an <OK: status> with { xTotalCount: 42, location: "/some/1", etag: "\"v1\"", x_list: [1, 2, 3], xMap: { a: 1, b: true },
        xPairs: { a: 1, b: true }, xJson: { a: [1] }, "set-cookie": ["a=1; HttpOnly", "b=2"], expires: <at>, xAt: <at>, xNever: null,
        contentType: "text/evil", rows: [] }.
}
(missing: Site) {
    Return an <OK: status> with { some: 1 }.
}
(showEcho: Site) {
    Extract the <text> from the <queryParameters: text>.
    Return an <OK: status> with { xEcho: <text>, other: 1 }.
}
(busy: Site) {
    Return a <ServiceUnavailable: status> with { retryAfter: 5, error: "Come back later" }.
}
(page: Site) {
    Transform the <page> from the <template: plain.html>.
    Return an <OK: status> with <page>.
}
`

func TestResponseHeaders(t *testing.T) {
	s := newSite(t, "", headersAPI, headersSource, map[string]string{"templates/plain.html": "<p>Hello</p>"})
	a := s.get("/some")
	for name, want := range map[string]string{
		"X-Total-Count": "42", "Location": "/some/1", "ETag": `"v1"`, "X-List": "1,2,3", "X-Map": "a,1,b,true", "X-Pairs": "a=1,b=true",
		"X-Json": `{"a":[1]}`, "Expires": "Sun, 01 Mar 2026 12:00:00 GMT", "X-At": "2026-03-01T12:00:00Z", "X-Never": "",
		"Content-Type": "application/json", "Cache-Control": "max-age=60", "X-Default": "7", "X-Contract-Violation": "",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := a.Header.Values("Set-Cookie"); !slices.Equal(got, []string{"a=1; HttpOnly", "b=2"}) {
		t.Errorf("Set-Cookie: %q", got)
	}
	// What became a header has left the body, but for what the schema has there.
	if a.StatusCode != 200 || a.body != `{"contentType":"text\/evil","location":"\/some\/1","rows":[]}` {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := s.get("/missing"); a.Header.Get("X-Contract-Violation") != "true" || a.body != `{"some":1}` ||
		!strings.Contains(s.stderr.String(), "Response for operation 'missing' (status 200) lacks the header 'X-Needed'") {
		t.Errorf("%v\n%s", a.Response, s.stderr.String())
	}
	if a := s.get("/busy"); a.StatusCode != 503 || a.Header.Get("Retry-After") != "5" || a.body != `{"error":"Come back later"}` {
		t.Errorf("%v %s", a.Response, a.body)
	}
	if a := s.get("/static"); a.Header.Get("Cache-Control") != "public, max-age=600" || a.Header.Get("ETag") == "" {
		t.Errorf("%v", a.Response)
	}
}

// TestH12_HeaderValues: nothing that a client sends makes a header line.
func TestH12_HeaderValues(t *testing.T) {
	s := newSite(t, "", headersAPI, headersSource, nil)
	for _, evil := range []string{"a%0d%0aSet-Cookie:%20x=1", "a%0aX-Evil:%201", "a%0d", "%00", "%0d%0a%0d%0abody"} {
		a := s.get("/echo?text=" + evil)
		if a.StatusCode != 500 || a.body != `{"error":"The header X-Echo is not valid"}` || a.Header.Get("X-Evil")+a.Header.Get("Set-Cookie")+a.Header.Get("X-Echo") != "" {
			t.Errorf("%s: %v %s", evil, a.Response, a.body)
		}
	}
	if n := strings.Count(s.stderr.String(), "[ERROR] [showEcho] the header X-Echo was not sent"); n != 5 {
		t.Errorf("%d lines of the log:\n%s", n, s.stderr.String())
	}
	if a := s.get("/echo?text=fi%01ne"); a.StatusCode != 200 || a.Header.Get("X-Echo") != "fi ne" {
		t.Errorf("%v", a.Response)
	}
}
