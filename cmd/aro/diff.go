//go:build !runtime

package main

import (
	"bytes"
	"fmt"
	"strings"
)

// diffContext is the number of unchanged lines around a change.
const diffContext = 3

// edit is a line of a comparison: kept ' ', removed '-' or added '+'.
type edit struct {
	op   byte
	line string
}

// unifiedDiff compares two texts line by line, as patch reads it.
func unifiedDiff(name string, before, after []byte) []byte {
	edits := compareLines(splitLines(before), splitLines(after))
	var b bytes.Buffer
	fmt.Fprintf(&b, "--- %s\n+++ %s (formatted)\n", name, name)
	a, c := 1, 1 // line numbers at edits[i]
	for i := 0; i < len(edits); {
		if edits[i].op == ' ' {
			i, a, c = i+1, a+1, c+1
			continue
		}
		start := max(0, i-diffContext)
		end, kept := i, 0
		for j := i; j < len(edits) && kept <= 2*diffContext; j++ {
			if kept++; edits[j].op != ' ' {
				end, kept = j+1, 0
			}
		}
		end = min(len(edits), end+diffContext)
		a, c = a-(i-start), c-(i-start)
		removed, added := 0, 0
		for _, e := range edits[start:end] {
			if e.op != '+' {
				removed++
			}
			if e.op != '-' {
				added++
			}
		}
		fmt.Fprintf(&b, "@@ -%s +%s @@\n", diffRange(a, removed), diffRange(c, added))
		for _, e := range edits[start:end] {
			line := e.line
			if !strings.HasSuffix(line, "\n") {
				line += "\n\\ No newline at end of file\n"
			}
			fmt.Fprintf(&b, "%c%s", e.op, line)
		}
		i, a, c = end, a+removed, c+added
	}
	return b.Bytes()
}

func diffRange(line, n int) string {
	if n == 0 {
		line-- // the line before the place
	}
	return fmt.Sprintf("%d,%d", line, n)
}

func splitLines(text []byte) []string {
	lines := strings.SplitAfter(string(text), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// compareLines finds a shortest way from a to b (Myers, "An O(ND) difference
// algorithm"). Beyond maxEdits changes the rest is replaced as a whole: the
// memory grows with their square.
func compareLines(a, b []string) []edit {
	const maxEdits = 4000
	n, m := len(a), len(b)
	size := min(n+m, maxEdits)
	reach := map[int]int{1: 0} // furthest line of a on each diagonal
	var rounds []map[int]int
	for d := 0; d <= size; d++ {
		round := map[int]int{}
		for k := -d; k <= d; k += 2 {
			x := reach[k-1] + 1
			if k == -d || k != d && reach[k-1] < reach[k+1] {
				x = reach[k+1]
			}
			for x < n && x-k < m && x-k >= 0 && a[x] == b[x-k] {
				x++
			}
			round[k] = x
			if x >= n && x-k >= m {
				return walkBack(a, b, append(rounds, round))
			}
		}
		for k, x := range round {
			reach[k] = x
		}
		rounds = append(rounds, round)
	}
	var all []edit
	for _, s := range a {
		all = append(all, edit{'-', s})
	}
	for _, s := range b {
		all = append(all, edit{'+', s})
	}
	return all
}

// walkBack reads the edits off the rounds of compareLines, from the end.
func walkBack(a, b []string, rounds []map[int]int) []edit {
	var back []edit
	x, y := len(a), len(b)
	for d := len(rounds) - 1; d >= 0; d-- {
		k, fromX, fromY := x-y, 0, 0
		if d > 0 {
			before := rounds[d-1]
			left, okLeft := before[k-1]
			down, okDown := before[k+1]
			if !okLeft || okDown && left < down {
				fromX, fromY = down, down-k-1
			} else {
				fromX, fromY = left, left-k+1
			}
		}
		for x > fromX && y > fromY {
			x, y = x-1, y-1
			back = append(back, edit{' ', a[x]})
		}
		if d == 0 {
			break
		}
		if x > fromX {
			x--
			back = append(back, edit{'-', a[x]})
		} else {
			y--
			back = append(back, edit{'+', b[y]})
		}
	}
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	return back
}
