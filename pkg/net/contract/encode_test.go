package contract

import (
	"testing"
	"time"

	"aro/pkg/vm/value"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var sameContract = cmp.Options{
	cmpopts.IgnoreUnexported(Operation{}, Param{}, Schema{}),
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b value.Value) bool {
		return a.Kind() == b.Kind() && a.Developer() == b.Developer()
	}),
}

func TestEncode(t *testing.T) {
	for name, doc := range map[string]string{
		"tutorial": tutorial, "parameters": parameters, "empty": "openapi: 3.0.0\n",
		"everything": `openapi: 3.1.0
components:
  schemas:
    A: {type: [string, 'null'], nullable: true, minLength: 0, maxLength: 0, pattern: '^a', format: uuid, enum: [a, null, 1, 1.5, true, [x, {y: 1}]], const: {a: 1.0}, default: -5}
    B: {minimum: 1, maximum: 2.5, exclusiveMinimum: 0, exclusiveMaximum: 9, minItems: 1, maxItems: 2, uniqueItems: true, items: {$ref: '#/components/schemas/B'}}
    C: {$ref: '#/components/schemas/A', allOf: [true], anyOf: [false, {}], oneOf: [{}], not: false, required: [z], properties: {z: {}}, additionalProperties: false}
    D: {oneOf: [{$ref: '#/components/schemas/A'}], discriminator: {propertyName: k, mapping: {m: B}}}
paths:
  /x:
    get:
      operationId: x
      responses:
        '200':
          description: all
          headers:
            X-A: {required: true, explode: true, schema: {const: 1}}
            X-B: {content: {application/json: {schema: {type: object}}}}
            X-C: {description: anything}
`,
	} {
		t.Run(name, func(t *testing.T) {
			c := mustLoad(t, doc)
			b := c.Encode()
			d, err := Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c, d, sameContract); diff != "" {
				t.Error(diff)
			}
			if string(d.Encode()) != string(b) {
				t.Error("unstable")
			}
			for i := range b {
				Decode(b[:i])
			}
		})
	}
}

const withHeaders = `openapi: 3.1.0
paths:
  /x:
    get:
      operationId: x
      responses: {'200': {description: x, headers: {X-A: {required: true, schema: {const: 1}}, X-B: {explode: true}}}}
`

func TestDecodeDamaged(t *testing.T) {
	b := mustLoad(t, withHeaders).Encode()
	for i := range b {
		for x := range 256 {
			d := append([]byte(nil), b...)
			d[i] = byte(x)
			if c, err := Decode(d); err == nil {
				c.Encode()
				NewRouter(c)
			}
		}
	}
	b = mustLoad(t, tutorial).Encode()
	for i := range b {
		for _, x := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			d := append([]byte(nil), b...)
			d[i] = x
			if c, err := Decode(d); err == nil {
				c.Encode()
				NewRouter(c)
			}
		}
	}
	if _, err := Decode(append(b, 0)); err == nil {
		t.Error("leftover bytes are accepted")
	}
}

func FuzzDecode(f *testing.F) {
	for _, doc := range []string{tutorial, parameters, withHeaders} {
		c, _ := Load([]byte(doc), "x")
		f.Add(c.Encode())
	}
	user, _ := value.ParseJSON(user200)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Decode(data)
		if err != nil {
			return
		}
		again, err := Decode(c.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if string(again.Encode()) != string(c.Encode()) {
			t.Fatal("unstable")
		}
		NewRouter(c).Match("GET", "/messages/1")
		for _, op := range c.Operations {
			op.QueryParameters("a=1&limit=2")
			op.CheckSecurity(func(string, string) string { return "" })
			op.ResponseType(200)
		}
		start := time.Now()
		for _, s := range c.Schemas {
			s.Check(user, true)
			s.Coerce(user)
			if time.Since(start) > 20*time.Second {
				return
			}
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(tutorial))
	f.Add([]byte(parameters))
	f.Add([]byte("openapi: 3.1.0\ncomponents: {schemas: {A: &a {allOf: [*a], default: *a, $ref: '#/components/schemas/A'}}}"))
	f.Add([]byte("openapi: 3.0.0\npaths:\n  /x: {$ref: '#/paths/~1x'}\nwebhooks: {a: {get: 1}}\nservers: [{url: '{a}', variables: {a: {default: 'b:1'}}}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4096 {
			return
		}
		c, problems := Load(data, "x")
		if c == nil {
			if len(problems) == 0 {
				t.Fatal("neither contract nor problem")
			}
			return
		}
		b := c.Encode()
		d, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if string(d.Encode()) != string(b) {
			t.Fatal("unstable")
		}
		NewRouter(c).Match("GET", "/x")
	})
}

func FuzzQuery(f *testing.F) {
	c, _ := Load([]byte(parameters), "x")
	op := c.Operation("q")
	f.Add("a=1&o[x]=1&l=1&l=2&c=a,b&of=R,1&red=1&j={}")
	f.Fuzz(func(t *testing.T, raw string) {
		if v := ParseQuery(raw); v.Record().Len() > maxFields {
			t.Fatal("too many fields")
		}
		if v, fail := op.QueryParameters(raw); fail == nil {
			op.CheckParameters(InQuery, v)
			if _, err := value.ParseJSON(v.JSON()); err != nil {
				t.Fatal(err)
			}
		}
		ParseCookies(raw)
	})
}
