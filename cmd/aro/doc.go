//go:build !runtime

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/compile/explain"
)

func docCommand() *cobra.Command {
	var asJSON bool
	var man string
	cmd := &cobra.Command{
		Use:   "doc [WORD]",
		Short: "Explain a verb or a check",
		Long: "doc says what a verb does, which prepositions it takes and which verbs mean the same, with an\n" +
			"example, or what a check means. Without a word it lists both. docs/verbs.md has the verbs at length.\n\n" +
			"With --man it writes the manual, a page for each command, into a folder that man reads.",
		Example: "  aro doc retrieve\n  aro doc N1\n  aro doc retrieve --json\n  aro doc --man ~/.local/share/man/man1",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := cmd.OutOrStdout()
			if man != "" {
				n, err := writeManPages(cmd.Root(), man)
				if err != nil {
					return &exitError{1, "Error: the manual cannot be written: " + err.Error()}
				}
				_, err = fmt.Fprintf(w, "%d pages in %s\n", n, man)
				return err
			}
			table := verbTable("")
			if len(args) == 0 {
				return listTopics(w, table, asJSON)
			}
			word := strings.ToLower(args[0])
			for _, v := range table {
				if v.Verb != word && !slices.ContainsFunc(v.Synonyms, func(s string) bool { return strings.EqualFold(s, word) }) {
					continue
				}
				if asJSON {
					return printJSON(w, v)
				}
				return printVerb(w, v)
			}
			if c, ok := explain.Find(args[0]); ok {
				if asJSON {
					return printJSON(w, c)
				}
				return explainCheck(w, args[0])
			}
			hint := "; aro doc lists all"
			if near := nearest(word, table); near != "" {
				hint = "; did you mean " + near + "?"
			}
			return &exitError{1, "Error: there is no verb and no check '" + args[0] + "'" + hint}
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&man, "man", "", "write the pages of the manual into a `folder`")
	return cmd
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func printVerb(w io.Writer, v verbInfo) error {
	fmt.Fprintf(w, "%s: %s\n\n", strings.ToUpper(v.Verb[:1])+v.Verb[1:], v.Doc)
	if len(v.Synonyms) > 0 {
		fmt.Fprintf(w, "the same      %s\n", strings.Join(v.Synonyms, ", "))
	}
	if len(v.Prepositions) > 0 {
		fmt.Fprintf(w, "prepositions  %s\n", strings.Join(v.Prepositions, ", "))
	}
	fmt.Fprintf(w, "role          %s\n", v.Role)
	var err error
	if example := exampleOf(v.Verb); example != "" {
		_, err = io.WriteString(w, "\n"+example)
	}
	return err
}

// listTopics prints everything that doc knows.
func listTopics(w io.Writer, verbs []verbInfo, asJSON bool) error {
	if asJSON {
		topics := struct {
			Verbs  []string `json:"verbs"`
			Checks []string `json:"checks"`
		}{}
		for _, v := range verbs {
			topics.Verbs = append(topics.Verbs, v.Verb)
		}
		for _, c := range explain.Checks() {
			topics.Checks = append(topics.Checks, c.Code)
		}
		return printJSON(w, topics)
	}
	fmt.Fprintln(w, "Verbs")
	for _, v := range verbs {
		fmt.Fprintf(w, "  %-12s %s\n", v.Verb, v.Doc)
	}
	fmt.Fprintln(w, "\nChecks")
	for _, c := range explain.Checks() {
		fmt.Fprintf(w, "  %-12s %s\n", c.Code, c.Title)
	}
	return nil
}

// nearest is the verb that a misspelt word most likely means, "" when none is near.
func nearest(word string, verbs []verbInfo) string {
	return closest(word, verbWords(verbs))
}

// verbWords are all verbs and their synonyms.
func verbWords(verbs []verbInfo) []string {
	var words []string
	for _, v := range verbs {
		words = append(append(words, v.Verb), v.Synonyms...)
	}
	return words
}
