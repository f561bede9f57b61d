//go:build !runtime

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/bundle"
	"aro/pkg/compile"
	"aro/pkg/compile/app"
	"aro/pkg/host"
)

func disasmCommand() *cobra.Command {
	var o bytecode.ListOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "disasm PATH|FILE.aroc [FEATURE SET]",
		Short: "Show the bytecode of an application beside its source",
		Long: "disasm compiles an application and lists its instructions, each below the source line it\ncomes from, with constants and sites. docs/bytecode.md explains the instructions. An .aroc file\n" +
			"or an executable that aro build made is listed as it is. With --tables the listing is complete:\naro asm makes the same program of it.",
		Example: "  aro disasm examples/hello\n  aro disasm examples/statuspost postMessage\n  aro disasm board.aroc --tables > board.asm",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			prog, err := listed(args[0], &o)
			if err != nil {
				return err
			}
			if len(args) == 2 {
				near := otherEntry(prog, args[1])
				prog.Chunks = slices.DeleteFunc(prog.Chunks, func(c *bytecode.Chunk) bool { return !strings.EqualFold(c.Name, args[1]) })
				if len(prog.Chunks) == 0 {
					return &exitError{1, strings.TrimSuffix("Error: there is no feature set '"+args[1]+"'\n"+near, "\n")}
				}
			}
			if asJSON {
				list, err := bytecode.List(prog, o)
				if err != nil {
					return &exitError{1, "Error: " + err.Error()}
				}
				out := json.NewEncoder(cmd.OutOrStdout())
				out.SetEscapeHTML(false)
				out.SetIndent("", "  ")
				return out.Encode(list)
			}
			return bytecode.Disassemble(cmd.OutOrStdout(), prog, o)
		},
	}
	cmd.Flags().BoolVar(&o.Tables, "tables", false, "list everything, so that aro asm can read it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "list as JSON, for tools")
	cmd.Flags().BoolVar(&o.Meanings, "meanings", false, "say what each instruction does")
	return cmd
}

// listed loads the program to list: compiled from source, which then stands beside
// it, or from a compiled file.
func listed(path string, o *bytecode.ListOptions) (*bytecode.Program, error) {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() && filepath.Ext(path) != ".aro" {
		data, err := readProgram(path)
		if err != nil {
			return nil, &exitError{1, "Error: " + err.Error()}
		}
		prog, err := verified(data)
		if err != nil {
			return nil, &exitError{1, fmt.Sprintf("Error: %s: %v", path, err)}
		}
		return prog, nil
	}
	sources, err := app.Discover(path)
	if err != nil {
		return nil, &exitError{1, "Error: " + err.Error()}
	}
	prog, diags := sources.Compile(compile.Options{Verbs: host.Signatures(verbs())})
	if prog == nil {
		return nil, compileErrors(diags, false)
	}
	lines := map[string][]string{}
	for _, f := range sources.Files {
		lines[f.Name] = strings.Split(string(f.Data), "\n")
	}
	o.Source = func(file string) []string { return lines[file] }
	return prog, nil
}

// verified reads a program as running it would: what the machine refuses is refused
// here too, with its place, and is not listed as if it were a program (05 B03).
func verified(data []byte) (*bytecode.Program, error) {
	prog, _, err := bytecode.DecodeLazy(data)
	if err != nil {
		return nil, err
	}
	for _, c := range prog.Chunks {
		if err := bytecode.Verify(c); err != nil {
			return nil, err
		}
	}
	return prog, nil
}

// readProgram reads the program of an .aroc file or of a built executable.
func readProgram(path string) ([]byte, error) {
	read := bundle.Read
	if strings.EqualFold(filepath.Ext(path), ".aroc") {
		read = os.ReadFile
	}
	data, err := read(path)
	if errors.As(err, new(*fs.PathError)) {
		err = fmt.Errorf("%s cannot be read: %s", path, reason(err))
	}
	return data, err
}

func asmCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "asm FILE",
		Short:   "Make an .aroc file of a bytecode listing",
		Long:    "asm reads what disasm --tables wrote, or a listing by hand, verifies it and writes an .aroc\nfile that aro run runs. Contract, templates and static files are not part of a listing.",
		Example: "  aro disasm examples/hello --tables > hello.asm\n  aro asm hello.asm -o hello.aroc",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return &exitError{1, fmt.Sprintf("Error: the listing %s cannot be read: %s", args[0], reason(err))}
			}
			prog, err := bytecode.AssembleProgram(string(text))
			if err != nil {
				return &exitError{1, fmt.Sprintf("Error: %s:%v", args[0], err)}
			}
			for _, c := range prog.Chunks {
				if err := bytecode.Verify(c); err != nil {
					return &exitError{1, "Error: " + err.Error()}
				}
			}
			target := output
			if target == "" {
				target = strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0])) + ".aroc"
			}
			data := bytecode.Encode(prog, bytecode.Meta{Build: version()})
			if err := os.WriteFile(target, data, 0o644); err != nil {
				return &exitError{1, fmt.Sprintf("Error: %s cannot be written: %s", target, reason(err))}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s (%d bytes)\n", target, len(data))
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write")
	return cmd
}
