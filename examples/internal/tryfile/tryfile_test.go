package tryfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	got, err := Parse("# a comment\nPOST /notes\nX-Key: k\n{\"a\": 1}\n    201\n    {}\n\ntcp ada\n    hello\n\n      there\nada: bye\n")
	want := []Step{
		{Line: 2, Do: "POST /notes", More: []string{"X-Key: k", `{"a": 1}`}, Want: []string{"201", "{}"}},
		{Line: 8, Do: "tcp ada", Want: []string{"hello", "", "  there"}},
		{Line: 12, Do: "ada: bye"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := Parse("    200\n"); err == nil {
		t.Error("an answer without a question is taken")
	}
}

func TestMatch(t *testing.T) {
	n := Names{"known": "17"}
	for _, c := range []struct {
		want []string
		got  string
		ok   bool
	}{
		{[]string{"a.c"}, "a.c", true},
		{[]string{"a.c"}, "abc", false},
		{[]string{"a*c"}, "abbc", true},
		{[]string{"a*c"}, "ab\nc", false},
		{[]string{"a", "..."}, "a\nb\nc", true},
		{[]string{"...", "c"}, "a\nb\nc", true},
		{[]string{"...", "c", "..."}, "a\nb", false},
		{[]string{"id {{known}}"}, "id 18", false},
		{[]string{"id {{known}}"}, "id 17", true},
		{[]string{`{"id":"{{fresh}}"}`}, `{"id":"x1"}`, true},
		{[]string{"{{fresh}}"}, "x2", false},
	} {
		if ok := n.Match(c.want, c.got); ok != c.ok {
			t.Errorf("%q matches %q: %t", c.want, c.got, ok)
		}
	}
	if got, err := n.Fill("/notes/{{fresh}}"); got != "/notes/x1" || err != nil {
		t.Error(got, err)
	}
	if _, err := n.Fill("{{nobody}}"); err == nil {
		t.Error("an unknown name is filled in")
	}
}
