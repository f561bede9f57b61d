package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aro/pkg/host"
)

var update = flag.Bool("update", false, "rewrite docs/verbs.md")

// TestVerbsPage keeps docs/verbs.md, which is made from the verb table.
func TestVerbsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Verbs\n\nThis page is generated from the verb table (`go test ./cmd/aro -run VerbsPage -update`).\n\n| verb | synonyms | prepositions | |\n|---|---|---|---|\n")
	list := verbs()
	slices.SortFunc(list, func(a, b *host.Verb) int { return strings.Compare(a.Name, b.Name) })
	for _, v := range list {
		if strings.HasPrefix(v.Name, "(") {
			continue
		}
		if v.Doc == "" {
			t.Errorf("%s has no description", v.Name)
		}
		fmt.Fprintf(&b, "| %s%s | %s | %s | %s |\n", strings.ToUpper(v.Name[:1]), v.Name[1:], strings.Join(v.Aliases, ", "), strings.Join(v.Preps, ", "), v.Doc)
	}
	b.WriteString("\n## Operations of Compute\n\n`Compute the <name: operation> from <value>.` Date offsets such as `+7d` are operations too, and `a | b` applies one after the other.\n\n| operation | |\n|---|---|\n")
	for _, op := range host.Operations() {
		fmt.Fprintf(&b, "| %s | %s |\n", strings.Join(op.Names, ", "), op.Doc)
	}
	b.WriteString("\n## Examples\n\nBy family; `aro doc VERB` shows the one of a verb. The list below each heading says which verbs are meant.\n\n" + verbExamples)
	const path = "../../docs/verbs.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, _ := os.ReadFile(path); string(have) != b.String() {
		t.Error("docs/verbs.md is out of date; run the test with -update")
	}
}

// TestVerbExamples: each verb belongs to one family of examples and stands in it.
// TestDocs runs them.
func TestVerbExamples(t *testing.T) {
	families := map[string]verbFamily{}
	for _, f := range verbFamilies() {
		for _, v := range f.verbs {
			if g, twice := families[v]; twice {
				t.Errorf("%s is in the families %s and %s", v, g.title, f.title)
			}
			families[v] = f
		}
	}
	for _, v := range verbs() {
		if strings.HasPrefix(v.Name, "(") {
			continue
		}
		f, ok := families[v.Name]
		if !ok {
			t.Errorf("%s is in no family of verb_examples.md", v.Name)
			continue
		}
		delete(families, v.Name)
		if !regexp.MustCompile(`(?:^|\n|[ ` + "`" + `])(?i:` + v.Name + `) [<a-z"{]`).MatchString(f.text) {
			t.Errorf("the example of %s has no %s", f.title, v.Name)
		}
		if shown := exampleOf(v.Name); strings.Contains(shown, "```") || !strings.Contains(shown, "    ") {
			t.Errorf("the example of %s looks like this:\n%s", v.Name, shown)
		}
	}
	for v, f := range families {
		t.Errorf("%s has %s, which is no verb", f.title, v)
	}
}

// TestEveryVerbIsUsed: each name of each verb stands in a program that a test
// runs.
func TestEveryVerbIsUsed(t *testing.T) {
	var programs strings.Builder
	for _, glob := range []string{"../../pkg/host/testdata/lang/*.aro", "testdata/script/*.txtar", "../../pkg/net/testdata/*.aro", "../../examples/*/*.aro", "../../examples/testdata/*/*.aro"} {
		paths, err := filepath.Glob(glob)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v", glob, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			programs.Write(data)
		}
	}
	text := programs.String()
	for _, v := range verbs() {
		for _, name := range append([]string{v.Name}, v.Aliases...) {
			if strings.HasPrefix(name, "(") {
				continue
			}
			if !regexp.MustCompile(`(?:^|[.{}>|)]|\n)\s*(?i:` + name + `)\s+[<a-z"(\[{0-9-]`).MatchString(text) {
				t.Errorf("no test program has the verb %s", name)
			}
		}
	}
}
