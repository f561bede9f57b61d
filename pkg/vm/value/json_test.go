package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// anyJSON draws a value that JSON can hold.
func anyJSON(depth int) *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		n := 6
		if depth > 0 {
			n = 8
		}
		switch rapid.IntRange(0, n-1).Draw(t, "kind") {
		case 0:
			return Nil
		case 1:
			return OfBool(rapid.Bool().Draw(t, "bool"))
		case 2:
			return OfInt(rapid.Int64().Draw(t, "int"))
		case 3:
			// -0 is written as -0 and read as the integer 0: numbers without a fraction are integers.
			return OfFloat(rapid.Float64().Filter(func(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) && (f != 0 || !math.Signbit(f)) }).Draw(t, "float"))
		case 4, 5:
			return OfString(rapid.String().Draw(t, "text"))
		case 6:
			return OfList(rapid.SliceOfN(anyJSON(depth-1), 0, 5).Draw(t, "list"))
		}
		b := NewBuilder(4)
		for range rapid.IntRange(0, 12).Draw(t, "size") {
			b.Set(rapid.StringN(0, 6, -1).Draw(t, "key"), anyJSON(depth-1).Draw(t, "value"))
		}
		return b.Value()
	})
}

// TestJSONRoundTrip: what is written reads back as the same value, and another
// reader sees the same.
func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyJSON(3).Draw(t, "value")
		text := v.JSON()
		back, err := ParseJSON(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		// Floats without fraction read back as integers, so numbers compare by value.
		if !sameNumbers(v, back) {
			t.Fatalf("%s reads back as %s", v.Developer(), back.Developer())
		}
		if again := back.JSON(); again != text {
			t.Fatalf("%s is written again as %s", text, again)
		}
		var theirs any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&theirs); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.Encode(theirs)
		// encoding/json sorts keys too; it leaves slashes alone and escapes U+2028.
		// Numbers are compared by their own text, which json.Number keeps.
		want := strings.NewReplacer("/", `\/`, `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSpace(b.String()))
		if want != text {
			t.Fatalf("\nours   %s\ntheirs %s", text, want)
		}
	})
}

// sameNumbers is equality by value: a float without fraction reads back as an
// integer.
func sameNumbers(a, b Value) bool {
	if a.IsNumber() && b.IsNumber() {
		x, _ := a.Number()
		y, _ := b.Number()
		return x == y
	}
	if a.Kind() == List && b.Kind() == List {
		return equalLists(a.List(), b.List(), func(x, y Value, _ int) bool { return sameNumbers(x, y) }, 0)
	}
	if a.Kind() == Map && b.Kind() == Map {
		return equalMaps(a.Record(), b.Record(), func(x, y Value, _ int) bool { return sameNumbers(x, y) }, 0)
	}
	return TypedEqual(a, b)
}

// jsonDifferences are inputs on which ParseJSON and encoding/json disagree by
// intention: we refuse what they accept.
var jsonDifferences = []struct {
	why string
	is  func(s string, ours error) bool
}{
	{"invalid UTF-8 is an error, not replaced", func(s string, _ error) bool { return !utf8.ValidString(s) }},
	{"numbers that neither int64 nor float64 holds are an error", func(_ string, err error) bool { return strings.Contains(err.Error(), "out of range") }},
	{"nesting deeper than 512 is an error, theirs is 10000", func(_ string, err error) bool { return err == errDepth }},
}

// agree compares ParseJSON with encoding/json on one text.
func agree(t reporter, s string) {
	v, err := ParseJSON(s)
	var x any
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	theirs := d.Decode(&x)
	if theirs == nil && !json.Valid([]byte(s)) { // text behind the value
		theirs = errors.New("invalid")
	}
	switch {
	case err == nil && theirs != nil:
		t.Errorf("%q: we accept it, encoding/json says %v", s, theirs)
	case err != nil && theirs == nil:
		for _, diff := range jsonDifferences {
			if diff.is(s, err) {
				return
			}
		}
		t.Errorf("%q: encoding/json accepts it, we say %v", s, err)
	case err == nil:
		if again, err := ParseJSON(v.JSON()); err != nil || again.JSON() != v.JSON() {
			t.Errorf("%q: not a fixed point: %s %v", s, v.JSON(), err)
		}
		same(t, s, v, x)
	}
}

// same compares a value with what encoding/json read.
func same(t reporter, s string, v Value, x any) {
	switch x := x.(type) {
	case nil:
		if v.Kind() != Null {
			t.Errorf("%q: %s, want null", s, v.Developer())
		}
	case bool:
		if v.Kind() != Bool || v.Bool() != x {
			t.Errorf("%q: %s, want %v", s, v.Developer(), x)
		}
	case string:
		if v.Str() != x || v.Kind() != String {
			t.Errorf("%q: %q, want %q", s, v.Str(), x)
		}
	case json.Number:
		if strings.ContainsAny(x.String(), ".eE") {
			if f, _ := x.Float64(); v.Kind() != Float || v.Float() != f {
				t.Errorf("%q: %s, want the float %s", s, v.Developer(), x)
			}
		} else if n, _ := x.Int64(); v.Kind() != Int || v.Int() != n {
			t.Errorf("%q: %s, want the integer %s", s, v.Developer(), x)
		}
	case []any:
		if len(v.List()) != len(x) || v.Kind() != List {
			t.Errorf("%q: %s, want %d elements", s, v.Developer(), len(x))
			return
		}
		for i := range x {
			same(t, s, v.List()[i], x[i])
		}
	case map[string]any:
		if v.Record() == nil || v.Record().Len() != len(x) {
			t.Errorf("%q: %s, want %d keys", s, v.Developer(), len(x))
			return
		}
		for k := range x {
			e, _ := v.Record().Get(k)
			same(t, s, e, x[k])
		}
	}
}

var jsonSeeds = []string{
	``, ` `, `null`, `true`, `nul`, `truex`, `"`, `"a`, `"\`, `"\u12"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83d\u0041"`, `"\ud83d\ud83d\ude00"`, `"\x"`, "\"\x01\"", "\"\xff\"", `"é\/\b\f\n\r\t\"\\"`,
	`0`, `-0`, `00`, `01`, `-`, `+1`, `1.`, `.5`, `1.5`, `1e5`, `1e`, `1e+`, `1E-2`, `1e400`, `-1e400`, `1e-400`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `-9223372036854775809`, `1.0`, `0x1`, `NaN`, `Infinity`,
	`[]`, `[1,]`, `[,1]`, `[1 2]`, `[1`, `[[[]]]`, `]`, `{}`, `{"a":1}`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":1,"a":2}`, `{"":{"":[]}}`, `{"a":1}}`, `{"a":1} x`, "\ufeff1", "[1,\n\t2]\r\n", "1 // c", `'a'`,
	`{"a":{"b":{"c":[1,{"d":null}]}},"e":"\u0000"}`, `{"\u0061":1,"a":2}`,
}

func TestParseJSONAgainstOracle(t *testing.T) {
	for _, s := range jsonSeeds {
		agree(t, s)
	}
	rapid.Check(t, func(t *rapid.T) {
		// Pieces of JSON in any order find more than random text.
		agree(t, strings.Join(rapid.SliceOfN(rapid.SampledFrom(append(strings.Split(`{ } [ ] , : " \ 0 1 -1 1.5 e true null "a" "\u0041" x`, " "), " ", "\n")), 0, 12).Draw(t, "pieces"), ""))
	})
}

// reporter is a test of ours or of rapid.
type reporter interface {
	Errorf(format string, args ...any)
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { agree(t, s) })
}

// TestJSONDepth: nesting is refused before it can use up the stack, and early.
func TestJSONDepth(t *testing.T) {
	for _, open := range []string{"[", `{"a":`, `[{"a":`} {
		for n, ok := range map[int]bool{200: true, 5_000_000: false} {
			_, err := ParseJSON(strings.Repeat(open, n) + "1" + strings.Repeat(map[string]string{"[": "]", `{"a":`: "}", `[{"a":`: "}]"}[open], n))
			if (err == nil) != ok {
				t.Errorf("%s ×%d: %v", open, n, err)
			}
		}
	}
	if _, err := ParseJSON(strings.Repeat("[", 512) + strings.Repeat("]", 512)); err != nil {
		t.Error("512 levels:", err)
	}
	if _, err := ParseJSON(strings.Repeat("[", 513) + strings.Repeat("]", 513)); err != errDepth {
		t.Error("513 levels:", err)
	}
}
