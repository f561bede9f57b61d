package contract

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

const oracleDoc = `openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /items:
    get:
      operationId: list
      parameters:
        - {name: limit, in: query, required: true, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: tags, in: query, schema: {type: array, items: {type: integer}, maxItems: 2}}
        - {name: sort, in: query, schema: {type: string, enum: [up, down]}}
        - {name: f, in: query, style: deepObject, explode: true, schema: {type: object, properties: {a: {type: integer}}}}
        - {name: X-N, in: header, schema: {type: integer}}
      responses: {'200': {description: ok}}
    post:
      operationId: create
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}
      responses: {'200': {description: ok}}
  /items/{id}:
    get:
      operationId: show
      parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 10}}]
      responses: {'200': {description: ok}}
components:
  schemas:
    Item:
      type: object
      required: [name]
      additionalProperties: false
      properties:
        name: {type: string, minLength: 2, maxLength: 5, pattern: '^[a-z]+$'}
        n: {type: [integer, 'null'], exclusiveMinimum: 0}
        parent: {$ref: '#/components/schemas/Item'}
        list: {type: array, uniqueItems: true, items: {oneOf: [{type: string}, {type: number, maximum: 3}]}}
`

// TestOracle compares verdicts with libopenapi-validator, an independent reading
// of the same contract.
func TestOracle(t *testing.T) {
	doc, err := libopenapi.NewDocument([]byte(oracleDoc))
	if err != nil {
		t.Fatal(err)
	}
	theirs, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	c := mustLoad(t, oracleDoc)
	r := NewRouter(c)
	for _, x := range []struct{ method, url, header, ctype, body string }{
		{"GET", "/items?limit=5", "", "", ""},
		{"GET", "/items", "", "", ""},
		{"GET", "/items?limit=0", "", "", ""},
		{"GET", "/items?limit=x", "", "", ""},
		{"GET", "/items?limit=5&tags=1&tags=2", "", "", ""},
		{"GET", "/items?limit=5&tags=1&tags=2&tags=3", "", "", ""},
		{"GET", "/items?limit=5&tags=1&tags=y", "", "", ""},
		{"GET", "/items?limit=5&sort=up", "", "", ""},
		{"GET", "/items?limit=5&sort=left", "", "", ""},
		{"GET", "/items?limit=5&f[a]=1", "", "", ""},
		{"GET", "/items?limit=5", "7", "", ""},
		{"GET", "/items?limit=5", "seven", "", ""},
		{"GET", "/items/12", "", "", ""},
		{"GET", "/items/2", "", "", ""},
		{"GET", "/items/x", "", "", ""},
		{"GET", "/nothing", "", "", ""},
		{"DELETE", "/items", "", "", ""},
		{"POST", "/items", "", "application/json", `{"name":"abc"}`},
		{"POST", "/items", "", "application/json", `{}`},
		{"POST", "/items", "", "application/json", `{"name":"a"}`},
		{"POST", "/items", "", "application/json", `{"name":"ABC"}`},
		{"POST", "/items", "", "application/json", `{"name":"abc","x":1}`},
		{"POST", "/items", "", "application/json", `{"name":"abc","n":null}`},
		{"POST", "/items", "", "application/json", `{"name":"abc","n":0}`},
		{"POST", "/items", "", "application/json", `{"name":"abc","n":1.5}`},
		{"POST", "/items", "", "application/json", `{"name":"abc","parent":{"name":"x"}}`},
		{"POST", "/items", "", "application/json", `{"name":"abc","parent":{"name":"xy","parent":{"name":"yz"}}}`},
		{"POST", "/items", "", "application/json", `{"name":"abc","list":["a",1,3]}`},
		{"POST", "/items", "", "application/json", `{"name":"abc","list":["a",4]}`},
		{"POST", "/items", "", "application/json", `{"name":"abc","list":["a","a"]}`},
		{"POST", "/items", "", "application/json", `[1]`},
		{"POST", "/items", "", "application/json", `{`},
		{"POST", "/items", "", "text/plain", `x`},
	} {
		q, _ := http.NewRequest(x.method, "http://localhost"+x.url, strings.NewReader(x.body))
		if x.header != "" {
			q.Header.Set("X-N", x.header)
		}
		if x.ctype != "" {
			q.Header.Set("Content-Type", x.ctype)
		}
		want, complaints := theirs.ValidateHttpRequestSync(q)
		got := func() *Failure {
			m := r.Match(x.method, q.URL.EscapedPath())
			op := m.Operation
			if op == nil {
				return NotFound(x.url)
			}
			if f := op.CheckParameters(InPath, op.PathParameters(&m)); f != nil {
				return f
			}
			v, f := op.QueryParameters(q.URL.RawQuery)
			if f == nil {
				f = op.CheckParameters(InQuery, v)
			}
			if f != nil {
				return f
			}
			v, f = op.HeaderParameters(func(name string) string { return q.Header.Get(name) })
			if f == nil {
				f = op.CheckParameters(InHeader, v)
			}
			if f != nil {
				return f
			}
			body, _, f := op.DecodeBody(x.ctype, []byte(x.body))
			if f == nil {
				_, f = op.CheckBody(x.ctype, []byte(x.body), body)
			}
			return f
		}()
		// It does not look at maxItems of query arrays.
		if strings.HasSuffix(x.url, "tags=3") {
			want = false
		}
		if (got == nil) != want {
			t.Errorf("%s %s %s: ours %v, theirs %v %v", x.method, x.url, x.body, got, want, complaints)
		}
	}
}
