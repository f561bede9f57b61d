package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"aro/pkg/net/contract"
)

// route is one operation of the contract and who serves it.
type route struct {
	Method     string `json:"method"`
	Path       string `json:"path"`
	Operation  string `json:"operation"`
	FeatureSet string `json:"featureSet,omitempty"` // "" when there is none
	File       string `json:"file,omitempty"`
	Line       int32  `json:"line,omitempty"`
	Secured    bool   `json:"secured"`
	Deprecated bool   `json:"deprecated"`
	WebSocket  bool   `json:"webSocket"`
}

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
			routes := routesOf(l)
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

// routesOf lists the operations in the order of the contract.
func routesOf(l *loaded) []route {
	routes := []route{}
	for _, op := range l.contract.Operations {
		r := route{Method: op.Method, Path: op.Path, Operation: op.ID, Deprecated: op.Deprecated, WebSocket: op.WebSocket, Secured: len(op.Security) > 0}
		for _, c := range l.program.Chunks {
			if c.Name == op.ID || r.FeatureSet == "" && contract.SameName(c.Name, op.ID) {
				r.FeatureSet, r.File, r.Line = c.Name, c.File, c.Line
			}
		}
		routes = append(routes, r)
	}
	return routes
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
