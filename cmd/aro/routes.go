//go:build !runtime

package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func routesCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "routes PATH",
		Short: "List the routes of an application and the feature sets that serve them",
		Long: "routes prints one line for each operation of the contract, openapi.yaml: method, path, the feature\n" +
			"set that answers and where it is written. It exits with 1 when an operation has none.",
		Example: "  aro routes ./board\n  aro routes ./board --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := load(args[0], loadOptions{})
			if err != nil {
				return err
			}
			l.wait()
			if l.contract == nil {
				return &exitError{1, "Error: " + args[0] + " has no contract: without openapi.yaml, openapi.yml or openapi.json there are no routes"}
			}
			routes := routesOf(l.program, l.contract)
			w := cmd.OutOrStdout()
			if asJSON {
				e := json.NewEncoder(w)
				e.SetEscapeHTML(false)
				e.SetIndent("", "  ")
				if err := e.Encode(routes); err != nil {
					return err
				}
			} else {
				table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
				for _, r := range routes {
					fmt.Fprintf(table, "%s\t%s\t%s%s\n", r.Method, r.Path, r.server(), r.remarks())
				}
				table.Flush()
			}
			for _, r := range routes {
				if r.FeatureSet == "" && !r.WebSocket {
					return &exitError{code: 1}
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (r route) server() string {
	switch {
	case r.FeatureSet != "":
		return r.FeatureSet
	case r.WebSocket:
		return "(WebSocket)"
	}
	return "(no feature set named '" + r.Operation + "')"
}

func (r route) remarks() string {
	var text string
	if r.File != "" {
		text = fmt.Sprintf("\t%s:%d", r.File, r.Line)
	}
	if r.Secured {
		text += "  secured"
	}
	if r.Deprecated {
		text += "  deprecated"
	}
	return text
}
