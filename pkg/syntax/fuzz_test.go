package syntax

import (
	"strings"
	"testing"
	"time"
)

// FuzzParse feeds any text to the three parsers: they must come back, keep
// positions inside the file, and for text without errors print a fixed point.
func FuzzParse(f *testing.F) {
	for _, c := range chunks(f) {
		f.Add(c.Source)
	}
	for _, s := range []string{
		"(A: B) { Log <x: ", "(A: B) { Log \"${\"${<a>}\"}\". }", "{{ for each <x> in y { }}a{{ } }}",
		"((((((((", "(A: B) { match <x> { case 1..2 {", "(A:B){A\"\"\"\n\"\"\".}", "\uFEFF(A: B) { }",
		"(A: B) { For <x> from 1. <For> <x> from 1. Log not not - - 1. }",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		began := time.Now()
		defer func() {
			if d := time.Since(began); d > 20*time.Second {
				t.Fatalf("%d bytes took %v", len(src), d)
			}
		}()
		file := NewFile("fuzz", []byte(src))
		diags := Parse(file)
		for i, d := range diags {
			if d.Span.Start < 0 || d.Span.End < d.Span.Start || int(d.Span.End) > len(src) {
				t.Fatalf("%v at %v of %d", d, d.Span, len(src))
			}
			if i < 20 {
				_ = d.Snippet()
			}
		}
		checkSpans(t, file)
		if len(diags) == 0 {
			roundTrip(t, file)
		}
		ParseTemplate(NewFile("fuzz", []byte(src)))
		ParseSnippet(NewFile("fuzz", []byte(src)))
		if x, diags := ParseExpression(NewFile("fuzz", []byte(src))); (x == nil) != (len(diags) > 0) {
			t.Errorf("the expression %v has the findings %v", x, diags)
		}
	})
}

// FuzzStatement wraps the text in a feature set, so that small changes of sound
// statements often stay sound and reach the printer.
func FuzzStatement(f *testing.F) {
	for _, c := range chunks(f) {
		for _, line := range strings.Split(c.Source, "\n") {
			if line = strings.TrimSpace(line); strings.HasSuffix(line, ".") || strings.HasSuffix(line, "}") {
				f.Add(line)
			}
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		file := NewFile("fuzz", []byte("(A: B) {\n"+src+"\n}"))
		if len(Parse(file)) == 0 {
			checkSpans(t, file)
			roundTrip(t, file)
		}
	})
}
