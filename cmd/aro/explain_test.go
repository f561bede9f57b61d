package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"aro/pkg/compile/explain"
)

const exampleContract = `openapi: 3.0.3
info: { title: T, version: "1" }
paths:
  /things:
    get:
      operationId: listThings
      responses: { "200": { description: ok } }
`

const start = "(Application-Start: Demo) {\n"

// TestExamples: each example of the page gives exactly the code that it is there
// for, or nothing.
func TestExamples(t *testing.T) {
	for _, c := range explain.Checks() {
		if len(c.Text) < 40 || c.Title == "" {
			t.Errorf("%s says too little: %q", c.Code, c.Text)
		}
		bad := 0
		for _, e := range c.Examples {
			dir := t.TempDir()
			write := func(name, text string) {
				path := filepath.Join(dir, name)
				os.MkdirAll(filepath.Dir(path), 0o755)
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			switch e.Kind {
			case "":
				write("main.aro", start+e.Source+"}\n")
				write("templates/page.html", "<p>Hello</p>")
			case "program":
				write("main.aro", e.Source)
			case "contract":
				write("main.aro", e.Source)
				write("openapi.yaml", exampleContract)
			case "template":
				write("main.aro", start+"Return an <OK: status> for the <startup>.\n}\n")
				write("templates/page.html", e.Source)
			default:
				t.Fatalf("%s: unknown kind of example %q", c.Code, e.Kind)
			}
			r, err := checkApplication(dir)
			if err != nil {
				t.Fatalf("%s: %v", c.Code, err)
			}
			r.finish(true)
			var codes []string
			for _, f := range r.Findings {
				codes = append(codes, f.Code)
			}
			want := ""
			if e.Bad {
				bad++
				want = c.Code
			}
			if got := strings.Join(codes, " "); got != want {
				t.Errorf("%s: the example\n%s\ngives %q, want %q: %v", c.Code, e.Source, got, want, r.Findings)
			}
		}
		// An example of ARO-L5 would do to readers of the page what the check warns of.
		if bad == 0 && c.Code != "ARO-X1" && c.Code != "ARO-X2" && c.Code != "ARO-L5" {
			t.Errorf("%s has no example", c.Code)
		}
	}
}

// TestEveryCodeIsExplained: a code in the sources has a section on the page, and
// no section is left over.
func TestEveryCodeIsExplained(t *testing.T) {
	files, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "../../pkg", "../../cmd").Output()
	if err != nil {
		t.Skip("not a git checkout")
	}
	used := map[string]bool{}
	code := regexp.MustCompile(`"(ARO-[A-Z][0-9]+)"`)
	for name := range strings.FieldsSeq(string(files)) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			continue // deleted in the work tree
		}
		for _, m := range code.FindAllStringSubmatch(string(data), -1) {
			used[m[1]] = true
		}
	}
	for c := range used {
		if _, ok := explain.Find(c); !ok {
			t.Errorf("%s has no section in pkg/compile/explain/checks.md", c)
		}
	}
	for _, c := range explain.Checks() {
		if !used[c.Code] {
			t.Errorf("nothing reports %s", c.Code)
		}
	}
}
