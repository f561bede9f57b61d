package compile_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"aro/pkg/vm/value"
)

// In scripts a value is a JSON literal, or letters and \u escapes inside a string.
var (
	jsonPart   = regexp.MustCompile(`^(?:"(?:[^"\\<>&'` + "`" + `$\x00-\x1f\x{2028}\x{2029}]|\\.)*")$`)
	stringPart = regexp.MustCompile(`^(?:[^"'\\<>&/` + "`" + `$\x00-\x1f\x{2028}\x{2029}()]|\\u[0-9A-F]{4})*$`)
)

// scripts are script elements with one value; str says that it stands in a string.
var scripts = []struct {
	source string
	str    bool
}{
	{`var x = {{X}};`, false},
	{`f({{X}}, 1)`, false},
	{`var x = "a{{X}}b";`, true},
	{`var x = 'a{{X}}b';`, true},
	{"var x = `a{{X}}b`;", true},
	{`var x = "\"{{X}}";`, true},
	{`// it's "fine"` + "\n" + `var x = {{X}};`, false},
	{`/* it's "fine" */ var x = {{X}};`, false},
	{`s.replace(/"/g, '&quot;'); var x = "{{X}}";`, true},
	{`s.replace(/'/g, {{X}});`, false},
	{`s.replace(/[/"]/g, "'"); y = {{X}};`, false},
	{`s.match(/\/"/); y = {{X}};`, false},
	{`return /"/.test(s) ? "{{X}}" : 1`, true},
	{`a = b / c; d = "{{X}}" / e;`, true},
	{`a = (b) / "c{{X}}"`, true},
	{`i++ / 2; s = '{{X}}'`, true},
	{`x = a[0] / 1; s = '{{X}}'`, true},
	{`if (a) {} /'/.test("{{X}}")`, true},
	{`x = "open` + "\n" + `y = {{X}}`, false},
	{`var end = "</scripty>"; x = {{X}};`, false},
	{`x = {{X}} / 2 + "/"; y = 1`, false},
}

// TestScripts: whatever the payload, the script's own text stays and the value
// stays within its literal.
func TestScripts(t *testing.T) {
	for _, s := range scripts {
		before, after, _ := strings.Cut(s.source, "{{X}}")
		source := "<script>" + before + "{{ <x> }}" + after + "</script><p>{{ <x> }}</p>"
		for _, p := range payloads {
			out := render(t, "page.html", source, value.OfString(p))
			rest, ok := strings.CutPrefix(out, "<script>"+before)
			part, _, ok2 := strings.Cut(rest, after+"</script><p>")
			if !ok || !ok2 {
				t.Fatalf("%s with %q: %s", s.source, p, out)
			}
			rx := jsonPart
			if s.str {
				rx = stringPart
			}
			if !rx.MatchString(part) {
				t.Errorf("%s with %q: the value is written as %s", s.source, p, part)
			}
			if !s.str {
				var back string
				if err := json.Unmarshal([]byte(part), &back); err != nil || back != strings.ToValidUTF8(p, "\uFFFD") {
					t.Errorf("%s with %q: reads back as %q %v", s.source, p, back, err)
				}
			}
		}
	}
}

// TestScriptValues: values of other kinds are JSON too.
func TestScriptValues(t *testing.T) {
	v := value.MapOf("k</script>", value.OfList([]value.Value{value.OfInt(1), value.Nil, value.OfString("</script>")}))
	got := render(t, "page.html", `<script>var x = {{ <x> }};</script>`, v)
	want := `<script>var x = {"k\u003C\/script\u003E":[1,null,"\u003C\/script\u003E"]};</script>`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
