//go:build !runtime

package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"aro/pkg/bytecode"
	"aro/pkg/host"
)

// coverage gathers from many runs of one program which statements they reached.
// A nil coverage gathers nothing.
type coverage struct {
	mu       sync.Mutex
	order    []*bytecode.Chunk // the feature sets that are measured
	reached  map[place]bool    // every statement, and whether it was reached
	measured map[*bytecode.Chunk][]place
}

// place is a statement.
type place struct {
	chunk     *bytecode.Chunk
	line, col int32
}

func newCoverage(l *loaded) *coverage {
	c := &coverage{order: l.program.Chunks, reached: map[place]bool{}, measured: map[*bytecode.Chunk][]place{}}
	return c
}

// add notes what the runs in a host reached. The host must have been closed.
func (c *coverage) add(h *host.Host) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range h.Sets() {
		switch s.Kind {
		case host.TestSet, host.Start, host.EndSuccess, host.EndError:
			continue // no test runs them
		}
		s.Code.Ready()
		s.Code.Covered(func(at bytecode.Line, reached bool) {
			p := place{s.Code.Chunk, at.Line, at.Col}
			if _, known := c.reached[p]; !known {
				c.measured[p.chunk] = append(c.measured[p.chunk], p)
			}
			c.reached[p] = c.reached[p] || reached
		})
	}
}

// setCoverage is the coverage of one feature set.
type setCoverage struct {
	Name       string  `json:"name"`
	Activity   string  `json:"activity"`
	File       string  `json:"file"`
	Statements int     `json:"statements"`
	Reached    int     `json:"reached"`
	Missed     []int32 `json:"missed"` // lines
}

func (c *coverage) sets() (out []setCoverage) {
	if c == nil {
		return nil
	}
	for _, chunk := range c.order {
		places := c.measured[chunk]
		if len(places) == 0 {
			continue
		}
		s := setCoverage{Name: chunk.Name, Activity: chunk.Activity, File: chunk.File, Statements: len(places), Missed: []int32{}}
		for _, p := range places {
			switch {
			case c.reached[p]:
				s.Reached++
			case !slices.Contains(s.Missed, p.line):
				s.Missed = append(s.Missed, p.line)
			}
		}
		out = append(out, s)
	}
	return out
}

// report prints a line for each feature set, and which lines were not reached.
func (c *coverage) report(w io.Writer) {
	if c == nil {
		return
	}
	fmt.Fprint(w, "Coverage, statements reached by the tests:\n\n")
	total := setCoverage{Name: "Total"}
	for _, s := range c.sets() {
		total.Statements += s.Statements
		total.Reached += s.Reached
		missed := ""
		if len(s.Missed) > 0 {
			missed = "  missed: " + s.File + ":" + ranges(s.Missed)
		}
		fmt.Fprintf(w, "  %s  %s: %s%s\n", s.ratio(), s.Name, s.Activity, missed)
	}
	fmt.Fprintf(w, "  %s  total\n\n", total.ratio())
}

func (s setCoverage) ratio() string {
	return fmt.Sprintf("%3d %%  %3d of %3d", 100*s.Reached/max(s.Statements, 1), s.Reached, s.Statements)
}

// ranges writes ascending lines as 3-5,9.
func ranges(lines []int32) string {
	lines = slices.Sorted(slices.Values(lines))
	var parts []string
	for i := 0; i < len(lines); {
		k := i
		for k+1 < len(lines) && lines[k+1] == lines[k]+1 {
			k++
		}
		text := strconv.Itoa(int(lines[i]))
		if k > i {
			text += "-" + strconv.Itoa(int(lines[k]))
		}
		parts = append(parts, text)
		i = k + 1
	}
	return strings.Join(parts, ",")
}
