package compile

import (
	"math"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/pattern"
	"aro/pkg/syntax"
)

// emit appends an instruction and returns its index.
func (c *compiler) emit(op bytecode.Op, a, b, cc int) int { return c.emitN(op, 0, a, b, cc) }

func (c *compiler) emitN(op bytecode.Op, n uint8, a, b, cc int) int {
	if len(c.chunk.Code) >= math.MaxUint16-1 {
		c.tooLong = true
		return 0
	}
	c.chunk.Code = append(c.chunk.Code, bytecode.Ins{Op: op, N: n, A: uint16(a), B: uint16(b), C: uint16(cc)})
	return len(c.chunk.Code) - 1
}

// here is the index of the next instruction.
func (c *compiler) here() int { return len(c.chunk.Code) }

// patch lets the jump at i go to the next instruction.
func (c *compiler) patch(i int) { c.chunk.Code[i].C = uint16(c.here()) }

func (c *compiler) patchAll(list []int) {
	for _, i := range list {
		c.patch(i)
	}
}

// mark notes the place of the code that follows.
func (c *compiler) mark(n syntax.Node) {
	line, col := c.file.Position(n.Range().Start)
	l := bytecode.Line{PC: int32(c.here()), Stmt: c.stmt, Line: int32(line), Col: int32(col)}
	if k := len(c.chunk.Lines); k > 0 && c.chunk.Lines[k-1].PC == l.PC {
		c.chunk.Lines[k-1] = l
		return
	}
	c.chunk.Lines = append(c.chunk.Lines, l)
}

// index guards a table index against overflow of the operand.
func (c *compiler) index(n int) uint16 {
	if n > math.MaxUint16-1 {
		c.tooLong = true
		return 0
	}
	return uint16(n)
}

// constant adds a constant; scalars are shared.
func (c *compiler) constant(k bytecode.Const) uint16 {
	key := constKey{kind: k.Kind, str: k.Str, aux: k.Aux, num: k.Int}
	switch k.Kind {
	case bytecode.FloatConst:
		key.num = int64(math.Float64bits(k.Float))
	case bytecode.BoolConst:
		if k.Bool {
			key.num = 1
		}
	case bytecode.ListConst, bytecode.MapConst:
		c.chunk.Consts = append(c.chunk.Consts, k)
		return c.index(len(c.chunk.Consts) - 1)
	}
	if i, ok := c.consts[key]; ok {
		return i
	}
	c.chunk.Consts = append(c.chunk.Consts, k)
	i := c.index(len(c.chunk.Consts) - 1)
	c.consts[key] = i
	return i
}

// regex adds a pattern and reports one that cannot be compiled.
func (c *compiler) regex(r *syntax.Regex) uint16 {
	if _, err := pattern.Compile(r.Pattern, r.Flags); err != nil {
		c.p.report(c.file, r.Span, syntax.Error, "ARO-X3", "Invalid regular expression: "+err.Error(), "")
	}
	return c.constant(bytecode.Const{Kind: bytecode.RegexConst, Str: r.Pattern, Aux: r.Flags})
}

// name adds to the name table.
func (c *compiler) name(s string) uint16 {
	if i, ok := c.names[s]; ok {
		return i
	}
	c.chunk.Names = append(c.chunk.Names, s)
	i := c.index(len(c.chunk.Names) - 1)
	c.names[s] = i
	return i
}

// field adds a property path that starts from the variable base.
func (c *compiler) field(base string, path []string) uint16 {
	key := base + "\x00" + strings.Join(path, "\x00")
	if i, ok := c.fields[key]; ok {
		return i
	}
	c.chunk.Fields = append(c.chunk.Fields, bytecode.Field{Path: path, Name: base})
	i := c.index(len(c.chunk.Fields) - 1)
	c.fields[key] = i
	return i
}

// site adds a site.
func (c *compiler) site(s bytecode.Site) int {
	s.Stmt = c.stmt
	c.chunk.Sites = append(c.chunk.Sites, s)
	return int(c.index(len(c.chunk.Sites) - 1))
}

// act emits a host call whose arguments were evaluated into registers from base.
func (c *compiler) act(dst int, s bytecode.Site, base int) {
	c.emit(bytecode.ACT, dst, c.site(s), base)
}

// unsupported reports what the grammar accepts and this version cannot lower.
func (c *compiler) unsupported(n syntax.Node, what string) {
	c.p.report(c.file, n.Range(), syntax.Error, "ARO-X2", what+" is not available in this version", "")
}
