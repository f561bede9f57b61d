//go:build !runtime

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/bytecode"
	"aro/pkg/net/contract"
)

func inspectCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "inspect FILE",
		Short:   "List what is in a built executable or an .aroc file",
		Long:    "inspect lists the feature sets, operations and files in an executable that aro build made, or in\nan .aroc file, the platform it is for, and the version of aro that made it.",
		Example: "  aro inspect ./statuspost\n  aro inspect board.aroc",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := readProgram(args[0])
			if err != nil {
				return &exitError{1, "Error: " + err.Error()}
			}
			if err := inspect(cmd.OutOrStdout(), args[0], data); err != nil {
				return &exitError{1, fmt.Sprintf("Error: %s: %v", args[0], err)}
			}
			return nil
		},
	}
}

// inspect lists the program in data, which was in the file at path.
func inspect(w io.Writer, path string, data []byte) error {
	prog, meta, err := bytecode.Decode(data)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "aro %s, sources %x\n", meta.Build, meta.Key[:8])
	if !strings.EqualFold(filepath.Ext(path), ".aroc") {
		describeRuntime(w, path, len(data))
	}
	fmt.Fprintf(w, "\nFeature sets\n")
	for _, c := range prog.Chunks {
		fmt.Fprintf(w, "  %s: %s (%s:%d, %d instructions)\n", c.Name, c.Activity, c.File, c.Line, len(c.Code))
	}
	if blob, ok := meta.Blob(contractBlob); ok {
		c, err := contract.Decode(blob)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "\nOperations\n")
		for _, op := range c.Operations {
			fmt.Fprintf(w, "  %-7s %s  %s\n", op.Method, op.Path, op.ID)
		}
	}
	var files, plugins []string
	for _, b := range meta.Extra {
		if name, ok := strings.CutPrefix(b.Name, assetBlob); ok {
			note := ""
			if template, ok := strings.CutPrefix(name, "templates/"); ok {
				if _, ok := meta.Blob(templateBlob + template); ok {
					note = ", compiled"
				}
			}
			files = append(files, fmt.Sprintf("  %8d  %s%s\n", len(b.Data), name, note))
		} else if name, ok := strings.CutPrefix(b.Name, pluginBlob); ok {
			plugins = append(plugins, "  "+name+"\n")
		}
	}
	for _, part := range []struct {
		title string
		lines []string
	}{{"Files", files}, {"Plugins", plugins}} {
		if len(part.lines) > 0 {
			fmt.Fprintf(w, "\n%s\n%s", part.title, strings.Join(part.lines, ""))
		}
	}
	return nil
}

// describeRuntime writes what the executable around a program is.
func describeRuntime(w io.Writer, path string, program int) {
	exe, err := os.ReadFile(path)
	if err != nil {
		return
	}
	info, err := buildInfo(exe)
	if err != nil {
		return
	}
	linked := "" // says nothing when the file does not say
	if setting(info, "CGO_ENABLED") == "0" && setting(info, "GOOS") == "linux" {
		linked = ", statically linked"
	}
	size := int64(0)
	if file, err := os.Stat(path); err == nil {
		size = file.Size()
	}
	fmt.Fprintf(w, "%s/%s%s, %s, %d bytes, of which the program takes %d\n", setting(info, "GOOS"), setting(info, "GOARCH"), linked, info.GoVersion, size, program)
}
