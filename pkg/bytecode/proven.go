package bytecode

// DecodeProven is DecodeLazy for a file that may come from anywhere: every chunk is
// expanded and verified before it returns, in room that is used again for the next
// one, so that only what runs is kept. The chunks are expanded once more when they
// first run; data must not change meanwhile.
//
// Cost: expanding and verifying without keeping takes a third of what Decode and
// Verify do, most of which is memory.
func DecodeProven(data []byte) (*Program, Meta, error) {
	p, meta, err := DecodeLazy(data)
	if err != nil {
		return nil, Meta{}, err
	}
	var s scratch
	for _, c := range p.Chunks {
		if err := s.prove(c); err != nil {
			return nil, Meta{}, err
		}
	}
	return p, meta, nil
}

// scratch is room for one chunk at a time.
type scratch struct {
	chunk Chunk
	whole slabs // all of the slabs, used from their beginning for each chunk
}

const scratchSlab = 256

// prove expands and verifies a chunk, and keeps nothing of it.
func (s *scratch) prove(c *Chunk) error {
	if s.whole.strings == nil {
		s.whole = slabs{make([]string, scratchSlab), make([]Slot, scratchSlab), make([]Local, scratchSlab), make([]Part, scratchSlab)}
	}
	x := &s.chunk
	x.Kind, x.Name, x.Activity, x.StateGuard, x.Takes, x.File, x.Line = c.Kind, c.Name, c.Activity, c.StateGuard, c.Takes, c.File, c.Line
	used := s.whole
	err := c.lazy.load(x, &used)
	if err == nil {
		err = Verify(x)
	}
	rewind(s.whole.strings, used.strings)
	rewind(s.whole.slots, used.slots)
	rewind(s.whole.locals, used.locals)
	rewind(s.whole.parts, used.parts)
	if err == nil {
		c.lazy.proven = true
	}
	// What the lists hold stays as room; their elements are cleared when they are used.
	x.Code, x.Consts, x.Fields, x.Sites, x.Stmts, x.Lines = x.Code[:0], x.Consts[:0], x.Fields[:0], x.Sites[:0], x.Stmts[:0], x.Lines[:0]
	x.Names, x.Shapes, x.Entry, x.Locals, x.Free, x.GuardEnd, x.MaxRegs = nil, x.Shapes[:0], nil, nil, nil, 0, 0
	return err
}

// rewind clears what was handed out of a slab, of which rest is left; all of it if it
// was not enough.
func rewind[T any](whole, rest []T) {
	if n := len(whole) - len(rest); n >= 0 && len(rest) > 0 && &whole[n] == &rest[0] {
		clear(whole[:n])
		return
	}
	clear(whole)
}
