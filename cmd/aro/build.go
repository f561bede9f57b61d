//go:build !runtime

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/bytecode/bundle"
	"aro/pkg/compile/app"
)

type buildOptions struct {
	path, output, target, runtime      string
	optimize, release, static, dynamic bool
	keep, docker                       bool
}

func buildCommand() *cobra.Command {
	o := buildOptions{}
	cmd := &cobra.Command{
		Use:   "build PATH",
		Short: "Make one executable of an application",
		Long: "build compiles an application and writes one static executable that holds the program, the\nruntime, the contract, templates, static files and store files. It runs anywhere, without aro.\n\n" +
			"For another platform give --target os/arch: linux, darwin or windows on amd64 or arm64. The\nruntime for it is an aro executable of the same version. It is the file that --runtime names,\nelse aro-OS-ARCH in the folder ARO_RUNTIMES, else the go command makes it from the source of\naro, which ARO_SOURCE names.",
		Example: "  aro build examples/statuspost\n" +
			"  aro build . -o /usr/local/bin/board\n" +
			"  aro build . --target linux/arm64 --runtime ./aro-linux-arm64 --docker",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.path = args[0]
			if o.static && o.dynamic {
				return errors.New("--static and --dynamic exclude each other")
			}
			return build(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "`file` to write, relative to the application")
	f.StringVar(&o.target, "target", "", "platform to build for, as `os/arch`")
	f.StringVar(&o.runtime, "runtime", "", "aro `executable` of that platform")
	f.BoolVarP(&o.optimize, "optimize", "O", false, "shorten the program's code")
	f.BoolVar(&o.release, "release", false, "the same as --optimize: the result is stripped as the runtime is")
	f.BoolVar(&o.static, "static", false, "accepted: the result is always static")
	f.BoolVar(&o.dynamic, "dynamic", false, "accepted: the result is static all the same")
	f.BoolVar(&o.keep, "keep-intermediate", false, "keep the compiled program in .build")
	f.BoolVar(&o.docker, "docker", false, "write a Dockerfile beside the executable")
	return cmd
}

func build(cmd *cobra.Command, o buildOptions) error {
	w := cmd.OutOrStdout()
	goos, goarch := runtime.GOOS, runtime.GOARCH
	if o.target != "" {
		var ok bool
		if goos, goarch, ok = strings.Cut(o.target, "/"); !ok || goos == "" || goarch == "" {
			return fmt.Errorf("--target wants os/arch, such as linux/arm64")
		}
		if !slices.Contains(platforms, o.target) {
			return fmt.Errorf("--target %s: the platforms are %s", o.target, strings.Join(platforms, ", "))
		}
	}
	data, sources, err := pack(o.path, o.optimize || o.release)
	if err != nil {
		return err
	}
	exe, err := findRuntime(cmd.Context(), o.runtime, goos, goarch)
	if err != nil {
		return &exitError{1, "Error: " + err.Error()}
	}
	name := sources.Name()
	if sources.Single {
		name = strings.TrimSuffix(filepath.Base(o.path), filepath.Ext(o.path))
	}
	fmt.Fprintf(w, "Compiling %s...\n", name)
	if goos == "windows" {
		name += ".exe"
	}
	target, shown := outputPath(o, sources, name)
	fmt.Fprintf(w, "Generating LLVM IR...\nCompiling to object file...\nLinking with runtime...\n")
	if err := writeBuilt(target, exe, data); err != nil {
		return &exitError{1, "Error: " + err.Error()}
	}
	if o.keep {
		if err := keepIntermediate(sources.Root, name, data); err != nil {
			return &exitError{1, "Error: " + err.Error()}
		}
	}
	if o.docker {
		if err := writeDockerfile(target, goos); err != nil {
			return &exitError{1, "Error: " + err.Error()}
		}
	}
	fmt.Fprintf(w, "Build complete: %s\n", shown)
	return nil
}

// outputPath returns where to write and how to name that: the argument as it was
// given, joined with the name.
func outputPath(o buildOptions, s *app.Sources, name string) (target, shown string) {
	if o.output != "" {
		if filepath.IsAbs(o.output) {
			return o.output, o.output
		}
		name = o.output
	}
	given := strings.TrimRight(o.path, `/\`)
	if s.Single {
		given = filepath.Dir(o.path)
	}
	return filepath.Join(s.Root, name), given + string(filepath.Separator) + name
}

// writeBuilt writes to a temporary name and renames, so that a program that runs
// or a build that fails leaves the old file as it is.
func writeBuilt(target string, exe, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(target), ".aro-build-*")
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no folder %s for the result; make it, or give another one with -o", filepath.Dir(target))
	}
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = bundle.Write(f, exe, data)
	if err == nil {
		err = f.Chmod(0o755)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), target)
	}
	return err
}

func keepIntermediate(root, name string, data []byte) error {
	dir := filepath.Join(root, ".build")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, strings.TrimSuffix(name, ".exe")+".aroc"), data, 0o644)
}

// writeDockerfile writes the image that the executable needs: nothing but itself.
func writeDockerfile(target, goos string) error {
	if goos != "linux" {
		return fmt.Errorf("--docker wants a Linux executable; give --target linux/%s", runtime.GOARCH)
	}
	name := filepath.Base(target)
	text := "FROM scratch\nCOPY " + name + " /" + name + "\nUSER 65534:65534\nENTRYPOINT [\"/" + name + "\"]\n"
	return os.WriteFile(filepath.Join(filepath.Dir(target), "Dockerfile"), []byte(text), 0o644)
}

func compileCommand() *cobra.Command {
	var output string
	var optimized bool
	cmd := &cobra.Command{
		Use:   "compile PATH",
		Short: "Compile an application to one .aroc file",
		Long:  "compile writes one file with the program, its contract, templates, static files and store\nfiles, which aro run runs. It is independent of the platform.",
		Example: "  aro compile examples/statuspost -o board.aroc\n" +
			"  aro run board.aroc",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, sources, err := pack(args[0], optimized)
			if err != nil {
				return err
			}
			target := output
			if target == "" {
				target = sources.Name() + ".aroc"
				if sources.Single {
					target = strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0])) + ".aroc"
				}
			}
			if err := os.WriteFile(target, data, 0o644); err != nil {
				return &exitError{1, "Error: " + err.Error()}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s (%d bytes)\n", target, len(data))
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write")
	cmd.Flags().BoolVarP(&optimized, "optimize", "O", false, "shorten the program's code")
	return cmd
}
