package vm

import (
	"encoding/binary"
	"errors"
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/vm/value"
)

// FuzzVerified runs whatever the verifier accepts: eight bytes are an instruction, the
// tables are fixed. The code may fail in every way that the language has, and must
// neither panic nor go on for ever; that is what the verifier is for.
func FuzzVerified(f *testing.F) {
	for _, text := range []string{
		"CONST r0, #1\nADD r1, r0, r0\nJLTK r1, #1, -> 4\nACT r2, site 0, r1\nEND",
		"CONST r0, #6\nITER r1:r2, r0\nNEXT r1:r2, r3, -> 5\nACT _, site 1, r1\nLOOP -> 2\nEND",
		"CONST r0, #1\nCONST r1, #2\nRANGE r0:r1, -> 4\nSTEP r0:r1, r2, -> 3\nEND",
		"OBJ r0, #0, r1\nGET r2, r0, #0\nEXTRACT r3, r0, #1\nINDEX r4, r3, r2\nPRINT r4\nTEXT #4\nSKIP r4\nEND",
		"ACT r0, site 2, r1\nFORK r3, r4, -> 3\nEND\nEND",
	} {
		prog, err := bytecode.AssembleProgram(text + verifiedTables)
		if err != nil {
			f.Fatal(err)
		}
		var data []byte
		for _, ins := range prog.Chunks[0].Code {
			data = append(data, byte(ins.Op), ins.N)
			for _, x := range []uint16{ins.A, ins.B, ins.C} {
				data = binary.LittleEndian.AppendUint16(data, x)
			}
		}
		f.Add(data, uint16(0))
	}
	failed := errors.New("refused")
	f.Fuzz(func(t *testing.T, data []byte, guard uint16) {
		prog, err := bytecode.AssembleProgram("END" + verifiedTables)
		if err != nil {
			t.Fatal(err)
		}
		chunk := prog.Chunks[0]
		chunk.MaxRegs, chunk.GuardEnd, chunk.Code = 8, int32(guard), nil
		for ; len(data) >= 8 && len(chunk.Code) < 500; data = data[8:] {
			chunk.Code = append(chunk.Code, bytecode.Ins{Op: bytecode.Op(data[0]), N: data[1], A: binary.LittleEndian.Uint16(data[2:]),
				B: binary.LittleEndian.Uint16(data[4:]), C: binary.LittleEndian.Uint16(data[6:])})
		}
		if bytecode.Verify(chunk) != nil {
			return
		}
		code := Link(chunk, func(s *bytecode.Site, _ *bytecode.Chunk) (Func, any, error) {
			switch s.Verb {
			case "extra":
				return func(c *Call) (value.Value, error) { c.BindExtra(c.Arg(bytecode.SlotSink)); return value.True, nil }, nil, nil
			case "fail":
				return func(*Call) (value.Value, error) { return value.Value{}, failed }, nil, nil
			}
			return func(c *Call) (value.Value, error) { return c.Arg(bytecode.SlotObject), nil }, nil, nil
		})
		co := Coroutine{}
		co.Prepare(code)
		for _, l := range chunk.Entry {
			co.Set(l.Reg, value.OfInt(7))
		}
		co.fuel, co.limit = 300, 1 // the clock is looked at when the fuel is used up; text can double each round
		co.Run()
		for err := co.Err(); err != nil; err = errors.Unwrap(err) {
			if p, ok := err.(*PanicError); ok {
				t.Fatalf("%v\n%s", p, p.Stack)
			}
		}
	})
}

const verifiedTables = `
constants
   0  null
   1  3
   2  9
   3  2.5
   4  "text"
   5  true
   6  [1, "two", null]
   7  {"a": {"b": 1}, "list": [1, 2]}
   8  regex "t.*" "i"
   9  -9223372036854775808
names
   0  now
   1  nobody
fields
   0  x.a.b
   1  x.0-1
   2  x.last
shapes
   0  {a, b}
   1  {}
sites
   0  log <x> to <y> args [object]
   1  fail <x> args [sink, object] stmt 0
   2  extra <x> args [sink] extra r7
statements
   0  Log at 1:1 result x sink ["a", {text "v" x}] trace [x, y] scope [y r3]`
