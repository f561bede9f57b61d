package syntax

import (
	"os"
	"strings"
	"testing"
)

// TestFormat compares the examples of testdata/format.txt: what was written, a
// line of dashes, what becomes of it; `====` lines part the examples.
func TestFormat(t *testing.T) {
	const path = "testdata/format.txt"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for i, example := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n====\n") {
		title, example, _ := strings.Cut(example, "\n")
		before, want, _ := strings.Cut(example+"\n", "\n----\n")
		got := formatted(t, before)
		if got != want && !*update {
			t.Errorf("%s: got\n%s\nwant\n%s", title, got, want)
		}
		if i > 0 {
			out.WriteString("====\n")
		}
		out.WriteString(title + "\n" + before + "\n----\n" + got)
	}
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// formatted formats src, which must be sound, and checks that doing it again
// changes nothing. That the program and its comments stay the same is checked by
// Format itself.
func formatted(t testing.TB, src string) string {
	t.Helper()
	text, diags, err := Format(NewFile("before", []byte(src)))
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	if text == nil && diags != nil {
		t.Fatalf("%v\n%s", diags[0], src)
	}
	again, _, err := Format(NewFile("after", text))
	if err != nil {
		t.Fatalf("again: %v\n%s", err, text)
	}
	if string(again) != string(text) {
		t.Fatalf("formatted twice is not formatted once\n%s\n---- once\n%s\n---- twice\n%s", src, text, again)
	}
	return string(text)
}

// TestFormatChunks formats all sound texts among the test data of the parser.
func TestFormatChunks(t *testing.T) {
	n := 0
	for _, c := range chunks(t) {
		if text, _, err := Format(NewFile(c.Name, []byte(c.Source))); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		} else if text != nil {
			formatted(t, c.Source)
			n++
		}
	}
	if n < 5 {
		t.Errorf("only %d sound texts", n)
	}
}

// TestFormatRefuses: a file with an error is left alone, and the error told.
func TestFormatRefuses(t *testing.T) {
	text, diags, err := Format(NewFile("broken", []byte("(A: B) { Log \"x\" to the <console> }")))
	if text != nil || err != nil || len(diags) != 1 {
		t.Errorf("%q, %v, %v", text, diags, err)
	}
}

// FuzzFormat: formatting sound text twice is formatting it once, and loses no
// token and no comment.
func FuzzFormat(f *testing.F) {
	for _, c := range chunks(f) {
		f.Add(c.Source)
	}
	for _, s := range []string{
		"(A: B){(**)Log(**)\"\"//\n.(*\n*)}//", "(A: B) { Log [1,//\n2,] to the <console> . . .. }",
		"(A: B) { <Log> {a:{},\r\n//x\r\n} }", "//\n(*a\n\tb*)import x//\n(A: B) {}(*", "(A: B) { For <x> - - -7 . }",
		"(A: B) { <For> <x> on port - 1. match - 1 { case 1 .. 2, _ { } (* c *) otherwise {} } }",
		"Log \"a\" to the <console> (*a*) . //b\n . //c\n .", "Log \"a\" //a\n . (*b*)\n . (*c*) (*d*)",
	} {
		f.Add(s)
		f.Add("(A: B) {\n" + s + "\n}")
	}
	f.Fuzz(func(t *testing.T, src string) {
		for _, s := range []string{src, "(A: B) {" + src + "}"} {
			if len(Parse(NewFile("fuzz", []byte(s)))) > 0 {
				continue
			}
			formatted(t, s)
		}
	})
}

// TestFormatComments puts comments of every kind into every gap between the tokens of
// statements, alone and in pairs: none may be lost, and none makes Format refuse.
func TestFormatComments(t *testing.T) {
	gaps := []string{"(* 1 *)", "// 2\n", "\n(* 3 *)", "\n// 4\n", "(* 5\n 5 *)", "(* 6 *)\n"}
	for _, statement := range []string{
		`Log | "a" | to | the | <console> | . |`,
		`Log | "a" | to | the | <console> | . | . | . |`,
		`Create | the | <m> | with | { | a | : | 1 | , | b | : | [ | 1 | , | 2 | , | ] | } | when | 1 | + | 2 | > | 2 | . |`,
		`match | 1 | { | case | 1 | { | Log | "a" | to | the | <console> | . | } | otherwise | { | } | } |`,
		`For | each | <x> | at | <i> | in | <list> | where | <x> | > | 1 | { | } | while | 1 | > | 2 | { | break | . | . | } |`,
		`<Compute> | the | <n: length> | from | <list> | . | Log | <n> | . | . |`,
	} {
		parts := strings.Split(statement, "|")
		try := func(text map[int]string) {
			var b strings.Builder
			b.WriteString("(A: B) { Create the <list> with [1].\n")
			for i, p := range parts {
				b.WriteString(p + text[i])
			}
			src := b.String() + "\nReturn an <OK: status>. }\n"
			if d := Parse(NewFile("comments", []byte(src))); len(d) > 0 {
				t.Fatalf("%v\n%s", d[0], src)
			}
			formatted(t, src)
		}
		for i := range parts {
			for _, a := range gaps {
				try(map[int]string{i: a})
				for j := i; j < min(i+4, len(parts)); j++ {
					for _, b := range gaps {
						pair := map[int]string{i: a}
						pair[j] += b
						try(pair)
					}
				}
			}
		}
	}
}
