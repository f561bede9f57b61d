//go:build !runtime

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/graph"
)

func graphCommand() *cobra.Command {
	var format, output string
	cmd := &cobra.Command{
		Use:   "graph PATH",
		Short: "Draw an application: what makes each feature set run, and what it causes",
		Long: "graph draws routes, events, timers, connections, feature sets and repositories, and who triggers\n" +
			"whom. Without --format the name of the output file decides; without both it is SVG.",
		Example: "  aro graph ./board -o board.svg\n  aro graph ./board --format mermaid",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format == "" {
				format = formatOf(output)
			}
			switch format {
			case "svg", "mermaid", "html", "json":
			default:
				return fmt.Errorf("graph has no format '%s'; it knows svg, mermaid, html and json", format)
			}
			l, err := load(args[0], loadOptions{})
			if err != nil {
				return err
			}
			l.wait()
			g, err := l.graph(l.program, l.contract)
			if err != nil {
				return &exitError{1, "Error: " + err.Error()}
			}
			data, err := draw(g, format)
			if err != nil {
				return err
			}
			if output == "" {
				_, err = cmd.OutOrStdout().Write(data)
				return err
			}
			if err := os.WriteFile(output, data, 0o644); err != nil {
				return &exitError{1, "Error: the graph was not written: " + err.Error()}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "svg, mermaid, html or json")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to this file instead of stdout")
	return cmd
}

func formatOf(file string) string {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".html", ".htm":
		return "html"
	case ".json":
		return "json"
	case ".mmd", ".mermaid", ".md":
		return "mermaid"
	}
	return "svg"
}

func draw(g *graph.Graph, format string) ([]byte, error) {
	switch format {
	case "mermaid":
		return g.Mermaid(), nil
	case "html":
		return g.HTML(), nil
	case "json":
		return g.JSON()
	}
	return g.SVG(), nil
}
