package main

import (
	"bufio"
	"bytes"
	"debug/elf"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"aro/pkg/bytecode/bundle"
	"aro/pkg/bytecode/cache"
	"aro/pkg/host"
	aronet "aro/pkg/net"
)

// A start from the cache expands the feature sets that run, and no others: that is why
// it costs the same for one handler and for hundreds.
func TestWarmStartExpandsOnlyWhatRuns(t *testing.T) {
	app := writeApp(t)
	t.Setenv("ARO_CACHE_DIR", filepath.Join(t.TempDir(), "cache"))
	cold, err := load(app, loadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cold.wait()
	warm, err := load(app, loadOptions{})
	if err != nil || warm.written != nil {
		t.Fatal("not from the cache", err)
	}
	warm.contract = nil // no ports
	var out bytes.Buffer
	h, err := warm.host(host.Config{Stdout: &out, Stderr: &out, Stdin: strings.NewReader("")})
	if err != nil {
		t.Fatal(err)
	}
	signals := make(chan os.Signal)
	h.Run(signals)
	close(signals)
	if !strings.Contains(out.String(), "ADA 21.5\n") {
		t.Error(out.String())
	}
	for _, c := range warm.program.Chunks {
		want := c.Name == "Application-Start" || c.Name == "Count"
		if expanded := c.Code != nil; expanded != want {
			t.Errorf("%s is expanded: %t", c.Name, expanded)
		}
	}
	if l := (&loaded{root: app, network: aronet.New()}); l.fromCache(cache.Open(""), cache.Key{}) == nil {
		t.Error("an entry for no key")
	}
}

// The message board, built: one static file of less than 16 MB, made in less than a
// second and the same each time. It works alone in an empty folder, with nothing in its environment.
func TestBuiltBoard(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("builds aro; looks into ELF files")
	}
	dir := t.TempDir()
	aro := filepath.Join(dir, "aro")
	for file, tags := range map[string]string{"aro": "", "aro-runtime": "runtime"} { // as task build does
		cmd := exec.Command("go", "build", "-tags", tags, "-trimpath", "-ldflags", "-s -w -funcalign=4", "-o", filepath.Join(dir, file), ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	board := filepath.Join(t.TempDir(), "board")
	best := time.Hour
	var first []byte
	for range 3 {
		start := time.Now()
		if out, err := exec.Command(aro, "build", "../../examples/statuspost", "-o", board).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		best = min(best, time.Since(start))
		data, err := os.ReadFile(board)
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(data, first) {
			t.Error("built twice, it is not the same")
		}
		first = data
	}
	if best > time.Second || len(first) >= 16_000_000 {
		t.Errorf("built in %v, %d bytes", best, len(first))
	}
	// What is beside aro and no runtime of this version is no reason not to build.
	if err := os.WriteFile(filepath.Join(dir, "aro-runtime"), []byte("no runtime"), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(aro, "build", "../../examples/statuspost", "-o", board+"-own").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Warning: ") || !strings.Contains(string(out), "is no runtime") {
		t.Errorf("%v\n%s", err, out)
	}
	if err := os.Remove(board + "-own"); err != nil {
		t.Error(err)
	}
	exe, err := elf.NewFile(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range exe.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("not statically linked")
		}
	}

	run := exec.Command(board)
	run.Dir, run.Env = filepath.Dir(board), []string{"ARO_HTTP_PORT=0"}
	stdout, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(20*time.Second, func() { run.Process.Kill() })
	defer watchdog.Stop()
	lines := bufio.NewReader(stdout)
	line, _ := lines.ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "StatusPost is open on ")
	if !ok {
		rest, _ := io.ReadAll(lines)
		t.Fatalf("%s%s", line, rest)
	}
	post, err := http.Post(address+"/messages", "application/x-www-form-urlencoded", strings.NewReader("message=hello"))
	if err != nil || post.StatusCode != http.StatusCreated {
		t.Errorf("%v, %v", post, err)
	}
	page, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	html, err := io.ReadAll(page.Body)
	if err != nil || !strings.Contains(string(html), "hello") {
		t.Errorf("%s%v", html, err)
	}
	style, err := http.Get(address + "/static/style.css")
	if err != nil || style.StatusCode != http.StatusOK {
		t.Errorf("%v, %v", style, err)
	}
	if err := run.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	rest, _ := io.ReadAll(lines)
	if err := run.Wait(); err != nil || !strings.Contains(string(rest), "StatusPost closes") {
		t.Errorf("%v\n%s", err, rest)
	}
	if list, _ := os.ReadDir(filepath.Dir(board)); len(list) != 1 {
		t.Errorf("it leaves files in its folder: %v", list)
	}
}

// TestB05_OtherSystems: applications are linked for Windows and macOS, and the program in
// them is the one of this system.
func TestB05_OtherSystems(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles aro for two other systems")
	}
	dir := t.TempDir()
	aro := filepath.Join(dir, "aro")
	link := func(file, goos, goarch, tags string) {
		cmd := exec.Command("go", "build", "-tags", tags, "-trimpath", "-ldflags", "-s -w", "-o", file, ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s/%s: %v\n%s", goos, goarch, err, out)
		}
	}
	link(aro, runtime.GOOS, runtime.GOARCH, "")
	build := func(file string, args ...string) []byte {
		if out, err := exec.Command(aro, append([]string{"build", "../../examples/hello", "-o", file}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		program, err := bundle.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		return program
	}
	here := build(filepath.Join(dir, "here"))
	for _, target := range []string{"windows/amd64", "darwin/arm64"} {
		goos, goarch, _ := strings.Cut(target, "/")
		with := filepath.Join(dir, "runtime-"+goos)
		link(with, goos, goarch, "runtime")
		if there := build(filepath.Join(dir, goos), "--target", target, "--runtime", with); !bytes.Equal(here, there) {
			t.Errorf("%s gets another program", target)
		}
	}
}
