package main

import (
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/bytecode"
	"aro/pkg/compile/app"
	"aro/pkg/host"
)

func disasmCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "disasm PATH",
		Short:   "Show the bytecode of an application beside its source",
		Long:    "disasm compiles an application and lists its instructions, each below the source line it\ncomes from, with constants and sites. docs/bytecode.md explains the instructions.",
		Example: "  aro disasm examples/hello\n  aro disasm main.aro | less",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sources, err := app.Discover(args[0])
			if err != nil {
				return &exitError{1, "Error: " + err.Error()}
			}
			prog, diags := sources.Compile(host.Signatures(verbs()), false)
			if prog == nil {
				return compileErrors(diags, false)
			}
			lines := map[string][]string{}
			for _, f := range sources.Files {
				lines[f.Name] = strings.Split(string(f.Data), "\n")
			}
			return bytecode.Disassemble(cmd.OutOrStdout(), prog, bytecode.ListOptions{Source: func(file string) []string { return lines[file] }})
		},
	}
}
