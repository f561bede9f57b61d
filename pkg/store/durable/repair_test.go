package durable

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestRepair: what is in front of the damage opens again, the old file is kept, and
// new rows go on from there.
func TestRepair(t *testing.T) {
	dir := t.TempDir()
	after := history(t, dir, Options{})
	path := filepath.Join(dir, "log-1")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := Check(dir)
	if err != nil || report.Damage == nil || report.Damage.File != "log-1" {
		t.Fatal(report, err)
	}
	report, err = Repair(dir)
	if err != nil || len(report.Kept) != 1 {
		t.Fatal(report, err)
	}
	if aside, err := os.ReadFile(path + ".damaged"); err != nil || string(aside) != string(b) {
		t.Error("the old file is not as it was", err)
	}
	e := mustOpen(t, dir, Options{})
	got, found := contents(e), false
	for _, state := range after[:len(after)-1] {
		found = found || got == state
	}
	if !found {
		t.Errorf("a state that never was\n%s", got)
	}
	e.Repository("r-repository").Store(post("new", 1))
	want := contents(e)
	e.Close()
	if report, err = Repair(dir); err != nil || report.Damage != nil || len(report.Kept) != 0 {
		t.Error("repaired twice", report, err)
	}
	e = mustOpen(t, dir, Options{})
	if got := contents(e); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := Check(dir); !errors.As(err, new(*LockedError)) {
		t.Error(err)
	}
	e.Close()
}
