package bytecode

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func listChunk(t testing.TB, c *Chunk, o ListOptions) string {
	t.Helper()
	var b strings.Builder
	if err := Disassemble(&b, &Program{Chunks: []*Chunk{c}}, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestListingsAssembleAgain(t *testing.T) {
	for seed := range uint64(200) {
		for _, c := range newGen(seed).program().Chunks {
			text := listChunk(t, c, ListOptions{Tables: true, Meanings: seed%2 == 0})
			again, err := Assemble(text)
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, text)
			}
			if d := cmp.Diff(c, again, same); d != "" {
				t.Fatalf("seed %d: %s\n%s", seed, d, text)
			}
		}
	}
}

func TestProgramListingAssemblesAgain(t *testing.T) {
	p := newGen(3).program()
	var b strings.Builder
	if err := Disassemble(&b, p, ListOptions{Tables: true}); err != nil {
		t.Fatal(err)
	}
	got, err := AssembleProgram(b.String())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p.Chunks, got.Chunks, same); d != "" {
		t.Error(d)
	}
}

func TestAssemble(t *testing.T) {
	c, err := Assemble(`
       CONST r1, 0
       ITER  r2, r0          ; the second register of a pair may be left out
next:  NEXT  r2:r3, r4, -> done
       ADD   r1, r1, r4
       LOOP  -> next
done:  ACT   _, site 0, r1
       CONST r5, 0
       END
sites
  log <> to <console> args [result]
`)
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(c); err != nil {
		t.Error(err)
	}
	want := &Chunk{
		Code: []Ins{{Op: CONST, A: 1}, {Op: ITER, A: 2}, {Op: NEXT, A: 2, B: 4, C: 5}, {Op: ADD, A: 1, B: 1, C: 4}, {Op: LOOP, C: 2},
			{Op: ACT, A: NoReg, C: 1}, {Op: CONST, A: 5}, {Op: END}},
		Consts:  []Const{{Kind: IntConst}},
		Sites:   []Site{{Verb: "log", Prep: "to", Object: Noun{Base: "console"}, Args: []Slot{SlotResult}, Extra: NoReg, Stmt: -1}},
		MaxRegs: 6,
	}
	if d := cmp.Diff(want, c, same); d != "" {
		t.Error(d)
	}
}

func TestAssembleErrors(t *testing.T) {
	for _, test := range []struct{ src, want string }{
		{"END\nBLA r0", "2:1: unknown instruction BLA"},
		{"MOVE r0", "1:8: expected ,"},
		{"MOVE r0, x", "1:10: expected a register"},
		{"MOVE r0, r70000", "1:11: 70000 is not"},
		{"MOVE r0, r1 r2", "1:13: expected the end"},
		{"ITER r0:r2, r1", "1:11: expected r1"},
		{"JMP -> nowhere\nEND", "1:1: no label nowhere"},
		{"a: END\na: END", "2:1: label a is there twice"},
		{"CONST r0, \"open", "1:11: expected a quoted"},
		{"CONST r0, [1, ", "1:15: expected a literal"},
		{"CONST r0, [1 2]", "1:14: expected ,"},
		{"TEST r0, r1, round", "unknown test round"},
		{"TEST r0, r1, null, n=300", "300 is more than 255"},
		{" 7  END", "1:1: this is number 0"},
		{"END\nsites\nlog <> to <x> flies", "3:15: expected a clause"},
		{"END\nsites\nlog args [wings]", "unknown slot wings"},
		{"END\nstatements\nLog 3", "expected at"},
		{"feature-set \"a\" colour", "1:17: expected activity"},
		{"feature-set \"a\"\nEND", "2:1: expected registers"},
		{"", "expected one chunk"},
		{strings.Repeat("CONST r0, "+strings.Repeat("[", 100_000), 1), "nested too deep"},
	} {
		_, err := Assemble(test.src)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.40q\ngot  %v\nwant %s", test.src, err, test.want)
		}
	}
}
