package bytecode

import (
	"reflect"
	"slices"
	"testing"
)

// lazyProgram is a file of three chunks: the second reads a register that is not
// there, which only Verify finds, the third has a body that does not decode.
func lazyProgram(t *testing.T) *Program {
	t.Helper()
	src := mustProgram(t, "CONST r0, 1\nEND")
	for _, name := range []string{"register", "body"} {
		c := *src.Chunks[0]
		c.Name = name
		src.Chunks = append(src.Chunks, &c)
	}
	bad := *src.Chunks[1]
	bad.MaxRegs = 0
	src.Chunks[1] = &bad
	p, _, err := DecodeLazy(Encode(src, Meta{}))
	if err != nil {
		t.Fatal(err)
	}
	last := p.Chunks[2].lazy
	last.body = last.body[:len(last.body)-1]
	return p
}

func TestReadyVerifies(t *testing.T) {
	p := lazyProgram(t)
	for i, sound := range []bool{true, false, false} {
		for range 2 {
			if err := p.Chunks[i].Ready(); (err == nil) != sound {
				t.Errorf("chunk %d: %v", i, err)
			}
		}
	}
}

func TestRecourseReplacesDamagedChunks(t *testing.T) {
	p := lazyProgram(t)
	asked := 0
	p.Recourse(func() *Program {
		asked++
		return mustProgramOf(t, p, "CONST r0, 2\nCONST r1, 3\nEND")
	})
	for i, c := range p.Chunks {
		if err := c.Ready(); err != nil {
			t.Errorf("chunk %d: %v", i, err)
		}
		if want := map[int]int{0: 2, 1: 3, 2: 3}[i]; len(c.Code) != want {
			t.Errorf("chunk %d has %d instructions, not %d", i, len(c.Code), want)
		}
	}
	if asked != 1 {
		t.Errorf("compiled %d times", asked)
	}
	p = lazyProgram(t)
	p.Recourse(func() *Program { return nil })
	if p.Chunks[1].Ready() == nil {
		t.Error("fit to run without any code")
	}
}

// mustProgramOf is a program with the chunk names of p, all with the same code.
func mustProgramOf(t *testing.T, p *Program, code string) *Program {
	q := &Program{}
	for _, c := range p.Chunks {
		x := *mustProgram(t, code).Chunks[0]
		x.Name = c.Name
		q.Chunks = append(q.Chunks, &x)
	}
	return q
}

// TestDecodeProven: what is proven in room that is used again is what Decode and Verify
// accept, chunk by chunk, and what is expanded later is the same program.
func TestDecodeProven(t *testing.T) {
	whole := serverProgram()
	for i, c := range whole.Chunks { // large and small ones in turn, so that room is left over
		if i%3 == 1 {
			*c = *mustProgram(t, "CONST r0, \"hello\"\nACT _, site 0, r0\nEND\nsites\nlog <> to <console> args [object]").Chunks[0]
		}
	}
	data := Encode(whole, Meta{})
	p, _, err := DecodeProven(data)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range p.Chunks {
		if c.Code != nil {
			t.Fatal("it is expanded already")
		}
		if err := c.Load(); err != nil {
			t.Fatal(err)
		}
		c.lazy = nil
		if !reflect.DeepEqual(c, want.Chunks[i]) {
			t.Fatalf("chunk %d differs:\n%+v\n%+v", i, c, want.Chunks[i])
		}
	}
	// One bad chunk among many good ones is found, wherever it is.
	for _, i := range []int{0, 1, 84, 169} {
		bad := *whole.Chunks[i]
		bad.Code = append(slices.Clone(bad.Code[:len(bad.Code)-1]), Ins{Op: CONST, A: bad.MaxRegs}, Ins{Op: END})
		q := &Program{Files: whole.Files, Chunks: slices.Clone(whole.Chunks)}
		q.Chunks[i] = &bad
		if _, _, err := DecodeProven(Encode(q, Meta{})); err == nil {
			t.Errorf("chunk %d is broken and nobody noticed", i)
		}
	}
}
