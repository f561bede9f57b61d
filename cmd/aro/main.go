//go:build !runtime

// Command aro runs, checks and inspects ARO applications.
package main

import (
	"bytes"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/bytecode/bundle"
)

func main() {
	if bundle.Built() {
		os.Exit(runBuilt(os.Args[1:]))
	}
	os.Exit(execute(os.Args[1:]))
}

func execute(args []string) int {
	if len(args) == 0 && piped(os.Stdin) {
		if src, err := io.ReadAll(os.Stdin); err != nil || len(bytes.TrimSpace(src)) > 0 {
			return exitCode(runSnippet(src, err))
		}
	}
	root := newRoot()
	root.SetArgs(defaultCommand(root, args))
	return exitCode(root.Execute())
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "aro",
		Short:         "Run real-time servers written as sentences",
		Long:          "aro runs applications written in ARO: feature sets that read like sentences and react to\nHTTP requests, WebSocket and TCP messages, changed rows, events and timers.",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newCommand(), runCommand(), testCommand(), buildCommand(), compileCommand(), checkCommand(), fmtCommand(), disasmCommand(), asmCommand(),
		inspectCommand(), routesCommand(), graphCommand(), actionsCommand(), cacheCommand(), dataCommand(), addCommand(), removeCommand(), pluginsCommand(), versionCommand(), docCommand(), replCommand())
	root.SuggestionsMinimumDistance = 2
	helping(root)
	root.InitDefaultCompletionCmd()
	forgiving(root)
	completing(root)
	return root
}

// defaultCommand lets `aro PATH …` mean `aro run PATH …`. A word that is neither a
// path nor looks like one is left for cobra to call an unknown command.
func defaultCommand(root *cobra.Command, args []string) []string {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return args
	}
	for _, c := range root.Commands() {
		if c.Name() == args[0] || c.HasAlias(args[0]) {
			return args
		}
	}
	switch args[0] {
	case "help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
		return args
	}
	if _, err := os.Stat(args[0]); err == nil || strings.ContainsAny(args[0], `./\`) {
		return append([]string{"run"}, args...)
	}
	return args
}
