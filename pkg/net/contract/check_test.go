package contract

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"aro/pkg/vm/value"

	"github.com/google/jsonschema-go/jsonschema"
)

// schemaOf compiles a schema written as JSON or flow YAML.
func schemaOf(t testing.TB, doc string) *Schema {
	t.Helper()
	c, problems := Load([]byte("openapi: 3.1.0\ncomponents: {schemas: {S: "+doc+"}}\n"), "x")
	if c == nil {
		t.Fatalf("%s: %+v", doc, problems)
	}
	return c.Schemas["S"]
}

func mustJSON(t testing.TB, s string) value.Value {
	t.Helper()
	v, err := value.ParseJSON(s)
	if err != nil {
		t.Fatal(s, err)
	}
	return v
}

func TestCheck(t *testing.T) {
	for _, x := range []struct{ schema, in, want string }{
		{`{type: object, required: [name], properties: {age: {type: integer}}}`, `{"age":"x"}`, "Missing required property 'name'|Property 'age' expected integer, got string"},
		{`{type: [integer, 'null']}`, `"x"`, "Expected null or integer, got string"},
		{`{type: integer}`, `1.0`, ""},
		{`{type: integer}`, `1.5`, "Expected integer, got number"},
		{`{type: number}`, `1`, ""},
		{`{type: string, nullable: true}`, `null`, ""},
		{`{properties: {a: {properties: {b: {type: array, items: {required: [c]}}}}}}`, `{"a":{"b":[{"c":1},{}]}}`, "Missing required property 'a.b[1].c'"},
		{`{items: {items: {type: integer}}}`, `[[1],[2,"x"]]`, "Property '[1][1]' expected integer, got string"},
		{`{properties: {a: {enum: [x, 1, null]}}}`, `{"a":"y"}`, "Property 'a' must be one of x, 1, null"},
		{`{properties: {a: {const: [1]}}}`, `{"a":[2]}`, "Property 'a' must be [1]"},
		{`{minimum: 3, maximum: 5}`, `2`, "Must be at least 3"},
		{`{minimum: 3, maximum: 5}`, `5.5`, "Must be at most 5"},
		{`{exclusiveMinimum: 3}`, `3`, "Must be greater than 3"},
		{`{exclusiveMaximum: true, maximum: 3}`, `3`, "Must be less than 3"},
		{`{exclusiveMinimum: false, minimum: 3}`, `3`, ""},
		{`{maximum: 9007199254740993}`, `9007199254740994`, "Must be at most 9007199254740993"},
		{`{minLength: 2}`, `"é"`, "Must have at least 2 characters"},
		{`{maxLength: 1}`, `"é"`, ""},
		{`{maxLength: 1}`, `"éé"`, "Must have at most 1 character"},
		{`{maxLength: 0}`, `"a"`, "Must have at most 0 characters"},
		{`{pattern: '^a+$'}`, `"b"`, "Does not match the pattern '^a+$'"},
		{`{minItems: 1}`, `[]`, "Must have at least 1 item"},
		{`{maxItems: 1}`, `[1,2]`, "Must have at most 1 item"},
		{`{uniqueItems: true}`, `[1,{"a":1},{"a":1.0}]`, "Must not repeat items"},
		{`{uniqueItems: true}`, `[1,"1",true,null,[1],{"a":1}]`, ""},
		{`{format: email}`, `"a"`, "Is not a valid email"},
		{`{properties: {a: {}}, additionalProperties: false}`, `{"a":1,"b":2}`, "Property 'b' is not allowed"},
		{`{additionalProperties: {type: integer}}`, `{"b":"x"}`, "Property 'b' expected integer, got string"},
		{`{anyOf: [{type: integer}, {type: boolean}]}`, `"x"`, "Matches none of the allowed schemas"},
		{`{oneOf: [{type: integer}, {minimum: 2}]}`, `3`, "Matches more than one of the allowed schemas"},
		{`{oneOf: [{type: integer}]}`, `"x"`, "Expected integer, got string"},
		{`{not: {type: integer}}`, `3`, "Matches a schema that is not allowed"},
		{`{allOf: [{required: [a]}, {required: [b]}]}`, `{}`, "Missing required property 'a'|Missing required property 'b'"},
		{`{properties: {a: false}}`, `{"a":1}`, "Property 'a' is not allowed"},
	} {
		_, got := schemaOf(t, x.schema).Check(mustJSON(t, x.in), false)
		if s := strings.Join(got, "|"); s != x.want {
			t.Errorf("%s on %s: got %q, want %q", x.schema, x.in, s, x.want)
		}
	}
}

func TestDefaults(t *testing.T) {
	s := schemaOf(t, `{type: object, required: [a], properties: {a: {default: 1}, n: {type: object, properties: {x: {default: [1.5]}}}, l: {items: {properties: {y: {default: null}}}}, u: {}},
		allOf: [{properties: {z: {default: zz}}}], oneOf: [{required: [k1], properties: {d: {default: 1}}}, {required: [k2], properties: {d: {default: 2}}}]}`)
	in := mustJSON(t, `{"n":{},"l":[{"y":2},{}],"k2":true}`)
	before := in.JSON()
	out, details := s.Check(in, true)
	if details != nil || out.JSON() != `{"a":1,"d":2,"k2":true,"l":[{"y":2},{"y":null}],"n":{"x":[1.5]},"z":"zz"}` {
		t.Error(out.JSON(), details)
	}
	if in.JSON() != before {
		t.Error("the input changed")
	}
	if _, details = s.Check(in, false); len(details) != 1 {
		t.Error(details)
	}
}

func TestCoerce(t *testing.T) {
	s := schemaOf(t, `{type: object, properties: {i: {type: integer}, f: {type: number}, b: {type: boolean}, s: {type: string}, l: {type: array, items: {type: integer}}, a: {anyOf: [{type: integer}, {type: 'null'}]}, d: {default: 1}}}`)
	for in, want := range map[string]string{
		`{"i":"12","f":"1.5","b":"true","s":"7","l":["1",2],"a":"3"}`: `{"a":3,"b":true,"d":1,"f":1.5,"i":12,"l":[1,2],"s":"7"}`,
		`{"i":3.0,"f":2}`: `{"d":1,"f":2,"i":3}`,
		`{"i":"x"}`:       "Property 'i' expected integer, got string",
		`{"i":1.5}`:       "Property 'i' expected integer, got number",
		`{"s":7}`:         "Property 's' expected string, got integer",
	} {
		v, details := s.Coerce(mustJSON(t, in))
		got := v.JSON()
		if details != nil {
			got = strings.Join(details, "|")
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	v, _ := s.Coerce(mustJSON(t, `{"i":3.0,"f":2}`))
	i, _ := v.Property("i")
	f, _ := v.Property("f")
	if i.Kind() != value.Int || f.Kind() != value.Float {
		t.Error(i.Kind(), f.Kind())
	}
}

func TestDiscriminator(t *testing.T) {
	c := mustLoad(t, `openapi: 3.0.0
components:
  schemas:
    Pet:
      oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]
      discriminator: {propertyName: kind, mapping: {puppy: '#/components/schemas/Dog'}}
    Base: {type: object, required: [kind], properties: {kind: {type: string}}}
    Cat: {allOf: [{$ref: '#/components/schemas/Base'}, {required: [lives]}]}
    Dog: {allOf: [{$ref: '#/components/schemas/Base'}, {properties: {bark: {type: boolean}}}]}
`)
	for in, want := range map[string]string{
		`{"kind":"Cat","lives":9}`: "", `{"kind":"Cat"}`: "Missing required property 'lives'", `{"kind":"puppy","bark":1}`: "Property 'bark' expected boolean, got integer",
		`{}`: "Missing required property 'kind'", `{"kind":"Cow"}`: "Property 'kind' must be one of Cat, Dog, puppy",
	} {
		_, got := c.Schemas["Pet"].Check(mustJSON(t, in), false)
		if strings.Join(got, "|") != want {
			t.Errorf("%s: got %q", in, got)
		}
	}
}

// TestCheckTime: schemas that recurse through several branches are exponential
// in the depth of the value; the answer must come all the same.
func TestCheckTime(t *testing.T) {
	deep := mustJSON(t, strings.Repeat(`{"x":`, 400)+`1`+strings.Repeat(`}`, 400))
	for _, doc := range []string{
		`{anyOf: [{required: [q], properties: {x: {$ref: '#/components/schemas/S'}}}, {properties: {x: {$ref: '#/components/schemas/S'}}, required: [r]}]}`,
		`{oneOf: [{properties: {x: {$ref: '#/components/schemas/S'}}}, {properties: {x: {$ref: '#/components/schemas/S'}}}]}`,
		`{allOf: [{properties: {x: {$ref: '#/components/schemas/S'}}}, {properties: {x: {$ref: '#/components/schemas/S'}}}]}`,
		`{not: {anyOf: [{$ref: '#/components/schemas/S'}, {$ref: '#/components/schemas/S'}]}}`,
		`{allOf: [{$ref: '#/components/schemas/S'}, {$ref: '#/components/schemas/S'}]}`,
	} {
		s := schemaOf(t, doc)
		start := time.Now()
		s.Check(deep, true)
		s.Coerce(deep)
		if d := time.Since(start); d > time.Minute {
			t.Errorf("%s: %v", doc, d)
		}
	}
	long := make([]value.Value, 200_000)
	for i := range long {
		long[i] = value.OfInt(int64(i))
	}
	start := time.Now()
	if _, d := schemaOf(t, `{uniqueItems: true}`).Check(value.OfList(long), false); d != nil || time.Since(start) > time.Minute {
		t.Error(d, time.Since(start))
	}
	if _, d := schemaOf(t, `{items: {type: string}}`).Check(value.OfList(long), false); len(d) != maxDetails {
		t.Error(len(d))
	}
}

func TestDepth(t *testing.T) {
	s := schemaOf(t, `{properties: {x: {$ref: '#/components/schemas/S'}}}`)
	v := value.OfInt(1)
	for range 2000 {
		v = value.MapOf("x", v)
	}
	if _, d := s.Check(v, true); len(d) != 1 || !strings.HasSuffix(d[0], "is nested too deeply") {
		t.Errorf("%.200v", d)
	}
}

func TestFormats(t *testing.T) {
	good := map[string]string{
		"email":     "a@b.c|joe.bloggs@example.com|\"joe bloggs\"@example.com|joe@[127.0.0.1]|te~st@example.com|é@exämple.de",
		"date":      "2026-02-28|2024-02-29|0000-01-01",
		"date-time": "2026-01-01T12:00:00Z|2026-01-01t12:00:00.123z|1998-12-31T23:59:60Z|1998-12-31T15:59:60.123-08:00|2026-01-01T00:00:00+05:30",
		"uuid":      "2EB8AA08-aa98-11ea-B4AA-73B441D16380|00000000-0000-0000-0000-000000000000",
		"uri":       "http://foo.bar/?baz=qux#quux|urn:oasis:names|mailto:a@b.c|tel:+1-816-555-1212|ldap://[2001:db8::7]/c=GB?x?y",
		"ipv4":      "127.0.0.1|255.255.255.255|0.0.0.0",
	}
	bad := map[string]string{
		"email":     "|a|@b|a@|.a@b.c|a.@b.c|a..b@c.d|a b@c.d|a@b..c|a@-b.c|a@[1.2.3]|a@b,c",
		"date":      "2026-02-29|2026-13-01|2026-1-01|26-01-01|2026-01-01T|２026-01-01",
		"date-time": "2026-01-01|2026-01-01 12:00:00Z|2026-01-01T24:00:00Z|2026-01-01T12:00:00|1998-12-31T23:58:60Z|1998-12-31T22:59:60Z|2026-01-01T12:00:00.Z|2026-01-01T12:00:00+24:00|2026-01-01T12:00:0Z",
		"uuid":      "2eb8aa08-aa98-11ea-b4aa-73b441d1638|2eb8aa08aa9811eab4aa73b441d16380|2eb8aa08-aa98-11ea-b4aa-73b441d1638g",
		"uri":       "|//foo|/a|foo|1a:b|:a|http:// a|http://a\\b|http://a/%zz|a{:b",
		"ipv4":      "127.0.0|127.0.0.0.1|256.0.0.1|01.2.3.4|1.2.3.|a.b.c.d|1.2.3.4 ",
	}
	for i, name := range formatNames[1:] {
		f := Format(i + 1)
		for s := range strings.SplitSeq(good[name], "|") {
			if !f.matches(s) {
				t.Errorf("%s refuses %q", name, s)
			}
		}
		for s := range strings.SplitSeq(bad[name], "|") {
			if f.matches(s) {
				t.Errorf("%s accepts %q", name, s)
			}
		}
	}
}

// honoured are the suite's files for keywords of 03 §3.1.
var honoured = strings.Fields(`additionalProperties allOf anyOf boolean_schema const default enum exclusiveMaximum
	exclusiveMinimum infinite-loop-detection items maxItems maxLength maximum minItems minLength minimum not oneOf
	pattern properties ref required type uniqueItems`)

// foreign are keywords that the suite's cases use besides and we do not honour.
var foreign = []string{"patternProperties", "prefixItems", "multipleOf", "dependent", "unevaluated", "contains", "propertyNames",
	"$id", "$anchor", "$defs", "$dynamic", `"if"`, "minProperties", "maxProperties", "\"$ref\":\"#/properties", "\"$ref\":\"#\"", "$ref\":\"http"}

// TestSuite runs the JSON Schema suite that jsonschema-go carries.
func TestSuite(t *testing.T) {
	dir := filepath.Join(moduleDir(t, "github.com/google/jsonschema-go"), "jsonschema", "testdata", "draft2020-12")
	ran, skipped := 0, 0
	for _, name := range honoured {
		data, err := os.ReadFile(filepath.Join(dir, name+".json"))
		if err != nil {
			t.Skip(err)
		}
		var groups []struct {
			Description string
			Schema      json.RawMessage
			Tests       []struct {
				Description string
				Data        json.RawMessage
				Valid       bool
			}
		}
		if err := json.Unmarshal(data, &groups); err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			var compact strings.Builder
			var any any
			json.Unmarshal(g.Schema, &any)
			json.NewEncoder(&compact).Encode(any)
			if containsAny(compact.String(), foreign) {
				skipped++
				continue
			}
			doc := `{"openapi":"3.1.0","components":{"schemas":{"S":` + string(g.Schema) + `}}}`
			c, problems := Load([]byte(doc), name)
			if c == nil {
				t.Errorf("%s/%s: %+v", name, g.Description, problems)
				continue
			}
			for _, x := range g.Tests {
				v, err := value.ParseJSON(string(x.Data))
				if err != nil {
					continue // a number that fits neither kind
				}
				ran++
				if _, details := c.Schemas["S"].Check(v, false); (details == nil) != x.Valid {
					t.Errorf("%s/%s/%s: %s on %s gives %q", name, g.Description, x.Description, compact.String(), x.Data, details)
				}
			}
		}
	}
	t.Logf("%d cases, %d groups left out", ran, skipped)
	if ran < 300 {
		t.Errorf("only %d cases", ran)
	}
}

func containsAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// FuzzCheck compares with jsonschema-go on schemas and values made of bytes.
func FuzzCheck(f *testing.F) {
	f.Add([]byte("abcdefghijklmnopqrstuvwxyz"), []byte("0123456789"))
	f.Fuzz(func(t *testing.T, schemaBytes, valueBytes []byte) {
		g := generator{in: schemaBytes}
		doc := g.schema(0)
		text, _ := json.Marshal(doc)
		c, problems := Load([]byte(`{"openapi":"3.1.0","components":{"schemas":{"S":`+string(text)+`}}}`), "x")
		if c == nil {
			t.Fatalf("%s: %+v", text, problems)
		}
		var theirs jsonschema.Schema
		if err := json.Unmarshal(text, &theirs); err != nil {
			t.Skip(err)
		}
		resolved, err := theirs.Resolve(nil)
		if err != nil {
			t.Skip(err)
		}
		g = generator{in: valueBytes}
		instance := g.value(0)
		data, _ := json.Marshal(instance)
		var back any
		json.Unmarshal(data, &back)
		ours, details := c.Schemas["S"].Check(mustJSON(t, string(data)), false)
		if err := resolved.Validate(back); (err == nil) != (details == nil) {
			t.Fatalf("%s on %s: ours %q, theirs %v", text, data, details, err)
		}
		var after any
		json.Unmarshal([]byte(ours.JSON()), &after)
		if !reflect.DeepEqual(back, after) {
			t.Fatalf("%s became %s", data, ours.JSON())
		}
	})
}

// generator makes schemas and values of a few keys and small numbers, so that
// they meet often.
type generator struct{ in []byte }

func (g *generator) byte(n int) int {
	if len(g.in) == 0 {
		return 0
	}
	b := g.in[0]
	g.in = g.in[1:]
	return int(b) % n
}

func (g *generator) value(depth int) any {
	n := 9
	if depth > 3 {
		n = 7
	}
	switch g.byte(n) {
	case 0:
		return nil
	case 1:
		return g.byte(2) == 1
	case 2, 3:
		return g.byte(5)
	case 4:
		return float64(g.byte(10)) / 2
	case 5, 6:
		return []string{"", "a", "ab", "é", "abc"}[g.byte(5)]
	case 7:
		l := []any{}
		for range g.byte(4) {
			l = append(l, g.value(depth+1))
		}
		return l
	}
	m := map[string]any{}
	for range g.byte(4) {
		m[fmt.Sprint("k", g.byte(4))] = g.value(depth + 1)
	}
	return m
}

func (g *generator) schema(depth int) any {
	if depth > 3 {
		return g.byte(8) != 0
	}
	s := map[string]any{}
	sub := func() any { return g.schema(depth + 1) }
	list := func() any {
		l := []any{}
		for range 1 + g.byte(3) {
			l = append(l, sub())
		}
		return l
	}
	for range 1 + g.byte(3) {
		switch g.byte(18) {
		case 0, 1:
			s["type"] = typeNames[g.byte(7)]
		case 2:
			s["type"] = []string{typeNames[g.byte(3)], typeNames[3+g.byte(4)]}
		case 3, 4:
			p := map[string]any{}
			for range 1 + g.byte(3) {
				p[fmt.Sprint("k", g.byte(4))] = sub()
			}
			s["properties"] = p
		case 5:
			s["required"] = []string{fmt.Sprint("k", g.byte(4))}
		case 6:
			s["items"] = sub()
		case 7:
			s["additionalProperties"] = sub()
		case 8:
			s["allOf"] = list()
		case 9:
			s["anyOf"] = list()
		case 10:
			s["oneOf"] = list()
		case 11:
			s["not"] = sub()
		case 12:
			s["enum"] = []any{g.value(2), g.value(2)}
		case 13:
			s["const"] = g.value(2)
		case 14:
			s[[]string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}[g.byte(4)]] = float64(g.byte(8)) / 2
		case 15:
			s[[]string{"minLength", "maxLength", "minItems", "maxItems"}[g.byte(4)]] = g.byte(4)
		case 16:
			s["uniqueItems"] = g.byte(2) == 1
		case 17:
			s["pattern"] = []string{"^a", "b$", "^.$", "c"}[g.byte(4)]
		}
	}
	return s
}
