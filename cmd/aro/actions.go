//go:build !runtime

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"aro/pkg/host"
)

// verbInfo is what the table says about a verb.
type verbInfo struct {
	Verb         string   `json:"verb"`
	Synonyms     []string `json:"synonyms"`
	Role         string   `json:"role"`
	Prepositions []string `json:"prepositions"`
	Pure         bool     `json:"pure"`
	Blocking     bool     `json:"blocking"`
	Doc          string   `json:"doc"`
}

func actionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "actions",
		Short:   "List the verbs that statements can start with",
		Long:    "actions shows the verb table: every verb with its synonyms, its role and the prepositions it\ntakes. docs/verbs.md is the same table as a page.",
		Example: "  aro actions list\n  aro actions list repository\n  aro actions list --json",
	}
	var asJSON bool
	list := &cobra.Command{
		Use:     "list [WORD]",
		Short:   "List all verbs, or those that have to do with a word",
		Long:    "list prints one line for each verb. With a word, only verbs whose name, synonym or description\nholds it.",
		Example: "  aro actions list\n  aro actions list file",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			found := verbTable(strings.ToLower(strings.Join(args, "")))
			w := cmd.OutOrStdout()
			if asJSON {
				e := json.NewEncoder(w)
				e.SetEscapeHTML(false)
				e.SetIndent("", "  ")
				return e.Encode(found)
			}
			if len(found) == 0 {
				return &exitError{1, "Error: no verb has to do with '" + args[0] + "'; aro actions list shows all"}
			}
			table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
			for _, v := range found {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", strings.ToUpper(v.Verb[:1])+v.Verb[1:], strings.Join(v.Synonyms, ", "), strings.Join(v.Prepositions, ", "), v.Doc)
			}
			return table.Flush()
		},
	}
	list.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.AddCommand(list)
	return cmd
}

// verbTable returns the verbs, by name, that have to do with a word; all for "".
func verbTable(word string) []verbInfo {
	found := []verbInfo{}
	for _, v := range host.Signatures(verbs()) {
		if strings.HasPrefix(v.Name, "(") || slices.ContainsFunc(found, func(f verbInfo) bool { return f.Verb == v.Name }) {
			continue
		}
		text := strings.ToLower(v.Name + " " + strings.Join(v.Aliases, " ") + " " + v.Doc)
		if !strings.Contains(text, word) {
			continue
		}
		info := verbInfo{Verb: v.Name, Synonyms: v.Aliases, Role: v.Role.String(), Prepositions: v.Preps, Pure: v.Pure, Blocking: v.Blocking, Doc: v.Doc}
		if info.Synonyms == nil {
			info.Synonyms = []string{}
		}
		if info.Prepositions == nil {
			info.Prepositions = []string{}
		}
		found = append(found, info)
	}
	// Not slices.SortFunc, which puts ten kilobytes of sorting into the binary for each type.
	sort.Slice(found, func(i, j int) bool { return found[i].Verb < found[j].Verb })
	return found
}
