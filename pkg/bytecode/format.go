package bytecode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// # The .aroc format
//
// Everything is little-endian. "uvarint" and "varint" are those of
// encoding/binary; a string is a uvarint reference into the string table, a list
// a uvarint count followed by its elements, a flag one byte 0 or 1.
//
//	header, 64 bytes
//	   0  magic "AROC"
//	   4  u16  FormatVersion
//	   6  u16  flags, 0
//	   8  32 B key: what this was compiled from (see package cache)
//	  40  u64  payload length; the file ends with the payload
//	  48  u32  CRC-32 of the payload
//	  52  8 B  0
//	  60  u32  CRC-32 of bytes 0–59
//	payload: four sections, each a u64 length and that many bytes
//	  strings  count u32 · count × end offset u32 · text (see strings.go)
//	  heads    build id · list of file names · list of chunk heads, each
//	           followed by the uvarint lengths of its imports and its body
//	  bodies   for each chunk: imports, then body, without gaps
//	  extra    count · for each: name · uvarint length · bytes
//
// The fields of heads, imports and bodies, in order, are in data.go. Unread bytes
// at the end of any of these parts make the file invalid.
//
// The checksums are for accidents: decoding assumes nothing that they promise.
// Verify is for people.

const (
	magic      = "AROC"
	headerSize = 64
)

// checksum is the CRC-32 of IEEE 802.3: as quick as the one of Castagnoli, whose tables
// would cost each start 0.2 ms.
func checksum(data []byte) uint32 { return crc32.ChecksumIEEE(data) }

// ErrStale is wrapped by the error for a sound file of another FormatVersion.
var ErrStale = errors.New("written by another version")

// FormatError says why a file was refused.
type FormatError struct {
	Offset  int // in the file, where the problem was noticed
	Problem string
	Err     error // ErrStale or nil
}

// Error returns the problem and its offset.
func (e *FormatError) Error() string {
	return fmt.Sprintf("not a valid .aroc file: %s (at byte %d)", e.Problem, e.Offset)
}

// Unwrap returns e.Err.
func (e *FormatError) Unwrap() error { return e.Err }

// Meta is what a file holds besides the program.
type Meta struct {
	Key   [32]byte // hash of everything that the program was compiled from
	Build string   // build id of the compiler
	Extra []Blob   // named blobs, in the order given: contract, templates …
}

// Blob is a named piece of data that this package does not look into.
type Blob struct {
	Name string
	Data []byte
}

// Blob returns the data of the first blob with that name.
func (m *Meta) Blob(name string) ([]byte, bool) {
	for _, b := range m.Extra {
		if b.Name == name {
			return b.Data, true
		}
	}
	return nil, false
}

// Encode returns the file for a program whose chunks pass Verify: operands that
// an instruction does not have, and parts of a constant that its kind does not
// have, are not kept. The same program and meta give the same bytes.
func Encode(p *Program, meta Meta) []byte {
	pool := newStringBuilder()
	heads := codec{writing: true, pool: pool}
	bodies := codec{writing: true, pool: pool}
	extra := codec{writing: true, pool: pool}

	heads.str(&meta.Build)
	heads.strings(&p.Files)
	heads.count(len(p.Chunks))
	for _, chunk := range p.Chunks {
		_ = chunk.Load() // a body that cannot be expanded becomes one that Verify refuses
		start := len(bodies.out)
		for i := range chunk.Sites {
			im := chunk.Sites[i].imported()
			bodies.imported(&im)
		}
		imports := len(bodies.out) - start
		bodies.body(chunk)
		body := len(bodies.out) - start - imports
		heads.head(chunk)
		heads.size(&imports)
		heads.size(&body)
	}
	extra.count(len(meta.Extra))
	for i := range meta.Extra {
		extra.str(&meta.Extra[i].Name)
		extra.count(len(meta.Extra[i].Data))
		extra.out = append(extra.out, meta.Extra[i].Data...)
	}

	sections := [][]byte{pool.section(), heads.out, bodies.out, extra.out}
	size := headerSize
	for _, s := range sections {
		size += 8 + len(s)
	}
	out := make([]byte, headerSize, size)
	for _, s := range sections {
		out = binary.LittleEndian.AppendUint64(out, uint64(len(s)))
		out = append(out, s...)
	}
	copy(out, magic)
	binary.LittleEndian.PutUint16(out[4:], FormatVersion)
	copy(out[8:], meta.Key[:])
	binary.LittleEndian.PutUint64(out[40:], uint64(len(out)-headerSize))
	binary.LittleEndian.PutUint32(out[48:], checksum(out[headerSize:]))
	binary.LittleEndian.PutUint32(out[60:], checksum(out[:60]))
	return out
}

// Decode reads a file completely. What it allocates is bounded by a multiple of
// len(data). The result refers to data, which must not change afterwards.
func Decode(data []byte) (*Program, Meta, error) {
	p, meta, err := DecodeLazy(data)
	if err != nil {
		return nil, Meta{}, err
	}
	var shared slabs
	for _, chunk := range p.Chunks {
		if err := chunk.lazy.load(chunk, &shared); err != nil {
			return nil, Meta{}, err
		}
		chunk.lazy = nil
	}
	return p, meta, nil
}

// DecodeLazy checks the whole file's checksum, but expands only the heads of the
// chunks (Kind, Name, Activity, StateGuard, Takes, File and Line). The rest of a
// chunk is there after its Load; Imports works before. The result refers to
// data, which must not change afterwards.
//
// Cost for 170 feature sets with 2,000 effectful statements (215 KB), measured:
// DecodeLazy 0.07 ms in 7 allocations, all Imports 0.16 ms, Load of one feature
// set 0.02 ms; Decode 3.3 ms. So a start pays for the heads, not for statements.
func DecodeLazy(data []byte) (*Program, Meta, error) {
	key, err := checkHeader(data)
	if err != nil {
		return nil, Meta{}, err
	}
	meta := Meta{Key: key}

	c := codec{in: data, pos: headerSize}
	var parts [4]codec
	for i := range parts {
		parts[i] = c.section()
	}
	c.done()
	if c.err != nil {
		return nil, Meta{}, c.err
	}
	strs, ok := openStrings(parts[0].in)
	if !ok {
		parts[0].fail("damaged string table")
		return nil, Meta{}, parts[0].err
	}
	heads, bodies, extra := &parts[1], &parts[2], &parts[3]
	heads.strs, extra.strs = strs, strs

	p := &Program{}
	heads.str(&meta.Build)
	heads.strings(&p.Files)
	p.Chunks = heads.chunks(bodies, strs)
	heads.done()
	bodies.done()

	list(extra, &meta.Extra, func(c *codec, b *Blob) {
		c.str(&b.Name)
		b.Data = c.take(c.count(0))
	})
	extra.done()
	for _, c := range []*codec{heads, bodies, extra} {
		if c.err != nil {
			return nil, Meta{}, c.err
		}
	}
	return p, meta, nil
}

// checkHeader checks everything that can be without looking into the payload.
func checkHeader(data []byte) (key [32]byte, err error) {
	refuse := func(offset int, problem string) ([32]byte, error) {
		return [32]byte{}, &FormatError{Offset: offset, Problem: problem}
	}
	if len(data) < headerSize || string(data[:4]) != magic {
		return refuse(0, "no header")
	}
	if checksum(data[:60]) != binary.LittleEndian.Uint32(data[60:]) {
		return refuse(60, "damaged header")
	}
	if v := binary.LittleEndian.Uint16(data[4:]); v != FormatVersion {
		return key, &FormatError{Offset: 4, Problem: fmt.Sprintf("format version %d, not %d", v, FormatVersion), Err: ErrStale}
	}
	if binary.LittleEndian.Uint16(data[6:]) != 0 || binary.LittleEndian.Uint64(data[52:]) != 0 {
		return refuse(6, "unknown flags")
	}
	payload := data[headerSize:]
	if binary.LittleEndian.Uint64(data[40:]) != uint64(len(payload)) {
		return refuse(40, "file cut off or too long")
	}
	if checksum(payload) != binary.LittleEndian.Uint32(data[48:]) {
		return refuse(48, "damaged content")
	}
	copy(key[:], data[8:40])
	return key, nil
}

// take returns the next n bytes.
func (c *codec) take(n int) []byte {
	if n > c.left() {
		c.fail("%d bytes announced, %d there", n, c.left())
		return nil
	}
	c.pos += n
	return c.in[c.pos-n : c.pos : c.pos]
}

// section returns a codec over the next section.
func (c *codec) section() codec {
	if c.left() < 8 {
		c.fail("section missing")
		return codec{}
	}
	n := binary.LittleEndian.Uint64(c.in[c.pos:])
	c.pos += 8
	if n > uint64(c.left()) {
		c.fail("section longer than the file")
		return codec{}
	}
	base := c.base + c.pos
	return codec{in: c.take(int(n)), base: base}
}

// chunks reads the heads and assigns each chunk its part of the bodies.
func (c *codec) chunks(bodies *codec, strs *stringTable) []*Chunk {
	n := c.count(0)
	if n == 0 {
		return nil
	}
	type entry struct {
		chunk Chunk
		lazy  lazyBody
	}
	const block = 256 // entries allocated at once, and before their bytes have been seen
	all := make([]*Chunk, 0, min(n, block))
	var entries []entry
	for i := range n {
		if len(entries) == 0 {
			entries = make([]entry, min(n-i, block))
		}
		e := &entries[0]
		entries = entries[1:]
		c.head(&e.chunk)
		var imports, body int
		c.size(&imports)
		c.size(&body)
		e.lazy.base = bodies.base + bodies.pos
		e.lazy.strs = strs
		e.lazy.imports = bodies.take(imports)
		e.lazy.body = bodies.take(body)
		if c.err != nil || bodies.err != nil {
			return nil
		}
		e.chunk.lazy = &e.lazy
		all = append(all, &e.chunk)
	}
	return all
}
