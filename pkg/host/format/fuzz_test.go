package format

import (
	"testing"
	"unicode/utf8"

	"aro/pkg/vm/value"
)

// FuzzDecode: a reader gives a value or says that the text is damaged, and what
// it gives can be written in every format.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"a":[1,null]}`, "a: &x [1, *y]\n<<: *x", "- a\n- |\n  b", "<r><a>1</a></r>", "[[a]]\nb = 1", "a,b\n\"1\"\"", "a;b\n1;2", "a.b=1\n[0]=2", "A=\"x\\n", "{\n}\n{", "\ufeff", "a: 010", "!!int x", "!!binary =", "? a\n: b"} {
		for i := range formats {
			f.Add(seed, i)
		}
	}
	f.Fuzz(func(t *testing.T, text string, n int) {
		if n < 0 || n >= len(formats) || !utf8.ValidString(text) {
			return
		}
		v, err := formats[n].Decode(text, Options{})
		if err != nil {
			return
		}
		for _, w := range formats {
			data, err := w.Encode(v, Options{Name: "data"})
			if err != nil {
				t.Fatalf("%s cannot write %s: %v", w.Name, v.JSON(), err)
			}
			back, err := w.Decode(string(data), Options{})
			if err != nil {
				t.Fatalf("%s cannot read what it wrote:\n%s\n%v", w.Name, data, err)
			}
			if w.Name == "yaml" && !value.TypedEqual(back, v) {
				t.Fatalf("yaml wrote\n%s\nof %s\nand read %s", data, v.JSON(), back.JSON())
			}
		}
	})
}
