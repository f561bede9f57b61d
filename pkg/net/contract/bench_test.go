package contract

import (
	"testing"

	"aro/pkg/vm/value"
)

const tutorial = `openapi: 3.0.3
info: {title: StatusPost, version: 1.0.0}
servers:
  - url: http://localhost:8080
paths:
  /:
    get:
      operationId: homePage
      responses: {'200': {description: ok, content: {text/html: {schema: {type: string}}}}}
  /status:
    post:
      operationId: postStatus
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              required: [message]
              properties: {message: {type: string}}
  /messages:
    get:
      operationId: getMessages
      parameters:
        - {name: limit, in: query, schema: {type: integer, default: 20}}
        - {name: tags, in: query, schema: {type: array, items: {type: string}}}
      responses: {'200': {description: ok}}
  /messages/{id}:
    get:
      operationId: getMessage
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
  /static/{file}:
    get:
      operationId: getStatic
  /ws:
    get:
      operationId: webSocket
      responses: {'101': {description: Switching Protocols}}
  /users:
    post:
      operationId: createUser
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/User'}}}
components:
  schemas:
    User:
      type: object
      required: [name, age]
      properties:
        name: {type: string, minLength: 1}
        age: {type: integer, minimum: 0}
        email: {type: string, format: email}
        role: {type: string, enum: [admin, user], default: user}
`

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if c, p := Load([]byte(tutorial), "x"); c == nil {
			b.Fatal(p)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	data := mustLoad(b, tutorial).Encode()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewRouter(b *testing.B) {
	c := mustLoad(b, tutorial)
	b.ReportAllocs()
	for b.Loop() {
		NewRouter(c)
	}
}

func BenchmarkMatch(b *testing.B) {
	r := NewRouter(mustLoad(b, tutorial))
	for _, x := range []struct{ name, method, path string }{
		{"literal", "GET", "/messages"}, {"root", "GET", "/"}, {"parameter", "GET", "/messages/42"},
		{"escaped", "GET", "/messages/a%20b"}, {"missing", "GET", "/nope/at/all"}, {"method", "PUT", "/messages"},
	} {
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Match(x.method, x.path)
			}
		})
	}
}

func BenchmarkQueryParameters(b *testing.B) {
	op := mustLoad(b, tutorial).Operation("getMessages")
	b.ReportAllocs()
	for b.Loop() {
		op.QueryParameters("limit=10&q=hello+world&page=2")
	}
}

func BenchmarkParseQuery(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseQuery("limit=10&q=hello&page=2")
	}
}

func BenchmarkDecodeBodyForm(b *testing.B) {
	op := mustLoad(b, tutorial).Operation("postStatus")
	body := []byte("message=Hello%20World")
	b.ReportAllocs()
	for b.Loop() {
		op.DecodeBody("application/x-www-form-urlencoded", body)
	}
}

const user200 = `{"name":"Grace Hopper","age":85,"email":"grace@example.com","role":"admin","address":{"street":"Main Street 1","city":"Arlington","zip":"22201"},"tags":["navy","cobol","compiler"],"active":true,"n":1.5}`

func BenchmarkDecodeBodyJSON(b *testing.B) {
	op := mustLoad(b, tutorial).Operation("createUser")
	body := []byte(user200)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		op.DecodeBody("application/json", body)
	}
}

func BenchmarkSchemaCheck(b *testing.B) {
	c := mustLoad(b, tutorial)
	v, _, _ := c.Operation("createUser").DecodeBody("application/json", []byte(user200))
	s := c.Schemas["User"]
	b.ReportAllocs()
	for b.Loop() {
		if _, d := s.Check(v, true); d != nil {
			b.Fatal(d)
		}
	}
}

// validation is everything that validate: true adds to a request: the checks of
// parameters and body, once both have been read.
func validation(t testing.TB) func() *Failure {
	op := mustLoad(t, `openapi: 3.1.0
paths:
  /teams/{team}/users:
    post:
      operationId: add
      parameters:
        - {name: team, in: path, required: true, schema: {type: integer, minimum: 1}}
        - {name: notify, in: query, schema: {type: array, items: {type: string, enum: [mail, phone]}}}
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [name, age]
              additionalProperties: false
              properties:
                name: {type: string, minLength: 1, maxLength: 80}
                age: {type: integer, minimum: 0}
                email: {type: string, format: email}
                role: {type: string, enum: [admin, user]}
                tags: {type: array, items: {type: string}, maxItems: 5}
`).Operation("add")
	body := []byte(`{"name":"Grace","age":85,"email":"grace@example.com","role":"user","tags":["navy","cobol"]}`)
	path := value.MapOf("team", value.OfInt(7))
	query, f := op.QueryParameters("notify=mail&notify=phone")
	if f != nil {
		t.Fatal(f)
	}
	v, _, _ := op.DecodeBody(typeJSON, body)
	return func() *Failure {
		if f := op.CheckParameters(InPath, path); f != nil {
			return f
		}
		if f := op.CheckParameters(InQuery, query); f != nil {
			return f
		}
		_, f := op.CheckBody(typeJSON, body, v)
		return f
	}
}

func BenchmarkValidateRequest(b *testing.B) {
	check := validation(b)
	b.ReportAllocs()
	for b.Loop() {
		if f := check(); f != nil {
			b.Fatal(f)
		}
	}
}

func TestValidationAllocatesNothing(t *testing.T) {
	check := validation(t)
	if n := testing.AllocsPerRun(100, func() {
		if f := check(); f != nil {
			t.Fatal(f)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a valid request", n)
	}
}

func BenchmarkLoadBig(b *testing.B) {
	for _, name := range bigContracts {
		b.Run(name, func(b *testing.B) {
			data := bigContract(b, name)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				mustLoadBig(b, data)
			}
		})
	}
}

func BenchmarkDecodeBig(b *testing.B) {
	for _, name := range bigContracts {
		b.Run(name, func(b *testing.B) {
			data := mustLoadBig(b, bigContract(b, name)).Encode()
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				c, err := Decode(data)
				if err != nil {
					b.Fatal(err)
				}
				NewRouter(c)
			}
		})
	}
}
