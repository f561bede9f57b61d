package vm

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/vm/value"
)

// TestInstructions runs short listings; r0 is the result.
func TestInstructions(t *testing.T) {
	for _, test := range []struct{ src, want string }{
		{"CONST r0, 1\nEND", "1"},
		{"CONST r1, 5\nMOVE r0, r1\nUNSET r1, 1\nTEST r0, r1, defined\nEND", "false"},
		{"CONST r1, 2\nCONST r2, 3\nLIST r0, r1, 2\nEND", "[2, 3]"},
		{"CONST r1, [1]\nCONST r2, [2]\nCAT r0, r1, r2\nCAT r3, r1, r2\nEND", "[1, 2]"},
		{"CONST r1, \"a\"\nCONST r2, 1\nOBJ r0, {x, y}, r1\nEND", `["x": "a", "y": 1]`},
		{"CONST r1, \"a\"\nCONST r2, 1.0\nCONCAT r0, r1, 2\nEND", "a1.0"},
		{"CONST r1, 9223372036854775807\nADDK r0, r1, 1\nEND", "9.223372036854776e+18"},
		{"CONST r1, -9223372036854775808\nADDK r0, r1, -1, n=1\nEND", "-9.223372036854776e+18"},
		{"CONST r1, \"x\"\nADDK r0, r1, 1\nEND", "x1"},
		{"CONST r1, \"x\"\nADDK r0, r1, -1, n=1\nEND", "error Cannot convert String to number"},
		{"CONST r1, \"5\"\nADDK r0, r1, -1, n=1\nEND", "4.0"},
		{"CONST r1, 2147483648\nMUL r0, r1, r1\nEND", "4611686018427387904"},
		{"CONST r1, 9223372036854775807\nMUL r0, r1, r1\nEND", "8.507059173023462e+37"},
		{"CONST r1, -3\nCONST r2, 4\nMUL r0, r1, r2\nEND", "-12"},
		{"CONST r1, 1\nCONST r2, 0\nDIV r0, r1, r2\nEND", "error Division by zero"},
		{"CONST r1, [\"a\", \"b\"]\nCONST r2, 0\nINDEX r0, r1, r2\nEND", "b"},
		{"CONST r1, [\"a\", \"b\"]\nCONST r2, 2\nINDEX r0, r1, r2\nEND", "error Index 2 is outside the list, which has 2 elements"},
		{"CONST r1, {\"a\": {\"b\": 1}}\nGET r0, r1, .a.b\nEND", "1"},
		{"CONST r1, {\"a\": {\"b\": 1}}\nGET r0, r1, .a.c\nEND", "error Property 'c' not found on type 'Map'"},
		{"CONST r1, {\"a\": {\"b\": 1}}\nGETQ r0, r1, .a.c.d\nEND", "null"},
		{"CONST r0, 0\nagain: ADDK r0, r0, 1\nJLTK r0, 10, -> end\nLOOP -> again\nend: END", "10"},
		{"CONST r0, 0\nagain: ADDK r0, r0, 1\nJLTK r0, 10, -> end, n=1\nLOOP -> again\nend: END", "11"},
		{"CONST r0, 10\nagain: ADDK r0, r0, -1\nJGEK r0, 3, -> end\nLOOP -> again\nend: END", "2"},
		{"CONST r0, 10\nagain: ADDK r0, r0, -1\nJGEK r0, 3, -> end, n=1\nLOOP -> again\nend: END", "3"},
		{"CONST r0, 1.5\nJLTK r0, 2, -> no\nCONST r0, \"yes\"\nno: END", "yes"},
		{"CONST r0, \"a\"\nJGEK r0, \"b\", -> no\nCONST r0, \"yes\"\nno: END", "a"},
		{"CONST r0, null\nJGEK r0, 1, -> no\nno: END", "error Cannot compare Null with Integer"},
		{"CONST r0, \"5\"\nJEQK r0, 5, -> no\nCONST r0, \"yes\"\nno: END", "yes"},
		{"CONST r0, 5\nJEQK r0, 5, -> no, n=1\nCONST r0, \"never\"\nno: END", "5"},
		{"CONST r0, 0\nCONST r1, 3\nCONST r2, 7\nRANGE r1:r2, -> end\nMOVE r3, r1\nbody: ADD r0, r0, r3\nSTEP r1:r2, r3, -> body\nend: END", "18"},
		{"CONST r0, 0\nCONST r1, 9223372036854775806\nCONST r2, 9223372036854775807\nRANGE r1:r2, -> end\nbody: ADDK r0, r0, 1\nSTEP r1:r2, r3, -> body\nend: END", "1"},
		{"CONST r0, 0\nCONST r1, [1, 2, 3]\nITER r2:r3, r1\nnext: NEXT r2:r3, r4, -> end\nADD r0, r0, r4\nLOOP -> next\nend: END", "6"},
		{"CONST r0, \"one\"\nITER r2:r3, r0\nnext: NEXT r2:r3, r0, -> end\nLOOP -> next\nend: END", "one"},
		{"CONST r1, 250.5\nCONST r0, \"no\"\nMATCHR r1, 200 .. 299, -> end\nCONST r0, \"yes\"\nend: END", "yes"},
		{"CONST r1, \"250\"\nCONST r0, \"no\"\nMATCHR r1, 200 .. 299, -> end\nCONST r0, \"yes\"\nend: END", "no"},
		{"CONST r1, \"200\"\nCONST r0, \"no\"\nMATCHK r1, 200, -> end\nCONST r0, \"yes\"\nend: END", "no"},
		{"CONST r1, false\nSHARED r0, r1, -> end\nCONST r0, \"compared\"\nend: END", "false"},
		{"CONST r1, 0\nSHARED r0, r1, -> end\nCONST r0, \"compared\"\nend: END", "compared"},
		{"ENV r0, ghost\nEND", "error Undefined variable: 'ghost'"},
		{"NAME r0, r1, ghost\nEND", "error Undefined variable: 'ghost'"},
		{"NAMEQ r0, r1, ghost\nEND", "null"},
	} {
		co := run(assemble(t, test.src, nil))
		got := ""
		if co.State() == Failed {
			got = "error " + co.Err().Error()
		} else {
			got = co.Get(0).Text()
		}
		if got != test.want {
			t.Errorf("%s\ngot  %s\nwant %s", test.src, got, test.want)
		}
	}
}

// TestListsAreNotShared: CAT must not write into the room behind a list.
func TestListsAreNotShared(t *testing.T) {
	base := value.OfList(append(make([]value.Value, 0, 8), value.OfInt(1)))
	code := assemble(t, "CONST r1, [2]\nCONST r2, [3]\nCAT r3, r0, r1\nCAT r4, r0, r2\nEND", nil)
	co := run(code, base)
	if got := co.Get(3).Text() + co.Get(4).Text(); got != "[1, 2][1, 3]" {
		t.Error(got)
	}
}

// TestEveryInstructionIsInTheLoop: an instruction that the switch forgets would
// fall through in silence.
func TestEveryInstructionIsInTheLoop(t *testing.T) {
	src, err := os.ReadFile("loop.go")
	if err != nil {
		t.Fatal(err)
	}
	for op := range bytecode.NumOps {
		if !regexp.MustCompile(`(case|,) (.*, )?bytecode\.` + op.String() + `[,:]`).Match(src) {
			t.Errorf("loop.go has no case for %v", op)
		}
	}
}

// TestJumpTable asserts that the compiler turned the switch into a jump table: the
// loop holds an indirect jump. The listing of the test binary is read, since
// nothing else shows it.
func TestJumpTable(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("other processors are compiled otherwise")
	}
	// The running test binary has no symbols; one that is only built has.
	exe := filepath.Join(t.TempDir(), "vm.test")
	if out, err := exec.Command("go", "test", "-c", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command("go", "tool", "objdump", "-s", `vm\.\(\*Coroutine\)\.loop$`, exe).Output()
	if err != nil || len(out) == 0 {
		t.Fatal("no listing: ", err)
	}
	// JMP 0(R10)(R8*8) on amd64, JMP (R27) on arm64.
	n := len(regexp.MustCompile(`(?m)\tJMP (\S*\*8\)|\(R\d+\))\s*$`).FindAll(out, -1))
	if n != 1 {
		t.Errorf("%d jump tables in the loop, of %d lines", n, bytes.Count(out, []byte("\n")))
	}
}

// TestTextLimit: no expression builds text without bound.
func TestTextLimit(t *testing.T) {
	for _, src := range []string{
		"CONST r1, \"0123456789\"\nCONST r2, 9000000\nMUL r0, r1, r2\nEND",
		"CONST r0, \"0123456789\"\nagain: MOVE r1, r0\nMOVE r2, r0\nCONCAT r0, r1, 2\nLOOP -> again",
		"CONST r0, \"0123456789\"\nagain: PRINT r0\nLOOP -> again",
		"again: TEXT \"0123456789\"\nLOOP -> again",
	} {
		if co := run(assemble(t, src, nil)); co.State() != Failed || !strings.Contains(fmt.Sprint(co.Err()), "longer than 64 MiB") {
			t.Errorf("%s\n%v %v", src, co.State(), co.Err())
		}
	}
	var outer, inner Coroutine
	inner.Out = make([]byte, 10<<20)
	for i := range 7 {
		if err := outer.Include(&inner); (err != nil) != (i == 6) {
			t.Errorf("included %d times: %v", i+1, err)
		}
	}
}
