package main

import "strings"

// closest is the word that a misspelt one most likely means, "" when none is within
// two letters.
func closest(word string, words []string) string {
	best, found := 3, ""
	word = strings.ToLower(word)
	for _, w := range words {
		if d := letters(word, strings.ToLower(w)); d < best && d < len(word) {
			best, found = d, w
		}
	}
	return found
}

// meant is "; did you mean X?" for the closest word, "" when there is none.
func meant(word string, words []string) string {
	if near := closest(word, words); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// letters is the number of letters to change, add, remove or swap between two
// words.
func letters(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0 || j == 0:
				d[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				d[i][j] = d[i-1][j-1]
			default:
				d[i][j] = 1 + min(d[i-1][j-1], d[i-1][j], d[i][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
