package aronet

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// TestSSEReader: the events of the HTML standard's own examples, and what servers
// get wrong.
func TestSSEReader(t *testing.T) {
	long := strings.Repeat("x", 40)
	for _, tc := range []struct{ name, in, want string }{
		{"lines joined", "data: YHOO\ndata: +2\ndata: 10\n\n", "[YHOO|+2|10]"},
		{"comments and ids", ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n", "[first event #1][second event][ third event]"},
		{"empty data", "data\n\ndata\ndata\n\ndata:\n", "[][|]"},
		{"one blank is not data", "data:test\n\ndata: test\n\n", "[test][test]"},
		{"kinds", "event: add\ndata: 1\n\ndata: 2\n\nevent: x\n\ndata: 3\n\n", "[add:1][2][3]"},
		{"line ends", "data: a\r\n\r\ndata: b\r\rdata: c\n\ndata: d\r\ndata: e\r\n\r\n", "[a][b][c][d|e]"},
		{"byte order mark", "\xEF\xBB\xBFdata: a\n\n\xEF\xBB\xBFdata: b\n\n", "[a]"},
		{"half a mark", "\xEF\xBBdata: a\n\ndata: b\n\n", "[b]"},
		{"cut off", "data: a\n\ndata: lost\n", "[a]"},
		{"unknown fields", "foo: 1\n{\"json\": 1}\nDATA: x\ndata: a\n\n", "[a]"},
		{"colons", "data: a: b\n\n:::\n\n", "[a: b]"},
		{"ids that are no header", "id: a\x00b\ndata: 1\n\nid: ok\ndata: 2\n\nid: a\x01b\ndata: 3\n\n", "[1][2 #ok][3 #ok]"},
		{"long line", "data: " + long + "\ndata: tail\n\ndata: b\n\n", "![b]"},
		{"many lines", strings.Repeat("data: 0123456\n", 9) + "\ndata: b\n\n", "![b]"},
		{"just fits", "data: " + long[:32] + "\n\n", "[" + long[:32] + "]"},
		{"a long comment", ":" + long + long + "\ndata: a\n\ndata: b\n\n", "![b]"},
		{"not UTF-8", "data: \xff\n\n", "[\xff]"},
		{"retry", "retry: 50\n\nretry: 2000\n\nretry: 2s\n\nretry: -1\n\nretry:\n\nretry: 99999999\n\ndata: a\n\n", "(100ms)(2s)(10m0s)[a]"},
		{"nothing", "", ""},
		{"no event at all", "<html>\n<body>\n\n</body>\n\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got strings.Builder
			e := newSSEReader(strings.NewReader(tc.in), 32)
			e.oversized = func() { got.WriteString("!") }
			e.retry = func(d time.Duration) { fmt.Fprintf(&got, "(%v)", d) }
			for {
				m, err := e.next()
				if err != nil {
					break
				}
				got.WriteString("[")
				if m.kind != "" {
					got.WriteString(m.kind + ":")
				}
				got.WriteString(strings.ReplaceAll(string(m.data), "\n", "|"))
				if e.id != "" {
					got.WriteString(" #" + e.id)
				}
				got.WriteString("]")
			}
			if got.String() != tc.want {
				t.Errorf("got %s, want %s", got.String(), tc.want)
			}
		})
	}
}

// FuzzSSEReader: no input makes the reader keep more than its limit, and cutting
// the input in two reads changes nothing.
func FuzzSSEReader(f *testing.F) {
	for _, s := range []string{"data: a\n\n", "event: x\r\ndata: a\rdata: b\n\nid: 1\n", "\xEF\xBB\xBFdata\n\n", ": c\nretry: 5\n\n"} {
		f.Add([]byte(s), 3)
	}
	read := func(r io.Reader) (out []string) {
		e := newSSEReader(r, 16)
		for {
			m, err := e.next()
			if err != nil {
				return out
			}
			out = append(out, m.kind+"\x00"+string(m.data)+"\x00"+e.id)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		whole := read(strings.NewReader(string(data)))
		cut = max(0, min(cut, len(data)))
		parts := read(io.MultiReader(strings.NewReader(string(data[:cut])), strings.NewReader(string(data[cut:]))))
		if fmt.Sprint(whole) != fmt.Sprint(parts) {
			t.Fatalf("%q and %q", whole, parts)
		}
		for _, m := range whole {
			if len(strings.Split(m, "\x00")[1]) > 17 {
				t.Fatalf("a message of %d bytes", len(m))
			}
		}
	})
}
