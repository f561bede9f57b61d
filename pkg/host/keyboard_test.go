package host

import (
	"slices"
	"testing"
)

// TestParseKeys: what terminals send for the keys that have names, one at a time
// and cut anywhere.
func TestParseKeys(t *testing.T) {
	for _, test := range []struct {
		in   string
		want []string
		left string
	}{
		{"aB1 é日😀", []string{"a", "B", "1", " ", "é", "日", "😀"}, ""},
		{"\r\n\t\x7f\x08", []string{"enter", "enter", "tab", "backspace", "backspace"}, ""},
		{"\x1b[A\x1b[B\x1b[C\x1b[D\x1bOA", []string{"up", "down", "right", "left", "up"}, ""},
		{"\x1b[1;5C", []string{"right"}, ""},
		{"\x1b[3~x\x1b[H", []string{"x"}, ""},
		{"\x1b", []string{"escape"}, ""},
		{"\x1b\x1b[A", []string{"escape", "up"}, ""},
		{"\x1bx", []string{"escape", "x"}, ""},
		{"a\x1b[", []string{"a"}, "\x1b["},
		{"\x1b[1;", nil, "\x1b[1;"},
		{"a\xc3", []string{"a"}, "\xc3"},
		{"\x00\x01\x02a\xff\xfeb", []string{"a", "b"}, ""},
		{"", nil, ""},
	} {
		keys, used := parseKeys([]byte(test.in))
		if !slices.Equal(keys, test.want) || test.in[used:] != test.left {
			t.Errorf("%q: %q and %q left", test.in, keys, test.in[used:])
		}
	}
}

// FuzzParseKeys: nothing that a terminal sends is lost or read twice, wherever it
// is cut, apart from a lone ESC in front of the cut, which is a key.
func FuzzParseKeys(f *testing.F) {
	f.Add([]byte("a\x1b[A\r"), 2)
	f.Add([]byte("é\x1bOB\x1b\x1b[3~"), 1)
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		whole, used := parseKeys(in)
		if used > len(in) {
			t.Fatal(used)
		}
		if cut < 0 || cut > len(in) || cut > 0 && in[cut-1] == 0x1b {
			return
		}
		first, n := parseKeys(in[:cut])
		rest, m := parseKeys(in[n:])
		if got := append(first, rest...); !slices.Equal(got, whole) || n+m != used {
			t.Fatalf("%q cut at %d: %q, whole %q", in, cut, got, whole)
		}
	})
}
