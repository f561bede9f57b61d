//go:build !runtime

package main

import (
	_ "embed"
	"slices"
	"strings"
)

// verbExamples has a small program for each family of verbs, with what it prints. It
// is part of docs/verbs.md, whose programs the tests run.
//
//go:embed verb_examples.md
var verbExamples string

// verbFamily is a section of the examples.
type verbFamily struct {
	title string
	verbs []string // in small letters
	text  string   // Markdown
}

// verbFamilies reads the examples.
func verbFamilies() (list []verbFamily) {
	for section := range strings.SplitSeq("\n"+verbExamples, "\n### ") {
		title, rest, _ := strings.Cut(section, "\n")
		verbs, text, found := strings.Cut(rest, "\n")
		if !found || title == "" {
			continue
		}
		list = append(list, verbFamily{title, strings.Split(strings.ToLower(verbs), ", "), strings.TrimSpace(text)})
	}
	return list
}

// exampleOf is the example of a verb as a terminal shows it, "" for none.
func exampleOf(verb string) string {
	families := verbFamilies()
	i := slices.IndexFunc(families, func(f verbFamily) bool { return slices.Contains(f.verbs, verb) })
	if i < 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("Example:\n\n")
	inside := false
	for line := range strings.SplitSeq(families[i].text, "\n") {
		switch kind, fence := strings.CutPrefix(line, "```"); {
		case fence:
			if inside = !inside; inside && kind == "output" {
				b.WriteString("prints\n\n")
			}
		case inside && line != "":
			b.WriteString("    " + line + "\n")
		default:
			b.WriteString(line + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
