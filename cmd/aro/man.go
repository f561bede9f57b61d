//go:build !runtime

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// writeManPages writes a page of the manual for each command, aro.1, aro-run.1 and so
// on, from what their help says. The pages carry no date, so that the same build
// writes the same bytes.
func writeManPages(root *cobra.Command, dir string) (n int, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	err = eachCommand(root, func(c *cobra.Command) error {
		n++
		return os.WriteFile(filepath.Join(dir, manName(c)+".1"), []byte(manPage(c)), 0o644)
	})
	return n, err
}

// eachCommand visits a command and those below it that people are told of.
func eachCommand(c *cobra.Command, visit func(*cobra.Command) error) error {
	if c.Hidden {
		return nil
	}
	if err := visit(c); err != nil {
		return err
	}
	for _, child := range c.Commands() {
		if err := eachCommand(child, visit); err != nil {
			return err
		}
	}
	return nil
}

// manName is the name of a command's page: aro-cache-clean.
func manName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// manPage is the page of a command, in the man macros of roff.
func manPage(c *cobra.Command) string {
	var b strings.Builder
	name := manName(c)
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"aro %s\" \"ARO\"\n", roffText(strings.ToUpper(name)), roffText(version()))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roffText(name), roffText(strings.ToLower(c.Short[:1])+c.Short[1:]))
	b.WriteString(".SH SYNOPSIS\n")
	if c.Runnable() && !c.HasSubCommands() || !c.HasParent() {
		fmt.Fprintf(&b, ".B %s\n", roffText(c.UseLine()))
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, ".br\n.B %s COMMAND\n", roffText(c.CommandPath()))
	}
	b.WriteString(".SH DESCRIPTION\n")
	long := c.Long
	if long == "" {
		long = c.Short + "."
	}
	roffParagraphs(&b, long)
	if c.HasAvailableSubCommands() {
		b.WriteString(".SH COMMANDS\n")
		for _, child := range c.Commands() {
			if child.IsAvailableCommand() {
				fmt.Fprintf(&b, ".TP\n.BR %s (1)\n%s\n", roffText(manName(child)), roffText(child.Short))
			}
		}
	}
	if !c.DisableFlagParsing { // others list their flags in the text
		manFlags(&b, c)
	}
	if c.Example != "" {
		b.WriteString(".SH EXAMPLES\n.nf\n")
		for line := range strings.SplitSeq(c.Example, "\n") {
			b.WriteString(roffLine(strings.TrimPrefix(line, "  ")) + "\n")
		}
		b.WriteString(".fi\n")
	}
	b.WriteString(".SH EXIT STATUS\n0 after a normal end, 1 for a failure, 64 for a wrong command line.\n.SH SEE ALSO\n")
	if p := c.Parent(); p != nil {
		fmt.Fprintf(&b, ".BR %s (1)\n", roffText(manName(p)))
	} else {
		b.WriteString("The pages in docs/ of the source.\n")
	}
	return b.String()
}

func manFlags(b *strings.Builder, c *cobra.Command) {
	c.InitDefaultHelpFlag()
	b.WriteString(".SH OPTIONS\n")
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		names := "--" + f.Name
		if f.Shorthand != "" {
			names = "-" + f.Shorthand + ", " + names
		}
		value, usage := pflag.UnquoteUsage(f)
		if value != "" {
			names += " " + strings.ToUpper(value)
		}
		if value != "" && f.DefValue != "" && f.DefValue != "0" && f.DefValue != "[]" {
			usage += " (" + f.DefValue + " unless given)"
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roffText(names), roffLine(usage))
	})
}

// roffParagraphs writes the text of a help: paragraphs between empty lines are filled,
// lines that are indented stay as they are.
func roffParagraphs(b *strings.Builder, text string) {
	table := false
	for line := range strings.SplitSeq(text, "\n") {
		if indented := strings.HasPrefix(line, "  "); indented != table && line != "" {
			if table = indented; table {
				b.WriteString(".nf\n")
			} else {
				b.WriteString(".fi\n")
			}
		}
		if line == "" {
			b.WriteString(".PP\n")
			continue
		}
		b.WriteString(roffLine(line) + "\n")
	}
	if table {
		b.WriteString(".fi\n")
	}
}

// roffLine is a line of text, which a period or an apostrophe at its front would make
// a request.
func roffLine(s string) string {
	s = roffText(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

var roffEscapes = []string{`\`, `\e`, "-", `\-`, "\u2026", "..."}

// roffText escapes what roff would change: backslashes, and the minus signs of flags,
// which become hyphens otherwise.
func roffText(s string) string {
	for i := 0; i < len(roffEscapes); i += 2 {
		s = strings.ReplaceAll(s, roffEscapes[i], roffEscapes[i+1])
	}
	return s
}
