package bytecode

import "sync"

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

// Imports lists the chunk's sites, loaded or not, in order. It makes a new slice.
func (c *Chunk) Imports() ([]Import, error) {
	if c.lazy == nil {
		all := make([]Import, len(c.Sites))
		for i := range all {
			all[i] = c.Sites[i].imported()
		}
		return all, nil
	}
	im := codec{in: c.lazy.imports, base: c.lazy.base, strs: c.lazy.strs}
	all := make([]Import, 0, im.left()/4) // four references each, most of them one byte
	for im.left() > 0 {
		var x Import
		im.imported(&x)
		all = append(all, x)
	}
	return all, im.err
}
