package contract

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mustLoad returns the contract of a document without problems.
func mustLoad(t testing.TB, doc string) *Contract {
	t.Helper()
	c, problems := Load([]byte(doc), "openapi.yaml")
	for _, p := range problems {
		t.Errorf("%d:%d %s (warning: %v)", p.Line, p.Column, p.Message, p.Warning)
	}
	if c == nil {
		t.Fatal("no contract")
	}
	return c
}

// moduleDir returns the folder of a module that go.mod names.
func moduleDir(t testing.TB, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Skip("go list: ", err)
	}
	return strings.TrimSpace(string(out))
}

func TestBigContracts(t *testing.T) {
	dir := filepath.Join(moduleDir(t, "github.com/pb33f/libopenapi"), "test_specs")
	for _, name := range []string{"asana.yaml", "docusignv3.1.json", "stripe.yaml", "petstorev3.json", "burgershop.openapi.yaml"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Skip(err)
			}
			c, problems := Load(data, name)
			for i, p := range problems {
				if i < 10 {
					t.Logf("%d:%d %.200s (warning: %v)", p.Line, p.Column, p.Message, p.Warning)
				}
			}
			if c == nil {
				t.Fatal("no contract")
			}
			r := NewRouter(c)
			for _, op := range c.Operations {
				path := op.Path
				for _, n := range templateNames(path) {
					path = strings.Replace(path, "{"+n+"}", "v1", 1)
				}
				m := r.Match(op.Method, path)
				if m.Operation != op {
					t.Errorf("%s %s: got %v", op.Method, path, m.Operation)
				}
			}
			b := c.Encode()
			d, err := Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if string(d.Encode()) != string(b) {
				t.Error("decoding and encoding changes the bytes")
			}
			t.Logf("%d operations, %d schemas, %d bytes", len(c.Operations), len(c.Schemas), len(b))
		})
	}
}
