package contract

import (
	"os/exec"
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
