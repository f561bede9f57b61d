package bytecode

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files and docs/bytecode.md")

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("%s is out of date (go test -update):\n%s", file, got)
	}
}

func TestTable(t *testing.T) {
	src, err := os.ReadFile("testdata/all.asm")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Assemble(string(src))
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(c); err != nil {
		t.Fatal(err)
	}
	source := func(string) []string {
		return []string{"", "(every instruction: Golden) {", "    Retrieve the <user> from the <user-repository>.", "\tLog \"hello\" to the <console>.", "", "}"}
	}
	text := listChunk(t, c, ListOptions{Source: source})
	golden(t, "testdata/all.txt", text)

	used := map[Op]bool{}
	for _, ins := range c.Code {
		used[ins.Op] = true
	}
	names := map[string]bool{}
	for op := range NumOps {
		info := op.Info()
		if info.Name == "" || info.Meaning == "" || names[info.Name] {
			t.Errorf("opcode %d: name %q, meaning %q", op, info.Name, info.Meaning)
		}
		names[info.Name] = true
		if !used[op] || !strings.Contains(text, " "+info.Name) {
			t.Errorf("%s is not in testdata/all.asm", op)
		}
		for _, kind := range info.operands() {
			if kind != None && kind.String() == "" {
				t.Errorf("%s: operand kind %d has no legend", op, kind)
			}
		}
		if info.N != None && info.N != Flags {
			t.Errorf("%s: operand n has 8 bits and can only be a small number", op)
		}
	}
}

func TestOpTable(t *testing.T) { golden(t, "../../docs/bytecode.md", OpTable()) }

// Words after `is` and the names of tests agree.
func TestTestFor(t *testing.T) {
	for word, test := range testWords {
		if got, ok := TestFor(word); !ok || got != test || got.String() == "?" {
			t.Errorf("%s: %v", word, got)
		}
	}
	if got, ok := TestFor("purple"); ok || got != TestNever {
		t.Error("purple is", got)
	}
}
