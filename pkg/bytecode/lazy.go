package bytecode

import (
	"iter"
	"sync"
)

// Import is what can be known of a site without expanding its chunk: enough to
// tell at start which verbs must exist and which services a program uses.
type Import struct {
	Verb   string
	Result string // base of the result noun
	Prep   string
	Object string // base of the object noun
}

func (s *Site) imported() Import {
	return Import{Verb: s.Verb, Result: s.Result.Base, Prep: s.Prep, Object: s.Object.Base}
}

// lazyBody is the unexpanded part of a chunk from DecodeLazy. It stays with the
// chunk after loading, because another goroutine may be in Load.
type lazyBody struct {
	once    sync.Once
	err     error
	imports []byte
	body    []byte
	base    int // offset of imports in the file
	strs    *stringTable

	ready    sync.Once
	unfit    error         // what Ready found
	recourse func() *Chunk // nil, or the way to a sound chunk
}

// Load makes sure that all of the chunk is there. Chunks from the compiler, the
// assembler and Decode are complete; for those of DecodeLazy, the first call
// expands code, tables and sites, and later ones cost a nanosecond. An error
// means that the file was made by something else than Encode. It does not verify.
//
// Goroutines may call Load concurrently; the chunk's fields may be read after it
// has returned.
func (c *Chunk) Load() error {
	if c.lazy == nil {
		return nil
	}
	c.lazy.once.Do(func() { c.lazy.err = c.lazy.load(c, new(slabs)) })
	return c.lazy.err
}

// Ready makes the chunk fit to run: loaded and verified, once. Chunks that are not
// of DecodeLazy are fit when they come into being, because whoever made them has
// verified them. One that is damaged gets other code as Program.Recourse says. Without
// any, Ready returns what is wrong, and the chunk is one statement for the caller to
// let fail: site 0.
//
// Goroutines may call Ready concurrently, but not while others call Load.
func (c *Chunk) Ready() error {
	if c.lazy == nil {
		return nil
	}
	c.lazy.ready.Do(func() {
		err := c.Load()
		if err == nil {
			err = Verify(c)
		}
		if err != nil && c.lazy.recourse != nil {
			if sound := c.lazy.recourse(); sound != nil {
				c.adopt(sound)
				err = nil
			}
		}
		if c.lazy.unfit = err; err != nil {
			c.adopt(&Chunk{Code: []Ins{{Op: ACT, A: NoReg}, {Op: END}}, Sites: []Site{{Stmt: -1, Extra: NoReg}}})
		}
	})
	return c.lazy.unfit
}

// adopt takes the body of another chunk; the head stays, others may be reading it.
func (c *Chunk) adopt(x *Chunk) {
	c.Code, c.GuardEnd, c.MaxRegs = x.Code, x.GuardEnd, x.MaxRegs
	c.Consts, c.Names, c.Fields, c.Shapes = x.Consts, x.Names, x.Fields, x.Shapes
	c.Sites, c.Stmts, c.Lines = x.Sites, x.Stmts, x.Lines
	c.Entry, c.Locals, c.Free = x.Entry, x.Locals, x.Free
}

// Recourse sets what Ready does about a damaged chunk: it takes the code of the same
// chunk from what again returns, which is called once at most, by whichever
// goroutine is first. A file in a cache may be damaged behind a checksum that fits;
// the sources are still there then, and only a chunk that is used has to be sound.
func (p *Program) Recourse(again func() *Program) {
	once := sync.OnceValue(again)
	for i, c := range p.Chunks {
		if c.lazy == nil {
			continue
		}
		c.lazy.recourse = func() *Chunk {
			if q := once(); q != nil && i < len(q.Chunks) && q.Chunks[i].Name == c.Name {
				return q.Chunks[i]
			}
			return nil
		}
	}
}

// load expands the body into chunk; shared may be used for several in turn. It
// writes no field of the head, because others may be reading those.
func (l *lazyBody) load(chunk *Chunk, shared *slabs) error {
	c := codec{in: l.body, base: l.base + len(l.imports), strs: l.strs, slabs: *shared}
	c.body(chunk)
	c.done()
	*shared = c.slabs
	if c.err == nil {
		c.err = l.checkImports(chunk)
	}
	if c.err != nil {
		chunk.Code = nil
	}
	return c.err
}

// offset is the place in the file of an instruction, or of the body for pc < 0.
func (l *lazyBody) offset(pc int) int {
	c := codec{in: l.body, base: l.base + len(l.imports), strs: l.strs}
	if pc < 0 {
		return c.base
	}
	head := Chunk{}
	unsigned(&c, &head.MaxRegs)
	signed(&c, &head.GuardEnd)
	c.count(0)
	for range pc {
		c.ins(&Ins{})
	}
	return c.base + c.pos
}

// checkImports makes sure that what start-up was told is what runs.
func (l *lazyBody) checkImports(chunk *Chunk) error {
	c := codec{in: l.imports, base: l.base, strs: l.strs}
	for i := range chunk.Sites {
		var x Import
		c.imported(&x)
		if c.err == nil && x != chunk.Sites[i].imported() {
			c.fail("import list differs from the sites")
		}
	}
	c.done()
	return c.err
}

// Imports yields the chunk's sites, loaded or not, in order; those before the damage
// in a file that is damaged. It allocates nothing.
func (c *Chunk) Imports() iter.Seq[Import] {
	return func(yield func(Import) bool) {
		if c.lazy == nil {
			for i := range c.Sites {
				if !yield(c.Sites[i].imported()) {
					return
				}
			}
			return
		}
		im := codec{in: c.lazy.imports, base: c.lazy.base, strs: c.lazy.strs}
		for im.left() > 0 {
			var x Import
			if im.imported(&x); im.err != nil || !yield(x) {
				return
			}
		}
	}
}

// WithCode returns a chunk that differs from c in its code. The other parts are shared,
// until they are replaced: nobody may change what is in them. c must be loaded.
func (c *Chunk) WithCode(code []Ins) *Chunk {
	d := &Chunk{Kind: c.Kind, Name: c.Name, Activity: c.Activity, StateGuard: c.StateGuard, Takes: c.Takes, File: c.File, Line: c.Line}
	d.adopt(c)
	d.Code = code
	return d
}
