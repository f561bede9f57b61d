package format

import (
	"math"
	"strings"
	"testing"
	"unicode"

	"aro/pkg/vm/value"

	"pgregory.net/rapid"
)

// What each format promises to give back as it was. The rest of what a format
// can write (null, whole floats in JSON, "5" in a table) reads as something else,
// which the manual says.

// domain generates the values that a format promises.
type domain struct {
	key   *rapid.Generator[string]
	text  *rapid.Generator[string]
	float bool // floats come back as floats, also whole ones
	empty bool // empty collections come back
	flat  bool // scalars only
	texts bool // all scalars are text
}

func (d domain) scalar() *rapid.Generator[value.Value] {
	text := rapid.Map(d.text, value.OfString)
	if d.texts {
		return text
	}
	float := rapid.Map(rapid.Float64(), func(f float64) value.Value {
		if f == math.Trunc(f) && !d.float {
			f = 0.5
		}
		return value.OfFloat(f)
	})
	return rapid.OneOf(text, text, rapid.Map(rapid.Int64(), value.OfInt), rapid.Map(rapid.Bool(), value.OfBool), float)
}

func (d domain) value(depth int) *rapid.Generator[value.Value] {
	if depth == 0 || d.flat {
		return d.scalar()
	}
	return rapid.OneOf(d.scalar(), d.list(depth-1), d.mapping(depth-1))
}

func (d domain) list(depth int) *rapid.Generator[value.Value] {
	least := 1
	if d.empty {
		least = 0
	}
	return rapid.Map(rapid.SliceOfN(d.value(depth), least, 4), value.OfList)
}

func (d domain) mapping(depth int) *rapid.Generator[value.Value] {
	return rapid.Custom(func(t *rapid.T) value.Value {
		least := 1
		if d.empty {
			least = 0
		}
		keys := rapid.SliceOfNDistinct(d.key, least, 5, rapid.ID).Draw(t, "keys")
		b := value.NewBuilder(len(keys))
		for _, k := range keys {
			b.Set(k, d.value(depth).Draw(t, k))
		}
		return b.Value()
	})
}

// rows generates tables: all rows have the columns of the first one.
func (d domain) rows(least int) *rapid.Generator[value.Value] {
	return rapid.Custom(func(t *rapid.T) value.Value {
		keys := rapid.SliceOfNDistinct(d.key, least, 5, rapid.ID).Draw(t, "columns")
		rows := make([]value.Value, rapid.IntRange(1, 4).Draw(t, "rows"))
		for i := range rows {
			b := value.NewBuilder(len(keys))
			for _, k := range keys {
				b.Set(k, d.scalar().Draw(t, k))
			}
			rows[i] = b.Value()
		}
		return value.OfList(rows)
	})
}

func anyText() *rapid.Generator[string] {
	tricky := rapid.SampledFrom([]string{"", " ", "true", "null", "~", "007", "1e5", "-", "- a", "a: b", "a #b", "#", "\"q\"", "'", "it's", "a\nb", "\n", "a\n\n",
		"\ta", "|", "> x", "[a", "{", "a\rb", "=", "a=b", "...", "---", "<<", "2024-01-15", "\u2028", "ü€😀", "\x01", "*x", "&y", "!z", "%", "@", "`", "\\n", "x\\", "1,5", "a;b",
		"0x1F", "yes", "No", "a:", ":a", " a", "a ", "a\n b", "a\n  b\nc", "\u00a0", "\ufeff"})
	return rapid.OneOf(rapid.StringN(0, 20, -1), tricky)
}

// notRead are texts that a reader does not take for a number or a boolean and
// does not trim.
func notRead() *rapid.Generator[string] {
	return anyText().Filter(func(s string) bool { return detect(s).Kind() == value.String && strings.TrimSpace(s) == s })
}

func word(first, more string) *rapid.Generator[string] {
	return rapid.StringMatching(first + more + "{0,6}")
}

func check(t *testing.T, f *Format, gen *rapid.Generator[value.Value]) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		v := gen.Draw(t, "value")
		data, err := f.Encode(v, Options{Name: "data"})
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(string(data), "\n") && f.Name != "yaml" {
			t.Fatalf("a newline at the end of %q", data)
		}
		got, err := f.Decode(string(data), Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		if !value.TypedEqual(got, v) {
			t.Fatalf("wrote\n%s\nread %s\nnot  %s", data, got.JSON(), v.JSON())
		}
	})
}

func TestRoundTrip(t *testing.T) {
	anyKey := anyText()
	json := domain{key: anyKey, text: anyText(), empty: true}
	t.Run("json", func(t *testing.T) { check(t, Named("json"), json.value(3)) })
	t.Run("jsonl", func(t *testing.T) {
		check(t, Named("jsonl"), json.list(2))
	})
	yaml := domain{key: anyKey, text: anyText(), empty: true, float: true}
	t.Run("yaml", func(t *testing.T) { check(t, Named("yaml"), yaml.value(3)) })

	toml := domain{key: anyKey, text: anyText(), empty: true, float: true}
	t.Run("toml rows", func(t *testing.T) { check(t, Named("toml"), toml.rows(1)) })
	t.Run("toml map", func(t *testing.T) {
		check(t, Named("toml"), toml.mapping(3).Filter(func(v value.Value) bool {
			if v.Record().Len() != 1 {
				return true
			}
			_, rows := rowsOf(v.Record().Slot(0))
			return !rows // a single list of maps is what [[data]] means
		}))
	})

	table := domain{key: word("[a-z]", "[a-z ,;\t\"\n]").Filter(func(s string) bool { return s != "key" }), text: notRead(), flat: true, float: true}
	for _, name := range []string{"csv", "tsv"} {
		t.Run(name, func(t *testing.T) {
			// Whole floats are written with their point, so they stay floats. With
			// the delimiter given nothing is left to guess.
			f := *Named(name)
			decode := f.decode
			f.decode = func(s string, o *Options) (value.Value, error) {
				if name == "csv" {
					o.Delimiter = ','
				}
				return decode(s, o)
			}
			check(t, &f, table.rows(2))
		})
	}

	element := domain{key: word("[a-zäö_]", "[a-zA-Z0-9_.-]").Filter(func(s string) bool {
		return s != "item" && !strings.HasPrefix(strings.ToLower(s), "xml")
	}), text: notRead().Filter(func(s string) bool {
		for _, r := range s {
			if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' || r == unicode.ReplacementChar || r >= 0xFFFE && r <= 0xFFFF || r == '\u2028' {
				return false
			}
		}
		return true
	}), float: true}
	t.Run("xml", func(t *testing.T) { check(t, Named("xml"), element.mapping(3)) })

	line := rapid.StringMatching(`[a-z0-9 =#"äß.]{0,12}`).Filter(func(s string) bool { return strings.TrimSpace(s) == s })
	txt := domain{key: word("[a-z]", "[a-z0-9_-]"), text: line, texts: true}
	t.Run("txt", func(t *testing.T) {
		nested := rapid.Custom(func(t *rapid.T) value.Value {
			b := value.NewBuilder(4)
			for _, k := range rapid.SliceOfNDistinct(txt.key, 1, 4, rapid.ID).Draw(t, "keys") {
				v := txt.scalar().Draw(t, k)
				if rapid.Bool().Draw(t, "nest") {
					v = value.MapOf("in", v, "side", value.OfString("x"))
				}
				b.Set(k, v)
			}
			return b.Value()
		})
		check(t, Named("txt"), nested)
		check(t, Named("txt"), txt.rows(1))
	})

	env := domain{key: word("[A-Z]", "[A-Z0-9_]"), text: anyText().Filter(func(s string) bool { return detect(s).Kind() == value.String }), flat: true, float: true}
	t.Run("env", func(t *testing.T) { check(t, Named("env"), env.mapping(1)) })
}
