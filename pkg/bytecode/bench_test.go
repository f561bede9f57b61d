package bytecode

import (
	"fmt"
	"io"
	"testing"
)

// serverProgram is like a real application of 170 feature sets and 2,000 source
// lines: twelve statements each, most of them effectful.
func serverProgram() *Program {
	p := &Program{}
	for f := range 170 {
		c := &Chunk{Name: fmt.Sprint("handler", f), Activity: "User API", File: fmt.Sprint("file", f/10, ".aro"), Line: int32(f * 12), MaxRegs: 24,
			Entry: []Local{{"request", 0}, {"event", 1}}}
		if f%10 == 0 {
			p.Files = append(p.Files, c.File)
		}
		for s := range 12 {
			name := fmt.Sprintf("value-%d-%d", f%40, s)
			c.Fields = append(c.Fields, Field{Path: []string{"body", name}, Name: "request"})
			c.Consts = append(c.Consts, Const{Kind: StringConst, Str: "text " + name})
			c.Stmts = append(c.Stmts, Stmt{Verb: "Retrieve", Result: name, Prep: "from", Object: "user-repository",
				Where: []Part{{Text: "where id = "}, {Name: "id", Quote: true}}, Line: int32(f*12 + s), Col: 3})
			scope := []Local{}
			for v := range s {
				scope = append(scope, Local{fmt.Sprintf("value-%d-%d", f%40, v), uint16(v)})
			}
			site := Site{Verb: "retrieve", Result: Noun{Base: name}, Prep: "from", Object: Noun{Base: fmt.Sprint("repo", f%9)}, Args: []Slot{SlotWhere},
				Where: &Where{Field: []string{"id"}, Op: "=", Args: 1}, Extra: NoReg, Stmt: int32(s)}
			if s%6 == 0 {
				site.Scope = scope
			}
			c.Lines = append(c.Lines, Line{PC: int32(len(c.Code)), Stmt: int32(s), Line: int32(f*12 + s), Col: 3})
			c.Code = append(c.Code, Ins{Op: GET, A: uint16(s), B: 0, C: uint16(s)}, Ins{Op: CONST, A: 20, B: uint16(s)},
				Ins{Op: EQ, A: 20, B: 20, C: uint16(s)}, Ins{Op: ACT, A: uint16(s), B: uint16(s), C: 20})
			c.Sites = append(c.Sites, site)
			c.Locals = append(c.Locals, Local{name, uint16(s)})
		}
		c.Code = append(c.Code, Ins{Op: END})
		p.Chunks = append(p.Chunks, c)
	}
	return p
}

func BenchmarkEncode(b *testing.B) {
	p := serverProgram()
	b.ReportAllocs()
	b.SetBytes(int64(len(Encode(p, Meta{}))))
	for b.Loop() {
		Encode(p, Meta{})
	}
}

func BenchmarkDecode(b *testing.B) {
	data := Encode(serverProgram(), Meta{})
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeLazy(b *testing.B) {
	data := Encode(serverProgram(), Meta{})
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, _, err := DecodeLazy(data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkImports is what start-up pays besides DecodeLazy, for all chunks.
func BenchmarkImports(b *testing.B) {
	p, _, err := DecodeLazy(Encode(serverProgram(), Meta{}))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	sites := 0
	for b.Loop() {
		for _, c := range p.Chunks {
			for range c.Imports() {
				sites++
			}
		}
	}
}

// BenchmarkLoad is one feature set's first run.
func BenchmarkLoad(b *testing.B) {
	p, _, err := DecodeLazy(Encode(serverProgram(), Meta{}))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Chunks[7].lazy.load(p.Chunks[7], new(slabs)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerify verifies all 170 chunks.
func BenchmarkVerify(b *testing.B) {
	p := serverProgram()
	b.ReportAllocs()
	for b.Loop() {
		for _, c := range p.Chunks {
			if err := Verify(c); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkDisassemble(b *testing.B) {
	p := serverProgram()
	b.ReportAllocs()
	for b.Loop() {
		if err := Disassemble(io.Discard, p, ListOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
