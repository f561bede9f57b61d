//go:build !runtime

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"aro/pkg/bytecode/bundle"
)

// platforms are what aro build makes executables for.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

// findRuntime returns the executable that the program is put into: the one that was
// named, the small one that lies beside this one, this one, or one for another
// platform. docs/build.md tells users where those are looked for.
func findRuntime(ctx context.Context, named, goos, goarch string) ([]byte, error) {
	file := "aro-" + goos + "-" + goarch
	if goos == "windows" {
		file += ".exe"
	}
	if named != "" {
		return readRuntime(named, goos, goarch)
	}
	if folder := os.Getenv("ARO_RUNTIMES"); folder != "" {
		path := filepath.Join(folder, file)
		if _, err := os.Stat(path); err == nil {
			return readRuntime(path, goos, goarch)
		}
	}
	if goos == runtime.GOOS && goarch == runtime.GOARCH {
		return ownRuntime()
	}
	if source := os.Getenv("ARO_SOURCE"); source != "" {
		return makeRuntime(ctx, source, goos, goarch)
	}
	return nil, fmt.Errorf("there is no runtime for %s/%s, which is an aro of version %s for that platform. Do one of these:\n"+
		"  - set ARO_SOURCE to the folder with the source of aro; build then makes it with the go command\n"+
		"  - make it there once: CGO_ENABLED=0 GOOS=%s GOARCH=%s go build -tags runtime -trimpath -ldflags \"-s -w -funcalign=4\" -o %s ./cmd/aro\n"+
		"    and name it with --runtime, or its folder with ARO_RUNTIMES", goos, goarch, version(), goos, goarch, file)
}

// ownRuntime is the runtime for this platform: aro-runtime from the folder of this
// executable, which the same build made, else this executable, which is half as
// large again and does the same.
func ownRuntime() ([]byte, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	small := filepath.Join(filepath.Dir(exe), "aro-runtime")
	if runtime.GOOS == "windows" {
		small += ".exe"
	}
	if _, err := os.Stat(small); err != nil {
		return bundle.Runtime(exe)
	}
	data, err := readRuntime(small, runtime.GOOS, runtime.GOARCH)
	if err != nil {
		warn(fmt.Sprintf("Warning: %v; this aro itself becomes the runtime, which is larger", err))
		return bundle.Runtime(exe)
	}
	return data, nil
}

// readRuntime reads a runtime and checks that it is one for that platform, and of this
// version: a program compiled by another aro may mean something else to it.
func readRuntime(path, goos, goarch string) ([]byte, error) {
	exe, err := bundle.Runtime(path)
	if err != nil {
		return nil, err
	}
	info, err := buildInfo(exe)
	if err != nil {
		return nil, fmt.Errorf("%s does not say what it was built for: %w", path, err)
	}
	if is := setting(info, "GOOS") + "/" + setting(info, "GOARCH"); is != goos+"/"+goarch {
		return nil, fmt.Errorf("%s is a runtime for %s, not for %s/%s", path, is, goos, goarch)
	}
	if v := versionOf(info); v != version() {
		return nil, fmt.Errorf("%s is of version %s, and this is version %s; make it anew from the same source", path, v, version())
	}
	return exe, nil
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// makeRuntime builds a runtime from source. The go command keeps what it compiled, so
// a second time takes about a second.
func makeRuntime(ctx context.Context, source, goos, goarch string) ([]byte, error) {
	tool, err := exec.LookPath("go")
	if err != nil {
		return nil, errors.New("ARO_SOURCE is set, but there is no go command to make a runtime with; install Go 1.26 or later, or unset it")
	}
	dir, err := os.MkdirTemp("", "aro-runtime-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "aro")
	cmd := exec.CommandContext(ctx, tool, "build", "-tags", "runtime", "-trimpath", "-ldflags", "-s -w -funcalign=4", "-o", out, "./cmd/aro")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the runtime for %s/%s cannot be made from %s: %w\n%s", goos, goarch, source, err, strings.TrimSpace(string(text)))
	}
	return readRuntime(out, goos, goarch)
}
