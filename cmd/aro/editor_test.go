package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
)

const grammarFile = "../../editor/vscode/syntaxes/aro.tmLanguage.json"

// verbPattern is what the editor's grammar takes for a known verb: one of the verb
// table, in any case, at the beginning of a statement.
func verbPattern() string {
	var names []string
	for _, v := range verbs() {
		for _, name := range append([]string{v.Name}, v.Aliases...) {
			if !strings.HasPrefix(name, "(") {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return `(?:^\s*|(?<=[.{}]|\|>)\s+|(?<=\{))((?i:` + strings.Join(slices.Compact(names), "|") + `))(?=\s+[<a-zA-Z"'(\[{0-9$-])`
}

// TestEditorVerbs holds the grammar and the verb table together.
func TestEditorVerbs(t *testing.T) {
	data, err := os.ReadFile(grammarFile)
	if err != nil {
		t.Fatal(err)
	}
	var grammar struct {
		Repository map[string]struct{ Match string }
	}
	if err := json.Unmarshal(data, &grammar); err != nil {
		t.Fatal(err)
	}
	if have, want := grammar.Repository["verb"].Match, verbPattern(); have != want {
		if !*update {
			t.Fatal("the grammar's verbs are out of date; run the test with -update")
		}
		quoted := func(s string) string {
			var b strings.Builder
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			e.Encode(s)
			return strings.TrimSpace(b.String())
		}
		text := strings.Replace(string(data), quoted(have), quoted(want), 1)
		if err := os.WriteFile(grammarFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range verbs() {
		for _, prep := range v.Preps {
			if !regexp.MustCompile(`[(|:]` + prep + `[|)]`).Match(data) {
				t.Errorf("the grammar does not know the preposition %q of %s", prep, v.Name)
			}
		}
	}
}

// TestEditorSnippets: each snippet, with what it proposes filled in, is a program or
// statements that aro check has no error for.
func TestEditorSnippets(t *testing.T) {
	data, err := os.ReadFile("../../editor/vscode/snippets/aro.json")
	if err != nil {
		t.Fatal(err)
	}
	var snippets map[string]struct {
		Prefix, Description string
		Body                []string
	}
	if err := json.Unmarshal(data, &snippets); err != nil {
		t.Fatal(err)
	}
	proposal := regexp.MustCompile(`\$\{(\d)(?::([^}]*)|\|([^,|]*)[^}]*)?\}|(\\?)\$(\d)`)
	for name, s := range snippets {
		if s.Prefix == "" || s.Description == "" {
			t.Errorf("%s: no prefix or no description", name)
		}
		text := strings.Join(s.Body, "\n")
		proposed := map[string]string{}
		for _, m := range proposal.FindAllStringSubmatch(text, -1) {
			if m[2]+m[3] != "" {
				proposed[m[1]] = m[2] + m[3]
			}
		}
		text = proposal.ReplaceAllStringFunc(text, func(m string) string {
			return proposed[proposal.FindStringSubmatch(m)[1]+proposal.FindStringSubmatch(m)[5]]
		})
		text = strings.ReplaceAll(text, `\$`, "$")
		loose, sets := looseStatements([]byte(text))
		if loose != nil {
			text = "(Application-Start: Snippet) {\n" + string(loose) + "\n}\n" + string(sets)
		}
		if !strings.Contains(text, "Application-Start") {
			text += "\n(Application-Start: Snippet) { Return an <OK: status> for the <startup>. }"
		}
		f := syntax.NewFile(name, []byte(text))
		diags := syntax.Parse(f)
		_, more := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(verbs())})
		for _, d := range append(diags, more...) {
			t.Errorf("%s: %s\n%s", name, d, text)
		}
	}
	if len(snippets) < 10 {
		t.Errorf("only %d snippets", len(snippets))
	}
}
