package value_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"aro/pkg/vm/value"
)

// anyValue draws a JSON value.
func anyValue(depth int) *rapid.Generator[value.Value] {
	scalars := []*rapid.Generator[value.Value]{
		rapid.Just(value.Nil),
		rapid.Map(rapid.Bool(), value.OfBool),
		rapid.Map(rapid.Int64(), value.OfInt),
		rapid.Map(rapid.Float64Range(-1e300, 1e300).Filter(func(f float64) bool { return f != math.Trunc(f) }), value.OfFloat),
		rapid.Map(rapid.String(), value.OfString),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	inner := anyValue(depth - 1)
	list := rapid.Map(rapid.SliceOfN(inner, 0, 5), value.OfList)
	object := rapid.Custom(func(t *rapid.T) value.Value {
		b := value.NewBuilder(4)
		for range rapid.IntRange(0, 12).Draw(t, "keys") {
			b.Set(rapid.String().Draw(t, "key"), inner.Draw(t, "value"))
		}
		return b.Value()
	})
	return rapid.OneOf(append(scalars, list, object)...)
}

// TestJSONRoundTrip: what is written reads back as the same value, and encoding/json
// reads the same from it.
func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(3).Draw(t, "v")
		text := v.JSON()
		back, err := value.ParseJSON(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !value.TypedEqual(v, back) {
			t.Fatalf("%s reads back as %s", text, back.JSON())
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("%s is not JSON", text)
		}
	})
}

// toGo converts to what encoding/json gives.
func toGo(v value.Value) any {
	switch v.Kind() {
	case value.Bool:
		return v.Bool()
	case value.Int:
		return float64(v.Int())
	case value.Float:
		return v.Float()
	case value.String:
		return v.Str()
	case value.List:
		out := []any{}
		for _, e := range v.List() {
			out = append(out, toGo(e))
		}
		return out
	case value.Map:
		out := map[string]any{}
		for i := range v.Record().Len() {
			k, e := v.Record().At(i)
			out[k] = toGo(e)
		}
		return out
	}
	return nil
}

// FuzzParseJSON compares with encoding/json. Known differences: ours refuses
// invalid UTF-8, nesting beyond 512, and integers that lose digits.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,-0,1e3,"x\u00e9\ud83d\ude00\ud800"],"b":{"c":null,"a":true}}`, `[`, `"\x"`, `01`, `1.`, `-`, `{"a":1,"a":2}`,
		"\"\xff\"", `12345678901234567890`, ` [ ] `, `{"a" :1}x`, `"\u12`, "\"\t\"", `nul`, strings.Repeat("[", 600) + strings.Repeat("]", 600)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := value.ParseJSON(s)
		var want any
		stdErr := json.Unmarshal([]byte(s), &want)
		if err != nil {
			if stdErr == nil && utf8.ValidString(s) && !strings.Contains(err.Error(), "out of range") && !strings.Contains(err.Error(), "levels deep") {
				t.Fatalf("%q: refused: %v", s, err)
			}
			return
		}
		if stdErr != nil {
			t.Fatalf("%q: accepted, but %v", s, stdErr)
		}
		if !reflect.DeepEqual(toGo(got), want) {
			t.Fatalf("%q: %#v, want %#v", s, toGo(got), want)
		}
	})
}
