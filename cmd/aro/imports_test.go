package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows is the architecture: what each package of ours may import of ours. It
// is an allow-list; DESIGN.md gives the reasons.
var arrows = map[string][]string{
	"aro/pkg/syntax":            {},
	"aro/pkg/syntax/chunkfile":  {"aro/pkg/syntax"},
	"aro/pkg/bytecode":          {},
	"aro/pkg/bytecode/cache":    {"aro/pkg/bytecode"},
	"aro/pkg/compile":           {"aro/pkg/syntax", "aro/pkg/bytecode", "aro/pkg/bytecode/pattern"},
	"aro/pkg/compile/app":       {"aro/pkg/syntax", "aro/pkg/bytecode", "aro/pkg/compile"},
	"aro/pkg/bytecode/bundle":   {},
	"aro/pkg/bytecode/pattern":  {},
	"aro/pkg/bytecode/optimize": {"aro/pkg/bytecode"},
	"aro/pkg/compile/explain":   {},
	"aro/pkg/vm/value":          {},
	"aro/pkg/vm/value/calendar": {"aro/pkg/vm/value"},
	"aro/pkg/vm":                {"aro/pkg/bytecode", "aro/pkg/bytecode/pattern", "aro/pkg/vm/value"},
	"aro/pkg/store":             {"aro/pkg/vm/value"},
	"aro/pkg/store/storetest":   {"aro/pkg/store", "aro/pkg/vm/value", "aro/pkg/vm/value/calendar"},
	"aro/pkg/store/record":      {"aro/pkg/store", "aro/pkg/vm/value", "aro/pkg/vm/value/calendar"},
	"aro/pkg/store/durable":     {"aro/pkg/store", "aro/pkg/store/record", "aro/pkg/vm/value"},
	"aro/pkg/store/cluster":     {"aro/pkg/store", "aro/pkg/store/record", "aro/pkg/vm/value"},
	"aro/pkg/host":              {"aro/pkg/bytecode", "aro/pkg/bytecode/pattern", "aro/pkg/vm", "aro/pkg/vm/value", "aro/pkg/vm/value/calendar", "aro/pkg/store", "aro/pkg/host/format", "aro/pkg/host/screen", "aro/pkg/host/git", "aro/pkg/host/password"},
	"aro/pkg/graph":             {"aro/pkg/bytecode", "aro/pkg/host"},
	"aro/pkg/host/format":       {"aro/pkg/vm/value"},
	"aro/pkg/monitor":           {"aro/pkg/host", "aro/pkg/graph", "aro/pkg/vm/value"},
	"aro/pkg/host/git":          {},
	"aro/pkg/host/password":     {},
	"aro/pkg/host/screen":       {},
	"aro/pkg/host/plugin":       {"aro/pkg/bytecode", "aro/pkg/vm", "aro/pkg/vm/value", "aro/pkg/host", "aro/pkg/host/format"},
	"aro/pkg/host/plugin/fetch": {"aro/pkg/host/git", "aro/pkg/host/plugin"},
	"aro/pkg/net/contract":      {"aro/pkg/vm/value"},
	"aro/pkg/net/credential":    {"aro/pkg/vm/value"},
	"aro/pkg/net/httpd":         {"aro/pkg/net/socket"},
	"aro/pkg/net/socket":        {},
	"aro/pkg/net":               {"aro/pkg/bytecode", "aro/pkg/vm", "aro/pkg/vm/value", "aro/pkg/host", "aro/pkg/host/password", "aro/pkg/net/contract", "aro/pkg/net/credential", "aro/pkg/net/httpd", "aro/pkg/net/socket"},
}

// anything marks the packages at the end of all arrows.
var anything = []string{"aro/cmd/", "aro/bench", "aro/examples"}

// outside lists who may import which package of others: a dependency stays
// behind one package of ours.
var outside = map[string][]string{
	"github.com/spf13/cobra":            {"aro/cmd/aro"},
	"github.com/coder/websocket":        {"aro/pkg/net", "aro/examples"},
	"github.com/pb33f/libopenapi":       {"aro/pkg/net/contract"},
	"go.yaml.in/yaml/v4":                {"aro/pkg/net/contract", "aro/pkg/host/format"}, // libopenapi's trees are made of its nodes
	"github.com/pelletier/go-toml":      {"aro/pkg/host/format"},
	"github.com/andybalholm":            {"aro/pkg/host/format"},
	"github.com/dlclark/regexp2/v2":     {"aro/pkg/bytecode/pattern"},
	"github.com/fsnotify/fsnotify":      {"aro/pkg/host"},
	"golang.org/x/sys":                  {"aro/pkg/host"},
	"github.com/nats-io/nats.go":        {"aro/pkg/store/cluster"},
	"github.com/nats-io/nats-server":    {"aro/cmd/aro-broker"}, // never in aro or in what it builds
	"golang.org/x/crypto":               {"aro/pkg/net", "aro/pkg/host/password"},
	"github.com/anishathalye/porcupine": {"aro/pkg/store/storetest"},
	"html/template":                     {},
	"text/template":                     {},
	"github.com/pb33f/ordered-map":      {"aro/pkg/net/contract"},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) (list []goPackage) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "aro/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// TestArrows reads the import graph and fails on any arrow that is not allowed.
func TestArrows(t *testing.T) {
	seen := 0
	for _, p := range packages(t) {
		atEnd := slices.ContainsFunc(anything, func(s string) bool { return strings.HasPrefix(p.ImportPath+"/", s) || p.ImportPath == s })
		allowed, known := arrows[p.ImportPath]
		if !known && !atEnd {
			t.Errorf("package %s is not in the architecture: add it to arrows, and to DESIGN.md", p.ImportPath)
		}
		for _, imp := range p.Imports {
			for module, users := range outside {
				if (imp == module || strings.HasPrefix(imp, module+"/")) && !slices.ContainsFunc(users, func(u string) bool { return strings.HasPrefix(p.ImportPath, u) }) {
					t.Errorf("%s imports %s, which belongs behind %v", p.ImportPath, imp, users)
				}
			}
			if strings.HasPrefix(imp, "aro/") {
				seen++
				if known && !slices.Contains(allowed, imp) {
					t.Errorf("%s must not import %s", p.ImportPath, imp)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("saw only %d arrows: the test does not see the program", seen)
	}
}
