package syntax

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestPositions checks the source text of every node of one program: what a
// message would quote.
func TestPositions(t *testing.T) {
	const src = "\uFEFFimport ../x\r\n(Größe: Test) when <e: w> > 4 {\r" +
		"\tLog \"ä ${ <n> +1 } z\" to the <console>.\n" +
		"\tfor each <x> in <xs> { Store <x> into the <r> where id = 5. }\n}\n"
	f := NewFile("p", []byte(src))
	if diags := Parse(f); len(diags) > 0 {
		t.Fatal(diags[0])
	}
	var got []string
	WalkFile(f, func(n Node) bool {
		line, col := f.Position(n.Range().Start)
		text := f.Text(n.Range())
		if len(text) > 34 {
			text = text[:16] + "~" + text[len(text)-16:]
		}
		got = append(got, fmt.Sprintf("%d:%d %T %q", line, col, n, text))
		return true
	})
	want := []string{
		`1:1 *syntax.Import "import ../x"`,
		`2:1 *syntax.FeatureSet "(Größe: Test) ~here id = 5. }\n}"`,
		`2:20 *syntax.Binary "<e: w> > 4"`,
		`2:20 *syntax.Ref "<e: w>"`,
		`2:20 *syntax.Noun "<e: w>"`,
		`2:29 *syntax.Literal "4"`,
		`2:31 *syntax.Block "{\r\tLog \"ä ${ <n~here id = 5. }\n}"`,
		`3:2 *syntax.Simple "Log \"ä ${ <n> +~o the <console>."`,
		`3:6 *syntax.Interpolated "\"ä ${ <n> +1 } z\""`,
		`3:7 *syntax.Literal "ä "`,
		`3:12 *syntax.Binary "<n> +1"`,
		`3:12 *syntax.Ref "<n>"`,
		`3:12 *syntax.Noun "<n>"`,
		`3:17 *syntax.Literal "1"`,
		`3:20 *syntax.Literal " z"`,
		`3:24 *syntax.Operand "to the <console>"`,
		`3:31 *syntax.Noun "<console>"`,
		`4:2 *syntax.ForEach "for each <x> in ~ where id = 5. }"`,
		`4:11 *syntax.Noun "<x>"`,
		`4:18 *syntax.Ref "<xs>"`,
		`4:18 *syntax.Noun "<xs>"`,
		`4:23 *syntax.Block "{ Store <x> into~ where id = 5. }"`,
		`4:25 *syntax.Simple "Store <x> into t~r> where id = 5."`,
		`4:31 *syntax.Noun "<x>"`,
		`4:35 *syntax.Operand "into the <r>"`,
		`4:44 *syntax.Noun "<r>"`,
		`4:54 *syntax.Cond "id = 5"`,
		`4:59 *syntax.Literal "5"`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
	if s := f.Sets[0]; s.Name != "Größe" || f.Text(Span{s.NamePos, s.NamePos + 8})[:7] != "Größe" {
		t.Errorf("name %q at %d", s.Name, s.NamePos)
	}
}

// TestErrorPlaces checks line and column of several errors in one file, and the
// hints.
func TestErrorPlaces(t *testing.T) {
	const src = `(A: B) {
    Log "x" to the <console>
    Compute the <a> from b * 2.
	Log "tab ${<x> -}" to the <console>.
    Log "ünï" ++ to the <console>.
}
(C: D) {
    Log "x" to the <console>.
    if <x> { Exit }
`
	const want = `3:5 ARO-P1 Expected '.', but got name 'Compute' (Statements end with a period)
3:28 ARO-P1 Expected '.', but got '*' (Names go in angle brackets)
4:18 ARO-P1 Expected an expression, but got '}' ()
5:18 ARO-P1 Expected an expression, but got name 'to' (Names go in angle brackets)
9:5 ARO-P4 'if' is not part of ARO; use 'when' guards or 'match' (Put 'when <condition>' before the period)
9:19 ARO-P1 Expected '.', but got '}' (Statements end with a period)
9:20 ARO-P3 Unexpected end of file, expected '}' ()
`
	f := NewFile("e", []byte(src))
	var got strings.Builder
	for _, d := range Parse(f) {
		line, col := f.Position(d.Span.Start)
		fmt.Fprintf(&got, "%d:%d %s %s (%s)\n", line, col, d.Code, d.Message, d.Hint)
	}
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	if n := len(f.Sets[0].Body.Stmts); n != 4 {
		t.Errorf("%d statements keep their places, want 4", n)
	}
}

// TestValues checks what literals are worth.
func TestValues(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`1_000`, "1000"}, {`0xFF_00`, "65280"}, {`0b10_10`, "10"}, {`-7`, "-7"}, {`- 7`, "- 7"},
		{`-9223372036854775808`, "-9223372036854775808"}, {`9223372036854775807`, "9223372036854775807"},
		{`6.0e2_3`, "6e+23"}, {`5e-3`, "0.005"}, {`1_0.2_5`, "10.25"}, {`2e0`, "2.0"}, {`-0.0`, "-0.0"},
		{`'a\nb\'c'`, `"a\\nb'c"`}, {`"\u{e9}\$\0"`, `"é$\0"`}, {`"$"`, `"$"`}, {`"\${x}"`, `"\${x}"`}, {`'${x}'`, `"\${x}"`},
		{"\"\"\"\n    a\n      b\n   c\n\n    ${d} \\\"e\\\"\n    \"\"\"", `"a\n  b\n   c\n\n\${d} \"e\""`},
		{"\"\"\"  \r\n  a\r\n  b\r\n\r\n  \"\"\"", `"a\nb"`},
		{"\"\"\"\na\"\"\"", `"a"`}, {"\"\"\"\n\"\"\"", `""`},
		{`/a\/b/im`, `/a\/b/im`}, {`<a>/<b>/<c>`, `<a> / <b> / <c>`}, {`<n> -1`, `<n> - 1`}, {`<n>-1`, `<n> - 1`},
		{`"${a-b} ${a - b}"`, `"${<a-b>} ${<a> - <b>}"`}, {`<x>.name`, `<x>.name`}, {`{ "a": 1, 'b c': 2 }`, `{ a: 1, "b c": 2 }`},
		{`<a> = 1 and not <b> or <c> is not a List`, `<a> == 1 and not <b> or <c> is not List`},
	} {
		b, diags := ParseSnippet(NewFile("v", []byte("Log "+c.src+" to console.")))
		if len(diags) > 0 {
			t.Errorf("%s: %v", c.src, diags[0])
			continue
		}
		var got strings.Builder
		PrintNode(&got, b.Stmts[0].(*Simple).Sink)
		if got.String() != c.want {
			t.Errorf("%s = %s, want %s", c.src, got.String(), c.want)
		}
	}
}

// TestNesting makes sure that no text, however deep, exhausts the stack.
func TestNesting(t *testing.T) {
	const n = 200000
	for _, c := range []string{
		strings.Repeat("(", n), strings.Repeat("[", n), strings.Repeat("not ", n), strings.Repeat("- ", n),
		"<x>" + strings.Repeat("[<x>", n), "<x>" + strings.Repeat(" + 1", n), "<x>" + strings.Repeat("[0]", n),
		strings.Repeat("{ a: ", n), "<x: A" + strings.Repeat("<A", n) + ">", "<x> where " + strings.Repeat("not (", n),
		"<x> where a = 1" + strings.Repeat(" and a = 1", n), strings.Repeat(`"${`, n), "1. " + strings.Repeat("while true { ", n),
		"1. " + strings.Repeat("match 1 { case 1 { ", n), "<x>" + strings.Repeat(" is empty", n),
	} {
		began := time.Now()
		b, diags := ParseSnippet(NewFile("deep", []byte("Log "+c)))
		if len(diags) == 0 {
			t.Errorf("%.20s…: no error", c)
		}
		Walk(b, func(Node) bool { return true })
		if d := time.Since(began); d > 30*time.Second {
			t.Errorf("%.20s…: took %v", c, d)
		}
	}
}
