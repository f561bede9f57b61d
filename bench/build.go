//go:build linux

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// programs is where everything was built.
type programs struct {
	root string            // of the repository
	dir  string            // temporary, holds what was built
	node string            // folder of the npm peers; empty without
	have map[string]string // executables by name
}

func moduleRoot() (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "aro").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	return strings.TrimSpace(string(root)), nil
}

// build builds aro, the benchmarks and the peers that are wanted. What cannot be
// built is skipped, with a word about it; aro itself must.
func (s *suite) build() error {
	var err error
	if s.root, err = moduleRoot(); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "aro-bench-"); err != nil {
		return err
	}
	s.have = map[string]string{}
	peers := filepath.Join(s.root, "bench/peers/go")
	for _, p := range []struct {
		name, module string
		args         []string
		needed       bool
		group        string
		who          []string // built for these
	}{
		{"aro", s.root, []string{"build", "-trimpath", "-ldflags", "-s -w -funcalign=4", "-o", "{}", "./cmd/aro"}, true, "", nil},
		{"aro.test", s.root, []string{"test", "-c", "-o", "{}", "./bench"}, true, "", nil},
		{"engines.test", peers, []string{"test", "-c", "-o", "{}", "./engines"}, false, "engines", []string{goPeer, "expr", "goja", "starlark-go", "gopher-lua", "tengo"}},
		{"json.test", peers, []string{"test", "-c", "-o", "{}", "./jsonlibs"}, false, "json", []string{"encoding/json", "sonic", "fastjson"}},
		{"disk.test", peers, []string{"test", "-c", "-o", "{}", "./disk"}, false, "disk", []string{"bbolt", "SQLite"}},
		{"bigscript", peers, []string{"build", "-o", "{}", "./bigscript"}, false, "engines", []string{lua, python}},
		{"statuspost", peers, []string{"build", "-o", "{}", "./statuspost"}, false, "http broadcast start", []string{goPeer, rawPeer}},
		{"limit", peers, []string{"build", "-o", "{}", "./limit"}, false, "http start", []string{limit}},
		{"echo", peers, []string{"build", "-o", "{}", "./echo"}, false, "tcp", []string{goPeer}},
	} {
		if !p.needed && (!s.anyPeer(p.who...) || !s.anyGroup(strings.Fields(p.group)...)) {
			continue
		}
		out := filepath.Join(s.dir, p.name)
		for i, a := range p.args {
			p.args[i] = strings.ReplaceAll(a, "{}", out)
		}
		cmd := exec.Command("go", p.args...)
		cmd.Dir = p.module
		if text, err := cmd.CombinedOutput(); err != nil {
			if p.needed {
				return fmt.Errorf("go %s: %w\n%s", strings.Join(p.args, " "), err, text)
			}
			s.skip("%s: go build fails: %s", p.name, lastLine(text))
			continue
		}
		s.have[p.name] = out
	}
	if s.anyPeer(cPeer) && s.anyGroup("tcp") {
		s.have["echo-c"] = filepath.Join(s.dir, "echo-c")
		if text, err := exec.Command("cc", "-O2", "-o", s.have["echo-c"], filepath.Join(s.root, "bench/peers/c/echo.c")).CombinedOutput(); err != nil {
			delete(s.have, "echo-c")
			s.skip("%s: needs a C compiler: %v %s", cPeer, err, lastLine(text))
		}
	}
	if s.anyPeer(fastify, express, nodePeer) && s.anyGroup("http", "broadcast", "tcp", "start") {
		s.installNode()
	}
	return nil
}

// installNode installs the npm peers into the user's cache folder, where they stay
// until what is wanted changes.
func (s *suite) installNode() {
	const who = "Fastify, Express, Node"
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			s.skip("%s: %s is not installed", who, tool)
			return
		}
	}
	from := filepath.Join(s.root, "bench/peers/node")
	sum := sha256.New()
	files, _ := filepath.Glob(filepath.Join(from, "*.*"))
	for _, f := range files {
		b, _ := os.ReadFile(f)
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(f), len(b), b)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "aro-bench", "node-"+hex.EncodeToString(sum.Sum(nil))[:12])
	if _, err := os.Stat(filepath.Join(dir, "installed")); err != nil {
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil && !os.IsExist(err) {
			s.skip("%s: %v", who, err)
			return
		}
		cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
		cmd.Dir = dir
		if text, err := cmd.CombinedOutput(); err != nil {
			s.skip("%s: npm ci fails: %s", who, lastLine(text))
			return
		}
		os.WriteFile(filepath.Join(dir, "installed"), nil, 0o644)
	}
	s.node = dir
}

func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}
