// Command release builds aro and its runtime for all platforms and packs each with its
// manual and licences: aro-VERSION-OS-ARCH.tar.gz, .zip for Windows, and SHA256SUMS. The same
// commit and Go give the same bytes.
//
//	go run ./cmd/release -o bin/release
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

// papers go into each archive, by their path in the source.
var papers = []string{"LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "docs/licences.md"}

// shells are those that completions are packed for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func main() {
	log.SetFlags(0)
	var r release
	only := flag.String("only", strings.Join(platforms, ","), "the `platforms` to build for")
	flag.StringVar(&r.out, "o", "bin/release", "`folder` for the archives")
	flag.StringVar(&r.version, "version", "", "the version in the names; else what git describe says")
	flag.StringVar(&r.source, "source", ".", "`folder` of the source")
	flag.Parse()
	r.platforms = strings.Split(*only, ",")
	if err := r.make(); err != nil {
		log.Fatal("release: ", err)
	}
}

// release is what is to be made.
type release struct {
	source, out, version string
	platforms            []string
	modified             time.Time // of everything in the archives: the time of the commit
	shared               []entry   // papers, manual and completions
}

// entry is a file of an archive.
type entry struct {
	name       string
	data       []byte
	executable bool
}

func (r *release) make() error {
	for _, p := range r.platforms {
		if !slices.Contains(platforms, p) {
			return fmt.Errorf("there is no platform %q; these are: %s", p, strings.Join(platforms, ", "))
		}
	}
	if err := r.identify(); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "aro-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := r.collect(work); err != nil {
		return err
	}
	var sums strings.Builder
	for _, p := range r.platforms {
		name, data, err := r.archive(p, work)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		if err := os.WriteFile(filepath.Join(r.out, name), data, 0o644); err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), name)
		fmt.Printf("%s (%.1f MB)\n", filepath.Join(r.out, name), float64(len(data))/1e6)
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(sums.String()), 0o644)
}

// identify asks git for version and time. Without a repository both must be given:
// the version as a flag, the time as SOURCE_DATE_EPOCH.
func (r *release) identify() error {
	git := func(args ...string) string {
		out, _ := exec.Command("git", append([]string{"-C", r.source}, args...)...).Output()
		return strings.TrimSpace(string(out))
	}
	if r.version == "" {
		r.version = git("describe", "--tags", "--always", "--dirty")
	}
	if r.version == "" {
		return errors.New("git describe knows no version; name it with -version")
	}
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		seconds = git("log", "-1", "--format=%ct")
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("the time of the commit is not known (%q); set SOURCE_DATE_EPOCH", seconds)
	}
	r.modified = time.Unix(n, 0).UTC()
	return nil
}

// collect reads the papers, and lets an aro for this machine write the manual and the
// completions.
func (r *release) collect(work string) error {
	for _, name := range papers {
		data, err := os.ReadFile(filepath.Join(r.source, name))
		if err != nil {
			return err
		}
		r.shared = append(r.shared, entry{name: name, data: data})
	}
	aro := filepath.Join(work, "aro")
	if err := r.build(runtime.GOOS+"/"+runtime.GOARCH, "", aro); err != nil {
		return err
	}
	man := filepath.Join(work, "man1")
	if out, err := exec.Command(aro, "doc", "--man", man).CombinedOutput(); err != nil {
		return fmt.Errorf("aro doc --man: %w\n%s", err, out)
	}
	pages, err := os.ReadDir(man)
	if err != nil {
		return err
	}
	for _, p := range pages {
		data, err := os.ReadFile(filepath.Join(man, p.Name()))
		if err != nil {
			return err
		}
		r.shared = append(r.shared, entry{name: "man/man1/" + p.Name(), data: data})
	}
	for _, shell := range shells {
		data, err := exec.Command(aro, "completion", shell).Output()
		if err != nil {
			return fmt.Errorf("aro completion %s: %w", shell, err)
		}
		r.shared = append(r.shared, entry{name: "completions/aro." + shell, data: data})
	}
	return nil
}

// build builds aro for a platform, with the tag runtime what aro build puts
// applications into.
func (r *release) build(platform, tag, to string) error {
	goos, goarch, _ := strings.Cut(platform, "/")
	to, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-tags", tag, "-trimpath", "-ldflags", "-s -w -funcalign=4", "-o", to, "./cmd/aro")
	cmd.Dir = r.source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// archive builds for a platform and returns the archive with its name.
func (r *release) archive(platform, work string) (name string, data []byte, err error) {
	goos, goarch, _ := strings.Cut(platform, "/")
	programs := []entry{{name: "aro", executable: true}, {name: "aro-runtime", executable: true}}
	for i, tag := range []string{"", "runtime"} {
		exe := filepath.Join(work, "built")
		if err := r.build(platform, tag, exe); err != nil {
			return "", nil, err
		}
		if programs[i].data, err = os.ReadFile(exe); err != nil {
			return "", nil, err
		}
		if goos == "windows" {
			programs[i].name += ".exe"
		}
	}
	folder := fmt.Sprintf("aro-%s-%s-%s", r.version, goos, goarch)
	files := append(programs, r.shared...)
	if goos == "windows" {
		data, err = zipped(folder, files, r.modified)
		return folder + ".zip", data, err
	}
	data, err = tarred(folder, files, r.modified)
	return folder + ".tar.gz", data, err
}
