package contract

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

func TestProblems(t *testing.T) {
	const head = "openapi: 3.1.0\npaths:\n"
	for _, x := range []struct {
		name, doc string
		line      int
		want      string // "" for none; a leading ~ marks a warning
	}{
		{"version 2", "swagger: '2.0'\npaths: {}\n", 1, "Unsupported OpenAPI version: 2.0"},
		{"version 4", "openapi: 4.0.0\n", 1, "Unsupported OpenAPI version: 4.0.0"},
		{"no version", "paths: {}\n", 0, "Unsupported OpenAPI version: none"},
		{"empty", "", 0, "Cannot read x.yaml: "},
		{"list", "- a\n- b\n", 0, "Cannot read x.yaml: "},
		{"tab", "openapi: 3.0.0\n\tpaths: {}\n", 2, "Cannot read x.yaml: "},
		{"only version", "openapi: 3.0.0\n", 0, ""},
		{"json", `{"openapi":"3.0.0","paths":{"/x":{"get":{"operationId":"a"}}}}`, 0, ""},
		{"numeric status", head + "  /x:\n    get:\n      operationId: a\n      responses:\n        200: {description: ok}\n", 0, ""},
		{"missing id", head + "  /x:\n    get: {}\n", 4, "Missing operationId for GET /x. All operations must have an operationId."},
		{"duplicate id", head + "  /a:\n    get: {operationId: op}\n  /b:\n    post: {operationId: op}\n", 6, "Duplicate operationId 'op': GET /a and POST /b"},
		{"operation is a number", head + "  /a:\n    get: 5\n", 4, "GET /a must be a mapping"},
		{"relative path", head + "  a:\n    get: {operationId: op}\n", 4, "Path 'a' must begin with '/'"},
		{"unknown schema", head + "  /a:\n    get:\n      operationId: op\n      parameters:\n        - {name: q, in: query, schema: {$ref: '#/components/schemas/Usr'}}\ncomponents:\n  schemas: {User: {type: object}, Pet: {}}\n",
			7, "Unknown schema 'Usr'. Known schemas: User, Pet"},
		{"unknown schema, none known", head + "  /a:\n    get:\n      operationId: op\n      parameters:\n        - {name: q, in: query, schema: {$ref: '#/components/schemas/Usr'}}\n",
			7, "Unknown schema 'Usr'. Known schemas: none"},
		{"unknown parameter", head + "  /a:\n    get:\n      operationId: op\n      parameters: [{$ref: '#/components/parameters/Q'}]\ncomponents:\n  parameters: {P: {name: p, in: query}}\n",
			6, "Unknown parameter 'Q'. Known parameters: P"},
		{"file reference", head + "  /a:\n    get:\n      operationId: op\n      parameters: [{$ref: 'other.yaml#/P'}]\n",
			6, "$ref 'other.yaml#/P' leaves the contract; only references inside it ('#/…') are followed"},
		{"reference in an example", head + "  /a:\n    get:\n      operationId: op\n      responses: {200: {description: x, content: {application/json: {examples: {a: {$ref: './e.json'}}}}}}\n", 0, ""},
		{"unknown header reference", head + "  /a:\n    get:\n      operationId: op\n      responses: {200: {description: x, headers: {X: {$ref: '#/components/headers/X'}}}}\n",
			6, "Unknown header 'X'. Known headers: none"},
		{"header that is none", head + "  /a:\n    get:\n      operationId: op\n      responses: {200: {description: x, headers: {X Y: {}}}}\n",
			4, "~Header 'X Y' of response 200 of GET /a is ignored: not the name of a header"},
		{"property called example", head + "  /a:\n    get:\n      operationId: op\ncomponents:\n  schemas: {A: {properties: {example: {$ref: '#/components/schemas/B'}}}}\n",
			7, "Unknown schema 'B'. Known schemas: A"},
		{"self reference", "openapi: 3.1.0\ncomponents:\n  schemas:\n    A: {$ref: '#/components/schemas/A'}\n", 4, "A $ref leads back to itself"},
		{"pattern", "openapi: 3.1.0\ncomponents:\n  schemas:\n    A: {type: string, pattern: '(?=x)'}\n", 4, "~Pattern '(?=x)' is not supported and is ignored: "},
		{"unknown scheme", head + "  /a:\n    get:\n      operationId: op\n      security: [{key: []}]\n", 4, "Unknown security scheme 'key' in GET /a. Known security schemes: none"},
		{"mutual TLS", head + "  /a:\n    get:\n      operationId: op\n      security: [{m: []}]\ncomponents: {securitySchemes: {m: {type: mutualTLS}}}\n",
			4, "~Security scheme 'm' (mutualTLS) cannot be checked; requests that need it are refused"},
		{"port", "openapi: 3.1.0\nservers:\n  - url: http://a:99999\n", 3, "Invalid port in server URL 'http://a:99999'"},
		{"duplicate key", "openapi: 3.1.0\npaths: {}\npaths: {}\n", 3, "Duplicate key 'paths', given in line 2 before"},
		{"duplicate key in JSON", "{\"openapi\":\"3.1.0\",\n\"paths\":{},\n\"paths\":{}}", 3, "Duplicate key 'paths', given in line 2 before"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c, problems := Load([]byte(x.doc), "x.yaml")
			if x.want == "" {
				if c == nil || len(problems) > 0 {
					t.Fatalf("got %v %+v", c, problems)
				}
				return
			}
			want, warning := strings.CutPrefix(x.want, "~")
			if (c != nil) != warning {
				t.Errorf("contract %v", c)
			}
			for _, p := range problems {
				if strings.HasPrefix(p.Message, want) && p.Warning == warning && p.Line == x.line {
					return
				}
			}
			t.Errorf("got %+v", problems)
		})
	}
}

func TestPort(t *testing.T) {
	for url, want := range map[string]int{
		"http://localhost:9000": 9000, "https://api.example.com/v1": 8080, "/v1": 8080, "http://[::1]:7000/x": 7000,
		"http://[::1]": 8080, "http://{host}:{port}/": 8443, "http://localhost:": 8080, "localhost:81": 81, "http://u:p@h:82": 82,
	} {
		doc := "openapi: 3.0.0\nservers:\n  - url: '" + url + "'\n    variables: {host: {default: h}, port: {default: '8443'}}\n"
		if c := mustLoad(t, doc); c.Port != want {
			t.Errorf("%s: got %d, want %d", url, c.Port, want)
		}
	}
	if c := mustLoad(t, "openapi: 3.0.0\n"); c.Port != DefaultPort {
		t.Error(c.Port)
	}
}

// TestP09_Quiet: whatever the document says, nothing is printed and no
// connection is opened.
func TestP09_Quiet(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	called := make(chan struct{}, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			c.Close()
			called <- struct{}{}
		}
	}()
	var log bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(old)
	r, w, _ := os.Pipe()
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	for _, ref := range []string{"http://" + l.Addr().String() + "/x.yaml#/S", "load.go", "file:///etc/passwd", "#/nope"} {
		for _, place := range []string{
			"components: {schemas: {A: {$ref: '%s'}}}", "paths: {/x: {$ref: '%s'}}",
			"components: {examples: {A: {$ref: '%s'}}}", "components: {headers: {A: {$ref: '%s'}}}",
			"components: {schemas: {A: {$id: 'http://x/y', default: {$ref: '%s'}}}}",
		} {
			Load([]byte("openapi: 3.1.0\n"+fmt.Sprintf(place, ref)+"\n"), "x")
		}
	}
	os.Stdout, os.Stderr = stdout, stderr
	w.Close()
	printed, _ := io.ReadAll(r)
	if len(printed)+log.Len() > 0 {
		t.Errorf("printed %q, logged %q", printed, log.String())
	}
	select {
	case <-called:
		t.Error("a reference was fetched")
	case <-time.After(50 * time.Millisecond):
	}
}

func TestP09_ManyOperations(t *testing.T) {
	var b strings.Builder
	b.WriteString("openapi: 3.1.0\npaths:\n")
	const n = 10_000
	for i := range n {
		fmt.Fprintf(&b, "  /a%d/{id}/b%d:\n    get: {operationId: op%d}\n", i%100, i, i)
	}
	c := mustLoad(t, b.String())
	r := NewRouter(c)
	for i := range n {
		m := r.Match("GET", fmt.Sprintf("/a%d/x/b%d", i%100, i))
		if m.Operation == nil || m.Operation.ID != fmt.Sprintf("op%d", i) || m.Param(0) != "x" {
			t.Fatal(i, m)
		}
	}
}

func TestP09_Bomb(t *testing.T) {
	var b strings.Builder
	b.WriteString("openapi: 3.1.0\nx-a: &a0 [1,1,1,1,1,1,1,1,1]\n")
	for i := 1; i <= 9; i++ {
		fmt.Fprintf(&b, "x-a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 8), i-1)
	}
	b.WriteString("components: {schemas: {A: {default: *a9}, B: {allOf: *a9}}}\n")
	start := time.Now()
	Load([]byte(b.String()), "x")
	if d := time.Since(start); d > 20*time.Second {
		t.Error(d)
	}
}

func TestLoadShape(t *testing.T) {
	c := mustLoad(t, `openapi: 3.1.0
security: [{bearer: []}, {key: [], basic: []}]
paths:
  /items/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer}}
      - {$ref: '#/components/parameters/Page'}
    delete:
      operationId: remove
      deprecated: true
      security: []
    get:
      operationId: show
      parameters:
        - {name: page, in: query, required: true, schema: {type: string}}
        - {name: X-Trace, in: header, schema: {type: string}}
      requestBody: {$ref: '#/components/requestBodies/B'}
      responses:
        200: {$ref: '#/components/responses/R'}
        4XX: {description: bad, content: {text/plain: {}}}
        default: {description: d}
  /ws:
    get: {operationId: ws, security: [{}], responses: {101: {description: up}}}
  /copy: {$ref: '#/components/pathItems/Copy'}
webhooks:
  paid:
    post: {responses: {200: {description: ok}}}
  left:
    post: {operationId: userLeft}
components:
  pathItems: {Copy: {post: {operationId: copy}}}
  parameters: {Page: {name: page, in: query, schema: {type: integer, default: 1}}}
  requestBodies: {B: {required: true, content: {Application/JSON; charset=utf-8: {schema: {$ref: '#/components/schemas/Node'}}}}}
  responses: {R: {description: r, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Node'}}}}}}
  securitySchemes:
    bearer: {type: http, scheme: bearer}
    basic: {type: http, scheme: basic}
    key: {type: apiKey, in: header, name: X-Key}
  schemas:
    Node: {type: object, properties: {next: {$ref: '#/components/schemas/Node'}, n: {type: [integer, 'null']}}}
`)
	var got strings.Builder
	for _, op := range c.Operations {
		fmt.Fprintf(&got, "%s %s %s", op.Method, op.Path, op.ID)
		for _, p := range op.Params {
			fmt.Fprintf(&got, " %s:%s:%v:%s", p.In, p.Name, p.Required, p.Schema.Types)
		}
		if op.Body != nil {
			fmt.Fprintf(&got, " body:%v:%s:%s", op.Body.Required, op.Body.Content[0].Type, op.Body.Content[0].Schema.Name)
		}
		for _, r := range op.Responses {
			fmt.Fprintf(&got, " %d:%d", r.Status, len(r.Content))
		}
		fmt.Fprintf(&got, " security:%d deprecated:%v ws:%v hook:%v\n", len(op.Security), op.Deprecated, op.WebSocket, op.Webhook)
	}
	const want = `DELETE /items/{id} remove path:id:true:integer query:page:false:integer security:0 deprecated:true ws:false hook:false
GET /items/{id} show path:id:true:integer query:page:true:string header:X-Trace:false:string body:true:application/json:Node 200:1 4:1 0:0 security:2 deprecated:false ws:false hook:false
GET /ws ws 101:0 security:1 deprecated:false ws:true hook:false
POST /copy copy security:2 deprecated:false ws:false hook:false
POST /paid paid 200:0 security:2 deprecated:false ws:false hook:true
POST /left userLeft security:2 deprecated:false ws:false hook:true
`
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
	n := c.Schemas["Node"]
	if n.Properties[0].Schema != n {
		t.Error("a cycle is not one schema")
	}
	if c.Operations[1].Responses[0].Content[0].Schema.Items != n {
		t.Error("a reference is a copy")
	}
}

func TestMissingHandlers(t *testing.T) {
	c := mustLoad(t, tutorial)
	got := c.MissingHandlers(func(id string) bool { return id != "homePage" && id != "createUser" && id != "webSocket" })
	want := `Error: Missing ARO feature set handlers for the following operations:
  - GET / requires feature set named 'homePage'
  - POST /users requires feature set named 'createUser'`
	if got != want {
		t.Errorf("got %s", got)
	}
}
