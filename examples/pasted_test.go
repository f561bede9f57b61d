package examples_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
)

// Commands that stand in pages to be pasted into a shell are run as they are, but for
// ports: several tests run at once.

// pasted are the indented lines of a page, without those in fenced blocks.
func pasted(t *testing.T, page string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	must(t, err)
	fenced := false
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if command, ok := strings.CutPrefix(line, "    "); ok && !fenced {
			lines = append(lines, strings.TrimSpace(command))
		}
	}
	return lines
}

var (
	startsExample = regexp.MustCompile(`^((?:\w+=\S+ )*)aro run examples/([a-z-]+)( &)?$`)
	assigns       = regexp.MustCompile(`^\w+=`)
	placeholder   = regexp.MustCompile(`/(ID|CODE)$`)
	named         = regexp.MustCompile(`"(?:id|code)":"([^"]+)"`)
)

// TestReadmeCommands: the requests with curl in the README of an example are answered
// with success.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	tool(t, "curl", "install the package curl")
	pages, err := filepath.Glob("*/README.md")
	must(t, err)
	tried := 0
	for _, page := range pages {
		lines := pasted(t, page)
		if !strings.Contains(strings.Join(lines, "\n"), "curl ") {
			continue
		}
		tried++
		t.Run(filepath.Dir(page), func(t *testing.T) {
			t.Parallel()
			readme(t, lines)
		})
	}
	if tried < 8 {
		t.Errorf("only %d pages with curl", tried)
	}
}

// readme starts the applications of a page and sends its requests.
func readme(t *testing.T, lines []string) {
	var ports []string // what the page says, and the port of this test
	var variables, said strings.Builder
	requests := 0
	for _, line := range lines {
		moved := strings.NewReplacer(ports...)
		if m := startsExample.FindStringSubmatch(line); m != nil {
			port := "8080"
			var env []string
			for _, v := range strings.Fields(moved.Replace(m[1])) {
				if p, ok := strings.CutPrefix(v, "ARO_HTTP_PORT="); ok {
					port = p
				} else {
					env = append(env, v)
				}
			}
			p := aroproc.Start(t, aro, m[2], aroproc.Options{Ready: "http", Env: env})
			ports = append(ports, "localhost:"+port, p.HTTP)
			continue
		}
		if line = moved.Replace(line); assigns.MatchString(line) {
			variables.WriteString(line + "\n")
			continue
		}
		if m := placeholder.FindStringSubmatch(line); m != nil {
			value := named.FindStringSubmatch(said.String())
			if value == nil {
				t.Fatalf("no answer says what %s is:\n%s", m[1], said.String())
			}
			line = strings.TrimSuffix(line, m[1]) + value[1]
		}
		requests += strings.Count(line, "curl ")
		said.WriteString(shell(t, t.TempDir(), "set -e\n"+variables.String()+strings.ReplaceAll(line, "curl ", "curl -sSf ")))
	}
	if requests == 0 || said.Len() == 0 {
		t.Errorf("%d requests, answered with %q", requests, said.String())
	}
}

// elsewhere are commands of the documentation that other tests hold.
var elsewhere = map[string]string{
	"aro build . --target linux/arm64":          "cmd/aro builds for each platform",
	"aro build . --target linux/amd64 --docker": "TestDeployingContainer",

	"aro add github:acme/audit":                                   "add.txtar of cmd/aro, from repositories that are there",
	"aro add https://git.example.com/audit.git shop --ref v1.2.0": "the same",
	"aro add ../audit shop":                                       "the same",
}

// TestDocsCommands: the commands in the pages of docs do what they are there for. A
// server must answer, and end well when it is told to.
func TestDocsCommands(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../docs/*.md")
	must(t, err)
	work := t.TempDir()
	must(t, os.CopyFS(filepath.Join(work, "examples/statuspost"), os.DirFS("statuspost")))
	must(t, os.CopyFS(filepath.Join(work, "statuspost"), os.DirFS("statuspost")))
	bin := filepath.Join(work, "bin")
	must(t, os.Mkdir(bin, 0o755))
	must(t, os.Symlink(aro, filepath.Join(bin, "aro")))
	ran, served := 0, 0
	for _, page := range append(pages, "../README.md") {
		for _, line := range pasted(t, page) {
			line, _, _ = strings.Cut(line, " # ")
			line = strings.TrimSpace(strings.ReplaceAll(line, "go run ./cmd/aro ", "aro "))
			if !strings.HasPrefix(line, "aro ") && !strings.Contains(line, "| aro") || elsewhere[line] != "" {
				continue
			}
			if words := strings.Fields(line); words[1] == "run" {
				served++
				args := words[3:]
				for i, a := range args {
					if strings.HasPrefix(a, "127.0.0.1:") {
						args[i] = fmt.Sprintf("127.0.0.1:%d", aroproc.FreePort(t))
					}
				}
				p := aroproc.Start(t, aro, filepath.Join(work, words[2]), aroproc.Options{Dir: work, Args: args, Ready: "http"})
				if slices.Contains(args, "--data") {
					posts(t, p, "for the commands behind it")
				}
				if code := p.Stop(); code != 0 {
					t.Errorf("%s: %s ends with %d\n%s", page, line, code, p.Stderr())
				}
				continue
			}
			ran++
			cmd := exec.Command("sh", "-c", line)
			cmd.Dir = work
			cmd.Env = append(os.Environ(), "HOME="+work, "PATH="+bin+":"+os.Getenv("PATH"), "ARO_CACHE_DIR="+filepath.Join(work, "cache"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %v\n%s", page, line, err, out)
			}
		}
	}
	if ran < 8 || served < 6 {
		t.Errorf("only %d commands and %d servers", ran, served)
	}
}
