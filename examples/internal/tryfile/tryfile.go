// Package tryfile reads the try.txt of an example: what to do with the
// application, and what must come back.
//
// A line at the margin is something that is done. The indented lines below it are
// what must come back. Lines that begin with # are comments. examples/README.md
// lists the things that can be done.
package tryfile

import (
	"fmt"
	"regexp"
	"strings"
)

// Step is one thing to do, and what must come back. Names in braces are not yet
// replaced.
type Step struct {
	Line int      // of the file, from 1
	Do   string   // without the white space around it
	More []string // HTTP: the lines behind it, headers and a body
	Want []string // without the indentation
}

// methods are the words that begin an HTTP request.
var methods = map[string]bool{"GET": true, "POST": true, "PUT": true, "PATCH": true, "DELETE": true, "HEAD": true, "OPTIONS": true}

// HTTP reports whether the step is a request.
func (s Step) HTTP() bool {
	method, _, _ := strings.Cut(s.Do, " ")
	return methods[method]
}

// Parse splits a file into steps. It fails for an answer without a question.
func Parse(text string) ([]Step, error) {
	var steps []Step
	blanks, open := 0, false // open: lines at the margin may belong to a request
	for i, line := range strings.Split(text, "\n") {
		wanted, indented := strings.CutPrefix(line, "    ")
		switch {
		case strings.TrimSpace(line) == "":
			blanks++
			open = false
			continue
		case strings.HasPrefix(line, "#"):
		case indented && len(steps) == 0:
			return nil, fmt.Errorf("line %d: an answer, but nothing was done yet", i+1)
		case indented:
			s := &steps[len(steps)-1]
			if len(s.Want) > 0 {
				for range blanks {
					s.Want = append(s.Want, "")
				}
			}
			s.Want = append(s.Want, wanted)
			open = false
		case open:
			s := &steps[len(steps)-1]
			s.More = append(s.More, line)
		default:
			steps = append(steps, Step{Line: i + 1, Do: strings.TrimSpace(line)})
			open = steps[len(steps)-1].HTTP()
		}
		blanks = 0
	}
	return steps, nil
}

// Names are the texts that answers left behind, by name.
type Names map[string]string

var braces = regexp.MustCompile(`\{\{([a-z][a-z0-9-]*)\}\}`)

// Fill replaces {{name}} by its text. It fails for a name that no answer has left.
func (n Names) Fill(text string) (string, error) {
	var err error
	filled := braces.ReplaceAllStringFunc(text, func(b string) string {
		v, ok := n[b[2:len(b)-2]]
		if !ok {
			err = fmt.Errorf("nothing is called %s yet", b)
		}
		return v
	})
	return filled, err
}

// Match reports whether got is what want describes: * stands for any text within a
// line, a line that is ... for any lines, {{name}} for the text of that name, or for
// any text, which it then keeps.
func (n Names) Match(want []string, got string) bool {
	var pattern strings.Builder
	var kept []string
	pattern.WriteString(`^`)
	for i, line := range want {
		if line == "..." {
			pattern.WriteString(`(?s:.*)`)
			continue
		}
		if i > 0 && want[i-1] != "..." {
			pattern.WriteString(`\n`)
		}
		at := 0
		for _, b := range braces.FindAllStringSubmatchIndex(line, -1) {
			pattern.WriteString(wild(line[at:b[0]]))
			name := line[b[2]:b[3]]
			if v, ok := n[name]; ok {
				pattern.WriteString(regexp.QuoteMeta(v))
			} else {
				kept = append(kept, name)
				pattern.WriteString(`([^"<>\s;,]+)`)
			}
			at = b[1]
		}
		pattern.WriteString(wild(line[at:]))
	}
	pattern.WriteString(`$`)
	m := regexp.MustCompile(pattern.String()).FindStringSubmatch(got)
	if m == nil {
		return false
	}
	for i, name := range kept {
		n[name] = m[i+1]
	}
	return true
}

func wild(text string) string {
	return strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, `[^\n]*`)
}
