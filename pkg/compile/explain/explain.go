// Package explain holds the page that says what each check means, how to mend
// what it found, and shows an example. `aro check --explain` prints parts of it,
// and a test compiles its examples.
package explain

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed checks.md
var page string

// Example is one piece of source on the page.
type Example struct {
	Bad    bool
	Kind   string // "", "program", "contract" or "template"
	Source string
}

// Check is one section of the page.
type Check struct {
	Code, Title, Text string // Text without the heading, examples included
	Examples          []Example
}

// Checks returns all sections in their order on the page.
func Checks() []Check {
	var list []Check
	for section := range strings.SplitSeq(page, "\n## ") {
		head, text, _ := strings.Cut(section, "\n")
		code, title, ok := strings.Cut(head, " ")
		if !ok || !strings.HasPrefix(code, "ARO-") {
			continue
		}
		c := Check{Code: code, Title: title, Text: strings.TrimSpace(text)}
		for i, part := range strings.Split(text, "```") {
			if i%2 == 0 {
				continue
			}
			info, source, _ := strings.Cut(part, "\n")
			words := strings.Fields(info)
			e := Example{Bad: slices.Contains(words, "bad"), Source: source}
			switch {
			case words[0] == "html":
				e.Kind = "template"
			case len(words) > 2:
				e.Kind = words[2]
			}
			c.Examples = append(c.Examples, e)
		}
		list = append(list, c)
	}
	return list
}

// Find returns the section of a code, in any case and with or without "ARO-".
func Find(code string) (Check, bool) {
	code = strings.ToUpper(code)
	if !strings.HasPrefix(code, "ARO-") {
		code = "ARO-" + code
	}
	for _, c := range Checks() {
		if c.Code == code {
			return c, true
		}
	}
	return Check{}, false
}
