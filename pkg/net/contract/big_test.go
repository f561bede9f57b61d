package contract

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/requests"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"go.yaml.in/yaml/v4"

	"aro/pkg/vm/value"
)

// bigContracts come with libopenapi, but for GitHub's, which .ci/run takes from
// npm.
var bigContracts = []string{"asana.yaml", "docusignv3.1.json", "stripe.yaml", "petstorev3.json", "burgershop.openapi.yaml", "api.github.com.json"}

func bigContract(t testing.TB, name string) []byte {
	t.Helper()
	if name == "api.github.com.json" {
		dir := os.Getenv("ARO_TEST_TOOLS")
		data, err := os.ReadFile(filepath.Join(dir, name))
		switch {
		case err == nil:
			return data
		case dir != "" || os.Getenv("CI") == "true":
			t.Fatal(err)
		default:
			t.Skip("needs GitHub's contract: set ARO_TEST_TOOLS to the folder with " + name + " of the npm package @octokit/openapi")
		}
	}
	data, err := os.ReadFile(filepath.Join(moduleDir(t, "github.com/pb33f/libopenapi"), "test_specs", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// raceEnabled: these tests run on one goroutine, and the race detector makes minutes
// of them. .ci/run runs them without it too.
var raceEnabled bool

func eachBigContract(t *testing.T, f func(t *testing.T, data []byte)) {
	for _, name := range bigContracts {
		if raceEnabled && !strings.Contains(name, "burgershop") && !strings.Contains(name, "petstore") {
			continue
		}
		t.Run(name, func(t *testing.T) { f(t, bigContract(t, name)) })
	}
}

func mustLoadBig(t testing.TB, data []byte) *Contract {
	t.Helper()
	c, problems := Load(data, "x")
	if c == nil {
		t.Fatal(problems)
	}
	return c
}

// outline reads methods, paths and ids out of a document as the plain map it is.
func outline(t *testing.T, data []byte) []string {
	t.Helper()
	var doc struct {
		Paths map[string]any
	}
	var err error
	if data[0] == '{' {
		err = json.Unmarshal(data, &doc)
	} else {
		err = yaml.Unmarshal(data, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for path, item := range doc.Paths {
		methods, _ := item.(map[string]any)
		for method, op := range methods {
			if op, ok := op.(map[string]any); ok && slices.Contains([]string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}, method) {
				out = append(out, strings.ToUpper(method)+" "+path+" "+op["operationId"].(string))
			}
		}
	}
	slices.Sort(out)
	return out
}

// Every operation is there, is found by its path, and survives being stored.
func TestBigContracts(t *testing.T) {
	eachBigContract(t, func(t *testing.T, data []byte) {
		c := mustLoadBig(t, data)
		var got []string
		for _, op := range c.Operations {
			if !op.Webhook {
				got = append(got, op.Method+" "+op.Path+" "+op.ID)
			}
		}
		slices.Sort(got)
		if want := outline(t, data); !slices.Equal(got, want) {
			t.Errorf("%d operations, want %d", len(got), len(want))
		}
		r := NewRouter(c)
		for _, op := range c.Operations {
			path := op.Path
			for _, n := range templateNames(path) {
				path = strings.Replace(path, "{"+n+"}", "v1", 1)
			}
			if m := r.Match(op.Method, path); m.Operation != op {
				t.Errorf("%s %s: got %v", op.Method, path, m.Operation)
			}
		}
		b := c.Encode()
		d, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if string(d.Encode()) != string(b) {
			t.Error("decoding and encoding changes the bytes")
		}
		if again := mustLoadBig(t, data); string(again.Encode()) != string(b) {
			t.Error("loading twice differs")
		}
		t.Logf("%d operations, %d schemas, %d bytes of %d", len(c.Operations), len(c.Schemas), len(b), len(data))
	})
}

// Nothing of a document or of the library's model stays behind.
func TestLoadIsDropped(t *testing.T) {
	eachBigContract(t, func(t *testing.T, data []byte) {
		live := func() int {
			runtime.GC()
			runtime.GC() // what was in pools
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return int(m.HeapAlloc)
		}
		mustLoadBig(t, []byte(tutorial)) // what the library sets up once
		before := live()
		c := mustLoadBig(t, data)
		if grown, limit := live()-before, len(data)*3/4+1<<20; grown > limit {
			t.Errorf("%d KiB stay for a document of %d KiB", grown>>10, len(data)>>10)
		} else {
			t.Logf("%d KiB stay for a document of %d KiB", grown>>10, len(data)>>10)
		}
		runtime.KeepAlive(c)
	})
}

// sample makes a value for a schema, which may or may not satisfy it.
func sample(s *Schema, full bool, depth int) value.Value {
	if s == nil || depth > 6 {
		return value.OfString("x")
	}
	switch {
	case s.Const.IsBound():
		return s.Const
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Ref != nil:
		return sample(s.Ref, full, depth+1)
	case len(s.AllOf) > 0:
		b := value.NewBuilder(4)
		for _, part := range append(s.AllOf, &Schema{Properties: s.Properties, Required: s.Required, Types: TypeObject}) {
			v := sample(part, full, depth+1)
			if v.Kind() != value.Map {
				return v
			}
			for i := range v.Record().Len() {
				k, w := v.Record().At(i)
				b.Set(k, w)
			}
		}
		return b.Value()
	case len(s.OneOf) > 0:
		return sample(s.OneOf[0], full, depth+1)
	case len(s.AnyOf) > 0:
		return sample(s.AnyOf[0], full, depth+1)
	case s.Types&TypeObject != 0 || len(s.Properties) > 0:
		b := value.NewBuilder(4)
		for _, p := range s.Properties {
			if full && depth < 3 || slices.Contains(s.Required, p.Name) {
				b.Set(p.Name, sample(p.Schema, full, depth+1))
			}
		}
		return b.Value()
	case s.Types&TypeArray != 0:
		return value.OfList([]value.Value{sample(s.Items, full, depth+1)})
	case s.Types&TypeString != 0 || s.Types == 0:
		switch s.Format {
		case FormatDate:
			return value.OfString("2026-02-28")
		case FormatDateTime:
			return value.OfString("2026-02-28T10:00:00Z")
		case FormatUUID:
			return value.OfString("0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f")
		case FormatURI:
			return value.OfString("https://a.example/b")
		case FormatEmail:
			return value.OfString("a@b.example")
		}
		return value.OfString(strings.Repeat("a", max(s.MinLength, 1)))
	case s.Types&(TypeInteger|TypeNumber) != 0:
		if s.Minimum.IsBound() {
			return s.Minimum
		}
		return value.OfInt(7)
	case s.Types&TypeBoolean != 0:
		return value.True
	}
	return value.Nil
}

// spoilt are variations of a body: without each of its fields, and with each of
// them a number, a text and null.
func spoilt(v value.Value) []value.Value {
	out := []value.Value{v, value.OfString("x"), value.OfList(nil)}
	r := v.Record()
	if r == nil {
		return out
	}
	with := func(i int, w value.Value) {
		b := value.NewBuilder(r.Len() + 1)
		for j := range r.Len() {
			k, x := r.At(j)
			if j == i {
				x = w
			}
			if x.IsBound() {
				b.Set(k, x)
			}
		}
		if i < 0 {
			b.Set("surely-unknown", w)
		}
		out = append(out, b.Value())
	}
	with(-1, value.True)
	for i := range min(r.Len(), 6) {
		for _, w := range []value.Value{{}, value.OfInt(3), value.OfString("nonsense"), value.Nil} {
			with(i, w)
		}
	}
	return out
}

// Verdicts on JSON bodies are those of libopenapi-validator. It takes milliseconds
// to prepare an operation, for some of DocuSign's seconds, so only some operations
// of a contract are compared, as many as there is time for.
func TestBigContractsOracle(t *testing.T) {
	eachBigContract(t, func(t *testing.T, data []byte) {
		c := mustLoadBig(t, data)
		doc, err := libopenapi.NewDocument(data)
		if err != nil {
			t.Fatal(err)
		}
		defer libopenapi.ClearAllCaches()
		model, _ := doc.BuildV3Model()
		if model == nil {
			t.Fatal("no model")
		}
		var withBody []*Operation
		for _, op := range c.Operations {
			if op.Body != nil && matchMedia(op.Body.Content, typeJSON) != nil && !op.Webhook {
				withBody = append(withBody, op)
			}
		}
		theirs := requests.NewRequestBodyValidator(&model.Model, config.WithFormatAssertions(), config.WithOpenAPIMode())
		verdicts := map[bool]int{}
		const most = 40
		start := time.Now()
		for i := 0; i < len(withBody) && time.Since(start) < 3*time.Second; i += 1 + len(withBody)/most {
			op := withBody[i]
			item, _ := model.Model.Paths.PathItems.Get(op.Path)
			schema := matchMedia(op.Body.Content, typeJSON).Schema
			var bodies []value.Value
			for _, full := range []bool{false, true} {
				bodies = append(bodies, spoilt(sample(schema, full, 0))...)
			}
			for _, body := range bodies {
				text := body.JSON()
				want, complaints := judge(theirs, item, op, text)
				v, _, f := op.DecodeBody(typeJSON, []byte(text))
				if f == nil {
					_, f = op.CheckBody(typeJSON, []byte(text), v)
				}
				verdicts[want]++
				if (f == nil) != want {
					t.Errorf("%s %s %.300s:\nours %v, theirs %v %.300v", op.Method, op.Path, text, f, want, complaints)
				}
			}
		}
		t.Logf("of %d operations with bodies: %d bodies right, %d wrong", len(withBody), verdicts[true], verdicts[false])
		if len(withBody) > 0 && (verdicts[true] == 0 || verdicts[false] == 0) {
			t.Error("the bodies show nothing")
		}
	})
}

func judge(v requests.RequestBodyValidator, item *v3.PathItem, op *Operation, body string) (bool, string) {
	q, _ := http.NewRequest(op.Method, "http://localhost/", strings.NewReader(body))
	q.Header.Set("Content-Type", typeJSON)
	ok, errs := v.ValidateRequestBodyWithPathItem(q, item, op.Path)
	var text string
	for _, e := range errs {
		text += e.Error() + "\n"
	}
	return ok, text
}
