package compile

import (
	"slices"

	"aro/pkg/bytecode"
)

// buffers are the tables that one feature set after the other is compiled into.
// A chunk keeps a copy of the exact size, so tables grow once in a compilation
// and not once in each feature set; that halves what the compiler allocates.
type buffers struct {
	code   []bytecode.Ins
	consts []bytecode.Const
	names  []string
	fields []bytecode.Field
	shapes [][]string
	sites  []bytecode.Site
	stmts  []bytecode.Stmt
	lines  []bytecode.Line

	constAt  map[constKey]uint16
	nameAt   map[string]uint16
	fieldAt  map[string]uint16
	mentions map[string]bool

	room callRoom
}

// callRoom is where one statement after the other becomes a site.
type callRoom struct {
	site   bytecode.Site
	window window
	bound  []*variable
}

func newBuffers() *buffers {
	return &buffers{constAt: map[constKey]uint16{}, nameAt: map[string]uint16{}, fieldAt: map[string]uint16{}, mentions: map[string]bool{}}
}

// lend hands the tables to a chunk that is about to be compiled.
func (b *buffers) lend(c *compiler) {
	clear(b.constAt)
	clear(b.nameAt)
	clear(b.fieldAt)
	clear(b.mentions)
	c.consts, c.names, c.fields, c.mentions = b.constAt, b.nameAt, b.fieldAt, b.mentions
	ch := c.chunk
	ch.Code, ch.Consts, ch.Names, ch.Fields = b.code[:0], b.consts[:0], b.names[:0], b.fields[:0]
	ch.Shapes, ch.Sites, ch.Stmts, ch.Lines = b.shapes[:0], b.sites[:0], b.stmts[:0], b.lines[:0]
}

// take gives the chunk tables of its own.
func (b *buffers) take(ch *bytecode.Chunk) {
	own(&b.code, &ch.Code)
	own(&b.consts, &ch.Consts)
	own(&b.names, &ch.Names)
	own(&b.fields, &ch.Fields)
	own(&b.shapes, &ch.Shapes)
	own(&b.sites, &ch.Sites)
	own(&b.stmts, &ch.Stmts)
	own(&b.lines, &ch.Lines)
}

func own[T any](lent, table *[]T) {
	*lent = *table
	if len(*table) == 0 {
		*table = nil
		return
	}
	*table = slices.Clip(append(make([]T, 0, len(*table)), *table...))
}
