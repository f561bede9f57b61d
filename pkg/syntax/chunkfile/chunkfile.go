// Package chunkfile reads test files that hold several programs, with the
// errors they must cause written on the lines that cause them:
//
//	(Demo: Tests) {
//	    Log "x" to <console>    // any text after the code
//	}                           // ERROR "Expected '\\.'"
//	---
//	(Next: Tests) { }
//
// Chunks are separated by lines of three dashes; text behind the dashes names
// the chunk that follows. A line expects one error for each quoted regular
// expression behind ERROR, a warning for each behind WARNING. Backslashes are
// written as in Go strings.
package chunkfile

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Chunk is one program. Source starts with as many line breaks as stand before
// the chunk in its file, so that lines in diagnostics are lines of the file.
type Chunk struct {
	Name   string // base name of the file, and the chunk's own name or line
	Line   int    // of its first line in the file
	Source string
	Want   []Expect
}

// Expect is one diagnostic a line must cause.
type Expect struct {
	Line    int
	Warning bool
	Rx      *regexp.Regexp
}

// Read returns the chunks of the file at path. Mistakes in the file are
// reported as errors; a test should stop at them.
func Read(path string) ([]Chunk, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	base := filepath.Base(path)
	var chunks []Chunk
	lines := strings.SplitAfter(string(src), "\n")
	name, first := "", 0
	for i := 0; i <= len(lines); i++ {
		if i < len(lines) && !strings.HasPrefix(lines[i], "---") {
			continue
		}
		c := Chunk{Name: base + ":" + strconv.Itoa(first+1), Line: first + 1}
		if name != "" {
			c.Name = base + ":" + name
		}
		c.Source = strings.Repeat("\n", first) + strings.Join(lines[first:i], "")
		for n, line := range lines[first:i] {
			want, err := expectations(line, first+n+1)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %v", base, first+n+1, err)
			}
			c.Want = append(c.Want, want...)
		}
		chunks = append(chunks, c)
		if i < len(lines) {
			name, first = strings.TrimSpace(strings.TrimLeft(lines[i], "-")), i+1
		}
	}
	return chunks, nil
}

var marker = regexp.MustCompile(`// (ERROR|WARNING) ("|` + "`)")

func expectations(line string, n int) ([]Expect, error) {
	at := marker.FindStringIndex(line)
	if at == nil {
		return nil, nil
	}
	var list []Expect
	warning := false
	for rest := strings.TrimSpace(line[at[0]+2:]); rest != ""; rest = strings.TrimSpace(rest) {
		if word, after, _ := strings.Cut(rest, " "); word == "ERROR" || word == "WARNING" {
			warning, rest = word == "WARNING", after
			continue
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return nil, fmt.Errorf("expected a quoted pattern at %s", rest)
		}
		rest = rest[len(quoted):]
		text, _ := strconv.Unquote(quoted)
		rx, err := regexp.Compile(text)
		if err != nil {
			return nil, err
		}
		list = append(list, Expect{Line: n, Warning: warning, Rx: rx})
	}
	return list, nil
}

// Found is one diagnostic a test got.
type Found struct {
	Line    int
	Warning bool
	Message string
}

// Match compares what a chunk wants with what was found and returns one line of
// text for each diagnostic that is missing or not expected.
func (c *Chunk) Match(found []Found) []string {
	var problems []string
	used := make([]bool, len(found))
want:
	for _, w := range c.Want {
		for i, f := range found {
			if !used[i] && f.Line == w.Line && f.Warning == w.Warning && w.Rx.MatchString(f.Message) {
				used[i] = true
				continue want
			}
		}
		problems = append(problems, fmt.Sprintf("%s: line %d: no diagnostic matches %q", c.Name, w.Line, w.Rx))
	}
	for i, f := range found {
		if !used[i] {
			problems = append(problems, fmt.Sprintf("%s: line %d: unexpected: %s", c.Name, f.Line, f.Message))
		}
	}
	return problems
}
