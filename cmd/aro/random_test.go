package main

import (
	"strings"
	"testing"
)

// guessable lists who may use random numbers that can be guessed, and for what: none
// of it may be an id, a token or a key (05 A04).
var guessable = map[string]string{
	"aro/pkg/host": "spreads the looks at the clock of executions that run at once",
	"aro/pkg/net":  "spreads the pings of connections that came at once",

	"aro/pkg/store/cluster":   "spreads processes that were too late with the same write",
	"aro/pkg/store/storetest": "draws what the clients of a check do",
}

// TestRandom: everything else comes from crypto/rand. Tests, bench and what starts
// applications in tests do not count.
func TestRandom(t *testing.T) {
	found := 0
	for _, p := range packages(t) {
		if strings.HasPrefix(p.ImportPath, "aro/bench") || strings.HasPrefix(p.ImportPath, "aro/examples/internal") {
			continue
		}
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, "math/rand") {
				found++
				if guessable[p.ImportPath] == "" {
					t.Errorf("%s imports %s; take crypto/rand, or say here why not", p.ImportPath, imp)
				}
			}
		}
	}
	if found != len(guessable) {
		t.Errorf("%d packages import math/rand, %d are listed", found, len(guessable))
	}
}
