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

	outer map[string]*variable // of the outermost scope
	order []*variable          // of it
	trail []*variable

	traces pieces[string]
	parts  pieces[bytecode.Part]
	vars   pieces[variable]
}

// pieces are short lists, many in one allocation: of what ends up in a chunk, such as the
// parts of a site, and of what lives as long as the compilation of one, its variables.
type pieces[T any] struct{ free []T }

// take is an empty list with room for n; more than that is a list of its own.
func (p *pieces[T]) take(n int) []T {
	if n > len(p.free) {
		p.free = make([]T, max(n, 64))
	}
	list := p.free[:0:n]
	p.free = p.free[n:]
	return list
}

// callRoom is where one statement after the other becomes a site.
type callRoom struct {
	site   bytecode.Site
	window window
	bound  []*variable
}

func newBuffers() *buffers {
	return &buffers{constAt: map[constKey]uint16{}, nameAt: map[string]uint16{}, fieldAt: map[string]uint16{}, mentions: map[string]bool{},
		outer: map[string]*variable{}}
}

// lend hands the tables to a chunk that is about to be compiled.
func (b *buffers) lend(c *compiler) {
	clear(b.constAt)
	clear(b.nameAt)
	clear(b.fieldAt)
	clear(b.mentions)
	clear(b.outer)
	c.consts, c.names, c.fields, c.mentions = b.constAt, b.nameAt, b.fieldAt, b.mentions
	c.scope, c.trail = &scope{vars: b.outer, order: b.order[:0]}, b.trail[:0]
	ch := c.chunk
	ch.Code, ch.Consts, ch.Names, ch.Fields = b.code[:0], b.consts[:0], b.names[:0], b.fields[:0]
	ch.Shapes, ch.Sites, ch.Stmts, ch.Lines = b.shapes[:0], b.sites[:0], b.stmts[:0], b.lines[:0]
}

// take gives the chunk tables of its own.
func (b *buffers) take(c *compiler) {
	b.order, b.trail = c.outer.order, c.trail
	ch := c.chunk
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
