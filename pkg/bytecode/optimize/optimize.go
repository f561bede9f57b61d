// Package optimize makes the code of verified programs shorter without changing what
// they do: values, errors with their texts and places, and order of effects stay as
// they are. It is for programs that are built once and run often; aro run does not
// wait for it.
//
// Each pass has a file. What a pass leaves behind may be work for the next one, never
// for an earlier one, so one round is enough.
package optimize

import "aro/pkg/bytecode"

// pass changes the code of a chunk through an edit.
type pass struct {
	name string
	run  func(*edit)
}

var passes = []pass{
	{"guards", guards},
	{"jumps", jumps},
	{"windows", windows},
	{"tables", tables},
}

// maxWork bounds the memory of the analysis, which is instructions times registers;
// larger chunks are left as they are.
const maxWork = 1 << 28

// Program returns the program with all chunks optimized. The argument, which must have
// been verified, is not changed; the result shares data with it, and is to be verified
// again.
func Program(p *bytecode.Program) *bytecode.Program {
	q := &bytecode.Program{Files: p.Files, Chunks: make([]*bytecode.Chunk, len(p.Chunks))}
	for i, c := range p.Chunks {
		q.Chunks[i] = Chunk(c)
	}
	return q
}

// Chunk is Program for one chunk.
func Chunk(c *bytecode.Chunk) *bytecode.Chunk { return run(c, passes) }

func run(c *bytecode.Chunk, list []pass) *bytecode.Chunk {
	if len(c.Code)*int(c.MaxRegs) > maxWork {
		return c
	}
	e := newEdit(c)
	for _, p := range list {
		p.run(e)
		e.close()
	}
	return e.c
}
