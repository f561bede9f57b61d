package vm

import (
	"strings"
	"testing"
	"testing/quick"

	"aro/pkg/vm/value"
)

var characterTexts = map[string][]string{
	"":              {},
	"abc":           {"a", "b", "c"},
	"e\u0301a\r\nb": {"e\u0301", "a", "\r\n", "b"},
	"\n\r\n":        {"\n", "\r\n"},
	"👩‍👩‍👧x👍🏽":      {"👩‍👩‍👧", "x", "👍🏽"},
	"🇩🇪🇫🇷🇩":         {"🇩🇪", "🇫🇷", "🇩"},
	"\u0301a":       {"\u0301", "a"},
	"각\u1100\u1161": {"각", "\u1100\u1161"},
	"\xff\xc3z":     {"\xff", "\xc3", "z"},
}

func TestCharacters(t *testing.T) {
	for s, want := range characterTexts {
		var got []string
		for c := range Characters(s) {
			got = append(got, c)
		}
		if strings.Join(got, "|") != strings.Join(want, "|") || Length(value.OfString(s)) != len(want) {
			t.Errorf("%q: %q, length %d", s, got, Length(value.OfString(s)))
		}
	}
	if got := Clip("👍🏽bc", 2); got != "👍🏽b" {
		t.Errorf("Clip gives %q", got)
	}
}

// The characters of a text are the text, as many as its length says, and Clip
// takes them from the front.
func TestCharacterLaws(t *testing.T) {
	alphabet := []string{"a", "\r", "\n", "\u0301", "🇩", "👩", "\u200d", "👧", "\u1100", "\u1161", "\u11a8", "\xff", "é"}
	law := func(picks []uint8, n uint8) bool {
		var b strings.Builder
		for _, p := range picks {
			b.WriteString(alphabet[int(p)%len(alphabet)])
		}
		s, all := b.String(), []string{}
		for c := range Characters(s) {
			all = append(all, c)
		}
		k := min(int(n), len(all))
		return strings.Join(all, "") == s && len(all) == Length(value.OfString(s)) && Clip(s, int(n)) == strings.Join(all[:k], "")
	}
	if err := quick.Check(law, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}
