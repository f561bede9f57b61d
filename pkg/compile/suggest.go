package compile

import (
	"strings"

	"aro/pkg/bytecode"
)

// guess finds the word that a misspelt one was probably meant to be: the closest
// of those offered, the first in the alphabet among equals.
type guess struct {
	misspelt string
	word     string
	distance int
}

// newGuess allows one edit in words of three and four letters, two in longer ones,
// and none in shorter ones, which would become anything.
func newGuess(misspelt string) *guess {
	limit := 3
	if len(misspelt) <= 4 {
		limit = 2
	}
	if len(misspelt) < 3 {
		limit = 0
	}
	return &guess{misspelt: strings.ToLower(misspelt), distance: limit}
}

func (g *guess) offer(word string) {
	if n := len(word) - len(g.misspelt); n > 2 || n < -2 {
		return
	}
	d := distance(g.misspelt, strings.ToLower(word))
	if d < g.distance || d == g.distance && g.word != "" && word < g.word {
		g.word, g.distance = word, d
	}
}

// didYouMean suggests the verb that is closest to a misspelt one.
func didYouMean(word string, verbs bytecode.Verbs) string {
	best := newGuess(word)
	for name := range verbs {
		if !strings.HasPrefix(name, "(") {
			best.offer(name)
		}
	}
	if best.word == "" {
		return "See docs/verbs.md for the verbs there are"
	}
	return "Did you mean '" + strings.ToUpper(best.word[:1]) + best.word[1:] + "'?"
}

// distance counts the edits between two short words; two letters swapped are one.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j-1]+cost, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
