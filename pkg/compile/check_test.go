package compile_test

import (
	"strings"
	"testing"

	"aro/pkg/syntax"
)

// TestSuggestions: a misspelt verb gets the verb that is meant.
func TestSuggestions(t *testing.T) {
	for word, want := range map[string]string{"Retreive": "Retrieve", "Extrct": "Extract", "Stroe": "Store", "Lgo": "Log", "Vaildate": "Validate", "Xylophone": "docs/verbs.md"} {
		_, diags := build("v.aro", []byte("(Application-Start: X) { "+word+" the <x> from the <y>. }"))
		found := false
		for _, d := range diags {
			if d.Code == "ARO-F6" && d.Severity == syntax.Warning && strings.Contains(d.Hint, want) {
				found = true
			}
		}
		if !found {
			t.Errorf("%s: %v", word, diags)
		}
	}
}
