package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// reliabilityRows are the rows of chapter 05 of the specification: the last number of
// each letter.
var reliabilityRows = map[string]int{"H": 16, "W": 10, "T": 5, "E": 8, "D": 10, "S": 6, "X": 6, "P": 12, "F": 6, "B": 6, "A": 6, "N": 6, "O": 5, "L": 4}

// TestReliabilityPage: docs/reliability.md has each row once, and each test that it
// names exists. A row that holds names one, unless it says why none is needed.
func TestReliabilityPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| ([A-Z])(\d\d) \| (holds|partly|not yet) \| (.*?) \| (.*) \|$`)
	test := regexp.MustCompile("^`([^`: ]+): ([A-Za-z0-9_]+)`$")
	seen := map[string]int{}
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		id := m[1] + m[2]
		if seen[m[1]]++; id != m[1]+twoDigits(seen[m[1]]) {
			t.Errorf("row %s stands where row %s%s should", id, m[1], twoDigits(seen[m[1]]))
		}
		if m[4] == "" {
			if m[3] != "not yet" && m[5] == "" {
				t.Errorf("row %s names no test and does not say why", id)
			}
			continue
		}
		if m[3] == "not yet" {
			t.Errorf("row %s does not hold yet and names tests", id)
		}
		for name := range strings.SplitSeq(m[4], "<br>") {
			h := test.FindStringSubmatch(name)
			if h == nil {
				t.Errorf("row %s: %q does not name a test", id, name)
				continue
			}
			source, err := os.ReadFile(filepath.Join("../..", h[1]))
			if err != nil || !strings.Contains(string(source), "\nfunc "+h[2]+"(") {
				t.Errorf("row %s: %s has no %s (%v)", id, h[1], h[2], err)
			}
		}
	}
	for letter, last := range reliabilityRows {
		if seen[letter] != last {
			t.Errorf("%d rows %s, want %d", seen[letter], letter, last)
		}
	}
}

func twoDigits(n int) string { return string([]byte{'0' + byte(n/10), '0' + byte(n%10)}) }
