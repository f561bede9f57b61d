package contract

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// sameTree compares with what the YAML parser makes of a document.
func sameTree(t *testing.T, data []byte) {
	t.Helper()
	got := jsonTree(data)
	if got == nil {
		t.Fatal("not read")
	}
	var want yaml.Node
	if err := yaml.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	left := 10
	var compare func(got, want *yaml.Node, path string)
	compare = func(got, want *yaml.Node, path string) {
		if left == 0 {
			return
		}
		if got.Kind != want.Kind || got.ShortTag() != want.ShortTag() || got.Value != want.Value ||
			got.Line != want.Line || got.Column != want.Column || len(got.Content) != len(want.Content) {
			left--
			t.Errorf("%s: got %d %s %.40q at %d:%d, want %d %s %.40q at %d:%d", path,
				got.Kind, got.ShortTag(), got.Value, got.Line, got.Column,
				want.Kind, want.ShortTag(), want.Value, want.Line, want.Column)
			return
		}
		for i := range got.Content {
			compare(got.Content[i], want.Content[i], path+"/"+got.Content[i&^1].Value)
		}
	}
	compare(got, want.Content[0], "")
}

func TestJSONTree(t *testing.T) {
	sameTree(t, []byte(`{}`))
	sameTree(t, []byte("  {\n\t\"a\" : [ 1, -2.5, 1e3, 0, true,false , null, \"x\\ny\\u00e9\\\"\", [], {} ],\r\n \"é€😀\": \"wide\", \"b\": {\"c\": \"\"}\n}\n"))
	eachBigContract(t, func(t *testing.T, data []byte) {
		if data[0] == '{' && len(data) < 10<<20 {
			sameTree(t, data)
		}
	})
}

// What is not strict JSON is left to the YAML parser.
func TestJSONTreeRefuses(t *testing.T) {
	for _, doc := range []string{
		``, `[]`, `"x"`, `{`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a: 1}`, `{"a":1} x`, `{"a":01}`, `{"a":+1}`, `{"a":tru}`, `{"a":"` + "\n" + `"}`,
		`{"a":"\x"}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"a":[1 2]}`, `{"a":"x`, `{"a":1,,}`, `{,}`, `{"a":nulll}`,
		`{"a":` + strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2) + `}`,
	} {
		if jsonTree([]byte(doc)) != nil {
			t.Errorf("%.40s is read", doc)
		}
	}
}

// FuzzJSONTree: what is read as JSON is read the same as YAML.
func FuzzJSONTree(f *testing.F) {
	f.Add([]byte(`{"openapi":"3.1.0","paths":{"/a":{"get":{"operationId":"a","parameters":[{"name":"n","in":"query","schema":{"type":"integer","maximum":1.5e3}}]}}}}`))
	f.Add([]byte("{\"é\":[null,true,-0,\"\\t\"]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4096 || jsonTree(data) == nil {
			return
		}
		if doc, err := open(data, true); err != nil || doc.GetSpecInfo().RootNode == nil {
			t.Fatalf("%q: %v", data, err)
		}
	})
}
