package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"aro/pkg/bytecode"
)

// TestB03_Disasm: of a damaged file aro disasm says in a line what is wrong and at which
// byte; what it lists, the machine would run.
func TestB03_Disasm(t *testing.T) {
	n := damages / 2
	if testing.Short() {
		n /= 10
	}
	dir := writeApp(t)
	d := newDamage(t, dir)
	data, _, err := pack(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	d.file = data
	path := filepath.Join(t.TempDir(), "bad.aroc")
	place := regexp.MustCompile(`\(at byte (\d+)\)$`)
	refused, unverified, listings := 0, 0, 0
	for i := range n {
		bad, _, how := d.damaged(i)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		prog, err := listed(path, &bytecode.ListOptions{})
		if err != nil {
			refused++
			text := err.Error()
			m := place.FindStringSubmatch(text)
			if m == nil || strings.ContainsAny(text, "\n\r") || !strings.Contains(text, path) {
				t.Fatalf("damage %d (%s): %q", i, how, text)
			}
			if at, _ := strconv.Atoi(m[1]); at > len(bad) {
				t.Fatalf("damage %d (%s) at byte %d of %d: %q", i, how, at, len(bad), text)
			}
			if !strings.Contains(text, "not a valid .aroc file") {
				unverified++
			}
			continue
		}
		listings++
		var out bytes.Buffer
		if err := bytecode.Disassemble(&out, prog, bytecode.ListOptions{}); err != nil || out.Len() == 0 {
			t.Fatalf("damage %d (%s) is not listed: %v", i, how, err)
		}
	}
	t.Logf("%d damages: %d refused, %d of them by the verifier, %d listed", n, refused, unverified, listings)
	if unverified < n/100 || listings < n/100 {
		t.Errorf("the damages do not reach the verifier")
	}
}
