package bytecode

import (
	"errors"
	"strings"
	"testing"
)

func TestVerifyRefuses(t *testing.T) {
	const site = "\nsites\nlog <> to <console> args [object, where] where (id = arg0)"
	for _, test := range []struct{ src, want string }{
		{"registers 1", "no code"},
		{"CONST r0, 1", "does not end"},
		{"registers 1\ncode\nMOVE r0, r1\nEND", "instruction 0: registers r1"},
		{"registers 1\ncode\nMOVE r0, _\nEND", "registers r65535"},
		{"registers 2\ncode\nITER r1, r0\nEND", "registers r1 … r2 of 2"},
		{"registers 2\ncode\nUNSET r1, 2\nEND", "registers r1 … r2"},
		{"registers 2\ncode\nLIST r0, r1, 2\nEND", "registers r1 … r2"},
		{"registers 2\ncode\nOBJ r0, {a, b}, r1\nEND", "registers r1 … r2"},
		{"registers 2\ncode\nACT _, site 0, r1\nEND" + site, "registers r1 … r2"},
		{"CONST r0, #0\nEND", "constant 0 of 0"},
		{"MATCHR r0, #0, -> 1\nEND\nconstants\n0 1", "constant 1 of 1"},
		{"MATCHR r0, 1 .. \"b\", -> 1\nEND", "wrong kind"},
		{"TEXT 5\nEND", "wrong kind"},
		{"EXPORT r0, #2\nEND\nnames\na", "name 2 of 1"},
		{"GET r0, r1, #1\nEND", "field 1 of 0"},
		{"OBJ r0, #1, r0\nEND", "shape 1 of 0"},
		{"ACT _, site 1, r0\nEND" + site, "site 1 of 1"},
		{"TEST r0, r1, #99\nEND", "test 99"},
		{"JMP -> 2\nEND", "behind the code"},
		{"JMP -> 0\nEND", "cannot go back"},
		{"NOT r0, r0\nJF r0, -> 0\nEND", "JF cannot go back"},
		{"LOOP -> 1\nEND", "goes back, but"},
		{"STEP r0, r2, -> 1\nEND", "goes back, but"},
		{"OBJ r0, {a, b, a}, r1\nEND", `key "a" twice`},
		{"END\nsites\nlog <> to <c> args [named]", "named values"},
		{"END\nsites\nlog <> to <c> named [a]", "named values"},
		{"END\nsites\nlog <> to <c> args [where]", "no filter"},
		{"END\nsites\nlog <> to <c> args [where, at, where] where (id between arg0+2)", "not in a row"},
		{"END\nsites\nlog <> to <c> args [where] where (id = arg1)", "filter reads"},
		{"END\nsites\nlog <> to <c> args [where] where (id in arg0+2)", "filter reads"},
		{"END\nsites\nlog <> to <c> args [where] where (id in arg-1+1)", "filter reads"},
		{"END\nsites\nlog <> to <c> args [where] where (id between arg0)", "with 1 operands"},
		{"END\nsites\nlog <> to <c> args [where] where (id \"~\" arg0)", "unknown filter operator"},
		{"END\nsites\nlog <> to <c> where (and () ())", "missing or surplus"},
		{"END\nsites\nlog <> to <c> stmt 0", "statement 0 of 0"},
		{"registers 1\ncode\nEND\nsites\nlog <> to <c> extra r1", "second result"},
		{"registers 1\ncode\nEND\nsites\nlog <> to <c> scope [x r1]", "register r1 of 1"},
		{"entry x r4\nregisters 1\ncode\nEND", `entry "x" in register r4`},
		{"locals x r4\nregisters 1\ncode\nEND", `local "x" in register r4`},
		{"free a, b\nentry x r0\ncode\nEND", "2 free names"},
		{"guard 1\ncode\nEND", "guard ends"},
		{"guard body\ncode\nTRUTH r0, r0\nbody: LOOP -> 0\nEND", "back into the guard"},
		{".at 1:1 stmt 3\nEND", "statement 3 of 0"},
	} {
		src := test.src
		if !strings.HasPrefix(src, "END") && strings.Contains(src, "\ncode\n") || strings.HasPrefix(src, "registers") {
			src = "feature-set \"bad\"\n" + src
		}
		c, err := Assemble(src)
		if err != nil {
			t.Errorf("%s\n%v", test.src, err)
			continue
		}
		err = Verify(c)
		var v *VerifyError
		if !errors.As(err, &v) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\ngot  %v\nwant %s", test.src, err, test.want)
		}
	}
}

// What text cannot express.
func TestVerifyRefusesData(t *testing.T) {
	end := []Ins{{Op: END}}
	for want, c := range map[string]*Chunk{
		"unknown opcode":     {Code: []Ins{{Op: NumOps}}},
		"unused operand c":   {Code: []Ins{{Op: END, C: 1}}},
		"unused operand n":   {Code: []Ins{{Op: END, N: 1}}},
		"unknown slot":       {Code: end, Sites: []Site{{Extra: NoReg, Stmt: -1, Args: []Slot{NumSlots}}}},
		"unknown kind of ch": {Code: end, Kind: 9},
		"constant 0 is":      {Code: end, Consts: []Const{{Kind: 77}}},
		"constant 1 is":      {Code: end, Consts: []Const{{}, {Kind: MapConst, Keys: []string{"a"}}}},
		"filter 9":           {Code: end, Sites: []Site{{Extra: NoReg, Stmt: -1, Where: &Where{Kind: 9}}}},
		"surplus":            {Code: end, Sites: []Site{{Extra: NoReg, Stmt: -1, Where: &Where{Op: "empty", L: &Where{}}}}},
		"out of order":       {Code: end, Lines: []Line{{PC: 1, Stmt: -1}, {PC: 0, Stmt: -1}}},
		"entry 0: instruct":  {Code: end, Lines: []Line{{PC: 2, Stmt: -1}}},
		"guard ends at -1":   {Code: end, GuardEnd: -1},
	} {
		if err := Verify(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Windows of no registers may lie just behind the last one: compilers put them
// where the next temporary would be.
func TestVerifyAcceptsEmptyWindows(t *testing.T) {
	for _, src := range []string{
		"LIST r0, r1, 0\nEND", "OBJ r0, {}, r1\nEND", "ACT r0, site 0, r1\nEND\nsites\nlog", "CONCAT r0, r1, 0\nEND",
	} {
		c, err := Assemble("feature-set \"x\"\nregisters 1\ncode\n" + src)
		if err != nil {
			t.Fatal(err)
		}
		if err := Verify(c); err != nil {
			t.Errorf("%s: %v", src, err)
		}
	}
}
