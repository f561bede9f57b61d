package compile_test

import (
	"fmt"
	"strings"
	"testing"

	"aro/pkg/compile"
	"aro/pkg/syntax"
)

// TestP08_Direction: characters that turn the direction of writing are warned of
// wherever they stand, once a line, and do no harm where the finding is shown.
func TestP08_Direction(t *testing.T) {
	const app = "(Application-Start: Demo) {\n%s\n    Return an <OK: status> for the <startup>.\n}\n"
	lint := options
	lint.Lint = true
	for _, c := range []struct {
		line string
		want []string // columns of warnings
	}{
		{"    Log \"a\u202Eb\" to the <console>.", []string{"2:11 U+202E"}},
		{"    (* \u2066 if admin \u2069 *)", []string{"2:8 U+2066"}},
		{"    // \u202A\n    // \u202B x \u202C\r\n    // \u202D", []string{"2:8 U+202A", "3:8 U+202B", "4:8 U+202D"}},
		{"    Log '\u2067' to the <console>.", []string{"2:10 U+2067"}},
		{"    Log \"\"\"\n\u2068\"\"\" to the <console>.", []string{"3:1 U+2068"}},
		// Right to left writing as such, and other characters of that block.
		{"    Log \"שלום “عالم” — … \u200F\u2065\u206A\u2029\" to the <console>.", nil},
		{"    Log \"\\u{202E}\" to the <console>.", nil},
	} {
		f := syntax.NewFile("main.aro", []byte(fmt.Sprintf(app, c.line)))
		if d := syntax.Parse(f); len(d) > 0 {
			t.Fatalf("%q: %v", c.line, d[0])
		}
		prog, diags := compile.Compile([]*syntax.File{f}, lint)
		if prog == nil {
			t.Errorf("%q does not compile", c.line)
		}
		var got []string
		for _, d := range diags {
			line, col := f.Position(d.Span.Start)
			got = append(got, fmt.Sprintf("%d:%d %s", line, col, strings.Fields(d.Message)[1]))
			if d.Code != "ARO-L5" || d.Severity != syntax.Warning {
				t.Errorf("%q: %s %v", c.line, d.Code, d)
			}
			if s := d.Snippet(); strings.ContainsAny(s, "\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069") || !strings.Contains(s, "\uFFFD") {
				t.Errorf("%q is shown as %q", c.line, s)
			}
		}
		if strings.Join(got, ", ") != strings.Join(c.want, ", ") {
			t.Errorf("%q: %q, want %q", c.line, got, c.want)
		}
	}
}
