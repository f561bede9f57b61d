package syntax

import (
	"strings"
	"testing"
)

func TestPaint(t *testing.T) {
	const src = `(* a (* nested *) note *)
(Application-Start: Demo) when <x> > 3 {
    Log "n is ${n}" to the <console> when <order: total> < 1_000. // end
    match <line> { case /^a b/ { Compute the <half> from <n> / 2. } }
}
`
	var got strings.Builder
	var joined strings.Builder
	for _, s := range Paint(src) {
		joined.WriteString(s.Text)
		if s.Ink != InkPlain {
			got.WriteString("phvknst"[s.Ink-1:][:1] + " " + s.Text + "\n")
		}
	}
	if joined.String() != src {
		t.Errorf("the strokes give\n%s", joined.String())
	}
	// p comment, h header, v verb, k keyword, n name, s text, t number
	want := `p (* a (* nested *) note *)
h (Application-Start: Demo)
k when
n <x>
t 3
v Log
s "n is ${n}"
k to
n <console>
k when
n <order: total>
t 1_000
p // end
k match
n <line>
k case
s /^a b/
v Compute
n <half>
k from
n <n>
t 2
`
	if got.String() != want {
		t.Errorf("got\n%s", got.String())
	}
}

// Whatever the text is, nothing of it is lost.
func FuzzPaint(f *testing.F) {
	for _, s := range []string{"", "(", "\"", "<a: b> . Log", "(* (", "Log \"${\" to /x", "é<ü>."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		var joined strings.Builder
		for _, s := range Paint(src) {
			joined.WriteString(s.Text)
		}
		if joined.String() != src {
			t.Errorf("%q became %q", src, joined.String())
		}
	})
}
